package model

import (
	"slices"
	"time"

	"letterlock/internal/letterlock"
)

// decides says whether somebody may take a message back, or why not. A sender may
// with a message to one recipient, or to any where the organisation says so.
func (w *World) decides(by Person, m *Message) Answer {
	a := w.hasSay(by, m)
	if a == Done && !by.decides() && !w.EveryLink && len(m.Recipients) != 1 {
		return Several
	}
	return a
}

// hasSay is decides without regard to how many recipients there are. A message of
// others is not there for whoever may not look at everybody's.
func (w *World) hasSay(by Person, m *Message) Answer {
	switch {
	case !by.owns(m) && !by.looks():
		return NotAvailable
	case m.Destroyed && by.looks():
		return IsDestroyed
	case m.Destroyed:
		return NotAvailable
	case len(m.links()) == 0:
		return NobodyHasALink
	case !by.owns(m) && !by.decides():
		return NotTheirRole
	}
	return Done
}

// Revoke removes the access of recipients with a link: of these, or of all when none
// are named. What they have forwarded ends with it. Doing it again changes nothing,
// but that it is no longer part of something else, and that an administrator's
// removal counts above a sender's.
func (w *World) Revoke(by Person, m *Message, from ...letterlock.Address) Answer {
	if a := w.decides(by, m); a != Done {
		return a
	}
	chosen, ok := m.chosen(from)
	if !ok {
		return NoRecipient
	}
	for _, r := range chosen {
		if r.Removed != nil {
			r.Removed.With, r.Removed.Batch = nil, nil
		}
		r.remove(Removal{ByAdministrator: !by.owns(m)})
	}
	return Done
}

// remove removes access, and with it that of everybody to whom they forwarded it.
func (r *Recipient) remove(why Removal) {
	switch {
	case r.Removed == nil:
		removal := why // a copy of its own: what follows is about others
		r.Removed = &removal
	case r.Removed.With == why.With && why.Batch == nil:
		// What was removed with the same one goes along with what becomes of that.
		r.Removed.Batch = nil
		r.Removed.ByAdministrator = r.Removed.ByAdministrator || why.ByAdministrator
	}
	why.With = r
	for _, c := range r.copies() {
		for _, next := range c.links() {
			next.remove(why)
		}
	}
}

// Restore gives access back: to these, or to all that it can be given to when none
// are named. A sender gives back only what a sender removed. What they had forwarded
// comes back if it ended that way, and not what was removed by itself.
func (w *World) Restore(by Person, m *Message, to ...letterlock.Address) Answer {
	if a := w.decides(by, m); a != Done {
		return a
	}
	chosen, ok := m.chosen(to)
	if !ok {
		return NoRecipient
	}
	removed := slices.DeleteFunc(chosen, hasAccess)
	given := slices.DeleteFunc(slices.Clone(removed), func(r *Recipient) bool { return !mayGive(by, r) })
	if len(given) == 0 && len(removed) > 0 || len(to) > 0 && len(given) < len(removed) {
		return RemovedByAdmin
	}
	for _, r := range given {
		w.restore(by, r)
	}
	return Done
}

// mayGive reports whether a removal is somebody's to undo who has a say in it.
func mayGive(by Person, r *Recipient) bool { return by.decides() || !r.Removed.ByAdministrator }

func (w *World) restore(by Person, r *Recipient) {
	r.Removed = nil
	r.Again = r.Again && !w.Ended(r.Message)
	r.answer(letterlock.AccessAgain, letterlock.Approved, w.Now)
	for _, c := range r.copies() {
		for _, next := range c.links() {
			if next.Removed != nil && next.Removed.With == r && mayGive(by, next) {
				w.restore(by, next)
			}
		}
	}
}

// Destroy ends a message for everybody and for good, and all copies of it. Replies
// stay: they hold nothing of it.
func (w *World) Destroy(by Person, m *Message) Answer {
	if !by.destroys() {
		return NotTheirRole
	}
	m.destroy()
	return Done
}

func (m *Message) destroy() {
	if m.Destroyed {
		return
	}
	for _, r := range m.Recipients {
		for _, c := range r.copies() {
			c.destroy()
		}
		for _, q := range r.Asks {
			if q.open() {
				q.Over = true
			}
		}
	}
	m.Destroyed = true
}

// SetExpiry changes when a message ends, for all. The number of recipients is no
// matter: it ends for all alike. A copy ends with its original at the latest.
func (w *World) SetExpiry(by Person, m *Message, end time.Time) Answer {
	if a := w.hasSay(by, m); a != Done {
		return a
	}
	if end = m.within(end); !w.mayEnd(end) {
		return NotToCome
	}
	w.move(m, end)
	return Done
}

// within bounds an end by that of what the message is a copy of.
func (m *Message) within(end time.Time) time.Time {
	if m.Act == letterlock.ActForward {
		return earlier(m.About.Message.Expires, end)
	}
	return end
}

// move gives a message another end, and its copies with it: those that end when it
// does go on doing so, and others do not outlive it.
func (w *World) move(m *Message, end time.Time) {
	if end.Equal(m.Expires) {
		return
	}
	before, over := m.Expires, w.Ended(m)
	m.Expires = end
	for _, r := range m.Recipients {
		if over && !r.Inline && r.Removed == nil {
			r.answer(letterlock.MoreTime, letterlock.Approved, w.Now)
		}
		for _, c := range r.copies() {
			if c.Expires.Equal(before) {
				w.move(c, end)
			} else {
				w.move(c, earlier(c.Expires, end))
			}
		}
	}
}

// earlier is the earlier of two ends, of which the zero time is none.
func earlier(a, b time.Time) time.Time {
	switch {
	case a.IsZero():
		return b
	case b.IsZero(), a.Before(b):
		return a
	}
	return b
}

// chosen are the recipients with a link of those addresses, or all of them when there
// are no addresses; false: one of the addresses is none of theirs.
func (m *Message) chosen(list []letterlock.Address) (chosen []*Recipient, ok bool) {
	for _, r := range m.links() {
		if len(list) == 0 || slices.Contains(list, r.Address) {
			chosen = append(chosen, r)
		}
	}
	return chosen, len(list) == 0 || len(chosen) == len(list)
}
