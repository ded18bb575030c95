package seed

import (
	"errors"
	"strings"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// A Sample is what there is to look for.
type Sample struct {
	Messages   int
	Recipients int
	Inline     int // recipients, as are the following
	Read       int
	Bounced    int
	Revoked    int                // without those that were restored
	MessageID  string             // of one in the middle
	Sender     letterlock.Address // of that one
	Busiest    letterlock.Address // who sends most
	Recipient  letterlock.Address // of that one, the first
	Common     string             // a word in many subjects
	Rare       string             // a word in few; in one of that message's
}

// A letter is a message while something may still happen to it.
type letter struct {
	id     letterlock.ID
	sender letterlock.Actor
	copies []*copied
}

// A copied is one recipient's copy of a letter.
type copied struct {
	letter  *letter
	r       letterlock.Recipient
	stopped bool // bounced, revoked or expired: nobody reads it any more
	read    bool
}

// accept takes a message in, as the intake does, and has its recipients told.
func (f *filler) accept(tx *store.Tx, at time.Time) error {
	tx.Now = at
	from := f.people.sender()
	m := letterlock.Message{
		ID: f.keys.id(&f.keys.messages), MessageID: "<" + string(f.keys.id(&f.keys.names)) + "@" + ourDomain + ">", Sender: letterlock.Mailbox{Name: from.Name, Address: from.Address},
		Subject: f.words.subject(), Protection: letterlock.EncryptOnly, Method: letterlock.ByPolicy, DecidedBy: "listener default",
		Via: letterlock.BySubmission, Size: int64(2000 + f.random.IntN(60000)), Accepted: at,
	}
	f.vary(&m)
	l := &letter{id: m.ID, sender: letterlock.Actor{Kind: letterlock.Staff, Address: from.Address, Roles: []letterlock.Role{letterlock.Sender}, IP: "192.0.2.7"}}
	if err := errors.Join(
		tx.AddMessage(m, f.keys.take(&f.keys.hashes), store.Sealed{Head: f.some(200), Size: 600, Index: f.some(150)}),
		tx.AddChunk(m.ID, 0, f.some(400))); err != nil {
		return err
	}
	f.into.Follow(tx, m.ID)
	f.into.GrantFirst(tx, m.ID, store.SenderCopy, 1, f.wrapped())
	var names []string
	for i, to := range f.people.recipients() {
		c, err := f.copy(tx, l, to, i)
		if err != nil {
			return err
		}
		l.copies = append(l.copies, c)
		names = append(names, string(to.Address))
	}
	f.count(m, l)
	f.foresee(l, m)
	return tx.Audit(letterlock.Entry{Actor: l.sender, Action: "accept", Message: m.ID, Target: strings.Join(names, " "), Allowed: true})
}

// vary makes a message one of the less usual ones, now and then.
func (f *filler) vary(m *letterlock.Message) {
	if f.one(0.4) {
		m.Method, m.DecidedBy = letterlock.ByUser, "subject tag [secure]"
	}
	if f.one(0.2) {
		m.Method, m.Via, m.DecidedBy = letterlock.ByUser, letterlock.ByCompose, "sender"
	}
	if f.one(0.15) {
		m.Protection = letterlock.DoNotForward
	}
	if f.one(0.25) {
		m.Brand = []string{"northwind", "northwind", "legal"}[f.random.IntN(3)]
	}
	if f.one(0.15) {
		m.Expires = m.Accepted.AddDate(0, 0, []int{7, 30, 90}[f.random.IntN(3)])
	}
	if f.one(0.3) {
		m.Attachments = 1 + f.random.IntN(3)
	}
}

// copy gives a letter a recipient, who is told of it at once.
func (f *filler) copy(tx *store.Tx, l *letter, to person, position int) (*copied, error) {
	c := &copied{letter: l, r: letterlock.Recipient{
		ID: f.keys.id(&f.keys.recipients), Message: l.id, Mailbox: letterlock.Mailbox{Name: to.Name, Address: to.Address}, Field: letterlock.To,
		Identity: to.Identity, Experience: letterlock.Link, Why: "link", Reference: "KX7-4QP",
	}}
	if position > 0 && f.one(0.5) {
		c.r.Field = letterlock.Cc
	}
	var token []byte
	if to.inline() {
		c.r.Experience = letterlock.Inline
	} else {
		token = f.keys.take(&f.keys.tokens)
	}
	f.into.AddRecipient(tx, c.r, position, token)
	if err := f.event(tx, c, letterlock.Event{Kind: letterlock.Accepted}); err != nil {
		return nil, err
	}
	if token != nil {
		f.into.GrantFirst(tx, l.id, string(c.r.ID), 1, f.wrapped())
	}
	if f.keys.shuffled {
		if err := f.notice(tx, c); err != nil {
			return nil, err
		}
	}
	return c, f.leave(tx, c)
}

// event adds to the history of a copy.
func (f *filler) event(tx *store.Tx, c *copied, e letterlock.Event) error {
	return f.into.AddEvent(tx, c.r, e)
}

// wrapped is a key to a message for somebody.
func (f *filler) wrapped() []byte { return f.some(60) }

// shred takes the key of a copy away.
func (f *filler) shred(tx *store.Tx, c *copied) {
	message, holder := c.letter.id, string(c.r.ID)
	f.into.Beside(tx, func(tx *store.Tx) error { return tx.Shred(message, holder) })
}

// notice puts a recipient's notice into the outbox and takes it out again.
func (f *filler) notice(tx *store.Tx, c *copied) error {
	n := store.Notice{Kind: store.LinkNotice, Message: c.letter.id, Recipient: c.r.ID, Secret: f.some(60)}
	if c.r.Experience == letterlock.Inline {
		n.Kind, n.Secret = store.InlineNotice, nil
	}
	if err := tx.Enqueue(n); err != nil {
		return err
	}
	n, err := tx.Claim(time.Minute)
	if err != nil {
		return err
	}
	return errors.Join(tx.NoteAttempt(n.ID, n.Attempts, ""), tx.Finish(n.ID, store.Sent))
}

// leave has a recipient told, or not reached.
func (f *filler) leave(tx *store.Tx, c *copied) error {
	e := letterlock.Event{Kind: letterlock.Notified}
	if c.r.Experience == letterlock.Inline {
		e.Kind = letterlock.Delivered
	}
	if f.one(0.015) {
		c.stopped = true
		f.sample.Bounced++
		e = letterlock.Event{Kind: letterlock.Bounced, Detail: "550 5.1.1 no such mailbox"}
	}
	return f.event(tx, c, e)
}

// count keeps the sample true.
func (f *filler) count(m letterlock.Message, l *letter) {
	f.sample.Messages++
	f.sample.Recipients += len(l.copies)
	for _, c := range l.copies {
		if c.r.Experience == letterlock.Inline {
			f.sample.Inline++
		}
	}
	f.sample.Common, f.sample.Busiest = f.words.common(), f.people.from[0].Address
	// The last one that there is to be found by a rare word, and that is not near
	// the end: one in the middle is found by whoever looks on from the newest.
	if rare := f.words.rare(m.Subject); rare != "" && (f.sample.MessageID == "" || f.one(0.0001)) {
		f.sample.MessageID, f.sample.Rare = m.MessageID, rare
		f.sample.Sender, f.sample.Recipient = m.Sender.Address, l.copies[0].r.Mailbox.Address
	}
}
