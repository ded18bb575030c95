package store

import (
	"database/sql"
	"errors"
	"time"

	"letterlock/internal/letterlock"
)

// BeginMessage makes room for a mail that is still coming in. Nobody can see it
// until AcceptMessage.
func (t *Tx) BeginMessage(id letterlock.ID) error {
	return t.exec(`INSERT INTO messages (id, status, accepted_at) VALUES ($1, 'incoming', $2)`, id, t.Now.Unix())
}

// AddChunk stores the next sealed chunk of an incoming message.
func (t *Tx) AddChunk(id letterlock.ID, seq int, data []byte) error {
	return t.add(`INSERT INTO chunks (message, seq, data) VALUES ($1, $2, $3)`, id, seq, data)
}

// Sealed is what is needed to open a message's mail, beside a key.
type Sealed struct {
	Head  []byte // start of the sealed stream
	Size  int64  // length of the sealed stream
	Index []byte // sealed index of the parts
}

// seqShift leaves room for a million messages in one second.
const seqShift = 20

// SeqAt is the smallest place that a message accepted at that second can have.
func SeqAt(at time.Time) int64 { return at.Unix() << seqShift }

// nextSeq is the place of a message that is accepted now, and has search and
// report learn of it.
func (t *Tx) nextSeq() (seq int64, err error) {
	seq = SeqAt(t.Now)
	last := t.placed
	if last == 0 {
		// One bound alone: with two, SQLite may look through all that lie below the other.
		err = t.row(`SELECT seq FROM messages WHERE seq < $1 ORDER BY seq DESC LIMIT 1`, []any{seq + 1<<seqShift}, &last)
		if errors.Is(err, letterlock.NotFound) {
			err = nil // the first of all
		}
	}
	seq = max(seq, last+1)
	if err == nil {
		err = t.add(`INSERT INTO search_due (seq) VALUES ($1)`, seq)
	}
	if err == nil {
		t.placed = seq
	}
	return seq, err
}

// AcceptMessage makes an incoming message a real one, accepted now.
func (t *Tx) AcceptMessage(m letterlock.Message, bodyHash []byte, s Sealed) error {
	seq, err := t.nextSeq()
	if err != nil {
		return err
	}
	n, err := t.change(`UPDATE messages SET status = 'accepted', message_id = $2, reference = $3,
		sender = $4, sender_name = $5, subject = $6, protection = $7, method = $8, decided_by = $9, via = $10,
		portal = $11, accepted_at = $12, expires_at = $13, size = $14, attachments = $15, body_hash = $16,
		sealed_head = $17, sealed_size = $18, sealed_index = $19, brand = $20, seq = $21,
		author = $22, author_name = $23, original = $24, act = $25, source = $26, asks = $27, latest_end = $28,
		passphrase = $29, ruled_asks = $30
		WHERE id = $1 AND status = 'incoming' AND accepted_at > 0`,
		m.ID, m.MessageID, m.Reference, m.Sender.Address, m.Sender.Name, m.Subject, m.Protection, m.Method,
		m.DecidedBy, m.Via, m.Portal, t.Now.Unix(), unix(m.Expires), m.Size, m.Attachments, bodyHash,
		s.Head, s.Size, s.Index, m.Brand, seq, m.Author.Address, m.Author.Name, m.Original, m.Act, m.Source, m.Asks, unix(m.LatestEnd),
		m.Passphrase, m.RuledAsks)
	if err == nil && n == 0 {
		return errNotFound
	}
	return err
}

// AddMessage adds a message that was never incoming, accepted now. Its chunks
// follow in the same transaction.
func (t *Tx) AddMessage(m letterlock.Message, bodyHash []byte, s Sealed) error {
	seq, err := t.nextSeq()
	if err != nil {
		return err
	}
	return t.add(`INSERT INTO messages (id, status, message_id, reference, sender, sender_name, subject, protection, method,
		decided_by, via, portal, accepted_at, expires_at, size, attachments, body_hash, sealed_head, sealed_size, sealed_index,
		brand, seq, author, author_name, original, act, source, asks, latest_end, passphrase, ruled_asks)
		VALUES ($1, 'accepted', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
		$22, $23, $24, $25, $26, $27, $28, $29, $30)`,
		m.ID, m.MessageID, m.Reference, m.Sender.Address, m.Sender.Name, m.Subject, m.Protection, m.Method,
		m.DecidedBy, m.Via, m.Portal, t.Now.Unix(), unix(m.Expires), m.Size, m.Attachments, bodyHash,
		s.Head, s.Size, s.Index, m.Brand, seq, m.Author.Address, m.Author.Name, m.Original, m.Act, m.Source, m.Asks, unix(m.LatestEnd),
		m.Passphrase, m.RuledAsks)
}

