package model

import (
	"cmp"
	"slices"

	"letterlock/internal/letterlock"
)

// A Batch is a revocation of many messages. What it touches is settled when it is
// planned, copies included.
type Batch struct {
	State   letterlock.BatchState
	Items   []*Item // the newest message first
	planner Person
	starter Person
}

// An Item is one message of a batch, with those of its recipients that lose access.
type Item struct {
	Message    *Message
	Recipients []*Recipient
}

// Plan settles what a revocation of these messages would touch: whoever has a link to
// one of them and has not lost access, and whoever has a copy that comes from them.
func (w *World) Plan(by Person, chosen []*Message) (*Batch, Answer) {
	if !by.decides() {
		return nil, NotTheirRole
	}
	b := &Batch{State: letterlock.BatchPlanned, planner: by}
	for _, m := range chosen {
		if m.Destroyed {
			continue
		}
		for _, r := range m.links() {
			if hasAccess(r) {
				b.add(r)
				b.addCopies(r)
			}
		}
	}
	if len(b.Items) == 0 {
		return nil, NothingToDo
	}
	slices.SortFunc(b.Items, func(x, y *Item) int { return cmp.Compare(y.Message.Number, x.Message.Number) })
	w.Batches = append(w.Batches, b)
	return b, Done
}

// addCopies adds everybody who has access to a copy that comes from a recipient.
func (b *Batch) addCopies(from *Recipient) {
	for _, c := range from.copies() {
		for _, r := range c.links() {
			if hasAccess(r) {
				b.add(r)
			}
			b.addCopies(r)
		}
	}
}

func (b *Batch) add(r *Recipient) {
	for _, i := range b.Items {
		if i.Message == r.Message {
			if !slices.Contains(i.Recipients, r) {
				i.Recipients = append(i.Recipients, r)
			}
			return
		}
	}
	b.Items = append(b.Items, &Item{r.Message, []*Recipient{r}})
}

// Start has a batch run. One that has more messages than one person may take back
// waits for another.
func (w *World) Start(by Person, b *Batch, secondPersonAbove int) Answer {
	if !by.decides() {
		return NotTheirRole
	}
	b.starter = by
	if b.State = letterlock.BatchWaiting; len(b.Items) <= secondPersonAbove {
		b.run()
	}
	return Done
}

// Approve has a batch run that waits, if another person says so than who planned or
// started it.
func (b *Batch) Approve(by Person) Answer {
	switch {
	case !by.decides():
		return NotTheirRole
	case b.State != letterlock.BatchWaiting:
		return WrongState
	case by.Address == b.planner.Address, by.Address == b.starter.Address:
		return WantsSecondPerson
	}
	b.run()
	return Done
}

// run takes access away. What somebody else has taken stays theirs.
func (b *Batch) run() {
	b.State = letterlock.BatchDone
	for _, i := range b.Items {
		for _, r := range i.Recipients {
			if !i.Message.Destroyed {
				r.remove(Removal{ByAdministrator: !b.starter.owns(i.Message), Batch: b})
			}
		}
	}
}

// Undo gives back what the batch took, and nothing that somebody has taken since.
func (w *World) Undo(by Person, b *Batch) Answer {
	switch {
	case !by.decides():
		return NotTheirRole
	case b.State != letterlock.BatchDone:
		return WrongState
	}
	b.State = letterlock.BatchUndone
	for _, i := range b.Items {
		for _, r := range i.Recipients {
			if !i.Message.Destroyed && r.Removed != nil && r.Removed.Batch == b && i.Message.comesBack(b) {
				w.restore(by, r)
			}
		}
	}
	return Done
}

// comesBack reports whether undoing a batch may give a message back: not a copy whose
// forwarder has lost access otherwise.
func (m *Message) comesBack(b *Batch) bool {
	if m.Act != letterlock.ActForward || m.About.Removed == nil {
		return true
	}
	return m.About.Removed.Batch == b && m.About.Message.comesBack(b)
}
