package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"letterlock/internal/host"
	"letterlock/internal/letterlock"
)

// A Filler fills a database by two connections at once, one on each core: messages and
// what happened to them go into its file; their recipients and keys, which nobody asks for
// meanwhile, go into a database in memory, whose tables are taken over in the end as they
// are.
type Filler struct {
	ctx    context.Context
	now    func() time.Time
	path   string // of the file that is filled
	main   *pool
	beside *pool
	at     func(step string) // told before each step; tests end the process there
	err    error             // of the first write that failed; there is none after it
	steps  []step            // not yet handed over
	queue  chan []step
	done   chan error // gets what became of them, once

	indexes, indexesBeside []string // statements that make them in the end
}

// A step is a part of a transaction that is made beside it.
type step struct {
	now   time.Time
	fresh bool // it only adds rows of which no step was before
	do    func(tx *Tx) error
}

// stepsAtOnce is how many steps are handed over together.
const stepsAtOnce = 2000

// apart are the tables that are written beside, and grown those that are written into the
// file and have many rows. Both are without their indexes meanwhile, but for what must be
// unique: to make one of all rows takes half the time of adding them to it one by one.
var (
	apart = []string{"recipients", "wraps"}
	grown = []string{"messages", "events", "audit"}
)

// filling are the settings of a database that is filled. Nothing of it can be undone, and
// nothing is on disk for certain, until all of it is.
var filling = []string{
	"journal_mode = OFF",
	"synchronous = OFF",
	"cache_size = -4000000", // KiB: what one transaction changes, so that it writes each page once
}

// fillers are the settings of the connections that fill it.
var fillers = []string{
	"temp_store = MEMORY",
	// A parent is looked for with each row that names it, and there it is: whoever
	// fills has just written it.
	"foreign_keys = OFF",
	"secure_delete = OFF", // there is nothing yet that must not be left
}

// unfinished is the end of the name of the file while it is filled.
const unfinished = ".filling"

// Fill fills the database in folder dir, which is made if there is none, and has no
// messages and no other user: it is for whoever needs many messages at once. What is
// filled is a copy, which takes the database's place when it is whole and on disk; until
// then a failure or a crash leaves the database as it was, and the next fill removes what
// is left of the copy.
func Fill(ctx context.Context, dir string, now func() time.Time, f func(l *Filler) error) (err error) {
	db, err := Open(ctx, dir, now) // to make it, or to bring it up to date
	if err != nil {
		return err
	}
	if err := db.Close(); err != nil {
		return err
	}
	own, err := takeEmpty(ctx, db.path)
	if err != nil {
		return fmt.Errorf("the database cannot be filled: %w", err)
	}
	l := &Filler{ctx: ctx, now: now, path: db.path + unfinished, at: func(string) {}, queue: make(chan []step, 20), done: make(chan error, 1)}
	err = l.copy(own)
	if err == nil {
		err = l.fill(f)
	}
	// Whoever opened the database after this would lose what they write; there is nobody.
	if err = errors.Join(err, l.close(), own.Close()); err == nil {
		err = l.keep(db.path)
	}
	return errors.Join(err, removeDatabase(l.path)) // what is left of it
}

// takeEmpty opens a database without messages for itself alone.
func takeEmpty(ctx context.Context, path string) (*sql.DB, error) {
	own, err := sql.Open("sqlite", fileName(path)+"?_pragma=busy_timeout(0)&_pragma=locking_mode(EXCLUSIVE)")
	if err != nil {
		return nil, err
	}
	own.SetMaxOpenConns(1) // it has the lock
	var some bool
	// The lock is taken by the first statement that writes.
	if _, err = own.ExecContext(ctx, "BEGIN IMMEDIATE; COMMIT"); err == nil {
		err = own.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM messages)").Scan(&some)
	}
	if err == nil && some {
		err = errors.New("it has messages")
	}
	if err != nil {
		return nil, errors.Join(err, own.Close())
	}
	return own, nil
}

// fileName is what SQLite calls a file.
func fileName(path string) string { return "file:" + (&url.URL{Path: path}).EscapedPath() }

// copy makes the file that is filled, and the tables beside it.
func (l *Filler) copy(own *sql.DB) (err error) {
	if err := errors.Join(removeDatabase(l.path), createPrivate(l.path)); err != nil {
		return err
	}
	if _, err := own.ExecContext(l.ctx, "VACUUM INTO $1", l.path); err != nil {
		return err
	}
	if l.main, err = openFilling(l.ctx, fileName(l.path)); err != nil {
		return err
	}
	if l.beside, err = openFilling(l.ctx, ":memory:"); err != nil {
		return err
	}
	return l.main.use(l.strip)
}

