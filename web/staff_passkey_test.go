package web

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/passkeytest"
)

var makeShown = regexp.MustCompile(`data-make="([^"]+)"`)

// begin has the browser told to make a passkey, for whoever is signed in.
func (b *browser) begin(name string, proof url.Values) []byte {
	b.w.t.Helper()
	fields := url.Values{"name": {name}, "password": {password}}
	for k, v := range proof {
		fields[k] = v
	}
	a := b.post("/account/security/passkeys", fields)
	m := makeShown.FindStringSubmatch(a.body)
	if a.status != http.StatusOK || m == nil {
		b.w.t.Fatalf("adding a passkey: %d %q", a.status, a.heading())
	}
	return []byte(html.UnescapeString(m[1]))
}

// addPasskey gives whoever uses the browser a passkey, and returns what is answered.
func (b *browser) addPasskey(d *passkeytest.Device, name string, proof url.Values) answer {
	b.w.t.Helper()
	return b.post("/account/security/passkeys/made", url.Values{"answer": {string(d.Make(b.begin(name, proof)))}})
}

// asked has the device answer the question that the browser is asked there.
func (b *browser) asked(d *passkeytest.Device, at string) url.Values {
	b.w.t.Helper()
	a := b.post(at, nil)
	if a.status != http.StatusOK || !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") {
		b.w.t.Fatalf("%s: %d", at, a.status)
	}
	return url.Values{"answer": {string(d.AnswerWith(d.Newest(), []byte(a.body)))}}
}

func (b *browser) alone(d *passkeytest.Device) answer {
	b.w.t.Helper()
	return b.post("/sign-in/passkey", b.asked(d, "/sign-in/passkey/question"))
}

func TestAPasskeyIsAddedUsedAndRemoved(t *testing.T) {
	w := newWorld(t)
	before, b, d := w.browser().signIn(ada), w.browser().signIn(ada), passkeytest.New(t, publicURL)
	done := b.addPasskey(d, "Telephone", nil)
	if codes := codeShown.FindAllString(done.body, -1); done.status != http.StatusOK || len(codes) != 10 {
		t.Fatalf("added: %d, %d recovery codes", done.status, len(codes))
	}
	if a := before.get("/sent"); a.status != http.StatusSeeOther {
		t.Errorf("a session from before is open still: %d", a.status)
	}
	page := b.get("/account/security")
	remove := regexp.MustCompile(`action="(/account/security/passkeys/[^/"]+/remove)"`).FindStringSubmatch(page.body)
	if page.status != http.StatusOK || !strings.Contains(page.body, "Telephone") || remove == nil {
		t.Fatalf("the page does not list it: %d", page.status)
	}
	alone := w.browser()
	form := alone.asked(d, "/sign-in/passkey/question")
	form.Set("next", "/compose")
	if a := alone.post("/sign-in/passkey", form); a.status != http.StatusSeeOther || a.location() != "/compose" {
		t.Fatalf("alone: %d to %q", a.status, a.location())
	}
	if a := alone.get("/sent"); a.status != http.StatusOK {
		t.Errorf("signed in by it alone: %d", a.status)
	}
	second := w.halfWay(ada)
	if a := second.get("/sign-in/second"); !strings.Contains(a.body, "show your passkey") {
		t.Error("the second step does not ask for it")
	}
	if a := second.post("/sign-in/second", second.asked(d, "/sign-in/second/question")); a.status != http.StatusSeeOther || a.location() != "/sent" {
		t.Fatalf("after the password: %d to %q", a.status, a.location())
	}
	if a := second.get("/sent"); a.status != http.StatusOK {
		t.Errorf("after both: %d", a.status)
	}
	for name, proof := range map[string]url.Values{"the password alone": {"password": {password}}, "the passkey alone": b.asked(d, "/account/security/question")} {
		if a := b.post(remove[1], proof); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "Nothing was changed") {
			t.Errorf("removed with %s: %d", name, a.status)
		}
	}
	proof := b.asked(d, "/account/security/question")
	proof.Set("password", password)
	proof.Set("name", strings.Repeat("x", 65))
	rename := strings.TrimSuffix(remove[1], "remove") + "rename"
	if a := b.post(rename, proof); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, proof.Get("name")) || !strings.Contains(a.body, "1 to 64 characters") {
		t.Errorf("a name that is too long: %d", a.status)
	}
	proof.Set("name", "<b>Key ring")
	if a := b.post(rename, proof); a.status != http.StatusSeeOther || a.location() != "/account/security?done=passkey-renamed" {
		t.Fatalf("renaming: %d to %q", a.status, a.location())
	}
	if page := b.get("/account/security?done=passkey-renamed").body; !strings.Contains(page, "&lt;b&gt;Key ring") || !strings.Contains(page, "The passkey is renamed.") || strings.Contains(page, "passkey <bdi>Telephone") {
		t.Errorf("the page does not list it under its name")
	}
	proof = b.asked(d, "/account/security/question")
	proof.Set("password", password)
	if a := b.post(remove[1], proof); a.status != http.StatusSeeOther || a.location() != "/account/security?done=passkey-removed" {
		t.Fatalf("removing: %d to %q", a.status, a.location())
	}
	if a := w.browser().alone(d); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "lets nobody in here") {
		t.Errorf("afterwards: %d", a.status)
	}
	if a := w.browser().post("/sign-in", signInForm(string(ada), password, "")); a.location() != "/sent" {
		t.Errorf("the password alone afterwards leads to %q", a.location())
	}
	said := fmt.Sprint(w.audit())
	for _, want := range []string{"begin passkey", "add passkey", "show passkey", "rename passkey", "remove passkey", "passkey-unknown"} {
		if !strings.Contains(said, want) {
			t.Errorf("the audit log does not say %q", want)
		}
	}
}

