package store

import "sync/atomic"

// beside has f run in a read transaction of its own, on a connection that nobody uses,
// while the caller goes on. wait returns what f has returned. Where no connection is idle,
// or by then no core was, wait runs f itself, with t. f may see what was committed since t
// began, and must not keep tx.
func (t *Tx) beside(f func(tx *Tx) error) (wait func() error) {
	var c *conn
	select {
	case c = <-t.idle: // nil, and never ready, in a transaction that writes
	default: // to wait here for another connection could be to wait for ever
		return func() error { return f(t) }
	}
	var begun atomic.Bool
	done := make(chan error, 1)
	go func() {
		defer func() { t.idle <- c }()
		if !begun.Swap(true) {
			done <- reading(&Tx{conn: c, Now: t.Now}, f)
		}
	}()
	return func() error {
		if begun.Swap(true) {
			return <-done
		}
		return f(t)
	}
}

// reading runs f in a read transaction.
func reading(tx *Tx, f func(tx *Tx) error) error {
	if err := tx.exec("BEGIN"); err != nil {
		return busy(err)
	}
	defer tx.exec("ROLLBACK") // nothing was written; there is nothing to lose
	return f(tx)
}
