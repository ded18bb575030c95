package store

import (
	"database/sql"
	"errors"
	"time"

	"letterlock/internal/letterlock"
)

// AddRecipient adds a recipient to a message, as its position-th. tokenHash is
// nil for inline recipients.
func (t *Tx) AddRecipient(r letterlock.Recipient, position int, tokenHash []byte) error {
	return t.add(`INSERT INTO recipients (id, message, position, address, name, field, identity, experience, why, token_hash, reference, domain, seq)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, (SELECT seq FROM messages WHERE id = $13))`,
		r.ID, r.Message, position, r.Mailbox.Address, r.Mailbox.Name, r.Field, r.Identity, r.Experience, r.Why, tokenHash, r.Reference,
		r.Mailbox.Address.Domain(), r.Message)
}

// recipientColumns is the order in which recipientDest reads.
const recipientColumns = `r.id, r.message, r.address, r.name, r.field, r.identity, r.experience, r.why, r.reference,
	r.revoked_by, r.revoked_name, r.revoked_as, r.revoke_reason, r.revoked_batch, r.revoked_with, r.reply,
	r.revoked_at, r.first_read_at, r.last_read_at, r.notified_at, r.bounced_at`

// recipientDest is where a row goes. Strings are given as such: of any other type
// database/sql finds out by reflection that it is one, for each value of each row.
func recipientDest(r *letterlock.Recipient, at *times) []any {
	v := &r.Revocation
	return []any{(*string)(&r.ID), (*string)(&r.Message), (*string)(&r.Mailbox.Address), &r.Mailbox.Name, (*string)(&r.Field),
		(*string)(&r.Identity), (*string)(&r.Experience), &r.Why, &r.Reference,
		(*string)(&v.By.Address), &v.By.Name, (*string)(&v.Standing), &v.Reason, (*string)(&v.Batch), (*string)(&v.With), &r.Reply,
		&at[0], &at[1], &at[2], &at[3], &at[4]}
}

func finishRecipient(r *letterlock.Recipient, at times) {
	r.Revocation.At, r.FirstRead, r.LastRead = moment(at[0]), moment(at[1]), moment(at[2])
	r.Notified, r.Bounced = moment(at[3]), moment(at[4])
}

func (t *Tx) recipient(where string, args ...any) (letterlock.Recipient, error) {
	var r letterlock.Recipient
	var at times
	err := t.row(`SELECT `+recipientColumns+` FROM recipients r WHERE `+where, args, recipientDest(&r, &at)...)
	finishRecipient(&r, at)
	return r, err
}

// Recipient returns the recipient with that ID.
func (t *Tx) Recipient(id letterlock.ID) (letterlock.Recipient, error) {
	return t.recipient(`r.id = $1`, id)
}

// RecipientByToken returns the recipient whose link has that keyed hash.
func (t *Tx) RecipientByToken(hash []byte) (letterlock.Recipient, error) {
	r, err := t.recipient(`r.token_hash = $1`, hash)
	if errors.Is(err, letterlock.NotFound) {
		return t.recipientByAnotherLink(hash)
	}
	return r, err
}

// SentWith says when the message was accepted to which that reference belongs, of the
// recipient whose ID begins so. Destroyed ones, and those whose recipient got no link,
// are NotFound like unknown ones.
func (t *Tx) SentWith(reference, begins string) (time.Time, error) {
	var accepted int64
	err := t.row(`SELECT m.accepted_at FROM recipients r JOIN messages m ON m.id = r.message
		WHERE r.id >= $2 AND r.id < $2 || '{' AND r.reference = $1 AND r.experience = 'link' AND m.status = 'accepted' LIMIT 1`,
		[]any{reference, begins}, &accepted)
	return moment(accepted), err
}

// RecipientByAddress returns the recipient of a message that has that address.
func (t *Tx) RecipientByAddress(message letterlock.ID, address letterlock.Address) (letterlock.Recipient, error) {
	return t.recipient(`r.message = $1 AND r.address = $2`, message, address)
}

// Recipients returns all recipients of a message in the order they were given.
func (t *Tx) Recipients(message letterlock.ID) (list []letterlock.Recipient, err error) {
	err = t.recipients(`r.message = $1 ORDER BY r.position`, []any{message}, func(r letterlock.Recipient) { list = append(list, r) })
	return list, err
}

func (t *Tx) recipients(where string, args []any, each func(letterlock.Recipient)) error {
	return t.rows(`SELECT `+recipientColumns+` FROM recipients r WHERE `+where, args, func(rows *sql.Rows) error {
		var r letterlock.Recipient
		var at times
		if err := rows.Scan(recipientDest(&r, &at)...); err != nil {
			return err
		}
		finishRecipient(&r, at)
		each(r)
		return nil
	})
}

