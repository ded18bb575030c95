package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"letterlock/internal/lane"
	"letterlock/internal/letterlock"
)

// maxBatch is how many waiting writes share one commit at most.
const maxBatch = 128

// A request is a write that waits for its turn.
type request struct {
	ctx  context.Context
	f    func(*Tx) error
	err  error
	done chan struct{}

	senders []letterlock.Address // of messages that it changed
	settles bool                 // see Tx.Settle
}

// Write runs f in a transaction, committing if f returns nil. f must not call
// Read or Write, must not keep tx, and must not wait for anything but the
// database: everybody else's writes wait for it.
//
// Writes that wait at the same time share one commit, and so one fsync. Each
// runs inside a savepoint of its own, so that one that fails takes nothing of
// the others with it, and none returns before the commit that holds it is on
// disk; those with an entry of the revocation journal, none before its file has the
// entry as well. A crash before the commit leaves nothing of f behind. When the disk is full the
// error is Busy "disk"; see [DB.Fault] for the failure after which there is no other
// write.
func (db *DB) Write(ctx context.Context, f func(tx *Tx) error) (err error) {
	begun := time.Now()
	defer func() { db.Metrics.Wrote(err, time.Since(begun)) }()
	if err := db.Fault(); err != nil {
		return busy(err)
	}
	r := &request{ctx: ctx, f: f, done: make(chan struct{})}
	defer lane.Waits(ctx)()
	select {
	case db.queue <- r:
	case <-db.stop:
		return busy(errClosing)
	case <-ctx.Done():
		return busy(ctx.Err())
	}
	select {
	case <-r.done:
		return r.err
	case <-db.stopped:
		// The writer ended; either it answered this write before, or never will.
		select {
		case <-r.done:
			return r.err
		default:
			return busy(errClosing)
		}
	}
}

// runWriter is the one goroutine that writes.
func (db *DB) runWriter() {
	defer close(db.stopped)
	batch := make([]*request, 0, maxBatch)
	for {
		select {
		case r := <-db.queue:
			batch = append(batch[:0], r)
		case <-db.stop:
			return
		}
		for more := true; more && len(batch) < maxBatch; {
			select {
			case r := <-db.queue:
				batch = append(batch, r)
			default:
				more = false
			}
		}
		begun := time.Now()
		db.commit(batch)
		db.step(Committed, batch)
		db.Metrics.Committed(len(batch), time.Since(begun))
		for _, r := range batch {
			db.tell(r)
		}
		if journalFirst {
			db.settle(batch)
			db.step(Settled, batch)
		}
		for _, r := range batch {
			close(r.done)
		}
		if !journalFirst { // what the build exists to do wrong
			db.step(Settled, batch)
			db.settle(batch)
		}
	}
}

// commit runs a batch in one transaction and sets the error of each request.
//
// The context of a single request never ends the shared transaction: it is
// looked at before the request's turn only.
func (db *DB) commit(batch []*request) {
	tx := &Tx{conn: db.writer}
	fail := func(err error) {
		if letterlock.CodeOf(err) != letterlock.Busy {
			err = busy(err) // what one may not is nothing that the others did
		}
		for _, r := range batch {
			if r.err == nil {
				r.err = err
			}
		}
	}
	if err := db.Fault(); err != nil {
		fail(err) // it came while they waited
		return
	}
	if err := tx.exec("BEGIN IMMEDIATE"); err != nil {
		fail(fmt.Errorf("beginning: %w", db.judge(err)))
		return
	}
	good := 0
	for _, r := range batch {
		var broken bool
		broken, r.err = db.runOne(r)
		r.err = db.judge(r.err)
		if fault := db.Fault(); broken || fault != nil {
			// SQLite has rolled everything back by itself, as it does when the disk
			// is full. Whoever ran before has lost what they did, and must not be
			// told otherwise.
			tx.exec("ROLLBACK") // if there is still anything to roll back
			fail(fmt.Errorf("the transaction was lost: %w", cmp.Or(r.err, fault)))
			return
		}
		if r.err == nil {
			good++
		}
	}
	if good == 0 {
		tx.exec("ROLLBACK") // every request has its own error already
		return
	}
	db.step(Changed, batch)
	if err := tx.exec("COMMIT"); err != nil {
		tx.exec("ROLLBACK") // a failed commit may have left it open
		fail(fmt.Errorf("committing: %w", db.judgeCommit(err)))
	}
}

// runOne runs one request inside a savepoint and undoes all of it if it fails.
// broken says that the transaction around it is no more.
func (db *DB) runOne(r *request) (broken bool, err error) {
	if err := r.ctx.Err(); err != nil {
		return false, busy(err)
	}
	tx := &Tx{conn: db.writer, Now: db.clock()}
	if db.Journal != nil {
		tx.held, _ = db.Journal.Head()
	}
	if err := tx.exec("SAVEPOINT one"); err != nil {
		return true, busy(err)
	}
	err = protect(r.f, tx)
	r.settles = tx.settles
	if err == nil {
		r.senders, err = db.sendersOf(tx)
	}
	if err != nil {
		if undo := tx.exec("ROLLBACK TO one"); undo != nil {
			return true, errors.Join(err, undo)
		}
	}
	if release := tx.exec("RELEASE one"); release != nil {
		return true, errors.Join(err, release)
	}
	return false, err
}

// sendersOf finds whose messages a write changed, if anybody wants to know.
func (db *DB) sendersOf(tx *Tx) (list []letterlock.Address, err error) {
	if db.Live == nil || len(tx.changed) == 0 || db.Live.Idle() {
		return nil, nil
	}
	slices.Sort(tx.changed)
	for _, id := range slices.Compact(tx.changed) {
		var sender letterlock.Address
		if err := tx.row(`SELECT sender FROM messages WHERE id = $1`, []any{id}, &sender); err != nil {
			return nil, err
		}
		list = append(list, sender)
	}
	return list, nil
}

// tell publishes what a committed write changed.
func (db *DB) tell(r *request) {
	if r.err != nil {
		return
	}
	for _, sender := range r.senders {
		db.Live.Publish(string(sender))
	}
}

// protect turns a panic of f into an error: the writer serves everybody and must
// not die of one caller's bug.
func protect(f func(*Tx) error, tx *Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &letterlock.Error{Code: letterlock.Internal, Err: fmt.Errorf("panic in a transaction: %v\n%s", p, debug.Stack())}
		}
	}()
	return f(tx)
}
