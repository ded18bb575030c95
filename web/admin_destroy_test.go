package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"letterlock/internal/letterlock"
)

// messageID is what the trace says that a message is called.
func (b *browser) messageID(id letterlock.ID) string {
	b.w.t.Helper()
	_, rest, _ := strings.Cut(b.get("/trace/"+string(id)).body, `id="message-id-value">`)
	escaped, _, ok := strings.Cut(rest, "</code>")
	if !ok {
		b.w.t.Fatal("the trace shows no Message-ID")
	}
	return strings.NewReplacer("&lt;", "<", "&gt;", ">").Replace(escaped)
}

func TestDestroyingWantsTheMessageIDAndIsFinalForEveryone(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta, carol)
	trace := "/trace/" + string(id)
	r := w.browser()
	link := w.link(marta)
	path := r.prove(marta)
	b := w.browser().signIn(grace)
	messageID := b.messageID(id)

	ask := b.get(trace + "/destroy")
	says(t, "the question", ask, "This is final, for everyone, the sender included.", messageID, "copy of Ada Lovelace",
		"The link of 1 recipient then shows “This message is not available”.", "carol@outlook.com received it inline; that copy stays.")
	for typed, want := range map[string]string{"": "Type the Message-ID, so that no other message is destroyed", "<other@contoso.example>": "This is not the Message-ID of this message"} {
		a := b.post(trace+"/destroy", url.Values{"message-id": {typed}, "reason": {"a court said so"}})
		if a.status != 422 || !strings.Contains(a.body, `value="a court said so"`) {
			t.Errorf("typed %q: %d", typed, a.status)
		}
		says(t, "the refusal", a, want)
	}
	if a := w.browser().signIn(rita).post(trace+"/destroy", url.Values{"message-id": {messageID}}); a.status != 403 {
		t.Errorf("a revoker destroys: %d", a.status)
	}
	if a := r.get(path); a.status != 200 {
		t.Fatalf("refusals destroyed it: %d", a.status)
	}
	for range 2 {
		a := b.post(trace+"/destroy?in="+url.QueryEscape("sender=ada"), url.Values{"message-id": {strings.Trim(messageID, "<>")}, "reason": {"a court said so"}})
		if a.status != http.StatusSeeOther || a.location() != trace+"?sender=ada" {
			t.Errorf("destroy: %d %s", a.status, a.location())
		}
	}
	a := b.get(trace)
	says(t, "the trace afterwards", a, "Destroyed message", "Destroyed. Nobody can read this message any more, its sender included.", messageID, "Destroyed 10:00:00")
	if strings.Contains(a.body, secretSubject) || strings.Contains(a.body, "/revoke") || strings.Contains(a.body, "/destroy") {
		t.Error("the trace shows the subject, or offers what is not to be done any more")
	}
	for _, gone := range []string{path, link} {
		if a := r.get(gone); a.status != 404 || a.heading() != "This message is not available" || strings.Contains(a.body, "revoked") {
			t.Errorf("the recipient gets %s: %d %q", gone, a.status, a.heading())
		}
	}
	for _, act := range []string{"/revoke", "/restore"} {
		a := b.post(trace+act, nil)
		if a.status != 410 {
			t.Errorf("%s of a destroyed message: %d, want 410", act, a.status)
		}
		says(t, act+" of a destroyed message", a, "This message has been destroyed. There is nothing left to revoke")
	}
	sender := w.browser().signIn(ada)
	if a := sender.get("/sent/" + string(id)); a.status != 200 {
		t.Errorf("the sender's page: %d", a.status)
	} else {
		says(t, "the sender's page", a, "This message has been destroyed. Nobody can read it any more.")
	}
	if a := sender.get("/sent/" + string(id) + "/body"); a.status != 404 {
		t.Errorf("the sender's copy: %d", a.status)
	}
	if a := sender.get("/sent"); a.status != 200 || !strings.Contains(a.body, "Destroyed") {
		t.Errorf("the Sent folder: %d", a.status)
	}
}