// Revoke notes that a recipient's access was removed. It does not touch keys.
func (t *Tx) Revoke(id letterlock.ID, r letterlock.Revocation) error {
	return t.exec(`UPDATE recipients SET revoked_at = $2, revoked_by = $3, revoked_name = $4, revoked_as = $5, revoke_reason = $6,
		revoked_batch = $7, revoked_with = $8 WHERE id = $1`,
		id, unix(r.At), r.By.Address, r.By.Name, r.Standing, r.Reason, r.Batch, r.With)
}

// Restore notes that a recipient's access is no longer removed.
func (t *Tx) Restore(id letterlock.ID) error {
	return t.Revoke(id, letterlock.Revocation{})
}

// FallBack makes a link recipient of an inline one who has not got the message, by the
// link with that keyed hash. It does not touch keys.
func (t *Tx) FallBack(id letterlock.ID, why string, tokenHash []byte) error {
	n, err := t.change(`UPDATE recipients SET experience = 'link', why = $2, token_hash = $3
		WHERE id = $1 AND experience = 'inline' AND notified_at = 0`, id, why, tokenHash)
	if err == nil && n == 0 {
		return &letterlock.Error{Code: letterlock.NotFound}
	}
	return err
}

// AddEvent adds to a recipient's history and keeps the summary beside it true. It
// happened now, unless it says when.
func (t *Tx) AddEvent(r letterlock.Recipient, e letterlock.Event) error {
	if err := t.addEvent(r, e); err != nil {
		return err
	}
	t.changed = append(t.changed, r.Message)
	return t.sumUp(r, e)
}

// addEvent adds to a recipient's history alone.
func (t *Tx) addEvent(r letterlock.Recipient, e letterlock.Event) error {
	at := t.Now
	if !e.At.IsZero() {
		at = e.At
	}
	return t.add(`INSERT INTO events (message, recipient, at, kind, part, detail, proof, agent, ip, called) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		r.Message, r.ID, at.Unix(), e.Kind, e.Part, e.Detail, e.Proof, e.Agent, e.IP, e.Called)
}

// summary reports whether the summary beside a recipient's history knows of such events.
func summary(k letterlock.EventKind) bool {
	switch k {
	case letterlock.Read, letterlock.Notified, letterlock.Delivered, letterlock.Bounced:
		return true
	}
	return false
}

// sumUp has the summary beside a recipient's history know of an event.
func (t *Tx) sumUp(r letterlock.Recipient, e letterlock.Event) error {
	now := t.Now.Unix()
	switch e.Kind {
	case letterlock.Read:
		// Whoever reads has been reached, whatever came back before or comes back later.
		return t.exec(`UPDATE recipients SET last_read_at = $2, bounced_at = 0, reply = '',
			first_read_at = CASE first_read_at WHEN 0 THEN $2 ELSE first_read_at END WHERE id = $1`, r.ID, now)
	case letterlock.Notified, letterlock.Delivered:
		return t.exec(`UPDATE recipients SET notified_at = $2, bounced_at = 0, reply = '' WHERE id = $1`, r.ID, now)
	case letterlock.Bounced:
		return t.exec(`UPDATE recipients SET bounced_at = $2, reply = $3 WHERE id = $1 AND first_read_at = 0`, r.ID, now, e.Detail)
	}
	return nil
}

// ReadAs reports whether a recipient has read the message under a name, then or later.
func (t *Tx) ReadAs(r letterlock.Recipient, called string, since time.Time) (read bool, err error) {
	err = t.row(`SELECT EXISTS (SELECT 1 FROM events WHERE message = $1 AND recipient = $2 AND kind = 'read' AND called = $3 AND at >= $4)`,
		[]any{r.Message, r.ID, called, since.Unix()}, &read)
	return read, err
}

// Events returns the histories of all recipients of a message, oldest first.
func (t *Tx) Events(message letterlock.ID) (byRecipient map[letterlock.ID][]letterlock.Event, err error) {
	byRecipient = make(map[letterlock.ID][]letterlock.Event)
	err = t.rows(`SELECT recipient, at, kind, part, detail, proof, agent, ip, called FROM events WHERE message = $1 ORDER BY id`, []any{message},
		func(rows *sql.Rows) error {
			var id letterlock.ID
			var e letterlock.Event
			var at int64
			if err := rows.Scan(&id, &at, &e.Kind, &e.Part, &e.Detail, &e.Proof, &e.Agent, &e.IP, &e.Called); err != nil {
				return err
			}
			e.At = moment(at)
			byRecipient[id] = append(byRecipient[id], e)
			return nil
		})
	return byRecipient, err
}
