package store

import (
	"database/sql"
	"errors"
	"time"

	"letterlock/internal/letterlock"
)

// A Tx is a transaction under way. Its methods are steps with a meaning.
type Tx struct {
	// Now is the one reading of the clock in this transaction, in whole seconds.
	Now time.Time

	conn    *conn
	idle    chan *conn      // connections that nobody uses, of those that only read; nil: this one writes
	changed []letterlock.ID // messages of which something changed
	settles bool            // the journal's file must be up to date when it is answered
	held    int64           // how many entries that file has
	placed  int64           // the place that was given last; 0: none was
	last    []byte          // hash of the audit entry that was written last; nil: none was
	lastSeq int64           // its number
	gather  *gathering      // holds rows back; nil: they are added at once
}

var errNotFound = &letterlock.Error{Code: letterlock.NotFound}

func (t *Tx) exec(query string, args ...any) error {
	_, err := t.change(query, args...)
	return err
}

// add adds a row by an INSERT that has one list of values, with $1, $2 and so on in their
// order. While a database is filled, it may be held back until another statement is run.
func (t *Tx) add(query string, args ...any) error {
	if t.gather != nil {
		return t.gather.add(query, args)
	}
	return t.exec(query, args...)
}

// prepare returns the statement for a query, which sees all rows that were added.
func (t *Tx) prepare(query string) (*sql.Stmt, error) {
	if t.gather != nil {
		if err := t.gather.flush(); err != nil {
			return nil, err
		}
	}
	return t.conn.prepare(query)
}

// change runs a statement and returns how many rows it touched.
func (t *Tx) change(query string, args ...any) (int64, error) {
	s, err := t.prepare(query)
	if err != nil {
		return 0, err
	}
	r, err := s.Exec(args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// row reads exactly one row into dest, or returns NotFound.
func (t *Tx) row(query string, args []any, dest ...any) error {
	s, err := t.prepare(query)
	if err != nil {
		return err
	}
	err = s.QueryRow(args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return errNotFound
	}
	return err
}

// rows calls scan for every row.
//
// A limit is written as $1 + 0, and never as $1 alone: SQLite would look at its value
// when it makes the plan, and make the plan anew each time the statement is run.
func (t *Tx) rows(query string, args []any, scan func(*sql.Rows) error) error {
	s, err := t.prepare(query)
	if err != nil {
		return err
	}
	rs, err := s.Query(args...)
	if err != nil {
		return err
	}
	defer rs.Close() // its error is that of rs.Err
	for rs.Next() {
		if err := scan(rs); err != nil {
			return err
		}
	}
	return rs.Err()
}

// unix and moment translate times: 0 stands for the zero time.
func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func moment(sec int64) time.Time {
	if sec == 0 {
		return time.Time{}
	}
	return time.Unix(sec, 0).UTC()
}
