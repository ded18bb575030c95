// Package store keeps everything Letterlock knows in one SQLite database: the
// schema, the transactions, and one method of [Tx] per meaningful step.
//
// It decides nothing and permits nothing: who may do what is the business of the
// use-case packages, which compose several steps in one transaction. When
// [DB.Write] returns nil, what its function did is on disk and stays there.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"letterlock/internal/host"
	"letterlock/internal/journal"
	"letterlock/internal/letterlock"
	"letterlock/internal/live"
	"letterlock/internal/metrics"

	_ "modernc.org/sqlite" // the database/sql driver "sqlite"
)

//go:embed migrations/*.sql
var migrations embed.FS

// File is the name of the database inside its folder.
const File = "letterlock.db"

// A DB is one open database. It is safe for concurrent use.
type DB struct {
	// Live is told the senders of messages of which something changed, after the
	// commit; nil: nobody is. It is set before the first Write.
	Live *live.Hub
	// Copied is where Open left a copy of the database, because it was about to
	// change the schema; "" if there was nothing to change.
	Copied string
	// Metrics count the writes; nil: nobody does. It is set before the first Write.
	Metrics *metrics.Store
	// Journal is the file of the revocation journal; nil: its entries stay in the
	// database alone. It is set before the first Write that makes one.
	Journal *journal.File
	// Step is told how far a write has come that has an entry of the revocation
	// journal; nil: nobody is. Tests stop the process there. It is set before the
	// first Write.
	Step func(Step)

	path   string
	now    func() time.Time
	reads  *pool
	writer *conn
	writes *pool
	queue  chan *request
	health health

	closing sync.Once
	stop    chan struct{} // closed: take no more writes
	stopped chan struct{} // closed: the writer has ended
	closed  sync.Once
	err     error // of closing
}

// Open opens the database in folder dir, creating or migrating it as needed, and
// asserts the settings that durability rests on. now is the clock of every
// transaction. A database whose schema is newer than this program's is refused
// and not touched; one whose schema is older is copied first.
func Open(ctx context.Context, dir string, now func() time.Time) (*DB, error) {
	path := filepath.Join(dir, File)
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	u := &upgrade{path: path, set: sub, now: now, free: host.Free, at: func(string) {}}
	copied, err := u.run(ctx)
	if err != nil {
		return nil, err
	}
	writes, err := openPool(ctx, path, 1, false)
	if err != nil {
		return nil, err
	}
	reads, err := openPool(ctx, path, max(4, 2*runtime.NumCPU()), true)
	if err != nil {
		writes.close()
		return nil, err
	}
	db := &DB{
		Copied: copied, path: path, now: now, reads: reads, writes: writes, writer: <-writes.idle,
		queue: make(chan *request, maxBatch),
		stop:  make(chan struct{}), stopped: make(chan struct{}),
	}
	go db.runWriter()
	return db, nil
}

// Exists reports whether there is a database in folder dir.
func Exists(dir string) (bool, error) {
	_, err := os.Lstat(filepath.Join(dir, File))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// createPrivate makes sure that the database exists and only its owner can read
// it: SQLite would create it under the process's umask, and gives its write-ahead
// log the same mode.
func createPrivate(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// Close ends all transactions under way and closes the database. Writes that are
// waiting are refused.
func (db *DB) Close() error {
	db.closing.Do(func() { close(db.stop) })
	<-db.stopped
	db.closed.Do(func() {
		db.writes.idle <- db.writer
		db.err = errors.Join(db.reads.close(), db.writes.close())
	})
	return db.err
}

// Read runs f in a read transaction: everything f sees is of one moment. f must
// not call Read or Write, and must not keep tx. When all connections are busy it
// waits for one as long as ctx lasts.
func (db *DB) Read(ctx context.Context, f func(tx *Tx) error) error {
	var c *conn
	select {
	case c = <-db.reads.idle:
		defer func() { db.reads.idle <- c }()
	case <-ctx.Done():
		return busy(ctx.Err())
	case <-db.stop:
		return busy(errClosing)
	}
	return db.judge(reading(&Tx{conn: c, Now: db.clock(), idle: db.reads.idle}, f))
}

// Clock is the time of the database, in whole seconds of UTC.
func (db *DB) Clock() time.Time { return db.clock() }

func (db *DB) clock() time.Time { return db.now().UTC().Truncate(time.Second) }

var errClosing = errors.New("the database is closing")

func busy(err error) error {
	return &letterlock.Error{Code: letterlock.Busy, Err: err}
}

// A pragma is a setting of SQLite, how it is set, and what it then says.
type pragma struct{ name, value, want string }

// pragmas are set on every connection. They go into the DSN because they are per
// connection: set with Exec, they would bind only the connection that happened
// to run it. The third column says what asserts them.
var pragmas = []pragma{
	{"busy_timeout", "10000", "10000"},
	{"journal_mode", "WAL", "wal"},
	synchronous,
	{"secure_delete", "ON", "1"},
	{"foreign_keys", "ON", "1"},
	{"trusted_schema", "OFF", "0"},
	{"temp_store", "MEMORY", "2"}, // no plaintext in temporary files
	{"cache_size", "-2000", "-2000"},
}

// A pool is a fixed number of connections to the database.
type pool struct {
	db   *sql.DB
	size int
	idle chan *conn
}

func openPool(ctx context.Context, path string, size int, readOnly bool) (*pool, error) {
	db, err := sql.Open("sqlite", dsn(path, readOnly))
	if err != nil {
		return nil, err
	}
	p := &pool{db: db, size: size, idle: make(chan *conn, size)}
	for range size {
		c, err := openConn(ctx, db)
		if err != nil {
			db.Close()
			return nil, fmt.Errorf("opening the database: %w", err)
		}
		p.idle <- c
	}
	return p, nil
}

// close waits until every connection is back, and closes them.
func (p *pool) close() error {
	var errs []error
	for range p.size {
		errs = append(errs, (<-p.idle).close())
	}
	return errors.Join(append(errs, p.db.Close())...)
}

func dsn(path string, readOnly bool) string {
	q := url.Values{}
	for _, p := range pragmas {
		q.Add("_pragma", p.name+"("+p.value+")")
	}
	if readOnly {
		q.Add("_pragma", "query_only(ON)")
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

// A conn is one connection with its prepared statements. It is for one
// transaction at a time. database/sql would prepare a statement of the pool anew
// for each transaction, and wait for ever for a second connection of the one writer.
type conn struct {
	c     *sql.Conn
	stmts map[string]*sql.Stmt
}

// openConn opens a connection and asserts its settings.
func openConn(ctx context.Context, db *sql.DB) (*conn, error) {
	c, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	for _, want := range pragmas {
		var got string
		err := c.QueryRowContext(ctx, "PRAGMA "+want.name).Scan(&got)
		if err == nil && got != want.want {
			err = fmt.Errorf("%s is %s, not %s: it would not be safe to run", want.name, got, want.want)
		}
		if err != nil {
			c.Close()
			return nil, err
		}
	}
	return &conn{c: c, stmts: make(map[string]*sql.Stmt)}, nil
}

func (c *conn) close() error {
	var errs []error
	for _, s := range c.stmts {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, c.c.Close())...)
}

// prepare returns the statement for query, made once per connection. The set of
// queries is that of this package's source, so it is bounded.
func (c *conn) prepare(query string) (*sql.Stmt, error) {
	if s, ok := c.stmts[query]; ok {
		return s, nil
	}
	s, err := c.c.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	c.stmts[query] = s
	return s, nil
}