func TestWrongPasskeysAreToldWhatIsWrongAndGetNoSession(t *testing.T) {
	w := newWorld(t)
	d := passkeytest.New(t, publicURL)
	w.browser().signIn(ada).addPasskey(d, "Telephone", nil)
	good := *d
	for want, lie := range map[string]func(*passkeytest.Device){
		"another site":      func(d *passkeytest.Device) { d.Origin = "https://mail.contoso.example.evil.example" },
		"answered before":   func(d *passkeytest.Device) { d.Challenge = "c29tZXRoaW5nIGVsc2UgYWx0b2dldGhlcg" },
		"fingerprint":       func(d *passkeytest.Device) { d.Unverified = true },
		"counted backwards": func(d *passkeytest.Device) { d.Still, d.Count = true, 0 },
		"to another site":   func(d *passkeytest.Device) { d.Party = "contoso.example" },
	} {
		lie(d)
		alone, second := w.browser(), w.halfWay(ada)
		for where, a := range map[string]answer{"alone": alone.alone(d), "second": second.post("/sign-in/second", second.asked(d, "/sign-in/second/question"))} {
			if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, want) {
				t.Errorf("%s, %s: %d", want, where, a.status)
			}
		}
		for _, b := range []*browser{alone, second} {
			if a := b.get("/sent"); a.status != http.StatusSeeOther {
				t.Errorf("%s: the page opens with %d", want, a.status)
			}
		}
		*d = good
		w.clock.advance(25 * time.Hour)
	}
	// The answer that one browser gives to its question is worth nothing in another.
	one, other := w.browser(), w.browser()
	answer := one.asked(d, "/sign-in/passkey/question")
	other.asked(d, "/sign-in/passkey/question")
	for name, b := range map[string]*browser{"another question": other, "no question": w.browser()} {
		if a := b.post("/sign-in/passkey", answer); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "answered before") {
			t.Errorf("in a browser with %s: %d", name, a.status)
		}
	}
	if a := one.post("/sign-in/passkey", answer); a.status != http.StatusSeeOther {
		t.Errorf("in the browser that was asked: %d", a.status)
	}
	for _, sent := range []string{"", "{", `"><script>alert(1)</script>`, strings.Repeat("A", 20<<10)} {
		b := w.browser()
		b.asked(d, "/sign-in/passkey/question")
		if a := b.post("/sign-in/passkey", url.Values{"answer": {sent}}); a.status != http.StatusUnprocessableEntity || strings.Contains(a.body, "<script>alert") {
			t.Errorf("%.20q: %d", sent, a.status)
		}
	}
}

