package store

import (
	"database/sql"
	"strings"
	"time"

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
)

// Filters are all filters in the order in which they are shown.
var Filters = []Filter{All, Unread, Opened, RevokedOnly, ExpiresSoon, ExpiredOnly, InlineOnly, BouncedOnly}

// soon is how long before its end a message counts as expiring soon.
const soon = 48 * time.Hour

// conditions say in SQL what each filter means. $2 is now, $3 is soon from now.
var conditions = map[Filter]string{
	All: `TRUE`,
	Unread: `EXISTS (SELECT 1 FROM recipients r WHERE r.message = m.id AND r.experience = 'link'
		AND r.first_read_at = 0 AND r.revoked_at = 0 AND r.bounced_at = 0 AND (m.expires_at = 0 OR m.expires_at > $2))`,
	Opened:      `EXISTS (SELECT 1 FROM recipients r WHERE r.message = m.id AND r.first_read_at > 0 AND r.revoked_at = 0)`,
	RevokedOnly: `EXISTS (SELECT 1 FROM recipients r WHERE r.message = m.id AND r.revoked_at > 0)`,
	ExpiresSoon: `m.expires_at > $2 AND m.expires_at <= $3
		AND EXISTS (SELECT 1 FROM recipients r WHERE r.message = m.id AND r.experience = 'link' AND r.revoked_at = 0)`,
	ExpiredOnly: `m.expires_at > 0 AND m.expires_at <= $2
		AND EXISTS (SELECT 1 FROM recipients r WHERE r.message = m.id AND r.experience = 'link' AND r.revoked_at = 0)`,
	InlineOnly:  `EXISTS (SELECT 1 FROM recipients r WHERE r.message = m.id AND r.experience = 'inline')`,
	BouncedOnly: `EXISTS (SELECT 1 FROM recipients r WHERE r.message = m.id AND r.bounced_at > 0)`,
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
// $1 sender, $2 now, $3 soon, $4 pattern.
const matching = ` FROM messages m WHERE m.sender = $1 AND m.seq > 0 AND $2 <= $3
	AND ($4 = '' OR m.subject LIKE $4 ESCAPE '\' OR m.message_id LIKE $4 ESCAPE '\'
		OR EXISTS (SELECT 1 FROM recipients r WHERE r.message = m.id
			AND (r.address LIKE $4 ESCAPE '\' OR r.name LIKE $4 ESCAPE '\')))`

func (t *Tx) matchArgs(q SentQuery) []any {
	pattern := ""
	if q.Search != "" {
		pattern = "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(q.Search) + "%"
	}
	return []any{q.Sender, t.Now.Unix(), t.Now.Add(soon).Unix(), pattern}
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
	err = t.rows(`SELECT `+messageColumns+matching+` AND `+cond+` AND m.seq < $5 ORDER BY m.seq DESC LIMIT $6`,
		append(t.matchArgs(q), before, q.Limit), func(rows *sql.Rows) error {
			var s SentMessage
			var at times
			var status string
			if err := rows.Scan(messageDest(&s.Message, &at, &status)...); err != nil {
				return err
			}
			finishMessage(&s.Message, at, status)
			list = append(list, s)
			return nil
		})
	if err != nil {
		return nil, err
	}
	return list, t.recipientsOf(list)
}

// MaxSentCount is how many of a sender's messages SentCounts looks at.
const MaxSentCount = 200

// SentCounts returns how many of a sender's newest MaxSentCount messages each filter
// holds, so that a long folder opens as fast as a short one.
func (t *Tx) SentCounts(q SentQuery) (map[Filter]int, error) {
	var b strings.Builder
	b.WriteString("SELECT ")
	counts := make([]int, len(Filters))
	dest := make([]any, len(Filters))
	for i, f := range Filters {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("COUNT(CASE WHEN " + conditions[f] + " THEN 1 END)")
		dest[i] = &counts[i]
	}
	newest := ` FROM (SELECT m.*` + matching + ` ORDER BY m.seq DESC LIMIT $5) m`
	if err := t.row(b.String()+newest, append(t.matchArgs(q), MaxSentCount), dest...); err != nil {
		return nil, err
	}
	byFilter := make(map[Filter]int, len(Filters))
	for i, f := range Filters {
		byFilter[f] = counts[i]
	}
	return byFilter, nil
}
