package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
)

// sendVouched sends Marta a message that a passcode does not open.
func (w *world) sendVouched() letterlock.ID {
	w.t.Helper()
	return w.submit(ada, intake.Envelope{Recipients: []letterlock.Address{marta}, Asks: letterlock.ByProvider}, mail(ada, marta))
}

func TestAMessageThatAsksForAProviderIsNotServedForAPasscode(t *testing.T) {
	w, at := vouching(t)
	asking := w.sendVouched()
	link := w.link(marta)
	b := w.browser()
	if gate := texts(b.get(link).body); !strings.Contains(gate, "Sign in with a one-time passcode") || strings.Contains(gate, "not enough") {
		t.Errorf("the gate tells a stranger what the message asks for:\n%s", gate)
	}
	page := b.prove(marta)
	b.keptFor("with a passcode", asking, "This message asks for another sign-in")
	prove := b.get(page).location()
	if prove != page+"/prove" {
		t.Fatalf("a passcode leads to %q", prove)
	}
	gate := b.get(prove)
	if said := texts(gate.body); !strings.Contains(said, "Its sender asks you to sign in with Quill; a passcode is not enough.") || strings.Contains(gate.body, prove+"/passcode") {
		t.Errorf("after a passcode:\n%s", said)
	}
	mails := len(w.box.Mails(marta))
	if a := b.post(prove+"/passcode", nil); a.status != http.StatusSeeOther || a.location() != prove {
		t.Errorf("asking for another passcode: %d to %q", a.status, a.location())
	}
	if w.deliver(); len(w.box.Mails(marta)) != mails {
		t.Error("another passcode was mailed")
	}
	list := b.get("/messages")
	if strings.Contains(list.body, secretSubject) || !strings.Contains(list.body, "Asks for another sign-in") {
		t.Errorf("My messages:\n%s", texts(list.body))
	}
	if to := b.leave(prove, nil); strings.Contains(to, "prompt=login") {
		t.Error("a new sign-in is asked for, which some providers cannot give")
	} else if a := b.returns(at, to); a.location() != page {
		t.Fatalf("the provider: %d to %q", a.status, a.location())
	}
	if a := b.get(page); a.status != http.StatusOK || a.heading() != secretSubject {
		t.Errorf("with the provider: %d %q", a.status, a.heading())
	}
	// From the link, too, without a passcode before.
	other := w.browser()
	if a := other.returns(at, other.leave(link, nil)); other.get(a.location()).heading() != secretSubject {
		t.Errorf("by the provider alone: %d to %q", a.status, a.location())
	}
	if err := w.server.Access.Revoke(t.Context(), w.actors[ada], asking, ""); err != nil {
		t.Fatal(err)
	}
	for name, who := range map[string]*browser{"by the provider": b, "by a passcode": w.browser()} {
		if who != b {
			who.prove(marta)
		}
		if a := who.get(page); a.status != http.StatusGone || a.heading() != revoked {
			t.Errorf("revoked, %s: %d %q", name, a.status, a.heading())
		}
	}
}

func TestARememberedBrowserIsNoProvider(t *testing.T) {
	w, at := vouching(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser()
	b.returns(at, b.leave(w.link(marta), url.Values{"remember": {"yes"}}))
	b.post("/portal/sign-out", nil)
	asking := w.sendVouched()
	link := w.link(marta)
	if a := b.post(link+"/continue", nil); a.location() != link {
		t.Errorf("continuing: %d to %q", a.status, a.location())
	}
	if gate := texts(b.get(link).body); strings.Contains(gate, "one-time passcode") || !strings.Contains(gate, "a passcode is not enough") {
		t.Errorf("the gate in a remembered browser:\n%s", gate)
	}
	id, _, err := w.server.Sessions.Start(t.Context(), letterlock.Actor{Kind: letterlock.Reader, Address: marta, Proof: letterlock.ByBrowser})
	if err != nil {
		t.Fatal(err)
	}
	b.cookies[hostPrefix+readerCookie] = id
	b.keptFor("in a remembered browser", asking, "This message asks for another sign-in")
}

// The settings may lose a provider after a message was sent.
func TestWithoutItsProviderAMessageStaysClosedAndSaysSo(t *testing.T) {
	w, _ := vouching(t)
	asking := w.sendVouched()
	w.server.Vouch.Providers = nil
	b := w.browser()
	page := b.prove(marta)
	a := b.get(page + "/prove")
	if said := texts(a.body); !strings.Contains(said, "none is set up here any more") || !strings.Contains(said, "Ask Contoso to set one up again") || strings.Contains(said, "Sign in with") {
		t.Errorf("the gate: %d\n%s", a.status, said)
	}
	b.keptFor("without a provider", asking, "This message asks for another sign-in")
}

func TestComposeRefusesWhatSomeCouldNeverOpen(t *testing.T) {
	w, _ := vouching(t)
	b := w.browser().signIn(ada)
	form := func(to string) filled {
		return sending([2]string{"to", to}, [2]string{"subject", "Offer"}, [2]string{"text", "Yes."},
			[2]string{"protection", "encrypt-only"}, [2]string{"asks", "openid"})
	}
	a := form(string(marta)+", "+string(jonas)).post(b, "/compose")
	if said := texts(a.body); a.status != http.StatusUnprocessableEntity || !strings.Contains(said, "Nobody could open it: no OpenID provider that is set up here can vouch for "+string(jonas)) ||
		!strings.Contains(a.body, `<option value="openid" selected>`) {
		t.Errorf("to somebody without a provider: %d\n%s", a.status, said)
	}
	a = form(string(marta)).post(b, "/compose")
	if a.status != http.StatusSeeOther {
		t.Fatalf("to Marta: %d\n%s", a.status, texts(a.body))
	}
	if said := texts(b.get(a.location()).body); !strings.Contains(said, "Encrypt only, with OpenID only") {
		t.Errorf("Sent does not say so:\n%s", said)
	}
}

// It takes a provider to read the copy, and whoever forwards it is told.
func TestAForwardedCopyGoesToThoseWhoCouldOpenIt(t *testing.T) {
	w, at := vouching(t)
	w.sendVouched()
	b := w.browser()
	page := b.returns(at, b.leave(w.link(marta), nil)).location()
	a := answerOf("For you.", string(omar)).post(b, page+"/forward")
	if said := texts(a.body); a.status != http.StatusUnprocessableEntity || !strings.Contains(said, "can vouch for "+string(omar)) {
		t.Errorf("forwarding: %d\n%s", a.status, said)
	}
}
