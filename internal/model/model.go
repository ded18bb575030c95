// Package model says in plain Go what Letterlock does: who may do what to a message,
// what becomes of it, and what each visitor sees. It stores nothing, sends nothing
// and knows no key. The program is measured by it: tests run the same histories
// against both and compare after every step.
//
// It is written to be read by somebody who has to know what was promised, and it
// repeats nothing of the program's own code, so that a mistake is not made twice.
package model

import (
	"slices"
	"time"

	"letterlock/internal/letterlock"
)

// A World is an organisation that sends messages, at a moment.
type World struct {
	Now       time.Time
	Domain    string // of the organisation
	EveryLink bool   // senders may take back messages to several recipients
	Messages  []*Message
	Batches   []*Batch
}

// A Person is somebody with an account of the organisation.
type Person struct {
	Address letterlock.Address
	Roles   []letterlock.Role
}

func (p Person) sends() bool { return slices.Contains(p.Roles, letterlock.Sender) }

// looks reports whether they may see what happened to everybody's messages.
func (p Person) looks() bool {
	return slices.Contains(p.Roles, letterlock.Auditor) || p.decides()
}

// decides reports whether they may take back everybody's messages.
func (p Person) decides() bool {
	return slices.Contains(p.Roles, letterlock.Revoker) || p.destroys()
}

// destroys reports whether they may destroy messages.
func (p Person) destroys() bool { return slices.Contains(p.Roles, letterlock.Admin) }

// owns reports whether a message is theirs: they sent it, or a recipient wrote it
// about one that they had sent.
func (p Person) owns(m *Message) bool { return p.sends() && p.Address == m.Owner }

// A Message is a message of its owner, whoever wrote it.
type Message struct {
	Number     int // by which tests name it, from 0
	Owner      letterlock.Address
	Writer     letterlock.Address // a recipient, for replies and copies; else the owner
	Act        letterlock.Act     // empty: it was sent
	About      *Recipient         // who wrote it, as recipient of what they wrote about; nil: the owner wrote it
	Protection letterlock.Protection
	Accepted   time.Time
	Expires    time.Time // zero: never
	Destroyed  bool
	Recipients []*Recipient
	Own        string // a word of its own text
}

// A Recipient is one address of one message.
type Recipient struct {
	Message *Message
	Address letterlock.Address
	Inline  bool     // they have the message itself, and nothing can be taken back
	Removed *Removal // nil: their access was not removed
	Read    bool
	Asks    []*Request
	Wrote   []*Message // about the message, in the portal
	Untold  bool       // no mail has told them of the message yet
	Again   bool       // they are to be told that what they asked for was given
}

// A Removal is why somebody has no access any more.
type Removal struct {
	ByAdministrator bool       // and not by the sender
	With            *Recipient // whose removal took this one along; nil: it is one of its own
	Batch           *Batch     // of which it was part; nil: of none
}

// An Answer is what the product says to whoever wants something of it.
type Answer string

const (
	Done Answer = "done"

	// What a recipient is told.
	Content       Answer = "the message itself"
	Revoked       Answer = "The message has been revoked by the sender"
	Expired       Answer = "The message has expired"
	NotAvailable  Answer = "not available" // it never was, it was destroyed, or it is not theirs to know of
	SentToAnother Answer = "This message was sent to a different address"
	Kept          Answer = "do-not-forward"
	TooOften      Answer = "too often"
	NotTo         Answer = "barred" // a copy for somebody whose access was removed

	// What people of the organisation are told.
	NotTheirRole      Answer = "role"
	Several           Answer = "several-recipients"
	NobodyHasALink    Answer = "inline"
	IsDestroyed       Answer = "destroyed"
	RemovedByAdmin    Answer = "by-administrator"
	NoRecipient       Answer = "recipient"
	NotToCome         Answer = "expires"
	NothingToDo       Answer = "batch-nothing"
	WrongState        Answer = "batch-state"
	WantsSecondPerson Answer = "second-person"
)

// Ended reports whether a message has expired.
func (w *World) Ended(m *Message) bool { return !m.Expires.IsZero() && !w.Now.Before(m.Expires) }

// Sees is what somebody sees who has proved an address and asks for a message. A
// destroyed message is there for nobody; who lost access by a removal and by time is
// told of the removal.
func (w *World) Sees(who letterlock.Address, m *Message) Answer {
	if m.Destroyed {
		return NotAvailable
	}
	r := m.recipient(who)
	switch {
	case r == nil:
		return SentToAnother
	case r.Inline:
		return NotAvailable
	case r.Removed != nil:
		return Revoked
	case w.Ended(m):
		return Expired
	}
	return Content
}

// Reads is Sees, and remembers who has read.
func (w *World) Reads(who letterlock.Address, m *Message) Answer {
	a := w.Sees(who, m)
	if a == Content {
		m.recipient(who).Read = true
	}
	return a
}

// SenderSees is what one of the staff sees who asks for the text of a message. No
// role reads what others have sent, and neither revoking nor expiry takes a message
// from its owner.
func (w *World) SenderSees(p Person, m *Message) Answer {
	if !p.owns(m) || m.Destroyed {
		return NotAvailable
	}
	return Content
}

// State is what the lists say of a message in one word.
func (w *World) State(m *Message) letterlock.State {
	links := m.links()
	switch {
	case m.Destroyed:
		return letterlock.Destroyed
	case len(links) == 0:
		return letterlock.Live
	case !slices.ContainsFunc(links, hasAccess):
		return letterlock.Revoked
	case w.Ended(m):
		return letterlock.Expired
	}
	return letterlock.Live
}

// Revocable reports whether an administrator could still take something back.
func (w *World) Revocable(m *Message) bool {
	return !m.Destroyed && slices.ContainsFunc(m.links(), hasAccess)
}

// Words are the words that stand in a message: its own, and in a copy those of what
// it is a copy of.
func (m *Message) Words() []string {
	words := []string{m.Own}
	if m.Act == letterlock.ActForward {
		words = append(words, m.About.Message.Words()...)
	}
	return words
}

// First is the message that a conversation began with.
func (m *Message) First() *Message {
	if m.About == nil {
		return m
	}
	return m.About.Message.First()
}

func (m *Message) recipient(a letterlock.Address) *Recipient {
	for _, r := range m.Recipients {
		if r.Address == a {
			return r
		}
	}
	return nil
}

// links are the recipients with a link.
func (m *Message) links() (list []*Recipient) {
	for _, r := range m.Recipients {
		if !r.Inline {
			list = append(list, r)
		}
	}
	return list
}

func hasAccess(r *Recipient) bool { return r.Removed == nil }

// copies are what a recipient has forwarded of the message, as far as it exists.
func (r *Recipient) copies() (list []*Message) {
	for _, m := range r.Wrote {
		if m.Act == letterlock.ActForward && !m.Destroyed {
			list = append(list, m)
		}
	}
	return list
}
