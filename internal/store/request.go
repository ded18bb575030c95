package store

import (
	"database/sql"

	"letterlock/internal/letterlock"
)

const requestColumns = `id, message, recipient, kind, reason, asked_at, answered_at, answered_by, answer`

func requestDest(q *letterlock.Request, at *times) []any {
	return []any{&q.ID, &q.Message, &q.Recipient, &q.Kind, &q.Reason, &at[0], &at[1], &q.By, &q.Answer}
}

func (t *Tx) request(where string, args ...any) (q letterlock.Request, err error) {
	var at times
	err = t.row(`SELECT `+requestColumns+` FROM requests WHERE `+where, args, requestDest(&q, &at)...)
	q.Asked, q.Answered = moment(at[0]), moment(at[1])
	return q, err
}

// AddRequest keeps what a recipient asks for, from now on. Of one kind a recipient
// has one open request at most: a second is an error.
func (t *Tx) AddRequest(q letterlock.Request) error {
	return t.exec(`INSERT INTO requests (id, message, recipient, kind, reason, asked_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		q.ID, q.Message, q.Recipient, q.Kind, q.Reason, t.Now.Unix())
}

// Request returns the request with that ID, or NotFound.
func (t *Tx) Request(id letterlock.ID) (letterlock.Request, error) { return t.request(`id = $1`, id) }

// LastRequest returns the newest request of a recipient of one kind, or NotFound.
func (t *Tx) LastRequest(recipient letterlock.ID, kind letterlock.RequestKind) (letterlock.Request, error) {
	return t.request(`recipient = $1 AND kind = $2 ORDER BY asked_at DESC, answered_at = 0 DESC LIMIT 1`, recipient, kind)
}

// Requests returns the requests for a message that nobody has answered, oldest first.
func (t *Tx) Requests(message letterlock.ID) (list []letterlock.Request, err error) {
	err = t.rows(`SELECT `+requestColumns+` FROM requests WHERE message = $1 AND answered_at = 0 ORDER BY asked_at, id`,
		[]any{message}, func(rows *sql.Rows) error {
			var q letterlock.Request
			var at times
			if err := rows.Scan(requestDest(&q, &at)...); err != nil {
				return err
			}
			q.Asked, q.Answered = moment(at[0]), moment(at[1])
			list = append(list, q)
			return nil
		})
	return list, err
}

// AnswerRequest notes what became of a request that is open.
func (t *Tx) AnswerRequest(id letterlock.ID, a letterlock.Answer, by letterlock.Address) error {
	return t.exec(`UPDATE requests SET answered_at = $2, answer = $3, answered_by = $4 WHERE id = $1 AND answered_at = 0`,
		id, t.Now.Unix(), a, by)
}

// EndRequests removes the requests for a message that nobody can get any more.
func (t *Tx) EndRequests(message letterlock.ID) error {
	return t.exec(`DELETE FROM requests WHERE message = $1`, message)
}

// AddLink gives a recipient one more link, under the keyed hash of its token.
func (t *Tx) AddLink(recipient letterlock.ID, tokenHash []byte) error {
	return t.exec(`INSERT INTO more_links (token_hash, recipient, created_at) VALUES ($1, $2, $3)`, tokenHash, recipient, t.Now.Unix())
}

// recipientByAnotherLink is RecipientByToken for the links that came after the first.
func (t *Tx) recipientByAnotherLink(hash []byte) (r letterlock.Recipient, err error) {
	var id letterlock.ID
	if err := t.row(`SELECT recipient FROM more_links WHERE token_hash = $1`, []any{hash}, &id); err != nil {
		return r, err
	}
	return t.Recipient(id)
}
