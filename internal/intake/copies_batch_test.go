package intake_test

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"letterlock/internal/letterlock"
)

// settle lets batches run until this one is neither running nor being undone.
func (p *portal) settle(id letterlock.ID) {
	p.t.Helper()
	ctx, stop := context.WithCancel(p.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.access.RunBatches(ctx) }()
	for {
		b, err := p.access.Batch(ctx, grace, id)
		if err != nil || b.State != letterlock.BatchRunning && b.State != letterlock.BatchUndoing {
			stop()
			p.must(errors.Join(err, <-ended))
			return
		}
		runtime.Gosched() // nobody is told when it is done: it is looked at again
	}
}

// batch plans and runs the revocation of messages.
func (p *portal) batch(of ...letterlock.ID) letterlock.Batch {
	p.t.Helper()
	var chosen []letterlock.Target
	for _, id := range of {
		chosen = append(chosen, letterlock.Target{Message: id})
	}
	b, err := p.access.PlanChosen(p.t.Context(), grace, chosen, "leaked")
	p.must(err)
	p.must(p.access.StartBatch(p.t.Context(), grace, b.ID))
	p.settle(b.ID)
	return b
}

func (p *portal) undo(b letterlock.Batch) {
	p.t.Helper()
	p.must(p.access.UndoBatch(p.t.Context(), letterlock.Actor{Kind: letterlock.Operator}, b.ID)) // nobody has an account here
	p.settle(b.ID)
}

func TestABatchCountsAndUndoesTheCopiesThatItTakesAlong(t *testing.T) {
	p, first, omars, zoes, other := passed(t)
	b := p.batch(first, omars)
	if b.Messages != 4 || b.Recipients != 6 {
		t.Errorf("the plan has %d messages and %d recipients, want 4 and 6", b.Messages, b.Recipients)
	}
	readers := map[letterlock.ID]letterlock.Address{first: marta, omars: omar, zoes: zoe, other: zoe}
	for id, a := range readers {
		if p.reads(a, id) {
			t.Errorf("%s reads on", a)
		}
	}
	p.undo(b)
	for id, a := range readers {
		if !p.reads(a, id) {
			t.Errorf("%s has not got back what the batch took", a)
		}
	}
}

func TestUndoingABatchGivesNothingBackThatWasRevokedSince(t *testing.T) {
	tests := []struct {
		name   string
		batch  func(first, omars letterlock.ID) []letterlock.ID
		revoke func(first, omars letterlock.ID) letterlock.ID
	}{
		{"the original", func(first, _ letterlock.ID) []letterlock.ID { return []letterlock.ID{first} }, func(first, _ letterlock.ID) letterlock.ID { return first }},
		{"the original of a copy", func(_, omars letterlock.ID) []letterlock.ID { return []letterlock.ID{omars} }, func(first, _ letterlock.ID) letterlock.ID { return first }},
		{"the copy", func(first, _ letterlock.ID) []letterlock.ID { return []letterlock.ID{first} }, func(_, omars letterlock.ID) letterlock.ID { return omars }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, first, omars, zoes, _ := passed(t)
			b := p.batch(tt.batch(first, omars)...)
			p.must(p.access.Revoke(t.Context(), grace, tt.revoke(first, omars), "for good"))
			p.undo(b)
			if p.reads(omar, omars) || p.reads(zoe, zoes) || tt.revoke(first, omars) == first && p.reads(marta, first) {
				t.Error("undoing has given back what somebody had revoked since")
			}
		})
	}
}

func TestAnAdministratorOutranksTheSenderForCopiesToo(t *testing.T) {
	p, first, omars, _, _ := passed(t)
	p.must(p.access.Revoke(t.Context(), ada, first, ""))
	p.must(p.access.Revoke(t.Context(), grace, first, ""))
	if err := p.access.Restore(t.Context(), ada, omars); letterlock.KeyOf(err) != "by-administrator" || p.reads(omar, omars) {
		t.Errorf("the sender gives a copy back whose original an administrator has revoked: %v, and Omar reads: %t", err, p.reads(omar, omars))
	}
	p.must(p.access.Restore(t.Context(), grace, first))
	if !p.reads(omar, omars) {
		t.Error("the copy has not come back with its original")
	}
}
