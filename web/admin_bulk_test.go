package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"letterlock/internal/letterlock"
)

// runBatches has everything run that was started.
func (w *world) runBatches(done func() bool) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- w.server.Access.RunBatches(ctx) }()
	for !done() {
		if ctx.Err() != nil {
			w.t.Fatal("the batches do not come to an end")
		}
	}
	cancel()
	<-ended // it ends with its context
}

// runBatch runs a batch until it is in a state.
func (w *world) runBatch(path string, until letterlock.BatchState) {
	w.t.Helper()
	id := letterlock.ID(strings.TrimPrefix(path, "/bulk/"))
	w.runBatches(func() bool {
		b, err := w.server.Access.Batch(w.t.Context(), w.actors[grace], id)
		if err != nil {
			w.t.Fatal(err)
		}
		return b.State == until
	})
}

func TestBulkRevocationIsPlannedRunAndUndone(t *testing.T) {
	w := newWorld(t)
	w.submit(ada, intakeTo(marta, jonas, carol), titledMail(ada, "Payroll one", marta, jonas, carol))
	r := w.browser()
	path := r.prove(marta)
	r.get(path)
	w.clock.advance(time.Minute)
	w.submit(ada, intakeTo(jonas), titledMail(ada, "Payroll two", jonas))
	w.submit(ada, intakeTo(carol), titledMail(ada, "Payroll inline", carol))
	w.submit(ada, intakeTo(jonas), titledMail(ada, "Something else", jonas))

	b := w.browser().signIn(rita)
	ask := b.get("/bulk/new?subject=payroll")
	says(t, "the form", ask, "Revoke many messages", "Subject payroll", "Show what it would touch")
	plan := b.post("/bulk", url.Values{"subject": {"payroll"}, "reason": {"stolen account"}})
	if plan.status != http.StatusSeeOther || !strings.HasPrefix(plan.location(), "/bulk/") {
		t.Fatalf("plan: %d %s\n%s", plan.status, plan.location(), texts(plan.body))
	}
	batch := plan.location()
	a := b.get(batch)
	says(t, "the plan", a, "Nothing has been touched yet. This would remove access to 2 messages with 3 recipients. 1 recipient had already read it.",
		"Subject payroll", "Reason stolen account", "What it would touch", "Payroll two ada@contoso.example "+string(jonas)+", not read",
		string(marta)+", read 20 Nov 10:00", "Showing 2 of 2.", "Revoke 2 messages", "Discard the plan")
	says(t, "what the plan leaves out", a, "Found 3 messages; 1 left out: 1 received inline", string(carol)+" received it inline and keeps it", "Show what was received inline")
	if strings.Contains(a.body, "Payroll inline") || strings.Contains(a.body, "Something else") {
		t.Error("the plan names messages that it does not touch")
	}
	silent(t, "the plan", a)
	if a := r.get(path); a.status != 200 {
		t.Fatalf("planning removed access: %d", a.status)
	}

	if a := b.post(batch+"/start", url.Values{"messages": {"2"}}); a.status != http.StatusSeeOther || a.location() != batch {
		t.Fatalf("start: %d %s", a.status, a.location())
	}
	running := b.get(batch)
	for _, want := range []string{"<title>Running · Bulk revocation · ", `id="progress" role="status"`, `hx-swap="innerHTML"`} {
		if !strings.Contains(running.body, want) {
			t.Errorf("the page of a running batch lacks %s, by which a change of it is heard", want)
		}
	}
	says(t, "the running batch", running, "Removing access.", "0 of 2 messages", "To do")
	if !strings.Contains(running.body, `hx-get="`+batch+`/progress"`) || !strings.Contains(running.body, `http-equiv="refresh"`) {
		t.Error("the page of a running batch does not ask how far it is")
	}
	w.runBatch(batch, letterlock.BatchDone)
	if a := b.get(batch + "/progress"); a.header.Get("HX-Refresh") != "true" {
		t.Error("the page of a finished batch does not ask for all of itself")
	}
	says(t, "the batch that has run", b.get(batch), "Access has been removed.", "What it touches", "Revoked", "Undo the whole batch", "Restore access to 2 messages")
	if a := r.get(path); a.status != 410 || a.heading() != revoked {
		t.Errorf("the recipient gets %d %q", a.status, a.heading())
	}
	says(t, "the list", b.get("/bulk"), "Subject: payroll stolen account Rita Revoker 2 messages Revoked")

	if a := b.post(batch+"/undo", nil); a.status != http.StatusSeeOther {
		t.Fatalf("undo: %d", a.status)
	}
	w.runBatch(batch, letterlock.BatchUndone)
	says(t, "the batch that was undone", b.get(batch), "Undone.", "Revoked Restored", "by Rita Revoker")
	if a := r.get(path); a.status != 200 {
		t.Errorf("after the undoing the recipient gets %d", a.status)
	}
}

