package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

const (
	theWords = "seven quiet Ärmel lamps"
	theHint  = "what hung in the hall"
)

// sendTold sends somebody a message that asks for a passphrase.
func (w *world) sendTold(words string, to ...letterlock.Address) letterlock.ID {
	w.t.Helper()
	p, err := w.server.Passphrases.Make(w.t.Context(), words, theHint)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.submit(ada, intake.Envelope{Recipients: to, Asks: letterlock.ByPassphrase, Passphrase: p}, mail(ada, to...))
}

func (b *browser) give(id letterlock.ID, words string) answer {
	return b.post("/read/"+string(id)+"/passphrase", url.Values{"passphrase": {words}})
}

const asksForIt = "This message asks for its passphrase"

func TestAMessageIsServedForItsPassphraseAlone(t *testing.T) {
	w := newWorld(t)
	id := w.sendTold(theWords, marta)
	link := w.link(marta)
	b := w.browser()
	if gate := b.get(link).body; strings.Contains(gate, "passphrase") || strings.Contains(gate, theHint) {
		t.Errorf("the gate tells a stranger what the message asks for:\n%s", texts(gate))
	}
	page := b.prove(marta)
	at := page + "/passphrase"
	if a := b.get(page); a.location() != at {
		t.Fatalf("after a passcode: %d to %q", a.status, a.location())
	}
	b.keptFor("after a passcode", id, asksForIt)
	a := b.get(at)
	if said := texts(a.body); a.status != http.StatusOK || !strings.Contains(said, "Enter the passphrase") || !strings.Contains(said, theHint) || strings.Contains(a.body, secretSubject) {
		t.Errorf("the page: %d\n%s", a.status, said)
	}
	if list := b.get("/messages"); strings.Contains(list.body, secretSubject) || !strings.Contains(list.body, "Asks for its passphrase") {
		t.Errorf("My messages:\n%s", texts(list.body))
	}
	for _, wrong := range []string{"", "seven quiet ärmel lamps", theWords + "!"} {
		if a := b.give(id, wrong); a.status != http.StatusUnprocessableEntity || !strings.Contains(texts(a.body), "The passphrase is not right") || wrong != "" && strings.Contains(a.body, wrong) {
			t.Errorf("%q: %d\n%s", wrong, a.status, texts(a.body))
		}
	}
	before := b.cookies[hostPrefix+readerCookie]
	// A decomposed letter and blanks around it are the same words.
	if a := b.give(id, "  seven quiet A\u0308rmel lamps "); a.status != http.StatusSeeOther || a.location() != page {
		t.Fatalf("the passphrase: %d to %q\n%s", a.status, a.location(), texts(a.body))
	}
	if b.cookies[hostPrefix+readerCookie] == before {
		t.Error("the session has gained rights under its old id")
	}
	old := w.browser()
	old.cookies[hostPrefix+readerCookie] = before
	if a := old.get(page); a.status == http.StatusOK {
		t.Error("the old id is worth something")
	}
	if a := b.get(page); a.status != http.StatusOK || a.heading() != secretSubject {
		t.Fatalf("after it: %d %q", a.status, a.heading())
	}
	if a := b.get(at); a.location() != page {
		t.Errorf("the page for it, after it: %d to %q", a.status, a.location())
	}
	if a := b.get(link); a.location() != page {
		t.Errorf("the link, after it: %d to %q", a.status, a.location())
	}
	w.clock.advance(letterlock.FreshFor)
	b.keptFor("half an hour later", id, asksForIt)
	if said := texts(w.browser().signIn(nora).get("/trace/" + string(id)).body); !strings.Contains(said, "Wrong passphrase") || !strings.Contains(said, "with a passphrase") {
		t.Errorf("the trace:\n%s", said)
	}
}

