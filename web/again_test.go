package web

import (
	"database/sql"
	"errors"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
	"letterlock/internal/track"
)

// sendAsking sends Marta a message that asks for a new passcode each time it is opened.
func (w *world) sendAsking() letterlock.ID {
	w.t.Helper()
	return w.submit(ada, intake.Envelope{Recipients: []letterlock.Address{marta}, Asks: letterlock.FreshPasscode}, mail(ada, marta))
}

// kept requires that nothing of a message leaves, by whatever route there is for its
// readers, and that who wants to read it is led to where to prove more.
func (b *browser) kept(what string, id letterlock.ID) {
	b.w.t.Helper()
	b.keptFor(what, id, "This message asks for a new passcode")
}

// keptFor is kept for another demand, with the heading of who sends something to be done.
func (b *browser) keptFor(what string, id letterlock.ID, heading string) {
	b.w.t.Helper()
	page, routes := "/read/"+string(id), 0
	for _, r := range b.w.server.Routes() {
		path, ok := strings.CutPrefix(r.Path, "/read/:id")
		if !ok || strings.HasPrefix(path, "/prove") || path == "/passphrase" || path == "/name" {
			continue
		}
		routes++
		path = strings.NewReplacer(":n", "2", ":upload", string(id)).Replace(path)
		for _, query := range []string{"", "?refresh=1", "?as=text"} {
			a := b.do(r.Method, page+path+query, strings.NewReader(""), "application/x-www-form-urlencoded")
			led := a.status == http.StatusSeeOther && (a.location() == page+"/prove" || a.location() == page+"/passphrase" || a.location() == page+"/name")
			told := a.status == http.StatusForbidden && (a.heading() == heading || r.Method == http.MethodHead)
			about := strings.HasPrefix(path, "/uploads") || path == "/ask" // which serve nothing of it
			if !led && !told && (!about || a.status < 400) ||
				strings.Contains(a.body, secretText) || strings.Contains(a.body, secretSubject) || strings.Contains(a.body, secretFile) {
				b.w.t.Errorf("%s: %s %s%s: %d to %q, %q", what, r.Method, path, query, a.status, a.location(), a.heading())
			}
		}
	}
	if routes < 25 {
		b.w.t.Errorf("%d routes: this test would prove little", routes)
	}
}

// proveAgain proves the mailbox for a message by its page, as who has proved it before.
func (b *browser) proveAgain(of letterlock.Address, id letterlock.ID) answer {
	b.w.t.Helper()
	at := "/read/" + string(id) + "/prove"
	if a := b.post(at+"/passcode", nil); a.status != http.StatusSeeOther || !strings.HasPrefix(a.location(), at+"/passcode") {
		b.w.t.Fatalf("asking for a passcode: %d to %q, %q", a.status, a.location(), a.heading())
	}
	return b.post(at+"/verify", url.Values{"code": {b.w.passcode(of)}})
}

