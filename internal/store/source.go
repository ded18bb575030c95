package store

import (
	"strings"

	"letterlock/internal/letterlock"
)

// parts are what is looked for as a part of a text.
type parts struct {
	match []string // expressions of the index
	in    []string // conditions on a row of search_texts
	typed []any
}

func (p *parts) add(column, part string) {
	p.match = append(p.match, column+` : `+quoted(part))
	p.in, p.typed = append(p.in, `instr(x.`+column+`, ?) > 0`), append(p.typed, part)
}

// source finds all of these in their index, or by a look into the text of a message:
// the index compares places in the text for each message that has the same letters.
func (p *parts) source() []source {
	list := matches("search_parts", p.match)
	for i := range list {
		list[i].dear = true
		list[i].holds = `EXISTS (SELECT 1 FROM search_texts x WHERE x.seq = m.seq AND ` + strings.Join(p.in, ` AND `) + `)`
		list[i].asked = p.typed
	}
	return list
}

// delayed is what [letterlock.Recipient.Delayed] says of a recipient r whose message is not
// destroyed: ? is how long ago a server that passes mail on may have taken it, the first
// place at which what waits is not late, and now.
const delayed = `r.first_read_at = 0 AND r.bounced_at = 0 AND (r.notified_at = 0 OR r.reply <> '')
	AND CASE WHEN r.notified_at > 0 THEN r.notified_at > ? ELSE r.reply <> '' OR r.seq < ? END
	AND (r.experience <> 'link' OR r.revoked_at = 0 AND NOT EXISTS
		(SELECT 1 FROM messages x WHERE x.seq = r.seq AND x.expires_at > 0 AND x.expires_at <= ?))`

// condition is the source of what is in a state, and what of a recipient r has to be so for
// it, with its arguments; "": the state is the message's.
func (t *Tx) condition(c letterlock.Condition) (s source, person string, args []any, ok bool) {
	now, later := t.Now.Unix(), t.Now.Add(letterlock.Soon).Unix()
	// What was destroyed waits for nobody, and neither expires nor has expired.
	const there = `m.status <> 'destroyed'`
	switch c {
	case letterlock.IsRevoked:
		person = `r.revoked_at > 0`
		return someRecipient(person), person, nil, true
	case letterlock.IsBounced:
		person = `r.bounced_at > 0`
		return someRecipient(person), person, nil, true
	case letterlock.IsRead:
		s = someRecipient(`r.first_read_at > 0`)
		s.loose = true
		return s, `r.first_read_at > 0 AND r.revoked_at = 0`, nil, true
	case letterlock.IsDelayed:
		args = []any{t.Now.Add(-letterlock.KeptFurtherOn).Unix(), SeqAt(t.Now.Add(-letterlock.Late)), now}
		s = someRecipient(delayed)
		s.args, s.holds = args, there
		return s, delayed, args, true
	case letterlock.IsInline:
		person = `r.experience = 'inline'`
		return someRecipient(person), person, nil, true
	case letterlock.IsDestroyed:
		return source{from: `messages s`, key: `s.seq`, where: `s.status = 'destroyed'`}, "", nil, true
	case letterlock.IsUnread:
		person = `r.experience = 'link' AND r.first_read_at = 0 AND r.revoked_at = 0 AND r.bounced_at = 0`
		s = someRecipient(person)
		s.holds, s.asked = `(m.expires_at = 0 OR m.expires_at > ?) AND `+there, []any{now}
		return s, person, nil, true
	case letterlock.IsExpired:
		return source{
			from: `messages s`, key: `s.seq`, where: `s.expires_at > 0 AND s.expires_at <= ?`, args: []any{now},
			holds: there, loose: true,
		}, linkStands, nil, true
	case letterlock.ExpiresSoon:
		return source{
			// They are few, and found by when they expire.
			from: `messages s`, key: `+s.seq`, where: `s.swept = 0 AND s.expires_at > ? AND s.expires_at <= ? AND s.expires_at > 0`,
			args: []any{now, later}, holds: there, loose: true,
		}, linkStands, nil, true
	}
	return source{}, "", nil, false
}

// stateOf adds the source of what is in a state, and asks of p what is asked of a recipient.
func (t *Tx) stateOf(c letterlock.Condition, p *somebody) ([]source, error) {
	if c == "" {
		return nil, nil
	}
	s, of, args, ok := t.condition(c)
	if !ok {
		return nil, invalid("state")
	}
	if of != "" {
		p.has(of, args...)
	}
	if s.loose && !p.several() {
		s.holds = strings.TrimPrefix(s.holds+` AND `+p.some(), ` AND `)
	}
	return []source{s}, nil
}

// someRecipient is the source of messages of which one recipient meets a condition.
// It yields a message as often as it has such recipients, which lie side by side.
func someRecipient(where string) source {
	return source{from: `recipients s`, key: `s.seq`, where: strings.ReplaceAll(where, `r.`, `s.`)}
}
