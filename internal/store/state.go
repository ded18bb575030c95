package store

import (
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"time"
)

// A Backlog is how much of one kind waits to leave the house.
type Backlog struct {
	Kind    NoticeKind
	Waiting int
	Oldest  time.Time // when the one that waits longest was put there
}

// MaxBacklog is where Backlogs ends counting: somebody looks often, and no longer
// queue deserves to be read to its end each time.
const MaxBacklog = 100_000

// Backlogs says what waits to leave, by kind. Kinds of which nothing waits are
// left out.
func (t *Tx) Backlogs() (list []Backlog, err error) {
	err = t.rows(`SELECT kind, count(*), min(created_at)
		FROM (SELECT kind, created_at FROM outbox WHERE done_at = 0 ORDER BY priority, due_at LIMIT $1 + 0)
		GROUP BY kind ORDER BY kind`, []any{MaxBacklog}, func(r *sql.Rows) error {
		var b Backlog
		var oldest int64
		err := r.Scan(&b.Kind, &b.Waiting, &oldest)
		b.Oldest = moment(oldest)
		list = append(list, b)
		return err
	})
	return list, err
}

// A Due says since when that mail has been due which has been so for the longest, of
// passcodes, with links to accounts, and of all else; zero: none is. What is being sent is not due, nor what
// waits for another try: a queue is late when nobody gets to it.
type Due struct{ Passcodes, Others time.Time }

// DueSince says how late the queue is.
func (t *Tx) DueSince() (d Due, err error) {
	var passcodes, others int64
	err = t.row(`SELECT
		COALESCE((SELECT due_at FROM outbox WHERE done_at = 0 AND priority = 0 AND due_at <= $1 ORDER BY due_at LIMIT 1), 0),
		COALESCE((SELECT due_at FROM outbox WHERE done_at = 0 AND priority = 1 AND due_at <= $1 ORDER BY due_at LIMIT 1), 0)`,
		[]any{t.Now.Unix()}, &passcodes, &others)
	return Due{Passcodes: moment(passcodes), Others: moment(others)}, err
}

// CountMessages says how many messages are kept, those that are still coming in
// and those destroyed included. It reads the smallest index from end to end.
func (t *Tx) CountMessages() (n int64, err error) {
	err = t.row(`SELECT count(*) FROM messages`, nil, &n)
	return n, err
}

// Files says how large the database and its write-ahead log are, in bytes.
func (db *DB) Files() (database, log int64, err error) {
	f, err := os.Stat(db.path)
	if err != nil {
		return 0, 0, err
	}
	l, err := os.Stat(db.path + "-wal")
	if errors.Is(err, fs.ErrNotExist) {
		return f.Size(), 0, nil // nothing was written since the start
	}
	if err != nil {
		return 0, 0, err
	}
	return f.Size(), l.Size(), nil
}