func TestAMessageThatAsksForANewPasscodeIsServedWithItAlone(t *testing.T) {
	w := newWorld(t)
	asking := w.sendAsking()
	link := w.link(marta)
	b := w.browser()
	page := b.prove(marta)
	if a := b.get(page); a.status != http.StatusOK || a.heading() != secretSubject {
		t.Fatalf("with its passcode: %d %q", a.status, a.heading())
	}
	if a := b.get(page + "/body"); a.status != http.StatusOK || !strings.Contains(a.body, secretText) {
		t.Fatalf("its text: %d", a.status)
	}
	w.clock.advance(letterlock.FreshFor)
	b.kept("with an old passcode", asking)
	if a := b.get(link); a.status != http.StatusOK || !strings.Contains(a.body, "passcode") {
		t.Errorf("the link, with an old passcode: %d to %q", a.status, a.location())
	}
	if a := b.proveAgain(marta, asking); a.status != http.StatusSeeOther || a.location() != page {
		t.Fatalf("proving it again: %d to %q", a.status, a.location())
	}
	if a := b.get(page); a.status != http.StatusOK || a.heading() != secretSubject {
		t.Errorf("after that: %d %q", a.status, a.heading())
	}

	other := w.send(ada, letterlock.EncryptOnly, marta)
	elsewhere := w.browser()
	if got := elsewhere.prove(marta); got != "/read/"+string(other) {
		t.Fatalf("the newest link leads to %s", got)
	}
	elsewhere.kept("with the passcode of another message", asking)
	if a := elsewhere.get("/read/" + string(asking) + "/prove"); a.status != http.StatusOK || !strings.Contains(texts(a.body), "asks for a new passcode each time") {
		t.Errorf("the page to prove it: %d\n%s", a.status, texts(a.body))
	}
	if a := b.get("/read/" + string(other)); a.status != http.StatusOK {
		t.Errorf("another message with the passcode of this one: %d", a.status)
	}

	id, _, err := w.server.Sessions.Start(t.Context(), letterlock.Actor{Kind: letterlock.Reader, Address: jonas, Proof: letterlock.ByPasscode, ProvedFor: asking})
	if err != nil {
		t.Fatal(err)
	}
	stranger := w.browser()
	stranger.cookies[hostPrefix+readerCookie] = id
	if a := stranger.get(page); a.status != http.StatusForbidden || strings.Contains(a.body, secretSubject) {
		t.Errorf("somebody else: %d", a.status)
	}
	if a := stranger.get(page + "/prove"); a.status != http.StatusForbidden || a.heading() != "This message was sent to a different address" {
		t.Errorf("somebody else at its proof: %d %q", a.status, a.heading())
	}
}

func TestARememberedBrowserIsNoNewPasscode(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	b := remembering(w, marta)
	asking := w.sendAsking()
	link := w.link(marta)
	a := b.get(link)
	if strings.Contains(a.body, "/continue") || !strings.Contains(texts(a.body), "asks for a new passcode each time") {
		t.Errorf("the gate in a remembered browser:\n%s", texts(a.body))
	}
	if a := w.browser().get(link); strings.Contains(texts(a.body), "asks for a new passcode each time") {
		t.Error("the gate tells a stranger what the message asks for")
	}
	if a := b.post(link+"/continue", nil); a.status != http.StatusSeeOther || a.location() != link || b.cookies[hostPrefix+readerCookie] != "" {
		t.Errorf("going on without a passcode: %d to %q", a.status, a.location())
	}
	id, _, err := w.server.Sessions.Start(t.Context(), letterlock.Actor{Kind: letterlock.Reader, Address: marta, Proof: letterlock.ByBrowser, ProvedFor: asking})
	if err != nil {
		t.Fatal(err)
	}
	b.cookies[hostPrefix+readerCookie] = id
	b.kept("in a remembered browser", asking)
}

func TestMyMessagesDoesNotTellWhatAsksForMore(t *testing.T) {
	w := newWorld(t)
	asking := w.sendAsking()
	b := w.browser()
	b.prove(marta)
	for _, query := range []string{"", "?q=ada"} {
		list := b.get("/messages" + query)
		if strings.Contains(list.body, secretSubject) || !strings.Contains(list.body, "Asks for a new passcode") || !strings.Contains(list.body, string(asking)) {
			t.Errorf("My messages%s:\n%s", query, texts(list.body))
		}
	}
	word, _, _ := strings.Cut(secretSubject, " ")
	if list := b.get("/messages?q=" + url.QueryEscape(word)); strings.Contains(list.body, string(asking)) {
		t.Error("a search finds it by its subject")
	}
}

func TestARevokedMessageThatAsksForMoreSaysSoAfterThat(t *testing.T) {
	w := newWorld(t)
	asking := w.sendAsking()
	b := w.browser()
	page := b.prove(marta)
	if err := w.server.Access.Revoke(t.Context(), w.actors[ada], asking, ""); err != nil {
		t.Fatal(err)
	}
	if a := b.get(page); a.status != http.StatusGone || a.heading() != revoked {
		t.Errorf("revoked: %d %q", a.status, a.heading())
	}
}