func TestBulkPlanThatCannotBeSaysWhyAndChangesNothing(t *testing.T) {
	w := newWorld(t)
	w.submit(ada, intakeTo(carol), titledMail(ada, "Inline one", carol))
	w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser().signIn(grace)
	tests := []struct {
		name string
		form url.Values
		want string
	}{
		{"everything", url.Values{"state": {"any"}}, "A search without any condition would touch every message."},
		{"nothing at all", nil, "A search without any condition would touch every message."},
		{"nothing found", url.Values{"subject": {"zzz"}}, "Nothing that was found can still be revoked"},
		{"inline only", url.Values{"subject": {"inline"}}, "Nothing that was found can still be revoked"},
		{"a date that is none", url.Values{"subject": {"draft"}, "from": {"soon"}}, "Type a date, as 2026-11-20. Nothing was planned."},
		{"an unknown state", url.Values{"subject": {"draft"}, "state": {"sold"}}, "Choose a state. Nothing was planned."},
		{"a long reason", url.Values{"subject": {"draft"}, "reason": {strings.Repeat("é", 201)}}, "A reason may have 200 characters"},
	}
	for _, tt := range tests {
		a := b.post("/bulk", tt.form)
		if a.status != 422 || a.heading() != "Revoke many messages" {
			t.Errorf("%s: %d %q", tt.name, a.status, a.heading())
		}
		says(t, tt.name, a, tt.want)
	}
	if a := b.get("/bulk/new"); a.status != 200 || strings.Contains(a.body, "Show what it would touch") {
		t.Errorf("a form for everything: %d", a.status)
	}
	says(t, "the list", b.get("/bulk"), "No bulk revocation yet.")
	r := w.browser()
	if a := r.get(r.prove(marta)); a.status != 200 {
		t.Errorf("after refusals the recipient gets %d", a.status)
	}
}

func TestBatchStartsOnlyOnceItsNumberIsTyped(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser().signIn(grace)
	batch := b.post("/bulk", url.Values{"sender": {string(ada)}}).location()
	says(t, "the plan", b.get(batch), "Type the number of messages to revoke them 2")
	for typed, want := range map[string]string{
		"": "Type the number of messages, so that none is revoked by mistake", "3": "This is not the number of messages.",
		"two": "This is not the number", "-2": "This is not the number", "<2>": "This is not the number", "\xff": "This is not the number",
	} {
		a := b.post(batch+"/start", url.Values{"messages": {typed}})
		if a.status != 422 {
			t.Errorf("%q: %d", typed, a.status)
		}
		says(t, typed, a, want, "Nothing has been touched yet.", "Revoke 2 messages")
	}
	r := w.browser()
	if a := r.get(r.prove(marta)); a.status != 200 {
		t.Fatalf("without the number the recipient gets %d", a.status)
	}
	if a := b.post(batch+"/start", url.Values{"messages": {" 2 "}}); a.status != http.StatusSeeOther {
		t.Errorf("the number: %d", a.status)
	}
	w.runBatch(batch, letterlock.BatchDone)
	if a := b.post(batch+"/start", nil); a.status != http.StatusSeeOther {
		t.Errorf("trying again what failed: %d", a.status)
	}
}

