package store

import (
	"time"

	"letterlock/internal/letterlock"
)

// An Answer is what somebody got who asked for a change, kept for when they ask
// again.
type Answer struct {
	Request []byte        // hash of what was asked
	Status  int           // 0: it is being answered
	Body    []byte        // may hold the subject of the message
	Message letterlock.ID // that it is about; empty: about none
	Created time.Time     // kept by PutAnswer as now
}

// PutAnswer keeps an answer under a key, in the place of an earlier one.
func (t *Tx) PutAnswer(key []byte, a Answer) error {
	if a.Body == nil {
		a.Body = []byte{}
	}
	return t.exec(`INSERT INTO answers (key, request, status, body, message, created_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (key) DO UPDATE SET request = excluded.request, status = excluded.status, body = excluded.body,
		message = excluded.message, created_at = excluded.created_at`,
		key, a.Request, a.Status, a.Body, a.Message, t.Now.Unix())
}

// Answer returns the answer under a key, or NotFound.
func (t *Tx) Answer(key []byte) (a Answer, err error) {
	var created int64
	err = t.row(`SELECT request, status, body, message, created_at FROM answers WHERE key = $1`, []any{key},
		&a.Request, &a.Status, &a.Body, &a.Message, &created)
	a.Created = moment(created)
	return a, err
}

// DropAnswer forgets the answer under a key.
func (t *Tx) DropAnswer(key []byte) error {
	return t.exec(`DELETE FROM answers WHERE key = $1`, key)
}

// SweepAnswers forgets answers that were kept before then.
func (t *Tx) SweepAnswers(before time.Time) (int64, error) {
	return t.change(`DELETE FROM answers WHERE created_at < $1`, before.Unix())
}
