package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"letterlock/internal/letterlock"
)

// A Filler fills an empty database by two connections at once, one on each core:
// copies of messages and what happened to them are half of all that is written, and
// nobody asks for them meanwhile. They are written to a database beside it, whose
// tables are taken over in the end as they are.
type Filler struct {
	ctx    context.Context
	db     *DB
	main   *pool
	beside *pool
	path   string // of the database beside
	steps  []step // not yet handed over
	queue  chan []step
	done   chan error // gets what became of them, once
}

// A step is a part of a transaction that is made beside it.
type step struct {
	now time.Time
	do  func(tx *Tx) error
}

// stepsAtOnce is how many steps are handed over together.
const stepsAtOnce = 500

// apart are the tables that are written beside.
var apart = []string{"recipients", "wraps", "events"}

// filling are the settings of connections that fill a database, beside or in place of
// those of all others.
var filling = []string{
	"cache_size = -4000000", // KiB: what one transaction changes, so that it writes each page once
	// A parent is looked for with each row that names it, and there it is: whoever
	// fills has just written it.
	"foreign_keys = OFF",
	"secure_delete = OFF", // there is nothing yet that must not be left
	"synchronous = OFF",   // a fill that was cut off is begun again
}

// Fill fills a database without messages, before anybody else writes to it: it is for
// whoever needs many messages at once. A fill that fails, or that a crash cuts off,
// leaves a database that must be thrown away.
func (db *DB) Fill(ctx context.Context, f func(l *Filler) error) (err error) {
	var some int64
	err = db.Read(ctx, func(tx *Tx) (err error) { some, err = tx.CountMessages(); return err })
	if err != nil {
		return err
	}
	if some > 0 {
		return errors.New("the database to be filled has messages")
	}
	l := &Filler{ctx: ctx, db: db, path: db.path + ".beside", queue: make(chan []step, 20), done: make(chan error, 1)}
	defer func() { err = errors.Join(err, l.close()) }()
	if err := l.open(); err != nil {
		return err
	}
	go func() { l.done <- l.beside.use(l.run) }()
	err = f(l)
	l.queue <- l.steps
	close(l.queue)
	if err := errors.Join(err, <-l.done); err != nil {
		return err
	}
	return l.main.use(l.takeOver)
}

// Write runs f in a transaction, as [DB.Write] does. There is no savepoint in it: SQLite
// would keep each page as it was before, and go through all that it kept with most
// statements.
func (l *Filler) Write(f func(tx *Tx) error) error {
	if err := l.ctx.Err(); err != nil {
		return err
	}
	return l.main.use(func(c *conn) error {
		tx := &Tx{conn: c, Now: l.db.clock()}
		if err := tx.exec("BEGIN IMMEDIATE"); err != nil {
			return err
		}
		if err := protect(f, tx); err != nil {
			return errors.Join(err, tx.exec("ROLLBACK"))
		}
		return tx.exec("COMMIT")
	})
}

// Beside has a step of tx made beside it, after all that were before. It is for
// recipients, keys and what happened: the step sees these alone, and
// their messages as far as [Filler.Follow] has told of them. What it writes must not be
// changed meanwhile. Whether it fails is known in the end.
func (l *Filler) Beside(tx *Tx, do func(tx *Tx) error) {
	if l.steps = append(l.steps, step{tx.Now, do}); len(l.steps) >= stepsAtOnce {
		l.queue <- l.steps
		l.steps = make([]step, 0, stepsAtOnce)
	}
}

// Follow has the steps beside know the message that tx has added last.
func (l *Filler) Follow(tx *Tx, id letterlock.ID) {
	place := tx.placed
	l.Beside(tx, func(tx *Tx) error {
		return tx.exec(`INSERT INTO messages (id, status, accepted_at, seq) VALUES ($1, 'accepted', $2, $3)`, id, tx.Now.Unix(), place)
	})
}

// open opens both connections and makes the tables beside.
func (l *Filler) open() (err error) {
	if l.main, err = openFilling(l.ctx, l.db.path); err != nil {
		return err
	}
	if err := errors.Join(removeDatabase(l.path), createPrivate(l.path)); err != nil {
		return err
	}
	if l.beside, err = openFilling(l.ctx, l.path); err != nil {
		return err
	}
	schema, err := l.schema()
	if err != nil {
		return err
	}
	return l.beside.use(func(c *conn) error {
		for _, s := range schema {
			if _, err := c.c.ExecContext(l.ctx, s); err != nil {
				return err
			}
		}
		// Nothing of it has to outlive a crash, and so nothing is written twice.
		_, err := c.c.ExecContext(l.ctx, "PRAGMA journal_mode = OFF")
		return err
	})
}

func openFilling(ctx context.Context, path string) (*pool, error) {
	p, err := openPool(ctx, path, 1, false)
	if err != nil {
		return nil, err
	}
	err = p.use(func(c *conn) error {
		for _, s := range filling {
			if _, err := c.c.ExecContext(ctx, "PRAGMA "+s); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

// use calls f with the only connection of a pool.
func (p *pool) use(f func(c *conn) error) error {
	c := <-p.idle
	defer func() { p.idle <- c }()
	return f(c)
}

// schema are the statements that make the tables beside, with all their indexes, and
// those that their steps look into, without.
func (l *Filler) schema() (list []string, err error) {
	err = l.main.use(func(c *conn) error {
		rows, err := c.c.QueryContext(l.ctx, "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND (tbl_name IN ('"+strings.Join(apart, "', '")+
			"') OR type = 'table' AND name IN ('messages', 'epochs')) ORDER BY type DESC")
		if err != nil {
			return err
		}
		defer rows.Close() // its error is that of rows.Err
		for rows.Next() {
			var s string
			if err := rows.Scan(&s); err != nil {
				return err
			}
			list = append(list, s)
		}
		return rows.Err()
	})
	return list, err
}

// run makes the steps that come, in one transaction. After one that fails it makes
// none, but takes what comes, so that nobody waits for it.
func (l *Filler) run(c *conn) error {
	tx := &Tx{conn: c}
	err := tx.exec("BEGIN IMMEDIATE")
	for steps := range l.queue {
		for _, s := range steps {
			if err == nil {
				tx.Now, tx.changed = s.now, nil
				err = protect(s.do, tx)
			}
		}
	}
	if err != nil {
		return err
	}
	return tx.exec("COMMIT")
}

// takeOver copies what was written beside. From a table of the same columns and into an
// empty one, SQLite copies rows and indexes as they are.
func (l *Filler) takeOver(c *conn) error {
	if _, err := c.c.ExecContext(l.ctx, "ATTACH DATABASE $1 AS beside", l.path); err != nil {
		return err
	}
	for _, table := range apart {
		if _, err := c.c.ExecContext(l.ctx, fmt.Sprintf("INSERT INTO main.%s SELECT * FROM beside.%s", table, table)); err != nil {
			return err
		}
	}
	_, err := c.c.ExecContext(l.ctx, "DETACH DATABASE beside")
	return err
}

func (l *Filler) close() error {
	var errs []error
	for _, p := range []*pool{l.main, l.beside} {
		if p != nil {
			errs = append(errs, p.close())
		}
	}
	return errors.Join(append(errs, removeDatabase(l.path))...)
}

// removeDatabase removes a database and what SQLite has laid beside it.
func removeDatabase(path string) error {
	var errs []error
	for _, end := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(path + end); !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