// AbandonMessage makes sure that an incoming message is never accepted; from then on
// it has begun at 0. RemoveAbandoned removes it.
func (t *Tx) AbandonMessage(id letterlock.ID) error {
	return t.exec(`UPDATE messages SET accepted_at = 0 WHERE id = $1 AND status = 'incoming'`, id)
}

// AbandonOld does so with all that began before cut.
func (t *Tx) AbandonOld(cut time.Time) error {
	return t.exec(`UPDATE messages SET accepted_at = 0 WHERE status = 'incoming' AND accepted_at > 0 AND accepted_at < $1`, cut.Unix())
}

// RemoveAbandoned removes up to limit chunks of what was abandoned, and the message
// itself once it has none. It reports whether there may be more: the chunks of a large
// mail removed at once would keep everybody else's writes waiting, and SQLite keeps in
// memory what a statement that cascades has changed.
func (t *Tx) RemoveAbandoned(limit int) (more bool, err error) {
	var id letterlock.ID
	err = t.row(`SELECT id FROM messages WHERE status = 'incoming' AND accepted_at = 0 LIMIT 1`, nil, &id)
	if errors.Is(err, letterlock.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	n, err := t.change(`DELETE FROM chunks WHERE message = $1 AND seq IN (SELECT seq FROM chunks WHERE message = $1 ORDER BY seq LIMIT $2 + 0)`, id, limit)
	if err != nil || n > 0 {
		return true, err
	}
	return true, t.exec(`DELETE FROM messages WHERE id = $1`, id)
}

// messageColumns is the order in which scanMessage reads.
const messageColumns = `m.id, m.message_id, m.reference, m.sender, m.sender_name, m.subject, m.protection, m.method,
	m.decided_by, m.via, m.portal, m.accepted_at, m.expires_at, m.size, m.attachments, m.status,
	m.seq, m.brand, m.author, m.author_name, m.original, m.act, m.source, m.asks, m.latest_end, m.passphrase, m.ruled_asks`

// messageDest is where a row goes; see recipientDest.
func messageDest(m *letterlock.Message, at *times, status *string) []any {
	return []any{(*string)(&m.ID), &m.MessageID, &m.Reference, (*string)(&m.Sender.Address), &m.Sender.Name, &m.Subject,
		(*string)(&m.Protection), (*string)(&m.Method), &m.DecidedBy, (*string)(&m.Via), &m.Portal, &at[0], &at[1], &m.Size,
		&m.Attachments, status, &m.Seq, &m.Brand, (*string)(&m.Author.Address), &m.Author.Name, (*string)(&m.Original),
		(*string)(&m.Act), (*string)(&m.Source), (*string)(&m.Asks), &at[2], (*string)(&m.Passphrase), (*string)(&m.RuledAsks)}
}

// times holds the integer times of a row until they are translated.
type times [6]int64

func finishMessage(m *letterlock.Message, at times, status string) {
	m.Accepted, m.Expires, m.LatestEnd, m.Destroyed = moment(at[0]), moment(at[1]), moment(at[2]), status == "destroyed"
}

func (t *Tx) message(where string, arg any) (letterlock.Message, error) {
	var m letterlock.Message
	var at times
	var status string
	err := t.row(`SELECT `+messageColumns+` FROM messages m WHERE m.status <> 'incoming' AND `+where,
		[]any{arg}, messageDest(&m, &at, &status)...)
	finishMessage(&m, at, status)
	return m, err
}

// Message returns an accepted or destroyed message.
func (t *Tx) Message(id letterlock.ID) (letterlock.Message, error) {
	return t.message(`m.id = $1`, id)
}

// MessageByMessageID returns the message with that Message-ID, angle brackets included.
func (t *Tx) MessageByMessageID(messageID string) (letterlock.Message, error) {
	return t.message(`m.message_id = $1`, messageID)
}

// Retried returns the message that a sender's mail already is, if it came before
// with the same Message-ID and the same bytes; NotFound else. The Message-ID that
// it came with may be its reference by now.
func (t *Tx) Retried(sender letterlock.Address, messageID string, bodyHash []byte) (letterlock.Message, error) {
	var id letterlock.ID
	err := t.row(`SELECT id FROM messages WHERE body_hash = $1 AND sender = $2 AND status = 'accepted'
		AND (message_id = $3 OR reference = $3) LIMIT 1`, []any{bodyHash, sender, messageID}, &id)
	if err != nil {
		return letterlock.Message{}, err
	}
	return t.Message(id)
}

// Sealed returns what is needed to open the message's mail, beside a key.
func (t *Tx) Sealed(id letterlock.ID) (s Sealed, err error) {
	err = t.row(`SELECT sealed_head, sealed_size, sealed_index FROM messages WHERE id = $1 AND status = 'accepted'`,
		[]any{id}, &s.Head, &s.Size, &s.Index)
	return s, err
}

// Chunk returns a sealed chunk of a message as long as holder still holds a key
// to it, and NotFound otherwise: a reader whose access ends stops at the next chunk.
func (t *Tx) Chunk(id letterlock.ID, seq int64, holder string) (data []byte, err error) {
	err = t.row(`SELECT c.data FROM chunks c
		WHERE c.message = $1 AND c.seq = $2 AND EXISTS (SELECT 1 FROM wraps w WHERE w.message = $1 AND w.holder = $3)`,
		[]any{id, seq, holder}, &data)
	return data, err
}

// IncomingChunk returns a sealed chunk of a mail that is still coming in. Only who
// has received it can: its key is in no database yet.
func (t *Tx) IncomingChunk(id letterlock.ID, seq int64) (data []byte, err error) {
	err = t.row(`SELECT c.data FROM chunks c
		WHERE c.message = $1 AND c.seq = $2 AND EXISTS (SELECT 1 FROM messages m WHERE m.id = $1 AND m.status = 'incoming')`,
		[]any{id, seq}, &data)
	return data, err
}

// A ReceivedQuery asks for a page of what was sent to one address.
type ReceivedQuery struct {
	Address letterlock.Address
	Search  string // part of the sender or the subject; empty: everything
	Hidden  Brands // whose subjects are not searched
	Before  int64  // Seq of the last message of the page before; 0: from the newest
	Limit   int
}

// Received lists the messages that have an address as a link recipient, newest
// first, each with that recipient. A search does not look into the subject of what
// was revoked, or asks for more than that the address was proved, by itself or by its
// brand: it is not to be read, nor guessed at.
func (t *Tx) Received(q ReceivedQuery) (list []Received, err error) {
	before := int64(1) << 62
	if q.Before > 0 {
		before = q.Before
	}
	err = t.rows(`SELECT `+messageColumns+`, `+recipientColumns+`,
		EXISTS (SELECT 1 FROM messages a WHERE a.source = r.id AND a.source <> '' AND a.act = 'reply')
		FROM recipients r JOIN messages m ON m.id = r.message
		WHERE r.address = $1 AND r.seq < $2 AND r.experience = 'link' AND m.status = 'accepted'
		AND ($3 = '' OR m.sender LIKE $3 ESCAPE '\' OR m.sender_name LIKE $3 ESCAPE '\'
			OR r.revoked_at = 0 AND m.asks = '' AND (m.brand IN (SELECT value FROM json_each($5))) = $6 AND m.subject LIKE $3 ESCAPE '\')
		ORDER BY r.seq DESC LIMIT $4 + 0`, []any{q.Address, before, pattern(q.Search), q.Limit, q.Hidden.list(), q.Hidden.Others}, func(rows *sql.Rows) error {
		var x Received
		var mAt, rAt times
		var status string
		dest := append(messageDest(&x.Message, &mAt, &status), recipientDest(&x.Recipient, &rAt)...)
		if err := rows.Scan(append(dest, &x.Replied)...); err != nil {
			return err
		}
		finishMessage(&x.Message, mAt, status)
		finishRecipient(&x.Recipient, rAt)
		list = append(list, x)
		return nil
	})
	return list, err
}

// A Received is a message as one of its recipients has it.
type Received struct {
	Message   letterlock.Message
	Recipient letterlock.Recipient
	Replied   bool // in the portal
}