// strip makes the tables beside, and those that their steps look into, and takes the
// indexes of those away that grow.
func (l *Filler) strip(c *conn) error {
	tables, err := c.texts("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name IN " + quote(append([]string{"messages", "epochs"}, apart...)))
	if err != nil {
		return err
	}
	if err := l.beside.use(func(c *conn) error { return c.all(l.ctx, tables) }); err != nil {
		return err
	}
	const those = " FROM sqlite_schema WHERE sql LIKE 'CREATE INDEX %' AND tbl_name IN "
	if l.indexesBeside, err = c.texts("SELECT sql" + those + quote(apart)); err != nil {
		return err
	}
	if l.indexes, err = c.texts("SELECT sql" + those + quote(grown)); err != nil {
		return err
	}
	drop, err := c.texts("SELECT 'DROP INDEX ' || name" + those + quote(grown))
	if err != nil {
		return err
	}
	return c.all(l.ctx, drop)
}

// quote makes a list of strings as SQL writes it.
func quote(list []string) string { return "('" + strings.Join(list, "', '") + "')" }

// texts are the rows of a query that has one column, of texts.
func (c *conn) texts(query string) (list []string, err error) {
	err = (&Tx{conn: c}).rows(query, nil, func(rows *sql.Rows) error {
		var s string
		err := rows.Scan(&s)
		list = append(list, s)
		return err
	})
	return list, err
}

func openFilling(ctx context.Context, name string) (*pool, error) {
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, err
	}
	p := &pool{db: db, size: 1, idle: make(chan *conn, 1)}
	c, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	p.idle <- &conn{c: c, stmts: make(map[string]*sql.Stmt)}
	settings := append(each("PRAGMA ", filling), each("PRAGMA ", fillers)...)
	if err := p.use(func(c *conn) error { return c.all(ctx, settings) }); err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

// each returns what begins so and ends in one of the ends.
func each(begin string, ends []string) (list []string) {
	for _, end := range ends {
		list = append(list, begin+end)
	}
	return list
}

// use calls f with the only connection of a pool.
func (p *pool) use(f func(c *conn) error) error {
	c := <-p.idle
	defer func() { p.idle <- c }()
	return f(c)
}