func TestAPassphraseOpensNoOtherMessage(t *testing.T) {
	w := newWorld(t)
	first := w.sendTold(theWords, marta)
	other := w.sendTold("nine other words here", marta)
	b := w.browser()
	b.prove(marta)
	if a := b.give(other, theWords); a.status != http.StatusUnprocessableEntity {
		t.Errorf("the words of another message: %d", a.status)
	}
	if a := b.give(first, theWords); a.status != http.StatusSeeOther {
		t.Fatalf("its own: %d", a.status)
	}
	b.keptFor("with the passphrase of another", other, asksForIt)
	// Nor does it open anything to somebody else, or without the mailbox.
	o := w.browser()
	w.send(ada, letterlock.EncryptOnly, omar)
	o.prove(omar)
	if a := o.give(first, theWords); a.status != http.StatusForbidden || strings.Contains(a.body, theHint) {
		t.Errorf("somebody else: %d %q", a.status, a.heading())
	}
	if a := w.browser().give(first, theWords); a.status == http.StatusSeeOther && strings.HasPrefix(a.location(), "/read/") || strings.Contains(a.body, theHint) {
		t.Errorf("nobody: %d to %q", a.status, a.location())
	}
}

// Fifty browsers have five guesses together.
func TestGuessingFromManyBrowsersIsThrottledTogether(t *testing.T) {
	w := newWorld(t)
	id := w.sendTold(theWords, marta, jonas)
	w.link(marta)
	browsers := make([]*browser, 50)
	for i := range browsers {
		session, _, err := w.server.Sessions.Start(t.Context(), letterlock.Actor{Kind: letterlock.Reader, Address: marta, Proof: letterlock.ByPasscode})
		if err != nil {
			t.Fatal(err)
		}
		browsers[i] = w.browser()
		browsers[i].cookies[hostPrefix+readerCookie] = session
	}
	var wrong, late atomic.Int32
	var all sync.WaitGroup
	for i, b := range browsers {
		all.Go(func() {
			a := b.give(id, fmt.Sprintf("guess number %d", i))
			for a.status == http.StatusServiceUnavailable { // the lane is full
				a = b.give(id, fmt.Sprintf("guess number %d", i))
			}
			switch a.status {
			case http.StatusUnprocessableEntity:
				wrong.Add(1)
			case http.StatusTooManyRequests:
				late.Add(1)
			default:
				t.Errorf("a guess: %d %q", a.status, a.heading())
			}
		})
	}
	all.Wait()
	if wrong.Load() != 4 || late.Load() != 46 { // the fifth says that it was the last
		t.Errorf("%d guesses were compared and %d were not, want 4 and 46", wrong.Load(), late.Load())
	}
	b := browsers[0]
	if a := b.give(id, theWords); a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") != "60" || !strings.Contains(texts(a.body), "You can try again in") {
		t.Errorf("the right one, while it is closed: %d, Retry-After %q", a.status, a.header.Get("Retry-After"))
	}
	other := w.browser()
	session, _, err := w.server.Sessions.Start(t.Context(), letterlock.Actor{Kind: letterlock.Reader, Address: jonas, Proof: letterlock.ByPasscode})
	if err != nil {
		t.Fatal(err)
	}
	other.cookies[hostPrefix+readerCookie] = session
	if a := other.give(id, theWords); a.status != http.StatusSeeOther {
		t.Errorf("another recipient meanwhile: %d", a.status)
	}
	events := 0
	err = w.db.Read(t.Context(), func(tx *store.Tx) error {
		all, err := tx.Events(id)
		for _, list := range all {
			for _, e := range list {
				if e.Kind == letterlock.PassphraseWrong {
					events++
				}
			}
		}
		return err
	})
	if err != nil || events != 5 {
		t.Errorf("%d wrong tries in the history, %v; want 5", events, err)
	}
	// The wait grows to 15 minutes and no further, and ends.
	for _, wait := range []time.Duration{1, 2, 4, 8, 15, 15} {
		w.clock.advance(wait * time.Minute)
		for n := range 5 {
			if a := b.give(id, "wrong again"); (a.status == http.StatusTooManyRequests) != (n == 4) {
				t.Fatalf("after %d minutes, try %d: %d", wait, n+1, a.status)
			}
		}
	}
	w.clock.advance(15 * time.Minute)
	if a := b.give(id, theWords); a.status != http.StatusSeeOther {
		t.Errorf("the right one in the end: %d", a.status)
	}
}