func TestWhatNobodyCanProveIsClosed(t *testing.T) {
	w := newWorld(t)
	asking := w.sendAsking()
	b := w.browser()
	page := b.prove(marta)
	db, err := sql.Open("sqlite", filepath.Join(w.dir, store.File))
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec("UPDATE messages SET asks = 'blood' WHERE id = ?", asking)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{page, page + "/body", page + "/prove", w.link(marta)} {
		if a := b.get(path); a.status != http.StatusForbidden || a.heading() != "This message cannot be opened here" || strings.Contains(a.body, secretText) {
			t.Errorf("%s: %d %q", path, a.status, a.heading())
		}
	}
}

func TestASenderAsksForANewPasscode(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(ada)
	if a := b.get("/compose"); !strings.Contains(texts(a.body), "A new passcode each time it is opened") {
		t.Error("Compose does not offer it")
	}
	form := func(asks string) filled {
		return sending([2]string{"to", string(marta)}, [2]string{"subject", "Offer"}, [2]string{"text", "Yes."},
			[2]string{"protection", "encrypt-only"}, [2]string{"asks", asks})
	}
	if a := form("passcode").post(b, "/compose"); a.status != http.StatusSeeOther {
		t.Fatalf("sending: %d\n%s", a.status, texts(a.body))
	}
	page, err := w.server.Track.Sent(t.Context(), w.actors[ada], track.Query{Limit: 1})
	if err != nil || len(page.Messages) != 1 {
		t.Fatalf("%d messages, %v", len(page.Messages), err)
	}
	m := page.Messages[0].Message
	if m.Asks != letterlock.FreshPasscode || !m.Portal {
		t.Errorf("the message asks for %q, and everybody outside reads in the portal: %v", m.Asks, m.Portal)
	}
	if text := texts(b.get("/sent/" + string(m.ID)).body); !strings.Contains(text, "Encrypt only, with a new passcode each time") {
		t.Errorf("Sent does not say so:\n%s", text)
	}
	if text := texts(w.browser().signIn(nora).get("/trace/" + string(m.ID)).body); !strings.Contains(text, "encrypt-only, with a new passcode each time") {
		t.Errorf("the trace does not say so:\n%s", text)
	}
	if a := form("blood").post(b, "/compose"); a.status != http.StatusUnprocessableEntity {
		t.Errorf("asking for something else: %d, want 422", a.status)
	}
}

func TestAForwardedCopyAsksForTheSame(t *testing.T) {
	w := newWorld(t)
	w.sendAsking()
	b := w.browser()
	page := b.prove(marta)
	if a := answerOf("For you.", string(omar)).post(b, page+"/forward"); a.status != http.StatusSeeOther {
		t.Fatalf("forwarding: %d\n%s", a.status, texts(a.body))
	}
	w.deliver()
	o := w.browser()
	copied := o.prove(omar)
	if a := o.get(copied); a.status != http.StatusOK {
		t.Fatalf("the copy: %d %q", a.status, a.heading())
	}
	w.clock.advance(letterlock.FreshFor)
	if a := o.get(copied); a.status != http.StatusSeeOther || a.location() != copied+"/prove" {
		t.Errorf("the copy, with an old passcode: %d to %q", a.status, a.location())
	}
}

func TestAnAnswerWrittenTooLongIsNotLost(t *testing.T) {
	w := newWorld(t)
	asking := w.sendAsking()
	b := w.browser()
	page := b.prove(marta)
	w.clock.advance(letterlock.FreshFor + time.Second)
	a := answerOf("I agree to all of it.", "").post(b, page+"/reply")
	if a.status != http.StatusForbidden || !strings.Contains(a.body, "I agree to all of it.") || !strings.Contains(a.body, "/read/"+string(asking)+"/prove") {
		t.Errorf("%d %q\n%s", a.status, a.heading(), texts(a.body))
	}
}
