package seed

import (
	"container/heap"
	"errors"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// A happening is what is going to be done with a letter, or with one copy of it.
type happening struct {
	at   time.Time
	do   func(*filler, *store.Tx, *copied) error
	copy *copied
}

// pending is a heap of happenings, the next one first.
type pending []happening

func (p pending) Len() int           { return len(p) }
func (p pending) Less(i, j int) bool { return p[i].at.Before(p[j].at) }
func (p pending) Swap(i, j int)      { p[i], p[j] = p[j], p[i] }
func (p *pending) Push(x any)        { *p = append(*p, x.(happening)) }
func (p *pending) Pop() any {
	last := (*p)[len(*p)-1]
	(*p)[len(*p)-1] = happening{} // for the garbage collector
	*p = (*p)[:len(*p)-1]
	return last
}

// happen does everything that is due by then.
func (f *filler) happen(tx *store.Tx, by time.Time) error {
	for len(f.pending) > 0 && !f.pending[0].at.After(by) {
		h := heap.Pop(&f.pending).(happening)
		tx.Now = h.at
		if err := h.do(f, tx, h.copy); err != nil {
			return err
		}
	}
	return nil
}

// later has something happen about so long from then.
func (f *filler) later(from time.Time, about time.Duration, do func(*filler, *store.Tx, *copied) error, c *copied) {
	wait := time.Duration(f.random.ExpFloat64() * float64(about)).Truncate(time.Second)
	heap.Push(&f.pending, happening{from.Add(wait + time.Second), do, c})
}

// foresee settles what is going to happen to a letter.
func (f *filler) foresee(l *letter, m letterlock.Message) {
	at := m.Accepted
	links := 0
	for _, c := range l.copies {
		if c.r.Experience == letterlock.Inline || c.stopped {
			continue
		}
		links++
		if f.one(0.65) {
			f.later(at, 6*time.Hour, (*filler).read, c)
		}
		if m.Attachments > 0 && f.one(0.4) {
			f.later(at, 8*time.Hour, (*filler).download, c)
		}
		if !m.Expires.IsZero() {
			heap.Push(&f.pending, happening{m.Expires, (*filler).expire, c})
		}
	}
	if links > 0 && f.one(0.02) {
		f.later(at, 12*time.Hour, (*filler).revoke, l.copies[0])
	}
}

func reader(c *copied) letterlock.Actor {
	return letterlock.Actor{Kind: letterlock.Reader, Address: c.r.Mailbox.Address, IP: "198.51.100.4"}
}

// read is a recipient who asks for a passcode, proves the mailbox and reads.
func (f *filler) read(tx *store.Tx, c *copied) error {
	if c.stopped {
		return nil
	}
	c.read = true
	f.sample.Read++
	agent := []string{"Firefox", "Chrome", "Safari", "Edge"}[f.random.IntN(4)]
	if f.one(0.2) {
		f.later(tx.Now, 48*time.Hour, (*filler).again, c)
	}
	return errors.Join(
		f.event(tx, c, letterlock.Event{Kind: letterlock.PasscodeSent}),
		f.event(tx, c, letterlock.Event{Kind: letterlock.Read, Proof: letterlock.ByPasscode, Agent: agent, IP: "198.51.100.4"}),
		tx.Audit(letterlock.Entry{Actor: reader(c), Action: "read", Message: c.letter.id, Target: string(c.r.Mailbox.Address), Allowed: true}))
}

// again is a recipient who reads once more.
func (f *filler) again(tx *store.Tx, c *copied) error {
	if c.stopped {
		return nil
	}
	return f.event(tx, c, letterlock.Event{Kind: letterlock.Read, Proof: letterlock.ByPasscode, Agent: "Firefox", IP: "198.51.100.4"})
}

func (f *filler) download(tx *store.Tx, c *copied) error {
	if c.stopped || !c.read {
		return nil
	}
	return errors.Join(
		f.event(tx, c, letterlock.Event{Kind: letterlock.Downloaded, Part: 2, Proof: letterlock.ByPasscode, Agent: "Firefox", IP: "198.51.100.4"}),
		tx.Audit(letterlock.Entry{Actor: reader(c), Action: "download", Message: c.letter.id, Target: string(c.r.Mailbox.Address), Allowed: true}))
}

func (f *filler) expire(tx *store.Tx, c *copied) error {
	if c.stopped {
		return nil
	}
	c.stopped = true
	f.shred(tx, c)
	return errors.Join(
		f.event(tx, c, letterlock.Event{Kind: letterlock.ExpiredEvent}),
		tx.Audit(letterlock.Entry{Actor: letterlock.Actor{Kind: letterlock.System}, Action: "expire",
			Message: c.letter.id, Target: string(c.r.Mailbox.Address), Allowed: true}))
}

// revoke removes the access of all recipients of a letter who still have it. In
// some cases it is given back.
func (f *filler) revoke(tx *store.Tx, first *copied) error {
	l, by, standing := first.letter, first.letter.sender, letterlock.BySender
	if len(l.copies) > 1 || f.one(0.2) {
		by, standing = f.admin, letterlock.ByAdministrator
	}
	if err := tx.Audit(letterlock.Entry{Actor: by, Action: "revoke", Message: l.id, Reason: "sent to the wrong people", Allowed: true}); err != nil {
		return err
	}
	if f.one(0.1) {
		f.later(tx.Now, 24*time.Hour, (*filler).restore, first)
	}
	for _, c := range l.copies {
		if c.stopped || c.r.Experience == letterlock.Inline {
			continue
		}
		c.stopped, c.r.Revocation.At = true, tx.Now
		f.sample.Revoked++
		revocation := letterlock.Revocation{At: tx.Now, By: letterlock.Mailbox{Address: by.Address}, Standing: standing, Reason: "sent to the wrong people"}
		id := c.r.ID
		f.shred(tx, c)
		f.into.Beside(tx, func(tx *store.Tx) error { return tx.Revoke(id, revocation) })
		if err := errors.Join(f.event(tx, c, letterlock.Event{Kind: letterlock.RevokedEvent, Detail: string(standing)}), tx.DropNotices(id)); err != nil {
			return err
		}
	}
	return nil
}

func (f *filler) restore(tx *store.Tx, first *copied) error {
	l := first.letter
	if err := tx.Audit(letterlock.Entry{Actor: f.admin, Action: "restore", Message: l.id, Allowed: true}); err != nil {
		return err
	}
	for _, c := range l.copies {
		if c.r.Revocation.At.IsZero() {
			continue
		}
		c.stopped, c.r.Revocation.At = false, time.Time{}
		f.sample.Revoked--
		id := c.r.ID
		f.into.Beside(tx, func(tx *store.Tx) error { return tx.Restore(id) })
		wrapped := f.wrapped()
		f.into.Beside(tx, func(tx *store.Tx) error { return tx.Grant(l.id, string(id), 1, wrapped) })
		if err := f.event(tx, c, letterlock.Event{Kind: letterlock.Restored, Detail: string(letterlock.ByAdministrator)}); err != nil {
			return err
		}
		if _, err := tx.ReviveNotices(id); err != nil {
			return err
		}
	}
	return nil
}
