package access_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
)

func TestBatchesChangeStateByTheRules(t *testing.T) {
	ctx := t.Context()
	h := newHouse(t, policy.EveryLink)
	s := h.access
	acts := map[string]func(context.Context, letterlock.Actor, letterlock.ID) error{
		"start": s.StartBatch, "approve": s.ApproveBatch, "discard": s.DiscardBatch, "undo": s.UndoBatch}
	// reach brings a planned batch into a state.
	reach := map[letterlock.BatchState]func(id letterlock.ID) error{
		letterlock.BatchPlanned: func(letterlock.ID) error { return nil },
		letterlock.BatchWaiting: func(id letterlock.ID) error {
			s.SecondPersonAbove = 1
			defer func() { s.SecondPersonAbove = 0 }()
			return s.StartBatch(ctx, rene, id)
		},
		letterlock.BatchRunning:   func(id letterlock.ID) error { return s.StartBatch(ctx, rene, id) },
		letterlock.BatchDone:      func(id letterlock.ID) error { return errors.Join(s.StartBatch(ctx, rene, id), s.RunDue(ctx)) },
		letterlock.BatchDiscarded: func(id letterlock.ID) error { return s.DiscardBatch(ctx, rene, id) },
		letterlock.BatchUndoing: func(id letterlock.ID) error {
			return errors.Join(s.StartBatch(ctx, rene, id), s.UndoBatch(ctx, rene, id))
		},
		letterlock.BatchUndone: func(id letterlock.ID) error {
			return errors.Join(s.StartBatch(ctx, rene, id), s.UndoBatch(ctx, rene, id), s.RunDue(ctx))
		},
	}
	const refused = "-"
	tests := []struct {
		state letterlock.BatchState
		want  map[string]letterlock.BatchState // by act; refused, or empty for unchanged
	}{
		{letterlock.BatchPlanned, map[string]letterlock.BatchState{"start": letterlock.BatchRunning, "approve": refused, "discard": letterlock.BatchDiscarded, "undo": refused}},
		{letterlock.BatchWaiting, map[string]letterlock.BatchState{"approve": letterlock.BatchRunning, "discard": letterlock.BatchDiscarded, "undo": refused}},
		{letterlock.BatchRunning, map[string]letterlock.BatchState{"discard": refused, "undo": letterlock.BatchUndoing}},
		{letterlock.BatchDone, map[string]letterlock.BatchState{"discard": refused, "undo": letterlock.BatchUndoing}},
		{letterlock.BatchDiscarded, map[string]letterlock.BatchState{"start": refused, "approve": refused, "undo": refused}},
		{letterlock.BatchUndoing, map[string]letterlock.BatchState{"start": refused, "approve": refused, "discard": refused}},
		{letterlock.BatchUndone, map[string]letterlock.BatchState{"start": refused, "approve": refused, "discard": refused}},
	}
	for _, tt := range tests {
		for act, do := range acts {
			name := fmt.Sprintf("%s of a batch that is %s", act, tt.state)
			h.send(intake.Envelope{}, marta)
			h.send(intake.Envelope{}, marta)
			b := h.plan()
			h.must(reach[tt.state](b.ID))
			if got := h.batch(b.ID).State; got != tt.state {
				t.Fatalf("%s: it is %s", name, got)
			}
			h.checkMove(name, b.ID, act, do, tt.want[act])
			h.must(s.RunDue(ctx))
		}
	}
}

// checkMove lets everybody try an act, those who may not first, and requires the
// state that it leaves.
func (h *house) checkMove(name string, id letterlock.ID, act string, do func(context.Context, letterlock.Actor, letterlock.ID) error, want letterlock.BatchState) {
	h.t.Helper()
	ctx, before := h.t.Context(), h.batch(id).State
	for who, by := range map[string]letterlock.Actor{"auditor": audit, "sender": ada, "recipient": marta, "nobody": {}} {
		entries := len(h.batchEntries())
		if err := do(ctx, by, id); letterlock.KeyOf(err) != "role" || h.batch(id).State != before {
			h.t.Errorf("%s by %s: %v, now %s; want Denied role", name, who, err, h.batch(id).State)
		}
		if got := h.batchEntries()[entries:]; who != "nobody" && !slices.Equal(got, []string{act + " batch: role"}) {
			h.t.Errorf("%s by %s: audit entries %q", name, who, got)
		}
	}
	entries := len(h.batchEntries())
	err := do(ctx, grace, id)
	refused := want == "-"
	if refused != (letterlock.KeyOf(err) == "batch-state") || !refused && err != nil {
		h.t.Errorf("%s: %v, want refused: %v", name, err, refused)
	}
	if want == "" || refused {
		want = before
	}
	if got := h.batch(id).State; got != want {
		h.t.Errorf("%s: now %s, want %s", name, got, want)
	}
	if n := len(h.batchEntries()) - entries; (n == 1) != (refused || want != before) {
		h.t.Errorf("%s: %d audit entries", name, n)
	}
	if err := do(ctx, grace, letterlock.NewID()); !errors.Is(err, letterlock.NotFound) {
		h.t.Errorf("%s: of an unknown batch: %v, want NotFound", act, err)
	}
}

