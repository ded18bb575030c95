package web

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
)

// askAnswers finds where the requests on a page are answered.
var askAnswers = regexp.MustCompile(`action="([^"]*/requests/[^"]*)"`)

func answerURL(t *testing.T, page, what string) string {
	t.Helper()
	for _, m := range askAnswers.FindAllStringSubmatch(page, -1) {
		if strings.Contains(m[1], "/"+what) {
			return strings.ReplaceAll(m[1], "&amp;", "&")
		}
	}
	t.Fatalf("nothing to %s on the page:\n%s", what, texts(page))
	return ""
}

func TestReaderAsksForMoreTimeAndGetsIt(t *testing.T) {
	w := newWorld(t)
	id := w.submit(ada, intake.Envelope{Recipients: []letterlock.Address{marta}, Expires: w.clock.Now().Add(48 * time.Hour)}, mail(ada, marta))
	first := w.link(marta)
	w.clock.advance(72 * time.Hour)
	b := w.browser()
	page := b.prove(marta)
	a := b.get(page)
	if a.status != http.StatusGone || a.heading() != "The message has expired" || !strings.Contains(a.body, "Ask for more time") {
		t.Fatalf("the end page: %d %q\n%s", a.status, a.heading(), texts(a.body))
	}
	reason := `I was <script>alert(1)</script> away`
	if a := b.post(page+"/ask", url.Values{"reason": {reason}}); a.status != http.StatusSeeOther || a.location() != page {
		t.Fatalf("asking: %d to %q", a.status, a.location())
	}
	if a := b.get(page); a.status != http.StatusGone || !strings.Contains(texts(a.body), "You asked on 23 November 2026") || strings.Contains(a.body, "<textarea") {
		t.Errorf("after asking: %d\n%s", a.status, texts(a.body))
	}
	w.deliver()
	note := w.box.Mails(ada)[0]
	if s := note.Subject(); s != string(marta)+" asks for more time to read a protected message" {
		t.Errorf("the sender is told %q", s)
	}
	if strings.Contains(note.Text(), "script") || !strings.Contains(note.Text(), publicURL+"/sent/"+string(id)) {
		t.Errorf("the mail says:\n%s", note.Text())
	}
	sender := w.browser().signIn(ada)
	sent := sender.get("/sent/" + string(id))
	if !strings.Contains(texts(sent.body), "asks for more time") || strings.Contains(sent.body, "<script>alert") {
		t.Errorf("the message does not tell of it, or tells it unescaped")
	}
	if a := sender.get("/sent?show=asked"); !strings.Contains(a.body, string(id)) {
		t.Error("the folder does not show what was asked for")
	}
	if a := w.browser().signIn(eve).post(answerURL(t, sent.body, "approve"), nil); a.status != http.StatusNotFound {
		t.Errorf("another sender approves: %d", a.status)
	}
	if a := sender.post(answerURL(t, sent.body, "approve"), url.Values{"expiry": {"same"}}); a.status != http.StatusSeeOther {
		t.Fatalf("approving: %d %q", a.status, a.heading())
	}
	if a := b.get(page); a.status != http.StatusOK {
		t.Errorf("with more time: %d", a.status)
	}
	w.deliver()
	again := w.box.Mails(marta)[0]
	if again.Subject() != "You can read the protected message from Ada Lovelace again" || !strings.Contains(again.Text(), "25 November 2026") || again.Link() == publicURL+first {
		t.Errorf("the reader is told %q by the link %s:\n%s", again.Subject(), again.Link(), again.Text())
	}
	for name, link := range map[string]string{"first": first, "second": strings.TrimPrefix(again.Link(), publicURL)} {
		if a := b.get(link); a.status != http.StatusSeeOther || a.location() != page {
			t.Errorf("the %s link leads to %q, %d", name, a.location(), a.status)
		}
	}
	if a := sender.get("/sent?show=asked"); strings.Contains(a.body, string(id)) {
		t.Error("the folder still shows it as asked for")
	}
	w.clock.advance(48*time.Hour - time.Second)
	b = w.browser()
	b.prove(marta)
	if a := b.get(page); a.status != http.StatusOK {
		t.Errorf("at the end of the time that was given: %d", a.status)
	}
	w.clock.advance(time.Second)
	if a := b.get(page); a.status != http.StatusGone {
		t.Errorf("after it: %d", a.status)
	}
}

