package bench

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"path/filepath"

	_ "modernc.org/sqlite" // the database/sql driver "sqlite"
)

// bareSchema is the least that the same work can do with.
const bareSchema = `
CREATE TABLE IF NOT EXISTS messages (id TEXT PRIMARY KEY, sender TEXT NOT NULL, subject TEXT NOT NULL, size INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS chunks (message TEXT NOT NULL, seq INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (message, seq)) STRICT;
CREATE TABLE IF NOT EXISTS recipients (message TEXT NOT NULL, address TEXT NOT NULL, wrapped BLOB, revoked INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (message, address)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reads (id INTEGER PRIMARY KEY, message TEXT NOT NULL, address TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS sessions (hash BLOB PRIMARY KEY, address TEXT NOT NULL) STRICT;`

// barePragmas are the product's.
const barePragmas = `?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=secure_delete(ON)` +
	`&_pragma=foreign_keys(ON)&_pragma=trusted_schema(OFF)&_pragma=temp_store(MEMORY)&_pragma=cache_size(-2000)`

// A bareStore is SQLite with one writer that batches what waits, and nothing else.
type bareStore struct {
	db    *sql.DB
	reads chan *bareConn
	queue chan *bareWrite
	ended chan error
}

// A bareConn is a connection with its prepared statements.
type bareConn struct {
	c     *sql.Conn
	stmts map[string]*sql.Stmt
}

type bareWrite struct {
	f    func(*bareConn) error
	done chan error
}

func openBareStore(folder string) (*bareStore, error) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(folder, "limit.db")+barePragmas)
	if err != nil {
		return nil, err
	}
	if _, err := db.Exec(bareSchema); err != nil {
		return nil, err
	}
	s := &bareStore{db: db, reads: make(chan *bareConn, 4), queue: make(chan *bareWrite, 128), ended: make(chan error)}
	writer, err := s.connect()
	for range cap(s.reads) {
		c, err2 := s.connect()
		err = errors.Join(err, err2)
		s.reads <- c
	}
	go s.write(writer)
	return s, err
}

func (s *bareStore) connect() (*bareConn, error) {
	c, err := s.db.Conn(context.Background())
	return &bareConn{c: c, stmts: map[string]*sql.Stmt{}}, err
}

func (s *bareStore) close() error {
	close(s.queue)
	return errors.Join(<-s.ended, s.db.Close())
}

// change runs f in the next transaction and returns after its commit.
func (s *bareStore) change(f func(*bareConn) error) error {
	w := &bareWrite{f: f, done: make(chan error, 1)}
	s.queue <- w
	return <-w.done
}

func (s *bareStore) write(c *bareConn) {
	defer close(s.ended)
	for w := range s.queue {
		batch := []*bareWrite{w}
		for len(batch) < cap(s.queue) && len(s.queue) > 0 {
			batch = append(batch, <-s.queue)
		}
		err := c.exec("BEGIN IMMEDIATE")
		for _, w := range batch {
			err = errors.Join(err, w.f(c))
		}
		err = errors.Join(err, c.exec("COMMIT"))
		for _, w := range batch {
			w.done <- err
		}
	}
}

func (s *bareStore) read(query string, args []any, dest ...any) error {
	c := <-s.reads
	defer func() { s.reads <- c }()
	stmt, err := c.prepare(query)
	if err != nil {
		return err
	}
	return stmt.QueryRow(args...).Scan(dest...)
}

func (c *bareConn) prepare(query string) (*sql.Stmt, error) {
	if s, ok := c.stmts[query]; ok {
		return s, nil
	}
	s, err := c.c.PrepareContext(context.Background(), query)
	if err == nil {
		c.stmts[query] = s
	}
	return s, err
}

func (c *bareConn) exec(query string, args ...any) error {
	s, err := c.prepare(query)
	if err != nil {
		return err
	}
	_, err = s.Exec(args...)
	return err
}

// session makes a session for an address and returns its id.
func (s *bareStore) session(address string) (string, error) {
	id := bareID()
	hash := sha256.Sum256([]byte(id))
	return id, s.change(func(c *bareConn) error {
		return c.exec(`INSERT INTO sessions (hash, address) VALUES ($1, $2)`, hash[:], address)
	})
}

// messages lists the messages of an address.
func (s *bareStore) messages(address string) (ids []string, err error) {
	rows, err := s.db.Query(`SELECT message FROM recipients WHERE address = $1`, address)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

func bareID() string {
	var b [32]byte
	rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}
