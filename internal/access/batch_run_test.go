package access_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"letterlock/internal/access"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/store"
)

func TestWhatSomebodyDoesWhileABatchRunsStands(t *testing.T) {
	h := newHouse(t, policy.EveryLink)
	ctx := t.Context()
	already, part, gone := h.send(intake.Envelope{}, marta), h.send(intake.Envelope{}, marta, jonas), h.send(intake.Envelope{}, marta)
	b := h.plan()
	h.must(h.access.StartBatch(ctx, rene, b.ID))
	h.must(h.access.Revoke(ctx, ada, already, "mine"))
	h.must(h.access.Revoke(ctx, ada, part, "mine", marta.Address))
	h.must(h.access.Destroy(ctx, grace, gone, ""))
	h.must(h.access.RunDue(ctx))
	got := h.results(b.ID, false)
	if got[already] != letterlock.ResultAlready || got[part] != letterlock.ResultRevoked || got[gone] != letterlock.ResultDestroyed {
		t.Errorf("results: %v", got)
	}
	h.checkTally(b.ID, letterlock.Tally{Revoked: 1, Already: 1, Destroyed: 1}, letterlock.Tally{})
	if items, err := h.access.BatchItems(ctx, audit, b.ID, letterlock.ResultAlready, 0, 0); err != nil || len(items) != 1 || items[0].Message.ID != already {
		t.Errorf("what was revoked already: %+v, %v", items, err)
	}
	if _, err := h.access.BatchItems(ctx, audit, b.ID, "sold", 0, 0); letterlock.KeyOf(err) != "result" {
		t.Errorf("an unknown result: %v", err)
	}
	var end *access.Ended
	if _, err := h.text(marta, part); !errors.As(err, &end) || end.Recipient.Revocation.Standing != letterlock.BySender || end.Recipient.Revocation.Reason != "mine" {
		t.Errorf("the sender's revocation was overwritten: %v", err)
	}
	if _, err := h.text(jonas, part); !errors.As(err, &end) || end.Recipient.Revocation.Batch != b.ID || end.Recipient.Revocation.Standing != letterlock.ByAdministrator {
		t.Errorf("the batch's own revocation: %v", err)
	}
	h.undo(b)
	if _, err := h.text(marta, part); letterlock.KeyOf(err) != "revoked" {
		t.Errorf("undoing has restored what the sender revoked: %v", err)
	}
	if _, err := h.text(jonas, part); err != nil {
		t.Errorf("undoing has not restored what the batch revoked: %v", err)
	}
	h.checkTally(b.ID, letterlock.Tally{Revoked: 1, Already: 1, Destroyed: 1}, letterlock.Tally{Restored: 1})
}

// checkTally requires that a batch counts these results.
func (h *house) checkTally(id letterlock.ID, run, undo letterlock.Tally) {
	h.t.Helper()
	if b := h.batch(id); b.Results != run || b.Undos != undo {
		h.t.Errorf("the results are counted as %+v and %+v, want %+v and %+v", b.Results, b.Undos, run, undo)
	}
}

func TestUndoingRestoresOnlyWhatTheBatchRevoked(t *testing.T) {
	h := newHouse(t, policy.EveryLink)
	ctx := t.Context()
	plain, again, gone, todo := h.send(intake.Envelope{}, marta), h.send(intake.Envelope{}, marta), h.send(intake.Envelope{}, marta), h.send(intake.Envelope{}, marta)
	h.must(h.access.Revoke(ctx, ada, todo, ""))
	h.must(h.access.Restore(ctx, ada, todo))
	b := h.plan()
	h.run(b)
	h.must(h.access.Restore(ctx, grace, again))
	h.must(h.access.Revoke(ctx, grace, again, "after all"))
	h.must(h.access.Destroy(ctx, grace, gone, ""))
	woken := h.woken
	h.undo(b)
	if h.woken == woken {
		t.Error("nobody was told that notifications may leave again")
	}
	want := map[letterlock.ID]letterlock.BatchResult{plain: letterlock.ResultRestored, todo: letterlock.ResultRestored,
		again: letterlock.ResultKept, gone: letterlock.ResultDestroyed}
	for id, result := range h.results(b.ID, true) {
		if result != want[id] {
			t.Errorf("%q, want %q", result, want[id])
		}
	}
	h.checkTally(b.ID, letterlock.Tally{Revoked: 4}, letterlock.Tally{Restored: 2, Kept: 1, Destroyed: 1})
	if items, err := h.access.BatchItems(ctx, audit, b.ID, letterlock.ResultKept, 0, 0); err != nil || len(items) != 1 || items[0].Message.ID != again {
		t.Errorf("what was kept: %+v, %v", items, err)
	}
	if _, err := h.text(marta, plain); err != nil {
		t.Errorf("restored: %v", err)
	}
	if _, err := h.text(marta, again); letterlock.KeyOf(err) != "revoked" {
		t.Errorf("revoked by somebody since: %v, want revoked", err)
	}
	got := h.batch(b.ID)
	if got.State != letterlock.BatchUndone || got.UndoneBy.Address != grace.Address || !got.Undone.Equal(h.now) || got.Finished != 4 {
		t.Errorf("after the undoing: %+v", got)
	}
}