func TestAMessageRevokedWhileThePassphraseIsTypedSaysSo(t *testing.T) {
	w := newWorld(t)
	id := w.sendTold(theWords, marta)
	b := w.browser()
	page := b.prove(marta)
	if a := b.get(page + "/passphrase"); a.status != http.StatusOK {
		t.Fatalf("the page: %d", a.status)
	}
	if err := w.server.Access.Revoke(t.Context(), w.actors[ada], id, ""); err != nil {
		t.Fatal(err)
	}
	b = w.browser()
	b.prove(marta)
	if a := b.give(id, theWords); a.status != http.StatusGone || a.heading() != revoked {
		t.Errorf("revoked: %d %q", a.status, a.heading())
	}
	if a := b.get(page + "/passphrase"); a.status != http.StatusGone || strings.Contains(a.body, theHint) {
		t.Errorf("revoked, the page: %d", a.status)
	}
}

func TestComposeTakesAPassphraseThatNothingElseSays(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(ada)
	form := func(asks, words, hint, text string) filled {
		return sending([2]string{"to", string(marta)}, [2]string{"subject", "Offer"}, [2]string{"text", text},
			[2]string{"protection", "encrypt-only"}, [2]string{"asks", asks}, [2]string{"passphrase", words}, [2]string{"hint", hint})
	}
	for _, tt := range []struct{ name, asks, words, hint, text, want string }{
		{"none", "passphrase", "  ", "", "Yes.", "Choose a passphrase of at least 8 characters"},
		{"short", "passphrase", "abcdefg ", "", "Yes.", "A passphrase has at least 8 characters"},
		{"in the hint", "passphrase", theWords, "It is SEVEN quiet ärmel lamps", "Yes.", "The hint says the passphrase"},
		{"in the text", "passphrase", theWords, "", "The passphrase is " + theWords + ".", "The subject or the message says the passphrase"},
		{"a long hint", "passphrase", theWords, strings.Repeat("x", 121), "Yes.", "A hint has at most 120 characters"},
	} {
		a := form(tt.asks, tt.words, tt.hint, tt.text).post(b, "/compose")
		if said := texts(a.body); a.status != http.StatusUnprocessableEntity || !strings.Contains(said, tt.want) {
			t.Errorf("%s: %d\n%s", tt.name, a.status, said)
		}
	}
	for _, asks := range []string{"passphrase", ""} { // what was typed is meant, whatever was chosen
		a := form(asks, theWords, theHint, "Yes.").post(b, "/compose")
		if a.status != http.StatusSeeOther {
			t.Fatalf("asking for %q: %d\n%s", asks, a.status, texts(a.body))
		}
		if said := texts(b.get(a.location()).body); !strings.Contains(said, "Encrypt only, with a passphrase") || strings.Contains(said, theWords) {
			t.Errorf("Sent:\n%s", said)
		}
		w.deliver()
		r := w.browser()
		page := r.prove(marta)
		if a := r.give(letterlock.ID(strings.TrimPrefix(page, "/read/")), theWords); a.location() != page || r.get(page).heading() != "Offer" {
			t.Errorf("giving it: %d to %q", a.status, a.location())
		}
	}
}

func TestAForwardedCopyAsksForThePassphraseOfItsOriginal(t *testing.T) {
	w := newWorld(t)
	id := w.sendTold(theWords, marta)
	b := w.browser()
	page := b.prove(marta)
	b.give(id, theWords)
	if a := answerOf("For you.", string(omar)).post(b, page+"/forward"); a.status != http.StatusSeeOther {
		t.Fatalf("forwarding: %d\n%s", a.status, texts(a.body))
	}
	w.deliver()
	o := w.browser()
	copied := letterlock.ID(strings.TrimPrefix(o.prove(omar), "/read/"))
	o.keptFor("the copy", copied, asksForIt)
	if a := o.give(copied, theWords); a.status != http.StatusSeeOther || o.get(a.location()).status != http.StatusOK {
		t.Errorf("its passphrase: %d", a.status)
	}
}
