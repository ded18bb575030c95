package access_test

import (
	"testing"
	"time"

	"letterlock/internal/access"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
)

func TestABatchIsAboutTheRecipientsThatMatch(t *testing.T) {
	h := newHouse(t, policy.EveryLink)
	ctx := t.Context()
	pair, mixed := h.send(intake.Envelope{}, marta, jonas), h.send(intake.Envelope{}, marta, carol)
	revoked, gone := h.send(intake.Envelope{}, marta, jonas), h.send(intake.Envelope{}, marta)
	h.send(intake.Envelope{}, carol)
	if _, err := h.access.Read(ctx, marta, pair); err != nil {
		t.Fatal(err)
	}
	h.must(h.access.Revoke(ctx, grace, revoked, "", marta.Address))
	h.must(h.access.Destroy(ctx, grace, gone, ""))
	with := func(change func(*letterlock.Search)) letterlock.Search { q := fromAda; change(&q); return q }
	ofMarta := func(q *letterlock.Search) { q.Recipient = string(marta.Address) }
	tests := []struct {
		name      string
		q         letterlock.Search
		everybody bool
		found     int
		left      letterlock.LeftOut
		want      map[letterlock.ID][]letterlock.Address
	}{
		{"no recipient", fromAda, false, 5, letterlock.LeftOut{Inline: 1, Destroyed: 1},
			map[letterlock.ID][]letterlock.Address{pair: {marta.Address, jonas.Address}, mixed: {marta.Address}, revoked: {jonas.Address}}},
		{"one of them", with(ofMarta), false, 4, letterlock.LeftOut{Revoked: 1, Destroyed: 1},
			map[letterlock.ID][]letterlock.Address{pair: {marta.Address}, mixed: {marta.Address}}},
		{"one of them, for everybody", with(ofMarta), true, 4, letterlock.LeftOut{Destroyed: 1},
			map[letterlock.ID][]letterlock.Address{pair: {marta.Address, jonas.Address}, mixed: {marta.Address}, revoked: {jonas.Address}}},
		{"a state", with(func(q *letterlock.Search) { q.State = letterlock.IsRead }), false, 1, letterlock.LeftOut{},
			map[letterlock.ID][]letterlock.Address{pair: {marta.Address}}},
		{"one of them in a state", with(func(q *letterlock.Search) { ofMarta(q); q.State = letterlock.IsUnread }), false, 1, letterlock.LeftOut{},
			map[letterlock.ID][]letterlock.Address{mixed: {marta.Address}}},
		{"an identity", with(func(q *letterlock.Search) { q.Identity, q.Recipient = letterlock.Google, "@nowhere.example" }), false, 0, letterlock.LeftOut{}, nil},
		{"revoked, for everybody", with(func(q *letterlock.Search) { q.State = letterlock.IsRevoked }), true, 1, letterlock.LeftOut{},
			map[letterlock.ID][]letterlock.Address{revoked: {jonas.Address}}},
		{"revoked", with(func(q *letterlock.Search) { q.State = letterlock.IsRevoked }), false, 0, letterlock.LeftOut{}, nil},
		{"inline", with(func(q *letterlock.Search) { q.State = letterlock.IsInline }), false, 0, letterlock.LeftOut{}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, err := h.access.PlanBatch(ctx, rene, tt.q, tt.everybody, "")
			if tt.want == nil {
				if letterlock.KeyOf(err) != "batch-nothing" {
					t.Errorf("PlanBatch = %v, want batch-nothing", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			h.checkPlan(b, tt.want)
			if b.Found != tt.found || b.Left != tt.left || b.Everybody != tt.everybody {
				t.Errorf("%d found, %+v left out, everybody %v; want %d, %+v", b.Found, b.Left, b.Everybody, tt.found, tt.left)
			}
			if got := h.batch(b.ID); got != b {
				t.Errorf("Batch = %+v, want %+v", got, b)
			}
		})
	}
	b, err := h.access.PlanBatch(ctx, rene, with(ofMarta), false, "")
	h.must(err)
	items, err := h.access.BatchItems(ctx, audit, b.ID, "", 0, 0)
	h.must(err)
	for _, i := range items {
		if i.Message.ID == pair && i.Others != 1 || i.Message.ID == mixed && (i.Others != 0 || len(i.Inline) != 1 || i.Inline[0].Mailbox.Address != carol.Address) {
			t.Errorf("untouched of %s: %d, %+v", i.Message.ID, i.Others, i.Inline)
		}
	}
}

// TestABatchOfThoseThatMatchTouchesNobodyElse lets others revoke and restore between
// plan and run, and every step be the first after a crash.
func TestABatchOfThoseThatMatchTouchesNobodyElse(t *testing.T) {
	h := newHouse(t, policy.EveryLink)
	ctx := t.Context()
	kept, late := h.send(intake.Envelope{}, marta, jonas), h.send(intake.Envelope{}, marta, jonas)
	back, taken := h.send(intake.Envelope{}, marta, jonas), h.send(intake.Envelope{}, marta, jonas)
	h.must(h.access.Revoke(ctx, grace, back, "", marta.Address))
	q := fromAda
	q.Recipient, q.State = string(marta.Address), letterlock.IsUnread
	b, err := h.access.PlanBatch(ctx, rene, q, false, "")
	h.must(err)
	want := map[letterlock.ID][]letterlock.Address{kept: {marta.Address}, late: {marta.Address}, taken: {marta.Address}}
	h.checkPlan(b, want)
	h.must(h.access.Restore(ctx, grace, back, marta.Address)) // not of the plan
	h.must(h.access.Revoke(ctx, grace, taken, "", marta.Address))
	if _, err := h.access.Read(ctx, marta, late); err != nil { // no longer unread, but planned
		t.Fatal(err)
	}
	run := func() {
		for more := true; more; {
			old := h.access
			h.access = &access.Service{DB: old.DB, Vault: old.Vault, Pepper: old.Pepper, Rules: old.Rules, Wake: old.Wake, Now: old.Now}
			var err error
			more, err = h.access.StepBatch(ctx)
			h.must(err)
			h.now = h.now.Add(time.Second)
		}
	}
	h.must(h.access.StartBatch(ctx, rene, b.ID))
	run()
	h.checkPlan(b, want)
	h.checkTally(b.ID, letterlock.Tally{Revoked: 2, Already: 1}, letterlock.Tally{})
	reads := func(when string, gone ...letterlock.ID) {
		t.Helper()
		for _, id := range []letterlock.ID{kept, late, back, taken} {
			if _, err := h.text(jonas, id); err != nil {
				t.Errorf("%s, jonas: %v", when, err)
			}
			_, err := h.text(marta, id)
			lost := false
			for _, g := range gone {
				lost = lost || g == id
			}
			if lost != (letterlock.KeyOf(err) == "revoked") {
				t.Errorf("%s, marta: %v, want revoked: %v", when, err, lost)
			}
		}
	}
	reads("after the run", kept, late, taken)
	h.must(h.access.UndoBatch(ctx, grace, b.ID))
	run()
	reads("after the undoing", taken)
	h.checkTally(b.ID, letterlock.Tally{Revoked: 2, Already: 1}, letterlock.Tally{Restored: 2})
}
