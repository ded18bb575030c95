package store

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"letterlock/internal/letterlock"
)

// health is whether a database can still be trusted with writes.
type health struct {
	mu    sync.Mutex
	fault error  // why no write is taken any more; nil: all is well
	probe *probe // under way; nil: none
}

// A probe is one write that everybody who asks meanwhile waits for.
type probe struct {
	done chan struct{}
	err  error
}

// Fault returns why the database takes no writes any more, or nil.
//
// After a failed commit nobody knows what is on the disk: the kernel reports a
// lost page once and then forgets it, and what we were told failed may be found
// there after a restart. So the first such failure is the last: every write is
// refused until the program is started again and SQLite has looked at what is
// really there. A full disk is no such failure.
func (db *DB) Fault() error {
	db.health.mu.Lock()
	defer db.health.mu.Unlock()
	return db.health.fault
}

// distrust takes no more writes from now on.
func (db *DB) distrust(err error) {
	db.health.mu.Lock()
	defer db.health.mu.Unlock()
	if db.health.fault == nil {
		db.health.fault = fmt.Errorf("the database takes no more writes until the program is started again: %w", err)
	}
}

// judge looks at what an error of SQLite says about the disk. One that is full is
// Busy "disk"; one that fails, or does not hold what was written, is distrusted.
func (db *DB) judge(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	switch code := e.Code(); {
	case code&0xff == sqlite3.SQLITE_FULL, code == sqlite3.SQLITE_IOERR_SHMSIZE:
		// The second is the same for the index of the write-ahead log, which need
		// not outlive the process.
		return &letterlock.Error{Code: letterlock.Busy, Key: "disk", Err: err}
	case code&0xff == sqlite3.SQLITE_IOERR, code&0xff == sqlite3.SQLITE_CORRUPT, code&0xff == sqlite3.SQLITE_NOTADB:
		db.distrust(err)
		return busy(err)
	}
	return err
}

// judgeCommit is judge for a commit, of which any failure but a full disk leaves
// open what was written.
func (db *DB) judgeCommit(err error) error {
	err = db.judge(err)
	if letterlock.CodeOf(err) != letterlock.Busy {
		db.distrust(err)
	}
	return err
}

// Probe returns nil only if a write is accepted now: it commits one, through the
// same queue and connection as every other, and waits for its fsync. It does not
// wait longer than ctx; the write itself goes on, and the next Probe waits for
// that one instead of adding its own.
func (db *DB) Probe(ctx context.Context) error {
	p := db.probing()
	select {
	case <-p.done:
		return p.err
	case <-ctx.Done():
		return busy(ctx.Err())
	}
}

// probing returns the probe that is under way, and begins one if there is none.
func (db *DB) probing() *probe {
	db.health.mu.Lock()
	defer db.health.mu.Unlock()
	if p := db.health.probe; p != nil {
		return p
	}
	p := &probe{done: make(chan struct{})}
	db.health.probe = p
	go func() {
		p.err = db.Write(context.Background(), touch) // ends with the database at the latest
		db.health.mu.Lock()
		db.health.probe = nil
		db.health.mu.Unlock()
		close(p.done)
	}()
	return p
}

// touch writes what is there already: the number that SQLite leaves to programs
// and ours does not use. It is on the first page of the file, which is written
// to the log and synced even so, without a table of its own for it.
func touch(tx *Tx) error {
	var n int64
	if err := tx.row(`PRAGMA user_version`, nil, &n); err != nil {
		return err
	}
	return tx.exec(fmt.Sprintf(`PRAGMA user_version = %d`, n)) // always the same number, so one statement
}
