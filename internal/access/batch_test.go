package access_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"letterlock/internal/access"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/store"
)

var fromAda = letterlock.Search{Sender: string(ada.Address)}

// plan has rene plan the revocation of everything that Ada sent.
func (h *house) plan() letterlock.Batch {
	h.t.Helper()
	b, err := h.access.PlanBatch(h.t.Context(), rene, fromAda, false, "leaked price list")
	if err != nil {
		h.t.Fatal(err)
	}
	return b
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// run starts a batch and runs it to its end.
func (h *house) run(b letterlock.Batch) {
	h.t.Helper()
	h.must(h.access.StartBatch(h.t.Context(), rene, b.ID))
	h.must(h.access.RunDue(h.t.Context()))
}

func (h *house) undo(b letterlock.Batch) {
	h.t.Helper()
	h.must(h.access.UndoBatch(h.t.Context(), grace, b.ID))
	h.must(h.access.RunDue(h.t.Context()))
}

// batch is a batch as an auditor sees it.
func (h *house) batch(id letterlock.ID) letterlock.Batch {
	h.t.Helper()
	b, err := h.access.Batch(h.t.Context(), audit, id)
	h.must(err)
	return b
}

// results are what a batch did, or what undoing it did, by message.
func (h *house) results(id letterlock.ID, undo bool) map[letterlock.ID]letterlock.BatchResult {
	h.t.Helper()
	items, err := h.access.BatchItems(h.t.Context(), audit, id, "", 0, 0)
	h.must(err)
	got := make(map[letterlock.ID]letterlock.BatchResult)
	for _, i := range items {
		got[i.Message.ID] = i.Result
		if undo {
			got[i.Message.ID] = i.Undo
		}
	}
	return got
}

// batchEntries are the audit entries of a batch that name no message, as "action" or
// "action: reason of the refusal".
func (h *house) batchEntries() (list []string) {
	h.t.Helper()
	for _, e := range h.entries("") {
		text := e.Action
		if !e.Allowed {
			text += ": " + e.Reason
		}
		list = append(list, text)
	}
	return list
}

func TestABatchTouchesExactlyWhatItsPlanSays(t *testing.T) {
	h := newHouse(t, policy.SingleRecipient)
	ctx := t.Context()
	read, pair := h.send(intake.Envelope{}, marta), h.send(intake.Envelope{}, marta, jonas, carol)
	expired := h.send(intake.Envelope{Expires: h.now.Add(time.Hour)}, marta)
	half := h.send(intake.Envelope{}, marta, jonas)
	revoked, gone, inline := h.send(intake.Envelope{}, marta), h.send(intake.Envelope{}, marta), h.send(intake.Envelope{}, carol)
	if _, err := h.access.Read(ctx, marta, read); err != nil {
		t.Fatal(err)
	}
	h.must(h.access.Revoke(ctx, grace, half, "", marta.Address))
	h.must(h.access.Revoke(ctx, grace, revoked, ""))
	h.must(h.access.Destroy(ctx, grace, gone, ""))
	h.now = h.now.Add(2 * time.Hour)

	b := h.plan()
	later := h.send(intake.Envelope{}, marta)
	want := map[letterlock.ID][]letterlock.Address{read: {marta.Address}, pair: {marta.Address, jonas.Address}, expired: {marta.Address}, half: {jonas.Address}}
	h.checkPlan(b, want)
	if b.Messages != 4 || b.Recipients != 5 || b.Read != 1 || b.State != letterlock.BatchPlanned || b.Search != fromAda || b.By.Address != rene.Address {
		t.Errorf("plan = %+v", b)
	}
	if got := h.batch(b.ID); got != b {
		t.Errorf("Batch = %+v, want %+v", got, b)
	}
	h.must(h.access.RunDue(ctx))
	if _, err := h.text(jonas, pair); err != nil {
		t.Errorf("a plan alone has touched something: %v", err)
	}
	h.run(b)
	h.checkPlan(b, want)
	for id, result := range h.results(b.ID, false) {
		if result != letterlock.ResultRevoked {
			t.Errorf("message %s: %q", id, result)
		}
	}
	for id, to := range want {
		for _, a := range to {
			if _, err := h.text(reader(a), id); letterlock.KeyOf(err) != "revoked" {
				t.Errorf("%s: %v, want revoked", a, err)
			}
		}
		h.checkEntryOf(id, b)
	}
	if _, err := h.text(marta, later); err != nil {
		t.Errorf("a message that came after the plan: %v", err)
	}
	for _, id := range []letterlock.ID{revoked, gone, inline, later} {
		for _, e := range h.entries(id) {
			if e.Batch != "" {
				t.Errorf("an entry of the batch about a message that is not part of it: %+v", e)
			}
		}
	}
	done := h.batch(b.ID)
	if done.State != letterlock.BatchDone || done.Finished != 4 || !done.Started.Equal(h.now) || !done.Ended.Equal(h.now) {
		t.Errorf("after the run: %+v", done)
	}
	if got := h.batchEntries(); !slices.Equal(got, []string{"plan batch", "start batch", "finish batch"}) {
		t.Errorf("audit entries of the batch: %q", got)
	}
}

// What a batch was to do, and did, is in the chain of the log, and not in tables alone.
func TestAuditLogSaysWhatABatchIsAboutAndCameTo(t *testing.T) {
	h := newHouse(t, policy.EveryLink)
	ctx := t.Context()
	h.send(intake.Envelope{}, marta, jonas)
	gone, read := h.send(intake.Envelope{}, marta), h.send(intake.Envelope{}, jonas)
	if _, err := h.access.Read(ctx, jonas, read); err != nil {
		t.Fatal(err)
	}
	b := h.plan()
	h.must(h.access.Destroy(ctx, grace, gone, ""))
	h.run(b)
	h.must(h.access.Restore(ctx, grace, read))
	h.undo(b)
	if _, err := h.access.PlanBatch(ctx, rene, letterlock.Search{Subject: `=1+1"`, State: letterlock.IsBounced}, false, "why"); letterlock.KeyOf(err) != "batch-nothing" {
		t.Fatalf("a plan of nothing: %v", err)
	}
	if _, err := h.access.PlanChosen(ctx, rene, []letterlock.Target{{Message: read}}, "one"); err != nil {
		t.Fatal(err)
	}
	const plan = `{"search":{"sender":"ada@contoso.example"},"messages":3,"recipients":4,"read":1`
	want := []string{
		"plan batch " + plan + "}|leaked price list", "start batch " + plan + "}|leaked price list",
		"finish batch " + plan + `,"results":{"destroyed":1,"revoked":2}}|leaked price list`,
		"undo batch " + plan + "}|leaked price list", "finish undoing batch " + plan + `,"results":{"kept":1,"restored":1}}|leaked price list`,
		`plan batch {"search":{"subject":"=1+1\"","state":"bounced"}}|batch-nothing`,
		`plan batch {"messages":1,"recipients":1,"read":1}|one`,
	}
	var got []string
	for _, e := range h.entries("") {
		got = append(got, e.Action+" "+e.Target+"|"+e.Reason)
	}
	if !slices.Equal(got, want) {
		t.Errorf("the log says\n%s\nand not\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// checkPlan requires that a batch has these messages with these recipients, and no others.
func (h *house) checkPlan(b letterlock.Batch, want map[letterlock.ID][]letterlock.Address) {
	h.t.Helper()
	var items []letterlock.BatchItem
	for before := int64(0); ; {
		page, err := h.access.BatchItems(h.t.Context(), audit, b.ID, "", before, 3)
		h.must(err)
		items = append(items, page...)
		if len(page) < 3 {
			break
		}
		before = page[2].Seq
	}
	if len(items) != len(want) {
		h.t.Errorf("the plan has %d messages, want %d", len(items), len(want))
	}
	for i, item := range items {
		var to []letterlock.Address
		for _, r := range item.Recipients {
			to = append(to, r.Mailbox.Address)
		}
		if !slices.Equal(to, want[item.Message.ID]) {
			h.t.Errorf("message %d is planned for %v, want %v", i, to, want[item.Message.ID])
		}
		if i > 0 && items[i-1].Seq <= item.Seq {
			h.t.Error("the plan does not go from the newest to the oldest")
		}
	}
}

// checkEntryOf requires one entry of the batch about a message, with its reason.
func (h *house) checkEntryOf(id letterlock.ID, b letterlock.Batch) {
	h.t.Helper()
	var of []letterlock.Entry
	for _, e := range h.entries(id) {
		if e.Batch == b.ID {
			of = append(of, e)
		}
	}
	if len(of) != 1 || of[0].Action != "revoke" || !of[0].Allowed || of[0].Reason != b.Reason || of[0].Actor.Address != rene.Address || of[0].Target == "" {
		h.t.Errorf("audit entries of the batch about message %s: %+v", id, of)
	}
}

func TestRefusedPlansChangeNothingAndAreAudited(t *testing.T) {
	h := newHouse(t, policy.EveryLink)
	h.send(intake.Envelope{}, marta)
	id := h.send(intake.Envelope{}, marta, carol)
	search := func(q letterlock.Search) func(letterlock.Actor) error {
		return func(by letterlock.Actor) error {
			_, err := h.access.PlanBatch(t.Context(), by, q, false, "")
			return err
		}
	}
	choose := func(list ...letterlock.Target) func(letterlock.Actor) error {
		return func(by letterlock.Actor) error {
			_, err := h.access.PlanChosen(t.Context(), by, list, "")
			return err
		}
	}
	many := make([]letterlock.Target, access.MaxChosen+1)
	for i := range many {
		many[i].Message = letterlock.NewID()
	}
	tests := []struct {
		name string
		by   letterlock.Actor
		plan func(letterlock.Actor) error
		code letterlock.Code
		key  string
	}{
		{"sender", ada, search(fromAda), letterlock.Denied, "role"},
		{"auditor", audit, search(fromAda), letterlock.Denied, "role"},
		{"recipient", marta, search(fromAda), letterlock.Denied, "role"},
		{"auditor, chosen", audit, choose(letterlock.Target{Message: id}), letterlock.Denied, "role"},
		{"everything", rene, search(letterlock.Search{}), letterlock.Invalid, "batch-everything"},
		{"everything, with spaces", rene, search(letterlock.Search{Subject: "  ", From: time.Time{}.UTC()}), letterlock.Invalid, "batch-everything"},
		{"nothing", rene, search(letterlock.Search{Sender: "nobody@contoso.example"}), letterlock.Invalid, "batch-nothing"},
		{"nothing chosen", rene, choose(), letterlock.Invalid, "batch-nothing"},
		{"too many chosen", rene, choose(many...), letterlock.Invalid, "batch-size"},
		{"too many found", rene, func(by letterlock.Actor) error {
			_, err := h.access.PlanUpTo(t.Context(), 1, by, fromAda)
			return err
		}, letterlock.Invalid, "batch-size"},
		{"an unknown message", rene, choose(letterlock.Target{Message: id}, letterlock.Target{Message: letterlock.NewID()}), letterlock.NotFound, "no-message"},
		{"an unknown recipient", rene, choose(letterlock.Target{Message: id, Recipients: []letterlock.Address{jonas.Address}}), letterlock.Invalid, "recipient"},
		{"an inline recipient", rene, choose(letterlock.Target{Message: id, Recipients: []letterlock.Address{marta.Address, carol.Address}}), letterlock.Invalid, "recipient"},
		{"a long reason", rene, func(by letterlock.Actor) error {
			_, err := h.access.PlanBatch(t.Context(), by, fromAda, false, strings.Repeat("x", access.MaxReason+1))
			return err
		}, letterlock.Invalid, "reason"},
	}
	for _, tt := range tests {
		before := len(h.batchEntries())
		if err := tt.plan(tt.by); letterlock.CodeOf(err) != tt.code || letterlock.KeyOf(err) != tt.key {
			t.Errorf("%s: %v, want %v %q", tt.name, err, tt.code, tt.key)
		}
		if got := h.batchEntries()[before:]; !slices.Equal(got, []string{"plan batch: " + tt.key}) {
			t.Errorf("%s: audit entries %q", tt.name, got)
		}
	}
	before := len(h.batchEntries())
	if err := search(fromAda)(letterlock.Actor{}); !errors.Is(err, letterlock.Denied) || len(h.batchEntries()) != before {
		t.Errorf("nobody: %v; want Denied, and no row of the audit log", err)
	}
	list, more, err := h.access.Batches(t.Context(), audit, "", 0)
	if err != nil || len(list) != 0 || more != "" {
		t.Errorf("Batches = %v, %q, %v; want none", list, more, err)
	}
	err = h.db.Read(t.Context(), func(tx *store.Tx) error { _, err := tx.HalfPlanned(h.now.Add(time.Hour)); return err })
	if !errors.Is(err, letterlock.NotFound) {
		t.Errorf("a refused plan is left behind: %v", err)
	}
}

func TestChosenMessagesAndRecipientsAreABatch(t *testing.T) {
	h := newHouse(t, policy.EveryLink)
	one, two, three := h.send(intake.Envelope{}, marta, jonas), h.send(intake.Envelope{}, marta, jonas), h.send(intake.Envelope{}, marta)
	h.must(h.access.Revoke(t.Context(), grace, three, ""))
	b, err := h.access.PlanChosen(t.Context(), rene, []letterlock.Target{
		{Message: one, Recipients: []letterlock.Address{marta.Address}},
		{Message: two, Recipients: []letterlock.Address{marta.Address}},
		{Message: two, Recipients: []letterlock.Address{jonas.Address}},
		{Message: three},
	}, "")
	h.must(err)
	h.checkPlan(b, map[letterlock.ID][]letterlock.Address{one: {marta.Address}, two: {marta.Address, jonas.Address}})
	h.run(b)
	if _, err := h.text(jonas, one); err != nil {
		t.Errorf("a recipient who was not chosen: %v", err)
	}
	if _, err := h.text(marta, one); letterlock.KeyOf(err) != "revoked" {
		t.Errorf("a chosen one: %v, want revoked", err)
	}
}

func TestHalfPlansAreSeenByNobodyAndSwept(t *testing.T) {
	h := newHouse(t, policy.EveryLink)
	id := h.send(intake.Envelope{}, marta)
	b := letterlock.Batch{ID: letterlock.NewID(), Search: fromAda}
	h.must(h.db.Write(t.Context(), func(tx *store.Tx) error {
		m, err := tx.Message(id)
		return errors.Join(err, tx.BeginBatch(b), tx.AddPlan(b.ID, store.Plan{Message: id, Seq: m.Seq}))
	}))
	if _, err := h.access.Batch(t.Context(), audit, b.ID); !errors.Is(err, letterlock.NotFound) {
		t.Errorf("Batch = %v, want NotFound", err)
	}
	if err := h.access.StartBatch(t.Context(), rene, b.ID); !errors.Is(err, letterlock.NotFound) {
		t.Errorf("StartBatch = %v, want NotFound", err)
	}
	left := func() bool {
		return h.db.Read(t.Context(), func(tx *store.Tx) error { _, err := tx.HalfPlanned(h.now.Add(time.Hour)); return err }) == nil
	}
	h.must(h.access.RunDue(t.Context()))
	if !left() {
		t.Error("a plan was swept that may still be under way")
	}
	h.now = h.now.Add(2 * time.Hour)
	h.must(h.access.RunDue(t.Context()))
	if left() {
		t.Error("the plan was not swept")
	}
}

func TestBatchesAreListedFromTheNewest(t *testing.T) {
	h := newHouse(t, policy.EveryLink)
	h.send(intake.Envelope{}, marta)
	var want []letterlock.ID
	for i := range 5 {
		want = append(want, h.plan().ID)
		h.now = h.now.Add(time.Duration(i%2) * time.Second) // two in one second
	}
	var got []letterlock.ID
	for before := ""; ; {
		page, more, err := h.access.Batches(t.Context(), audit, before, 2)
		h.must(err)
		for _, b := range page {
			got = append(got, b.ID)
		}
		if before = more; more == "" {
			break
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("pages hold %v, want %v", got, want)
	}
	if _, _, err := h.access.Batches(t.Context(), ada, "", 0); letterlock.KeyOf(err) != "role" {
		t.Errorf("by a sender: %v, want Denied role", err)
	}
	if _, _, err := h.access.Batches(t.Context(), audit, "not a cursor", 0); err != nil {
		t.Errorf("a made-up cursor: %v", err)
	}
}
