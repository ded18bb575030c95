package store

import (
	"cmp"
	"fmt"
	"strings"

	"letterlock/internal/letterlock"
)

// A Filter narrows the Sent folder to messages in one condition.
type Filter string

const (
	All         Filter = "all"
	Unread      Filter = "unread"
	Opened      Filter = "read"
	RevokedOnly Filter = "revoked"
	ExpiresSoon Filter = "expires-soon"
	ExpiredOnly Filter = "expired"
	InlineOnly  Filter = "inline"
	BouncedOnly Filter = "bounced"
	AskedOnly   Filter = "asked" // a recipient asks for something
)

// Filters are all filters in the order in which they are shown.
var Filters = []Filter{All, Unread, Opened, RevokedOnly, ExpiresSoon, ExpiredOnly, InlineOnly, BouncedOnly, AskedOnly}

// A condition says in SQL what a filter means, of a message m and of one recipient r
// of it at least. $2 is now, $3 is soon from now.
type condition struct {
	message   string
	recipient string // empty: whoever the recipients are
}

// holds is the condition of a message by itself. Recipients are found by the place
// of the message, because those of neighbours lie beside each other.
func (c condition) holds() string {
	if c.recipient == "" {
		return c.message
	}
	return c.message + ` AND EXISTS (SELECT 1 FROM recipients r WHERE r.seq = m.seq AND ` + c.recipient + `)`
}

const stands = `m.status = 'accepted'`

const linkStands = `r.experience = 'link' AND r.revoked_at = 0`

var conditions = map[Filter]condition{
	All: {`TRUE`, ``},
	// What is destroyed is neither waiting nor ending any more.
	Unread: {stands + ` AND (m.expires_at = 0 OR m.expires_at > $2)`,
		`r.experience = 'link' AND r.first_read_at = 0 AND r.revoked_at = 0 AND r.bounced_at = 0`},
	Opened:      {`TRUE`, `r.first_read_at > 0 AND r.revoked_at = 0`},
	RevokedOnly: {`TRUE`, `r.revoked_at > 0`},
	ExpiresSoon: {stands + ` AND m.expires_at > $2 AND m.expires_at <= $3`, linkStands},
	ExpiredOnly: {stands + ` AND m.expires_at > 0 AND m.expires_at <= $2`, linkStands},
	InlineOnly:  {`TRUE`, `r.experience = 'inline'`},
	BouncedOnly: {`TRUE`, `r.bounced_at > 0`},
	// What recipients forwarded has no place in the folder: who asks there counts for
	// the first message of the conversation.
	AskedOnly: {`TRUE`, `(EXISTS (SELECT 1 FROM requests q WHERE q.recipient = r.id AND q.answered_at = 0)
		OR EXISTS (SELECT 1 FROM releases q WHERE q.recipient = r.id AND ` + waits + `)
		OR EXISTS (SELECT 1 FROM messages c JOIN requests q ON q.message = c.id
			WHERE c.original = r.message AND c.original <> '' AND c.author <> '' AND q.answered_at = 0)
		OR EXISTS (SELECT 1 FROM messages c JOIN releases q ON q.message = c.id
			WHERE c.original = r.message AND c.original <> '' AND c.author <> '' AND ` + waits + `))`},
}

// A SentQuery asks for a page of one sender's messages.
type SentQuery struct {
	Sender letterlock.Address
	Filter Filter // empty: all
	Search string // part of a recipient, the subject or the Message-ID; empty: everything
	Before int64  // Seq of the last message of the page before; 0: from the newest
	Limit  int
}

// A SentMessage is a message with all its recipients.
type SentMessage struct {
	Message    letterlock.Message
	Recipients []letterlock.Recipient
}

// matching is the part of a query that both the list and its counts share:
// $1 sender, $2 now, $3 soon, $4 pattern. What recipients wrote stands under the
// message that it answers, and not beside it.
const matching = ` FROM messages m WHERE m.sender = $1 AND m.seq > 0 AND m.author = '' AND $2 <= $3
	AND ($4 = '' OR m.subject LIKE $4 ESCAPE '\' OR m.message_id LIKE $4 ESCAPE '\'
		OR EXISTS (SELECT 1 FROM recipients r WHERE r.seq = m.seq
			AND (r.address LIKE $4 ESCAPE '\' OR r.name LIKE $4 ESCAPE '\')))`

func (t *Tx) matchArgs(q SentQuery) []any {
	return []any{q.Sender, t.Now.Unix(), t.Now.Add(letterlock.Soon).Unix(), pattern(q.Search)}
}

// pattern is what LIKE finds everything by that has search in it; empty stays empty.
func pattern(search string) string {
	if search == "" {
		return ""
	}
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(search) + "%"
}

// Sent returns a page of a sender's messages, newest first.
func (t *Tx) Sent(q SentQuery) (list []SentMessage, err error) {
	cond, ok := conditions[q.Filter]
	if !ok {
		cond = conditions[All]
	}
	before := int64(1) << 62
	if q.Before > 0 {
		before = q.Before
	}
	places, err := t.places(`SELECT m.seq AS place`+matching+` AND `+cond.holds()+` AND m.seq < $5 ORDER BY m.seq DESC LIMIT $6 + 0`,
		append(t.matchArgs(q), before, q.Limit))
	if err != nil {
		return nil, err
	}
	return t.messagesAt(places)
}

// MaxSentCount is how many of a sender's messages SentCounts looks at.
const MaxSentCount = 200

// SentCounts returns how many of a sender's newest MaxSentCount messages each filter
// holds, so that a long folder opens as fast as a short one.
func (t *Tx) SentCounts(q SentQuery) (map[Filter]int, error) {
	// Of each recipient, which filters hold of it and of its message: both as a number
	// with a bit for each filter. The recipients are read once for all filters.
	var message, recipient []string
	for i, f := range Filters {
		bit := fmt.Sprintf(" THEN %d ELSE 0 END", 1<<i)
		message = append(message, `CASE WHEN `+conditions[f].message+bit)
		recipient = append(recipient, `CASE WHEN `+cmp.Or(conditions[f].recipient, `TRUE`)+bit)
	}
	var row [3]int64
	some := make(map[int64]int64, MaxSentCount) // of a message, the filters that hold
	err := t.numbers(`m.seq, `+strings.Join(message, ` + `)+`, `+strings.Join(recipient, ` + `),
		`(SELECT m.seq, m.expires_at, m.status`+matching+` ORDER BY m.seq DESC LIMIT $5 + 0) m LEFT JOIN recipients r ON r.seq = m.seq`,
		append(t.matchArgs(q), MaxSentCount), row[:], func() { some[row[0]] |= row[1] & row[2] })
	if err != nil {
		return nil, err
	}
	byFilter := make(map[Filter]int, len(Filters))
	for i, f := range Filters {
		byFilter[f] = 0
		for _, bits := range some {
			byFilter[f] += int(bits >> i & 1)
		}
	}
	return byFilter, nil
}