func TestBatchCountsWhatBecameOfItsMessages(t *testing.T) {
	w := newWorld(t)
	send := func(title string) letterlock.ID {
		return w.submit(ada, intakeTo(marta, jonas), titledMail(ada, title, marta, jonas))
	}
	send("Payroll one")
	two, three := send("Payroll two"), send("Payroll three")
	send("Payroll four")
	b := w.browser().signIn(grace)
	batch := b.post("/bulk", url.Values{"subject": {"payroll"}}).location()
	if err := w.server.Access.Revoke(t.Context(), w.actors[grace], two, ""); err != nil {
		t.Fatal(err)
	}
	if err := w.server.Access.Destroy(t.Context(), w.actors[grace], three, ""); err != nil {
		t.Fatal(err)
	}
	b.post(batch+"/start", url.Values{"messages": {"4"}})
	says(t, "while it runs", b.get(batch), "Stop, and restore access to what was revoked")
	w.runBatch(batch, letterlock.BatchDone)
	a := b.get(batch)
	says(t, "the batch", a, "Planned were 4 messages with 8 recipients. Of the messages: 2 revoked, 1 already revoked by somebody else, 1 destroyed meanwhile.",
		"Restore access to 2 messages", "All 4 Revoked 2 Already revoked 1 Destroyed meanwhile 1")
	a = b.get(batch + "?result=already-revoked")
	says(t, "what was revoked already", a, "Payroll two", "Showing 1 of 1.")
	if strings.Contains(a.body, "Payroll one") || strings.Contains(a.body, "Payroll three") {
		t.Error("the result shows messages that do not have it")
	}
	if a := b.get(batch + "?result=sold"); a.status != 422 && a.status != 400 {
		t.Errorf("an unknown result: %d", a.status)
	}
	sheet := b.get(batch + "/export.csv").body
	for _, want := range []string{"Date,Message-ID,Sender,Recipient,Subject,First read,Result,Undo", ",Payroll one,,revoked,", ",Payroll two,,already-revoked,", ",destroyed,"} {
		if !strings.Contains(sheet, want) {
			t.Errorf("the export lacks %q:\n%s", want, sheet)
		}
	}
	if got := strings.Count(b.get(batch+"/export.json").body, `"result":"revoked"`); got != 4 {
		t.Errorf("%d recipients of messages that were revoked are exported, want 4", got)
	}
	b.post(batch+"/undo", nil)
	w.runBatch(batch, letterlock.BatchUndone)
	says(t, "the batch that was undone", b.get(batch), "Of the messages: 2 restored.", "Restored 2")
}

func TestBulkPlanSaysWhetherEverybodyLosesAccess(t *testing.T) {
	w := newWorld(t)
	w.submit(ada, intakeTo(marta, jonas), titledMail(ada, "Payroll", marta, jonas))
	b, second := w.browser().signIn(rita), w.browser().signIn(olga)
	says(t, "the form", b.get("/bulk/new?recipient="+string(marta)), "Who loses access Only recipients that match the search", "All recipients of the messages found")
	if a := b.get("/bulk/new?sender=ada"); strings.Contains(a.body, "Who loses access") {
		t.Error("the form asks whom a search without conditions about recipients means")
	}
	narrow := b.post("/bulk", url.Values{"recipient": {string(marta)}}).location()
	everybody := b.post("/bulk", url.Values{"recipient": {string(marta)}, "everybody": {"yes"}}).location()
	for _, who := range []*browser{b, second} {
		a := who.get(narrow)
		says(t, "the narrow plan", a, "1 message with 1 recipient", "Who loses access Only recipients that match the search", string(marta)+", not read", "1 more recipient not touched")
		if strings.Contains(a.body, string(jonas)) {
			t.Error("the narrow plan names somebody who does not match")
		}
		says(t, "the plan for everybody", who.get(everybody), "1 message with 2 recipients", "Who loses access All recipients of the messages found", string(jonas)+", not read")
	}
}

func TestDiscardedPlanNeverRuns(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser().signIn(grace)
	batch := b.post("/bulk", url.Values{"sender": {string(ada)}}).location()
	if a := b.post(batch+"/discard", nil); a.status != http.StatusSeeOther || a.location() != batch {
		t.Fatalf("discard: %d %s", a.status, a.location())
	}
	a := b.get(batch)
	says(t, "the discarded plan", a, "Discarded. It never ran, and never will.")
	if strings.Contains(a.body, "/start") || strings.Contains(a.body, "/undo") {
		t.Error("a discarded plan can be started or undone")
	}
	a = b.post(batch+"/start", nil)
	if a.status < 400 || a.status >= 500 {
		t.Errorf("starting a discarded plan: %d", a.status)
	}
	says(t, "the refusal", a, "Nothing was changed.")
	r := w.browser()
	if a := r.get(r.prove(marta)); a.status != 200 {
		t.Errorf("the recipient gets %d", a.status)
	}
}