// The passkeys of one account are worth nothing where those of another are asked for.
func TestAPasskeyOfSomebodyElseIsNoSecondFactor(t *testing.T) {
	w := newWorld(t)
	adas, eves := passkeytest.New(t, publicURL), passkeytest.New(t, publicURL)
	w.browser().signIn(ada).addPasskey(adas, "Telephone", nil)
	b := w.browser().signIn(eve)
	b.addPasskey(eves, "Telephone", nil)
	half := w.halfWay(ada)
	if a := half.post("/sign-in/second", half.asked(eves, "/sign-in/second/question")); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "lets nobody in") {
		t.Errorf("Eve's passkey after Ada's password: %d", a.status)
	}
	half = w.halfWay(ada)
	if a := half.post("/sign-in/second", half.asked(eves, "/sign-in/passkey/question")); a.status != http.StatusUnprocessableEntity {
		t.Errorf("to a question for anybody: %d", a.status)
	}
	if a := half.get("/sent"); a.status != http.StatusSeeOther {
		t.Errorf("the page opens with %d", a.status)
	}
	a := w.browser()
	a.post("/sign-in/second/question", nil)
	if got := a.post("/sign-in/second/question", nil); got.status != http.StatusNotFound || strings.Contains(got.body, "challenge") {
		t.Errorf("asked without a password: %d", got.status)
	}
}

func TestAPasskeyIsASecondFactorWhereARoleNeedsOne(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Accounts.FactorRoles = []letterlock.Role{letterlock.Admin} })
	b := w.browser().signIn(olga)
	if a := b.get("/accounts"); a.location() != "/account/security" {
		t.Fatalf("without a second factor: %d to %q", a.status, a.location())
	}
	d := passkeytest.New(t, publicURL)
	b.addPasskey(d, "Key ring", nil)
	if a := b.get("/accounts"); a.status != http.StatusOK {
		t.Errorf("with a passkey: %d", a.status)
	}
	page := w.browser()
	page.alone(d)
	if a := page.get(accountURL(olga)); a.status != http.StatusOK || !strings.Contains(a.body, "1 passkey. ") {
		t.Errorf("the account's page: %d", a.status)
	}
}

// Where an app is added beside a passkey, and the other way round, both are shown.
func TestOneFactorIsNotAddedWithoutTheOther(t *testing.T) {
	w := newWorld(t)
	b, d := w.browser().signIn(ada), passkeytest.New(t, publicURL)
	b.addPasskey(d, "Telephone", nil)
	page := b.get("/account/security/app")
	phone := app{w, keyOf(t, page.body)}
	if a := b.post("/account/security/app", url.Values{"code": {phone.code(0)}, "password": {password}}); a.status != http.StatusUnprocessableEntity {
		t.Errorf("an app with the password alone: %d", a.status)
	}
	proof := b.asked(d, "/account/security/question")
	proof.Set("code", phone.code(0))
	proof.Set("password", password)
	if a := b.post("/account/security/app", proof); a.status != http.StatusSeeOther || a.location() != "/account/security?done=app" {
		t.Errorf("with the passkey: %d to %q", a.status, a.location())
	}
	if a := b.post("/account/security/passkeys", url.Values{"name": {"Key ring"}, "password": {password}}); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, `value="Key ring"`) {
		t.Errorf("another passkey with the password alone: %d", a.status)
	}
	w.clock.advance(time.Minute)
	if a := b.addPasskey(passkeytest.New(t, publicURL), "Key ring", url.Values{"code": {phone.code(0)}}); a.status != http.StatusSeeOther || a.location() != "/account/security?done=passkey" {
		t.Errorf("with a code: %d to %q", a.status, a.location())
	}
}

// The page before anybody has signed in has a script where passkeys need it, and there alone.
func TestTheDoorHasAScriptOnlyWhereThereArePasskeys(t *testing.T) {
	for _, here := range []bool{true, false} {
		w := newWorld(t, func(o *Options) {
			if !here {
				o.Accounts.Passkeys = nil
			}
		})
		a := w.browser().get("/sign-in")
		policy := a.header.Get("Content-Security-Policy")
		if got := strings.Contains(a.body, "<script"); got != here || strings.Contains(a.body, "passkey") != here {
			t.Errorf("with passkeys %v: a script %v", here, got)
		}
		if want := map[bool]csp{true: policyDoor, false: policyEnd}[here]; policy != string(want) || strings.Contains(policy, "unsafe") {
			t.Errorf("with passkeys %v: the policy is %q", here, policy)
		}
		if here {
			continue
		}
		if got := w.browser().post("/sign-in/passkey/question", nil); got.status != http.StatusNotFound {
			t.Errorf("asked where there are none: %d", got.status)
		}
	}
}
