package policy

import (
	"time"

	"letterlock/internal/letterlock"
)

// Notices are what senders are told of their messages.
type Notices struct {
	FirstRead   bool            // when a recipient reads for the first time
	AsSet       bool            // of that, nobody is told who asks for it where it is off
	UnreadAfter letterlock.Span // when some have not read by then; 0: never
	Expiring    letterlock.Span // so long before a message expires; 0: never
}

// A Choice is which of its notices a sender wants of one message.
type Choice struct{ FirstRead, Unread, Expiring bool }

// Usual is what is chosen where nobody chooses.
func (n Notices) Usual() Choice {
	return Choice{FirstRead: n.FirstRead, Unread: n.UnreadAfter > 0, Expiring: n.Expiring > 0}
}

// MayAsk reports whether senders are told of the first reading who ask for it.
func (n Notices) MayAsk() bool { return n.FirstRead || !n.AsSet }

// Of returns the notices of a message whose sender chose c. It never has more than
// there are, but for the first reading, if it may be asked for.
func (n Notices) Of(c Choice) Notices {
	n.FirstRead = c.FirstRead && n.MayAsk()
	if !c.Unread {
		n.UnreadAfter = 0
	}
	if !c.Expiring {
		n.Expiring = 0
	}
	return n
}

// A Reminder is something that the sender of a message is still to be told, once.
type Reminder struct {
	Kind ReminderKind
	Due  time.Time // zero: when it happens
}

// A ReminderKind says what of.
type ReminderKind string

const (
	OnRead   ReminderKind = "read"
	Unread   ReminderKind = "unread"
	Expiring ReminderKind = "expiring"
	Quiet    ReminderKind = "quiet" // of no end: the sender wants to hear of none
)

// Reminders are what the sender of a message that is accepted now is to be told.
// asked says that the mail itself wants to know when it is read.
func (n Notices) Reminders(m letterlock.Message, asked bool, now time.Time) (list []Reminder) {
	if n.FirstRead || asked && n.MayAsk() {
		list = append(list, Reminder{Kind: OnRead})
	}
	if due := n.UnreadAfter.After(now); n.UnreadAfter > 0 && (m.Expires.IsZero() || due.Before(m.Expires)) {
		list = append(list, Reminder{Unread, due})
	}
	if due := n.BeforeEnd(m.Expires, now); !due.IsZero() {
		list = append(list, Reminder{Expiring, due})
	}
	return list
}

// BeforeEnd is when the sender is to be told that a message is about to end; zero:
// never, for it does not end, or so soon that nobody needs to be told.
func (n Notices) BeforeEnd(end, now time.Time) time.Time {
	if due := end.Add(-time.Duration(n.Expiring)); n.Expiring > 0 && !end.IsZero() && due.After(now) {
		return due
	}
	return time.Time{}
}

// Waiting are the recipients of m who could read it now and have not.
func Waiting(m letterlock.Message, all []letterlock.Recipient, now time.Time) (list []letterlock.Recipient) {
	for _, r := range Reading(m, all, now) {
		if r.FirstRead.IsZero() && r.Bounced.IsZero() {
			list = append(list, r)
		}
	}
	return list
}

// Reading are the recipients of m who can read it now by a link.
func Reading(m letterlock.Message, all []letterlock.Recipient, now time.Time) (list []letterlock.Recipient) {
	for _, r := range all {
		if r.Experience == letterlock.Link && r.State(m, now) == letterlock.Live {
			list = append(list, r)
		}
	}
	return list
}
