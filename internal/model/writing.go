package model

import (
	"slices"
	"strings"
	"time"

	"letterlock/internal/letterlock"
)

// Outlook stands for providers that are given the message itself, where nothing
// speaks against it.
const Outlook = "outlook.com"

// A Mail is what somebody of the organisation sends.
type Mail struct {
	From       Person
	To         []letterlock.Address
	Protection letterlock.Protection
	Portal     bool // everybody outside reads by a link
	Expires    time.Time
}

// Send sends a mail: NotToCome if its end is over.
func (w *World) Send(mail Mail, own string) (*Message, Answer) {
	if !w.mayEnd(mail.Expires) {
		return nil, NotToCome
	}
	m := w.add(&Message{Owner: mail.From.Address, Writer: mail.From.Address, Protection: mail.Protection, Expires: mail.Expires, Own: own})
	for _, a := range mail.To {
		inline := w.inside(a) || domain(a) == Outlook && !mail.Portal && mail.Protection != letterlock.DoNotForward
		m.add(a, inline)
	}
	return m, Done
}

// Reply has a recipient answer. It reaches the owner's ordinary mailbox; whoever wrote
// the message, and with everybody all whom it names, read it by a link, the
// organisation's own people excepted.
func (w *World) Reply(who letterlock.Address, m *Message, everybody bool, own string) (*Message, Answer) {
	if a := w.Sees(who, m); a != Content {
		return nil, a
	}
	reply := w.about(m, who, letterlock.ActReply, own)
	to := []letterlock.Address{m.Owner, m.Writer}
	if everybody {
		for _, r := range m.Recipients {
			to = append(to, r.Address)
		}
	}
	for i, a := range to {
		if i == 0 || a != who && reply.recipient(a) == nil {
			reply.add(a, i == 0 || w.inside(a))
		}
	}
	return reply, Done
}

// Forwards in a day, of a conversation by all its recipients together.
const (
	maxForwards = 10
	forwardDay  = 24 * time.Hour
)

// Forward has a recipient send a copy on. Everybody gets it by a link, because it ends
// with its original. Nobody gets it whose access to what is in it was removed.
func (w *World) Forward(who letterlock.Address, m *Message, to []letterlock.Address, own string) (*Message, Answer) {
	switch a := w.Sees(who, m); {
	case a != Content:
		return nil, a
	case m.Protection == letterlock.DoNotForward:
		return nil, Kept
	case w.forwardsToday(m.First()) >= maxForwards:
		return nil, TooOften
	case slices.ContainsFunc(to, m.barred):
		return nil, NotTo
	}
	forwarded := w.about(m, who, letterlock.ActForward, own)
	for _, a := range to {
		forwarded.add(a, false)
	}
	return forwarded, Done
}

// barred reports whether somebody's access was removed to the message, or to one
// that it is a copy of.
func (m *Message) barred(a letterlock.Address) bool {
	if r := m.recipient(a); r != nil && r.Removed != nil {
		return true
	}
	return m.Act == letterlock.ActForward && m.About.Message.barred(a)
}

func (w *World) forwardsToday(first *Message) (n int) {
	for _, m := range w.Messages {
		if m.Act == letterlock.ActForward && m.First() == first && !m.Accepted.Before(w.Now.Add(-forwardDay)) {
			n++
		}
	}
	return n
}

// about is a new message that a recipient writes about another one. It belongs to the
// owner of that, is protected like it, and ends when it does.
func (w *World) about(m *Message, who letterlock.Address, act letterlock.Act, own string) *Message {
	r := m.recipient(who)
	made := w.add(&Message{Owner: m.Owner, Writer: who, Act: act, About: r, Protection: m.Protection, Expires: m.Expires, Own: own})
	r.Wrote = append(r.Wrote, made)
	return made
}

func (w *World) add(m *Message) *Message {
	m.Number, m.Accepted = len(w.Messages), w.Now
	w.Messages = append(w.Messages, m)
	return m
}

func (m *Message) add(a letterlock.Address, inline bool) {
	m.Recipients = append(m.Recipients, &Recipient{Message: m, Address: a, Inline: inline, Untold: !inline})
}

// Deliver lets the mails leave that tell recipients of messages, and returns to whom.
// Nobody is told of what they cannot read. The first mail waits until they can; one
// that says that they can read again outlives a removal, but not an end.
func (w *World) Deliver() (told []*Recipient) {
	for _, m := range w.Messages {
		for _, r := range m.links() {
			switch a := w.Sees(r.Address, m); {
			case a == Content && (r.Untold || r.Again):
				r.Untold, r.Again = false, false
				told = append(told, r)
			case a == Expired || a == NotAvailable:
				r.Again = false
			}
		}
	}
	return told
}

func (w *World) inside(a letterlock.Address) bool { return domain(a) == w.Domain }

func domain(a letterlock.Address) string {
	_, after, _ := strings.Cut(string(a), "@")
	return after
}

// mayEnd reports whether a message may be given that end: never, or a moment to come.
func (w *World) mayEnd(end time.Time) bool { return end.IsZero() || end.After(w.Now) }