func TestLargeBatchesTakeASecondPerson(t *testing.T) {
	ben := staff("ben@contoso.example", letterlock.Revoker)
	toor := letterlock.Actor{Kind: letterlock.Operator, Name: "toor"}
	tests := []struct {
		name             string
		above            int
		plan, start, say letterlock.Actor
		key              string
		after            letterlock.BatchState
	}{
		{"no such setting", 0, rene, rene, rene, "", letterlock.BatchRunning},
		{"a batch as large as may be", 3, rene, rene, rene, "", letterlock.BatchRunning},
		{"who planned and started", 2, rene, rene, rene, "second-person", letterlock.BatchWaiting},
		{"who planned", 2, rene, ben, rene, "second-person", letterlock.BatchWaiting},
		{"who started", 2, rene, ben, ben, "second-person", letterlock.BatchWaiting},
		{"another one", 2, rene, rene, ben, "", letterlock.BatchRunning},
		{"an administrator", 2, rene, ben, grace, "", letterlock.BatchRunning},
		{"an auditor", 2, rene, rene, audit, "role", letterlock.BatchWaiting},
		{"an operator after a revoker", 2, rene, rene, root, "", letterlock.BatchRunning},
		{"the same operator", 2, root, root, root, "second-person", letterlock.BatchWaiting},
		{"another operator", 2, root, root, toor, "", letterlock.BatchRunning},
		{"a revoker after an operator", 2, root, root, rene, "", letterlock.BatchRunning},
		{"an operator without a name after another", 2, letterlock.Actor{Kind: letterlock.Operator}, root, letterlock.Actor{Kind: letterlock.Operator}, "second-person", letterlock.BatchWaiting},
	}
	h := newHouse(t, policy.EveryLink)
	for _, tt := range tests {
		for range 3 {
			h.send(intake.Envelope{}, marta)
		}
		h.access.SecondPersonAbove = tt.above
		b, err := h.access.PlanBatch(t.Context(), tt.plan, fromAda, false, "")
		h.must(err)
		h.must(h.access.StartBatch(t.Context(), tt.start, b.ID))
		h.must(h.access.StartBatch(t.Context(), grace, b.ID)) // again, by somebody else: that approves nothing
		err = h.access.ApproveBatch(t.Context(), tt.say, b.ID)
		if letterlock.KeyOf(err) != tt.key {
			t.Errorf("%s: ApproveBatch = %v, want %q", tt.name, err, tt.key)
		}
		got := h.batch(b.ID)
		if got.State != tt.after {
			t.Errorf("%s: the batch is %s, want %s", tt.name, got.State, tt.after)
		}
		if list := h.batchEntries(); tt.key != "" && list[len(list)-1] != "approve batch: "+tt.key {
			t.Errorf("%s: the last audit entry is %q", tt.name, list[len(list)-1])
		}
		if want := tt.after == letterlock.BatchRunning && tt.above == 2; (got.Approved != letterlock.Mailbox{}) != want {
			t.Errorf("%s: approved by %v", tt.name, got.Approved)
		}
		h.access.SecondPersonAbove = 0
		if got.State == letterlock.BatchWaiting {
			h.must(h.access.RunDue(t.Context()))
			if h.batch(b.ID).Finished != 0 {
				t.Errorf("%s: it ran without approval", tt.name)
			}
			h.must(h.access.DiscardBatch(t.Context(), grace, b.ID))
			continue
		}
		h.must(h.access.RunDue(t.Context()))
	}
}
