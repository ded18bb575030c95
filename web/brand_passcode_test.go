package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"letterlock/internal/brand"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
)

// passcodesOff has a brand want no passcodes any more.
func (w *world) passcodesOff(id string) {
	w.t.Helper()
	e, err := w.server.Brands.Brand(w.t.Context(), w.actors[grace], id)
	if err == nil {
		err = w.server.Brands.Change(w.t.Context(), w.actors[grace], id, e.Version, brand.Changes{brand.Passcode: "no"})
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func TestWithoutPasscodesAProviderIsTheOnlyWayIn(t *testing.T) {
	w, at := vouching(t)
	w.brand("legal", nil)
	id := w.sendWith("legal", marta)
	link, waiting, open := w.link(marta), w.browser(), w.browser()
	page := open.prove(marta)
	open.post(link+"/continue", nil)
	waiting.post(link+"/passcode", nil)
	w.deliver()
	code := w.passcode(marta)
	waiting.post(link+"/release", nil)
	w.passcodesOff("legal")
	mails := len(w.box.Mails(marta))

	gate := w.browser().get(link)
	if said := texts(gate.body); strings.Contains(said, "one-time passcode") || strings.Contains(said, "Remember") || !strings.Contains(said, "Sign in with Quill") {
		t.Errorf("the gate:\n%s", said)
	}
	for what, a := range map[string]answer{
		"asking for one":  w.browser().post(link+"/passcode", nil),
		"asking again":    waiting.post(link+"/passcode/again", nil),
		"the page for it": waiting.get(link + "/passcode"),
		"typing it":       waiting.post(link+"/verify", url.Values{"code": {code}}),

		"asking the sender for a code": waiting.post(link+"/release", nil),
		"the page for that":            waiting.get(link + "/release"),
		"typing that":                  waiting.post(link+"/release/verify", url.Values{"code": {code}}),
	} {
		if a.status != http.StatusSeeOther || a.location() != link {
			t.Errorf("%s: %d to %q", what, a.status, a.location())
		}
	}
	if w.deliver(); len(w.box.Mails(marta)) != mails {
		t.Error("a passcode was mailed")
	}
	// The sentence of the core, whatever the page says.
	r := w.recipient(id, marta)
	if _, err := w.server.Passcodes.Ask(t.Context(), r.ID, "browser", "192.0.2.1"); letterlock.KeyOf(err) != "passcode-off" {
		t.Errorf("asking the core: %v", err)
	}
	if _, err := w.server.Passcodes.Verify(t.Context(), r.ID, "browser", code, letterlock.Actor{}); letterlock.KeyOf(err) != "passcode-off" {
		t.Errorf("typing it there: %v", err)
	}
	open.keptFor("in a session that a passcode has opened", id, "This message asks for another sign-in")
	again := open.get(page + "/prove")
	if said := texts(again.body); !strings.Contains(said, "Contoso asks you to sign in with Quill; a passcode is not enough.") || strings.Contains(said, "Its sender") {
		t.Errorf("the gate after a passcode:\n%s", said)
	}
	b := w.browser()
	if a := b.get(b.returns(at, b.leave(link, nil)).location()); a.heading() != secretSubject {
		t.Errorf("by the provider: %d %q", a.status, a.heading())
	}
	if said := texts(w.browser().signIn(ada).get("/sent/" + string(id)).body); !strings.Contains(said, "Encrypt only, with OpenID only") || strings.Contains(said, "One-time passcode") || strings.Contains(said, "Cannot sign in") {
		t.Errorf("Sent:\n%s", said)
	}
	if said := texts(w.browser().signIn(ada).get("/sent/" + string(id)).body); !strings.Contains(said, "There is no code to read out: the brand of the message wants no passcodes.") {
		t.Errorf("the request for a release code in Sent:\n%s", said)
	}
	w.sendWith("legal", marta)
	if said := w.box.Mails(marta)[0].Text(); !strings.Contains(said, "Sign in with the provider of your mailbox") || strings.Contains(said, "You need no account.") {
		t.Errorf("the notification:\n%s", said)
	}

	// The settings lose the provider.
	w.server.Vouch.Providers = nil
	if said := texts(w.browser().get(link).body); !strings.Contains(said, "It cannot be opened now") || strings.Contains(said, "Sign in with") {
		t.Errorf("the gate without its provider:\n%s", said)
	}
	if said := texts(w.browser().signIn(ada).get("/sent/" + string(id)).body); !strings.Contains(said, "Cannot sign in: no provider that is set up here vouches for this mailbox") {
		t.Errorf("Sent, without the provider:\n%s", said)
	}
}

func TestNobodyIsSentWhatABrandWithoutPasscodesKeepsClosed(t *testing.T) {
	w, _ := vouching(t)
	w.brand("legal", nil)
	w.passcodesOff("legal")
	form := sending([2]string{"to", string(marta) + ", " + string(jonas)}, [2]string{"subject", "Offer"}, [2]string{"text", "Yes."},
		[2]string{"protection", "encrypt-only"}, [2]string{"brand", "legal"})
	a := form.post(w.browser().signIn(ada), "/compose")
	if said := texts(a.body); a.status != http.StatusUnprocessableEntity ||
		!strings.Contains(said, "Nobody could open it: its brand wants no passcodes, and no OpenID provider that is set up here can vouch for "+string(jonas)) {
		t.Errorf("Compose: %d\n%s", a.status, said)
	}
	_, err := w.server.Intake.Accept(t.Context(), w.actors[ada], intake.Envelope{Recipients: []letterlock.Address{jonas}, Brand: "legal", Protection: letterlock.EncryptOnly, Via: letterlock.BySubmission},
		strings.NewReader(mail(ada, jonas)))
	if letterlock.KeyOf(err) != "unprovable" {
		t.Errorf("a mail: %v", err)
	}
}

// A search that found what the list does not show would tell it letter by letter.
func TestMyMessagesAreNotSearchedForWhatABrandHides(t *testing.T) {
	w, at := vouching(t)
	w.brand("legal", nil)
	w.brand("north", brand.Changes{brand.Passcode: "yes"})
	w.brand("gone", nil)
	sent := map[string]letterlock.ID{}
	for _, id := range []string{"", "legal", "north", "gone"} {
		sent[id] = w.sendWith(id, marta)
	}
	b := w.browser()
	b.returns(at, b.leave(w.link(marta), nil))
	check := func(when string, found ...string) {
		t.Helper()
		for _, search := range []string{"settlement", "ada@contoso", ""} {
			list, _ := mine(b.get("/messages?q=" + search).body)
			for brand, id := range sent {
				if want := search != "settlement" || slices.Contains(found, brand); slices.Contains(list, string(id)) != want {
					t.Errorf("%s: a search for %q finds the message of brand %q: %v", when, search, brand, !want)
				}
			}
		}
	}
	check("with passcodes", "", "legal", "north", "gone")
	w.passcodesOff("legal")
	check("one brand without", "", "north", "gone")
	if err := w.server.Brands.Delete(t.Context(), w.actors[grace], "gone"); err != nil {
		t.Fatal(err)
	}
	check("another brand deleted", "", "north", "gone")
	w.passcodesOff(brand.Default)
	check("the default brand without", "north")
}