func TestUndoingStopsABatchThatRuns(t *testing.T) {
	h := newHouse(t, policy.EveryLink)
	ids := []letterlock.ID{h.send(intake.Envelope{}, marta), h.send(intake.Envelope{}, marta), h.send(intake.Envelope{}, marta)}
	b := h.plan()
	h.must(h.access.StartBatch(t.Context(), rene, b.ID))
	if more, err := h.access.StepBatch(t.Context()); err != nil || !more {
		t.Fatalf("StepBatch = %v, %v", more, err)
	}
	if _, err := h.text(marta, ids[2]); letterlock.KeyOf(err) != "revoked" || h.batch(b.ID).Finished != 1 {
		t.Fatalf("the newest, after one step: %v; %d finished", err, h.batch(b.ID).Finished)
	}
	h.undo(b)
	for i, id := range ids {
		if _, err := h.text(marta, id); err != nil {
			t.Errorf("message %d: %v", i, err)
		}
	}
	if got := h.results(b.ID, false); got[ids[0]] != "" || got[ids[2]] != letterlock.ResultRevoked {
		t.Errorf("results: %v", got)
	}
}

func TestABatchGoesOnAfterACrashAtAnyStep(t *testing.T) {
	h := newHouse(t, policy.EveryLink)
	ids := []letterlock.ID{h.send(intake.Envelope{}, marta), h.send(intake.Envelope{}, marta, jonas), h.send(intake.Envelope{}, jonas)}
	b := h.plan()
	// Each step is the first of a program that has just started.
	step := func() bool {
		old := h.access
		h.access = &access.Service{DB: old.DB, Vault: old.Vault, Pepper: old.Pepper, Rules: old.Rules, Wake: old.Wake, Now: old.Now}
		more, err := h.access.StepBatch(t.Context())
		h.must(err)
		return more
	}
	h.must(h.access.StartBatch(t.Context(), rene, b.ID))
	for n := 1; step(); n++ {
		if got := h.batch(b.ID).Finished; got != min(n, 3) {
			t.Errorf("%d finished after %d steps", got, n)
		}
	}
	if b = h.batch(b.ID); b.State != letterlock.BatchDone {
		t.Errorf("state %q after all steps", b.State)
	}
	h.must(h.access.UndoBatch(t.Context(), rene, b.ID))
	for n := 1; step(); n++ {
		if got := h.batch(b.ID).Finished; got != min(n, 3) {
			t.Errorf("%d undone after %d steps", got, n)
		}
	}
	for _, id := range ids {
		var acts []string
		for _, e := range h.entries(id) {
			if e.Batch == b.ID {
				acts = append(acts, e.Action)
			}
		}
		if !slices.Equal(acts, []string{"revoke", "restore"}) {
			t.Errorf("audit entries about one message: %q", acts)
		}
	}
	if got := h.batchEntries(); !slices.Equal(got, []string{"plan batch", "start batch", "finish batch", "undo batch", "finish undoing batch"}) {
		t.Errorf("audit entries of the batch: %q", got)
	}
}