func TestSecondPersonApprovesALargeBatch(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Access.SecondPersonAbove = 1 })
	for range 2 {
		w.send(ada, letterlock.EncryptOnly, marta)
	}
	planner, second := w.browser().signIn(rita), w.browser().signIn(olga)
	batch := planner.post("/bulk", url.Values{"sender": {string(ada)}}).location()
	if a := planner.post(batch+"/start", url.Values{"messages": {"2"}}); a.status != http.StatusSeeOther {
		t.Fatalf("start: %d", a.status)
	}
	a := planner.get(batch)
	says(t, "the planner's page", a, "Waiting for a second person. Nothing has been touched yet. You planned it")
	if strings.Contains(a.body, "/approve") {
		t.Error("approving one's own is offered")
	}
	a = planner.post(batch+"/approve", nil)
	if a.status != 403 {
		t.Errorf("approving one's own: %d", a.status)
	}
	says(t, "the refusal", a, "You planned or started this bulk revocation, so somebody else has to approve it. Nothing was changed.", "Waiting for a second person.")
	says(t, "the second person's page", second.get(batch), "Rita Revoker asks to remove access to 2 messages with 2 recipients.", "Approve and revoke 2 messages")
	if a := second.post(batch+"/approve", nil); a.status != 422 {
		t.Errorf("approving without the number: %d", a.status)
	}
	if a := second.post(batch+"/approve", url.Values{"messages": {"2"}}); a.status != http.StatusSeeOther {
		t.Errorf("approving: %d", a.status)
	}
	w.runBatch(batch, letterlock.BatchDone)
	says(t, "the batch", second.get(batch), "Access has been removed.", "Approved by Olga Admin")
}

func TestChosenRowsArePlanned(t *testing.T) {
	w := newWorld(t)
	one := w.submit(ada, intakeTo(marta, jonas, carol), titledMail(ada, "Payroll one", marta, jonas, carol))
	two := w.submit(ada, intakeTo(jonas), titledMail(ada, "Payroll two", jonas))
	row := func(id letterlock.ID, a letterlock.Address) string {
		d, err := w.server.Track.Traced(t.Context(), w.actors[grace], id)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range d.Recipients {
			if r.Mailbox.Address == a {
				return string(id) + ":" + string(r.ID)
			}
		}
		t.Fatalf("%s is no recipient", a)
		return ""
	}
	b := w.browser().signIn(rita)
	rows := url.Values{"row": {row(one, marta), row(two, jonas)}}
	ask := b.post("/bulk/chosen", rows)
	if ask.status != 200 {
		t.Fatalf("chosen: %d", ask.status)
	}
	says(t, "the form", ask, "2 messages with 2 recipients, chosen one by one.", "Reason")
	rows["asked"], rows["reason"] = []string{"yes"}, []string{"wrong list"}
	plan := b.post("/bulk/chosen", rows)
	if plan.status != http.StatusSeeOther {
		t.Fatalf("plan: %d\n%s", plan.status, texts(plan.body))
	}
	a := b.get(plan.location())
	says(t, "the plan", a, "Chosen one by one", "2 messages with 2 recipients", "Reason wrong list", string(marta)+", not read",
		string(carol)+" received it inline and keeps it", "1 more recipient not touched")
	if a := b.post("/bulk/chosen", url.Values{"row": {row(one, jonas)}}); a.status != http.StatusSeeOther || a.location() != "/trace/"+string(one)+"/revoke?recipient="+url.QueryEscape(string(jonas)) {
		t.Errorf("one row: %d %s", a.status, a.location())
	}
	if err := w.server.Access.Revoke(t.Context(), w.actors[rita], two, "", jonas); err != nil {
		t.Fatal(err)
	}
	some := url.Values{"row": {row(one, marta), row(one, carol), row(two, jonas)}}
	const left = "Left out, because no access can be removed there: 1 inline, 1 already revoked."
	says(t, "the form for some that are not in the way", b.post("/bulk/chosen", some), "1 message with 1 recipient, chosen one by one. "+left)
	some["asked"] = []string{"yes"}
	if plan := b.post("/bulk/chosen", some); plan.status != http.StatusSeeOther {
		t.Errorf("a plan that leaves rows out: %d", plan.status)
	} else {
		says(t, "the plan", b.get(plan.location()), "1 message with 1 recipient")
	}
	some["row"] = some["row"][1:]
	if a := b.post("/bulk/chosen", some); a.status != 422 {
		t.Errorf("nothing but what is left out: %d", a.status)
	} else {
		says(t, "nothing but what is left out", a, left+" Nothing was planned.")
	}
	for name, bad := range map[string][]string{
		"none": nil, "nonsense": {"x"}, "unknown message": {string(letterlock.NewID()) + ":" + string(letterlock.NewID())},
		"unknown recipient": {string(one) + ":" + string(letterlock.NewID())}, "inline": {row(one, carol)}, "too many": make([]string, maxChosen+1),
	} {
		a := b.post("/bulk/chosen", url.Values{"row": bad})
		if a.status != 422 {
			t.Errorf("%s: %d", name, a.status)
		}
		says(t, name, a, "Nothing was planned.")
	}
}
