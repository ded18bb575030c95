package model

import (
	"time"

	"letterlock/internal/letterlock"
)

// A Request is what a recipient asks for whose access has ended.
type Request struct {
	Recipient *Recipient
	Kind      letterlock.RequestKind
	Answer    letterlock.Answer // empty: none yet
	Answered  time.Time
	Over      bool // the message was destroyed
}

func (q *Request) open() bool { return q.Answer == "" && !q.Over }

// askAgain is how long nobody may ask for what was declined.
const askAgain = 24 * time.Hour

// Ask has a recipient ask for what has ended. Asking while nobody has answered, and
// for what one can read, changes nothing.
func (w *World) Ask(who letterlock.Address, m *Message) Answer {
	kinds := map[Answer]letterlock.RequestKind{Revoked: letterlock.AccessAgain, Expired: letterlock.MoreTime}
	a := w.Sees(who, m)
	if a == Content {
		return Done
	}
	kind, ok := kinds[a]
	if !ok {
		return a
	}
	r := m.recipient(who)
	if last := r.last(kind); last != nil {
		switch {
		case last.open():
			return Done
		case last.Answer == letterlock.Declined && w.Now.Before(last.Answered.Add(askAgain)):
			return TooOften
		}
	}
	r.Asks = append(r.Asks, &Request{Recipient: r, Kind: kind})
	return Done
}

// Approve gives what is asked for: access again, or time until an end, which counts
// for everybody. Whoever may not give it may not answer.
func (w *World) Approve(by Person, q *Request, end time.Time) Answer {
	if a := w.mayAnswer(by, q); a != Done || !q.open() {
		return a
	}
	r := q.Recipient
	if q.Kind == letterlock.AccessAgain && r.Removed != nil {
		w.restore(by, r)
	}
	if q.Kind == letterlock.MoreTime {
		if end = r.Message.within(end); !w.mayEnd(end) {
			return NotToCome
		}
		w.move(r.Message, end)
	}
	r.answer(q.Kind, letterlock.Approved, w.Now)
	return Done
}

// Decline refuses it.
func (w *World) Decline(by Person, q *Request) Answer {
	a := w.mayAnswer(by, q)
	if a == Done {
		q.Recipient.answer(q.Kind, letterlock.Declined, w.Now)
	}
	return a
}

func (w *World) mayAnswer(by Person, q *Request) Answer {
	r := q.Recipient
	if q.Kind == letterlock.MoreTime {
		return w.hasSay(by, r.Message)
	}
	a := w.decides(by, r.Message)
	if a == Done && r.Removed != nil && !mayGive(by, r) {
		return RemovedByAdmin
	}
	return a
}

func (r *Recipient) last(kind letterlock.RequestKind) (last *Request) {
	for _, q := range r.Asks {
		if q.Kind == kind {
			last = q
		}
	}
	return last
}

// answer answers the open request of a kind, if there is one.
func (r *Recipient) answer(kind letterlock.RequestKind, a letterlock.Answer, now time.Time) {
	if q := r.last(kind); q != nil && q.open() {
		q.Answer, q.Answered = a, now
		r.Again = r.Again || a == letterlock.Approved
	}
}

// Open are the requests for a message that nobody has answered.
func (m *Message) Open() (list []*Request) {
	for _, r := range m.Recipients {
		for _, q := range r.Asks {
			if q.open() {
				list = append(list, q)
			}
		}
	}
	return list
}