func TestWhatIsAskedForACopyIsFoundByTheSender(t *testing.T) {
	w := newWorld(t)
	id := w.submit(ada, intake.Envelope{Recipients: []letterlock.Address{marta}, Protection: letterlock.EncryptOnly, Expires: w.clock.Now().Add(48 * time.Hour)}, mail(ada, marta))
	b := w.browser()
	if a := answerOf("For you", string(omar)).post(b, b.prove(marta)+"/forward"); a.status != http.StatusSeeOther {
		t.Fatalf("forwarding: %d\n%s", a.status, texts(a.body))
	}
	w.deliver()
	w.clock.advance(72 * time.Hour)
	other := w.browser()
	copied := other.prove(omar)
	sender := w.browser().signIn(ada)
	if a := sender.get("/sent?show=asked"); strings.Contains(a.body, string(id)) {
		t.Error("the folder shows a request before there is one")
	}
	if a := other.post(copied+"/ask", nil); a.status != http.StatusSeeOther {
		t.Fatalf("asking: %d\n%s", a.status, texts(a.body))
	}
	if a := sender.get("/sent?show=asked"); !strings.Contains(a.body, string(id)) {
		t.Error("the folder does not show what was asked for")
	}
	page := sender.get("/sent/" + string(id))
	if !strings.Contains(texts(page.body), "a recipient has asked for something") {
		t.Errorf("the original does not name the copy:\n%s", texts(page.body))
	}
	at := "/sent/" + strings.TrimPrefix(copied, "/read/")
	if !strings.Contains(page.body, at) || !strings.Contains(texts(sender.get(at).body), "asks for more time") {
		t.Error("the copy is not linked, or does not tell what was asked for")
	}
}

func TestRevokedReaderAsksTheOneWhoCanGiveAccess(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser()
	page := b.prove(marta)
	if err := w.server.Access.Revoke(t.Context(), w.actors[grace], id, ""); err != nil {
		t.Fatal(err)
	}
	a := b.get(page)
	if a.status != http.StatusGone || a.heading() != "The message has been revoked by the sender" || !strings.Contains(texts(a.body), "an administrator of Contoso, who decides") {
		t.Fatalf("the end page: %d %q\n%s", a.status, a.heading(), texts(a.body))
	}
	const reason = "I need the numbers for Friday"
	b.post(page+"/ask", url.Values{"reason": {reason}})
	sender := w.browser().signIn(ada)
	if a := sender.get("/sent/" + string(id)); !strings.Contains(texts(a.body), "because an administrator has removed it") || !strings.Contains(texts(a.body), reason) || askAnswers.MatchString(a.body) {
		t.Errorf("the sender may answer, or is not told why not:\n%s", texts(a.body))
	}
	if a := w.browser().signIn(nora).get("/trace/" + string(id)); askAnswers.MatchString(a.body) || !strings.Contains(texts(a.body), "asks for access again") || strings.Contains(a.body, reason) {
		t.Error("an auditor may answer, or does not see it, or reads what was written to those who may")
	}
	admin := w.browser().signIn(rita)
	traced := admin.get("/trace/" + string(id))
	if !strings.Contains(texts(traced.body), reason) {
		t.Errorf("who decides does not see the reason:\n%s", texts(traced.body))
	}
	decline := answerURL(t, traced.body, "decline")
	if a := admin.post(decline, nil); a.status != http.StatusSeeOther {
		t.Fatalf("declining: %d", a.status)
	}
	if text := texts(b.get(page).body); !strings.Contains(text, "was declined on 20 November 2026, 10:00 UTC. You can ask again from 21 November 2026, 10:00 UTC") {
		t.Errorf("the end page after it was declined:\n%s", text)
	}
	if a := b.post(page+"/ask", nil); a.status != http.StatusSeeOther {
		t.Errorf("asking too early: %d", a.status)
	}
	w.clock.advance(25 * time.Hour)
	b = w.browser()
	b.prove(marta)
	b.post(page+"/ask", nil)
	admin = w.browser().signIn(rita)
	traced = admin.get("/trace/" + string(id))
	if a := admin.post(answerURL(t, traced.body, "approve"), nil); a.status != http.StatusSeeOther {
		t.Fatalf("approving: %d", a.status)
	}
	if a := b.get(page); a.status != http.StatusOK {
		t.Errorf("with access given back: %d %q", a.status, a.heading())
	}
}

func TestAskingTellsNothingToWhoProvedAnotherMailbox(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	w.send(ada, letterlock.EncryptOnly, jonas)
	if err := w.server.Access.Revoke(t.Context(), w.actors[ada], id, ""); err != nil {
		t.Fatal(err)
	}
	b := w.browser()
	b.prove(jonas)
	if a := b.post("/read/"+string(id)+"/ask", nil); a.status != http.StatusForbidden || a.heading() != "This message was sent to a different address" {
		t.Errorf("asking for another's message: %d %q", a.status, a.heading())
	}
	if a := w.browser().post("/read/"+string(id)+"/ask", nil); a.status != http.StatusForbidden {
		t.Errorf("asking without proof: %d", a.status)
	}
	b = w.browser()
	b.prove(marta)
	if a := b.post("/read/"+string(id)+"/ask", url.Values{"reason": {strings.Repeat("x", 501)}}); a.status != http.StatusUnprocessableEntity {
		t.Errorf("a reason of 501 characters: %d", a.status)
	}
}
