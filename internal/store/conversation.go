package store

import (
	"database/sql"
	"slices"
	"time"

	"letterlock/internal/letterlock"
)

// Conversation returns up to limit messages of a conversation beside its first,
// oldest first, each with its recipients.
func (t *Tx) Conversation(first letterlock.ID, limit int) ([]SentMessage, error) {
	return t.related(`SELECT m.seq AS place FROM messages m
		WHERE m.original = $1 AND m.original <> '' AND m.seq > 0 ORDER BY m.seq LIMIT $2 + 0`, first, limit)
}

// Made returns the messages that somebody wrote who could read as that recipient:
// what they replied, and the copies they forwarded, oldest first, each with its
// recipients.
func (t *Tx) Made(source letterlock.ID) ([]SentMessage, error) {
	return t.related(`SELECT m.seq AS place FROM messages m
		WHERE m.source = $1 AND m.source <> '' AND m.seq > 0 ORDER BY m.seq`, source)
}

// related are the messages at the places that a query finds, oldest first.
func (t *Tx) related(query string, args ...any) ([]SentMessage, error) {
	places, err := t.places(query, args)
	if err != nil {
		return nil, err
	}
	list, err := t.messagesAt(places)
	slices.Reverse(list)
	return list, err
}

// Forwards returns when the copies of a conversation were forwarded since then,
// oldest first.
func (t *Tx) Forwards(first letterlock.ID, since time.Time) (list []time.Time, err error) {
	err = t.rows(`SELECT accepted_at FROM messages
		WHERE original = $1 AND original <> '' AND seq >= $2 AND act = 'forward' ORDER BY seq`,
		[]any{first, SeqAt(since)}, func(rows *sql.Rows) error {
			var at int64
			if err := rows.Scan(&at); err != nil {
				return err
			}
			list = append(list, moment(at))
			return nil
		})
	return list, err
}

// ReceivedIn returns up to limit messages of a conversation that were sent to an
// address as links, oldest first, each with that recipient.
func (t *Tx) ReceivedIn(first letterlock.ID, a letterlock.Address, limit int) (list []Received, err error) {
	err = t.rows(`SELECT `+messageColumns+`, `+recipientColumns+`
		FROM messages m JOIN recipients r ON r.message = m.id
		WHERE (m.id = $1 OR m.original = $1 AND m.original <> '') AND m.status = 'accepted'
		AND r.address = $2 AND r.experience = 'link' ORDER BY m.seq LIMIT $3 + 0`, []any{first, a, limit}, func(rows *sql.Rows) error {
		x, err := scanReceived(rows)
		list = append(list, x)
		return err
	})
	return list, err
}

func scanReceived(rows *sql.Rows) (x Received, err error) {
	var mAt, rAt times
	var status string
	if err := rows.Scan(append(messageDest(&x.Message, &mAt, &status), recipientDest(&x.Recipient, &rAt)...)...); err != nil {
		return x, err
	}
	finishMessage(&x.Message, mAt, status)
	finishRecipient(&x.Recipient, rAt)
	return x, nil
}
