package store

import (
	"errors"
	"slices"
	"sort"
	"strings"

	"letterlock/internal/letterlock"
)

// How many values of each kind pageQuery has. Those of recipients come one after the
// other; one of them is a message, and has values in it; and of both, one is empty or what
// few have.
const (
	recipientValues, rareOfRecipient = 13, 9
	messageValues, rareOfMessage     = 15, 13
)

// pageColumns reads recipients with their messages: with the first of each message the
// message, with others its place and theirs in it. One statement takes half the time of
// two, and two thirds of one that looks for the recipients of each message.
//
// No value may be NULL: it would be left out, and what comes after it would move up. A
// revocation is none at 0, whatever stands beside it. Of a message without recipients
// theirs are all NULL, by which the second number is less than the first.
const pageColumns = `SELECT count(*), count(r.id), COALESCE(group_concat(concat_ws(char(31), CASE WHEN r.position = 0 THEN concat_ws(char(30),
		m.seq, m.id, COALESCE(m.message_id, ''), m.sender, m.sender_name, m.subject,
		m.protection, m.method, m.decided_by, m.via, m.accepted_at, m.expires_at, m.size, m.attachments,
		CASE WHEN m.status <> 'destroyed' AND m.portal = 0 AND m.reference = '' AND m.brand = '' AND m.author = '' AND m.author_name = ''
			AND m.original = '' AND m.act = '' AND m.source = '' AND m.asks = '' AND m.latest_end = 0
			AND m.passphrase = '' AND m.ruled_asks = '' THEN ''
		ELSE concat_ws(char(29), m.status = 'destroyed', m.portal, m.reference, m.brand,
			m.author, m.author_name, m.original, m.act, m.source, m.asks, m.latest_end, m.passphrase, m.ruled_asks) END)
	ELSE concat_ws(char(30), m.seq, r.position) END,
	r.id, r.address, r.name, r.field, r.identity, r.experience, r.why, r.reference, r.notified_at, r.first_read_at, r.last_read_at,
	CASE WHEN r.revoked_at = 0 AND r.bounced_at = 0 AND r.reply = '' THEN ''
	ELSE concat_ws(char(29), r.revoked_at, r.revoked_by, r.revoked_name, r.revoked_as, r.revoke_reason,
		r.revoked_batch, r.revoked_with, r.bounced_at, r.reply) END), char(31)), '')
	FROM `

// pageQuery reads the messages at a list of places.
const pageQuery = pageColumns + `json_each($1) p CROSS JOIN messages m ON m.seq = p.value LEFT JOIN recipients r ON r.seq = m.seq`

// messagesAt reads the messages at places, newest first, with all their recipients.
func (t *Tx) messagesAt(places []int64) ([]SentMessage, error) {
	if len(places) == 0 {
		return nil, nil
	}
	list, ok, err := t.messagesAtOnce(places)
	if err == nil && !ok {
		list, err = t.messagesEach(places)
	}
	newestFirst(list)
	return list, err
}

// newestOf reads the newest messages of a source, those that lie from lo on and before hi,
// newest first, in one statement if they can be. To find their places first, and hand them
// to another statement, took a tenth more.
func (t *Tx) newestOf(s source, lo, hi int64, limit int) (list []SentMessage, ok bool, err error) {
	where, args := s.between(lo, hi)
	list, ok, err = t.page(numbered(pageColumns+`(SELECT `+s.key+` AS place FROM `+s.from+` WHERE `+where+` ORDER BY `+s.key+` DESC LIMIT ? + 0) p
		CROSS JOIN messages m ON m.seq = p.place LEFT JOIN recipients r ON r.seq = m.seq`), append(args, limit), limit)
	newestFirst(list)
	return list, ok, err
}

// newestFirst puts messages in order by their places in the list: each is too large to be
// handed to a function.
func newestFirst(list []SentMessage) {
	sort.Slice(list, func(i, k int) bool { return list[i].Message.Seq > list[k].Message.Seq })
}

// messagesAtOnce reads them in one statement, if they can be: see unpackPage.
func (t *Tx) messagesAtOnce(places []int64) (list []SentMessage, ok bool, err error) {
	list, ok, err = t.page(pageQuery, []any{placeList(places)}, len(places))
	return list, ok && len(list) == len(places), err
}

// page reads what a query that has pageColumns finds, which are at most so many messages.
func (t *Tx) page(query string, args []any, most int) (list []SentMessage, ok bool, err error) {
	var rows, recipients int
	var text string
	if err := t.row(query, args, &rows, &recipients, &text); err != nil || rows == 0 {
		return nil, err == nil, err
	}
	if rows == recipients {
		list, ok = unpackPage(text, rows, most)
	}
	return list, ok, nil
}