// all runs statements that are run once.
func (c *conn) all(ctx context.Context, statements []string) error {
	for _, s := range statements {
		if _, err := c.c.ExecContext(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// fill has f say what is written, and both connections write it.
func (l *Filler) fill(f func(l *Filler) error) error {
	go func() { l.done <- l.beside.use(l.run) }()
	err := f(l)
	l.queue <- l.steps
	close(l.queue)
	if err == nil {
		err = l.err
	}
	if err == nil {
		err = l.main.use(func(c *conn) error { return c.all(l.ctx, l.indexes) })
	}
	if err == nil {
		err = l.main.close()
		l.main = nil
	}
	if err := errors.Join(err, <-l.done); err != nil {
		return err
	}
	synced := make(chan error, 1)
	go func() { synced <- syncFile(l.path) }() // so that less is left to do in the end
	l.at("take over")
	return errors.Join(l.beside.use(l.takeOver), <-synced)
}

// Write runs f in a transaction, as [DB.Write] does. There is no savepoint in it: SQLite
// would keep each page as it was before, and go through all that it kept with most
// statements. After one that fails there is no other.
func (l *Filler) Write(f func(tx *Tx) error) error {
	if l.err == nil {
		l.err = l.ctx.Err()
	}
	if l.err == nil {
		l.err = l.main.use(func(c *conn) error { return l.write(c, f) })
	}
	return l.err
}

func (l *Filler) write(c *conn, f func(tx *Tx) error) error {
	tx := &Tx{conn: c, Now: l.now().UTC().Truncate(time.Second), gather: &gathering{conn: c}}
	if err := tx.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	if err := protect(f, tx); err != nil {
		return err
	}
	return tx.exec("COMMIT")
}

// Beside has a step of tx made beside it, after all that were before. It is for
// recipients and keys: the step sees these alone, and their messages as far as
// [Filler.Follow] has told of them. What it writes must not be changed meanwhile. Whether
// it fails is known in the end.
func (l *Filler) Beside(tx *Tx, do func(tx *Tx) error) { l.hand(step{tx.Now, false, do}) }

// fresh has rows added beside that no step before was about: they may be added before
// what these do, and are added together with others.
func (l *Filler) fresh(tx *Tx, do func(tx *Tx) error) { l.hand(step{tx.Now, true, do}) }

func (l *Filler) hand(s step) {
	if l.steps = append(l.steps, s); len(l.steps) >= stepsAtOnce {
		l.queue <- l.steps
		l.steps = make([]step, 0, stepsAtOnce)
	}
}

// Follow has the steps beside know the message that tx has added last.
func (l *Filler) Follow(tx *Tx, id letterlock.ID) {
	place := tx.placed
	l.fresh(tx, func(tx *Tx) error {
		return tx.add(`INSERT INTO messages (id, status, accepted_at, seq) VALUES ($1, 'accepted', $2, $3)`, id, tx.Now.Unix(), place)
	})
}

// AddRecipient is [Tx.AddRecipient], beside tx.
func (l *Filler) AddRecipient(tx *Tx, r letterlock.Recipient, position int, tokenHash []byte) {
	l.fresh(tx, func(tx *Tx) error { return tx.AddRecipient(r, position, tokenHash) })
}

// GrantFirst is [Tx.Grant] beside tx, for a holder who never had a key to that message,
// under an epoch whose key is there.
func (l *Filler) GrantFirst(tx *Tx, message letterlock.ID, holder string, epoch uint32, wrapped []byte) {
	l.fresh(tx, func(tx *Tx) error {
		return tx.add(`INSERT INTO wraps (message, holder, epoch, wrapped) VALUES ($1, $2, $3, $4)`, message, holder, epoch, wrapped)
	})
}

// AddEvent is [Tx.AddEvent]: what happened is written by tx, and the summary of it, which
// is a recipient's, beside it.
func (l *Filler) AddEvent(tx *Tx, r letterlock.Recipient, e letterlock.Event) error {
	if summary(e.Kind) {
		l.Beside(tx, func(tx *Tx) error { return tx.sumUp(r, e) })
	}
	return tx.addEvent(r, e)
}

// run makes the steps that come, in one transaction, and then the indexes. After one that
// fails it makes none, but takes what comes, so that nobody waits for it.
func (l *Filler) run(c *conn) error {
	tx := &Tx{conn: c}
	err := tx.exec("BEGIN")
	rows := &gathering{conn: c}
	for steps := range l.queue {
		if err == nil {
			tx.gather = rows
			err = tx.steps(steps, true)
		}
		if err == nil {
			err = rows.flush()
		}
		if err == nil {
			tx.gather = nil
			err = tx.steps(steps, false)
		}
	}
	if err != nil {
		return err
	}
	if err := tx.exec("COMMIT"); err != nil {
		return err
	}
	return c.all(l.ctx, l.indexesBeside)
}

// steps makes those steps that are fresh, or those that are not.
func (t *Tx) steps(list []step, fresh bool) error {
	for _, s := range list {
		if s.fresh != fresh {
			continue
		}
		t.Now = s.now
		if err := protect(s.do, t); err != nil {
			return err
		}
	}
	return nil
}

// takeOver copies what was written beside. From a table of the same columns and into an
// empty one, SQLite copies rows and indexes as they are.
func (l *Filler) takeOver(c *conn) error {
	if _, err := c.c.ExecContext(l.ctx, "ATTACH DATABASE $1 AS filled", l.path); err != nil {
		return err
	}
	list := append(each("PRAGMA filled.", filling), "BEGIN")
	for _, table := range apart {
		list = append(list, fmt.Sprintf("INSERT INTO filled.%s SELECT * FROM main.%s", table, table))
	}
	return c.all(l.ctx, append(list, "COMMIT", "DETACH DATABASE filled"))
}

// close closes both connections.
func (l *Filler) close() error {
	var errs []error
	for _, p := range []*pool{l.main, l.beside} {
		if p != nil {
			errs = append(errs, p.close())
		}
	}
	l.main, l.beside = nil, nil
	return errors.Join(errs...)
}

// keep has the file take the place of the database at path, as soon as it is on disk.
func (l *Filler) keep(path string) error {
	l.at("sync")
	if err := syncFile(l.path); err != nil {
		return err
	}
	l.at("rename")
	if err := os.Rename(l.path, path); err != nil {
		return err
	}
	l.at("sync the folder")
	return host.Sync(filepath.Dir(path))
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
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