func TestAMessageThatFailsDoesNotStopTheOthers(t *testing.T) {
	h := newHouse(t, policy.EveryLink)
	ctx := t.Context()
	good, bad := h.send(intake.Envelope{}, marta), h.send(intake.Envelope{}, marta)
	b := h.plan()
	h.run(b)
	var wrapped []byte
	h.must(h.db.Write(ctx, func(tx *store.Tx) (err error) {
		if wrapped, err = tx.Wrapped(bad, store.SenderCopy); err != nil {
			return err
		}
		return tx.Shred(bad, store.SenderCopy) // so that it cannot be restored
	}))
	h.undo(b)
	if got := h.results(b.ID, true); got[good] != letterlock.ResultRestored || got[bad] != letterlock.ResultFailed {
		t.Errorf("results: %v", got)
	}
	if _, err := h.text(marta, bad); letterlock.KeyOf(err) != "revoked" {
		t.Errorf("what failed: %v, want it as it was", err)
	}
	h.must(h.db.Write(ctx, func(tx *store.Tx) error { return tx.Grant(bad, store.SenderCopy, 1, wrapped) }))
	h.undo(b)
	if got := h.results(b.ID, true); got[bad] != letterlock.ResultRestored || h.batch(b.ID).Finished != 2 {
		t.Errorf("after another try: %v, %d finished", got, h.batch(b.ID).Finished)
	}
}

func TestABatchRunsOnWithTheRolesItWasStartedWith(t *testing.T) {
	h := newHouse(t, policy.EveryLink)
	id := h.send(intake.Envelope{}, marta)
	by := rene
	by.Name, by.IP = "René", "192.0.2.7"
	b, err := h.access.PlanBatch(t.Context(), by, fromAda, false, "")
	h.must(err)
	h.must(h.access.StartBatch(t.Context(), by, b.ID))
	h.must(h.access.RunDue(t.Context()))
	for _, e := range h.entries(id) {
		if e.Batch == b.ID && (e.Actor.Address != by.Address || e.Actor.IP != by.IP) {
			t.Errorf("it ran in the name of %+v", e.Actor)
		}
	}
	var end *access.Ended
	if _, err := h.text(marta, id); !errors.As(err, &end) || end.Recipient.Revocation.By.Name != "René" {
		t.Errorf("revoked by %v", err)
	}
}

func TestRunBatchesWaitsForWhatIsStarted(t *testing.T) {
	h := newHouse(t, policy.EveryLink)
	id := h.send(intake.Envelope{}, marta)
	lease, err := h.access.Watch(t.Context(), marta, id)
	h.must(err)
	defer lease.Release()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- h.access.RunBatches(ctx) }()
	b := h.plan()
	h.must(h.access.StartBatch(t.Context(), rene, b.ID))
	<-lease.Cut() // whoever reads is cut off, as by Revoke
	stop()
	if err := <-ended; err != nil {
		t.Errorf("RunBatches = %v when it was to end", err)
	}
	if _, err := h.text(marta, id); letterlock.KeyOf(err) != "revoked" {
		t.Errorf("after the run: %v, want revoked", err)
	}
}

func TestNobodyGivesAccessBackWhoMayNotAnyMore(t *testing.T) {
	tests := []struct {
		name string
		lose func(*store.Account)
	}{
		{"disabled", func(a *store.Account) { a.Disabled = time.Unix(1, 0) }},
		{"an auditor now", func(a *store.Account) { a.Roles = []letterlock.Role{letterlock.Auditor} }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t, policy.EveryLink)
			ctx := t.Context()
			first, second := h.send(intake.Envelope{}, marta), h.send(intake.Envelope{}, marta)
			b := h.plan()
			h.run(b)
			h.must(h.access.UndoBatch(ctx, rene, b.ID))
			if more, err := h.access.StepBatch(ctx); err != nil || !more {
				t.Fatalf("StepBatch = %v, %v", more, err)
			}
			h.must(h.db.Write(ctx, func(tx *store.Tx) error {
				a, err := tx.Account(rene.Address)
				tt.lose(&a)
				return errors.Join(err, tx.PutAccount(a))
			}))
			h.must(h.access.RunDue(ctx))
			if _, err := h.text(marta, second); err != nil {
				t.Errorf("what was given back in time: %v", err)
			}
			if _, err := h.text(marta, first); letterlock.KeyOf(err) != "revoked" {
				t.Errorf("what was left: %v, want revoked", err)
			}
			if got := h.batch(b.ID); got.State != letterlock.BatchDone || got.UndoneBy != (letterlock.Mailbox{}) {
				t.Errorf("the batch is %+v", got)
			}
			if got := h.batchEntries(); got[len(got)-1] != "undo batch: role" {
				t.Errorf("audit entries of the batch: %q", got)
			}
			h.undo(b)
			if _, err := h.text(marta, first); err != nil {
				t.Errorf("after somebody else went on: %v", err)
			}
		})
	}
}