// messagesEach reads messages as one is read: one has no recipients, or somebody has put
// into a value what stands between two.
func (t *Tx) messagesEach(places []int64) (list []SentMessage, err error) {
	for _, place := range places {
		m, err := t.message(`m.seq = $1`, place)
		if errors.Is(err, letterlock.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		recipients, err := t.Recipients(m.ID)
		if err != nil {
			return nil, err
		}
		list = append(list, SentMessage{m, recipients})
	}
	return list, nil
}

// unpackPage reads what pageQuery has found. It is not ok if a value has in it what stands
// between values, which is known by how often that is there, or if these are more messages
// than there can be.
func unpackPage(text string, rows, most int) (list []SentMessage, ok bool) {
	if strings.Count(text, betweenValues) != rows*recipientValues-1 {
		return nil, false
	}
	list = make([]SentMessage, 0, min(most, rows))
	all := inOrder{make([]letterlock.Recipient, rows), make([]place, rows)}
	v := values{text: text, between: betweenValues[0]}
	for i := range all.places {
		own := values{text: v.next(), between: betweenInner[0]}
		at := &all.places[i]
		at.message = own.number()
		switch strings.Count(own.text, betweenInner) {
		case 0:
			at.position = int(own.number())
		case messageValues - 2: // without the first, which is taken
			if len(list) == most {
				return nil, false
			}
			list = append(list, SentMessage{})
			unpackMessage(&list[len(list)-1].Message, at.message, &own)
		default:
			return nil, false
		}
		unpackRecipient(&all.recipients[i], &v)
		v.wrong = v.wrong || own.wrong
	}
	return list, !v.wrong && all.giveTo(list)
}

// giveTo gives all recipients to their messages, and reports whether there is one for each.
func (o inOrder) giveTo(list []SentMessage) bool {
	for i := range list {
		m := &list[i]
		if len(o.places) == 0 || o.places[0].message != m.Message.Seq {
			return false
		}
		var one inOrder
		one, o = o.next()
		if len(one.places) > 1 {
			sort.Sort(one)
		}
		for k := range one.recipients {
			one.recipients[k].Message = m.Message.ID
		}
		m.Recipients = one.recipients
	}
	return len(o.places) == 0
}

func unpackMessage(m *letterlock.Message, seq int64, v *values) {
	m.Seq = seq
	m.ID, m.MessageID, m.Sender.Address = letterlock.ID(v.next()), v.next(), letterlock.Address(v.next())
	m.Sender.Name, m.Subject = v.next(), v.next()
	m.Protection, m.Method = letterlock.Protection(v.next()), letterlock.Method(v.next())
	m.DecidedBy, m.Via = v.next(), letterlock.Via(v.next())
	m.Accepted, m.Expires = moment(v.number()), moment(v.number())
	m.Size, m.Attachments = v.number(), int(v.number())
	if few, some := v.rare(rareOfMessage); some {
		m.Destroyed, m.Portal, m.Reference, m.Brand = few.number() != 0, few.number() != 0, few.next(), few.next()
		m.Author.Address, m.Author.Name = letterlock.Address(few.next()), few.next()
		m.Original, m.Act, m.Source = letterlock.ID(few.next()), letterlock.Act(few.next()), letterlock.ID(few.next())
		m.Asks, m.LatestEnd = letterlock.Demand(few.next()), moment(few.number())
		m.Passphrase, m.RuledAsks = letterlock.ID(few.next()), letterlock.Demand(few.next())
		v.wrong = v.wrong || few.wrong
	}
}

func unpackRecipient(r *letterlock.Recipient, v *values) {
	r.ID, r.Mailbox.Address, r.Mailbox.Name = letterlock.ID(v.next()), letterlock.Address(v.next()), v.next()
	r.Field, r.Identity = letterlock.Field(v.next()), letterlock.IdentityType(v.next())
	r.Experience, r.Why, r.Reference = letterlock.Experience(v.next()), v.next(), v.next()
	r.Notified, r.FirstRead, r.LastRead = moment(v.number()), moment(v.number()), moment(v.number())
	if few, some := v.rare(rareOfRecipient); some {
		x := &r.Revocation
		x.At, x.By.Address, x.By.Name = moment(few.number()), letterlock.Address(few.next()), few.next()
		x.Standing, x.Reason = letterlock.Standing(few.next()), few.next()
		x.Batch, x.With = letterlock.ID(few.next()), letterlock.ID(few.next())
		r.Bounced, r.Reply = moment(few.number()), few.next()
		v.wrong = v.wrong || few.wrong
	}
}

// inOrder are recipients with their places. SQLite would write all their values once more
// to put them in order.
type inOrder struct {
	recipients []letterlock.Recipient
	places     []place
}

// A place is that of a recipient: in its message, which has one among all.
type place struct {
	message  int64
	position int
}

func (o inOrder) Len() int           { return len(o.places) }
func (o inOrder) Less(i, j int) bool { return o.places[i].position < o.places[j].position }
func (o inOrder) Swap(i, j int) {
	o.recipients[i], o.recipients[j] = o.recipients[j], o.recipients[i]
	o.places[i], o.places[j] = o.places[j], o.places[i]
}

// next takes those of one message from the beginning. They come side by side.
func (o inOrder) next() (one, rest inOrder) {
	n := slices.IndexFunc(o.places, func(p place) bool { return p.message != o.places[0].message })
	if n < 0 {
		n = len(o.places)
	}
	return inOrder{o.recipients[:n:n], o.places[:n]}, inOrder{o.recipients[n:], o.places[n:]}
}
