package web

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"letterlock/internal/letterlock"
)

// lena is new at the organisation.
const lena = letterlock.Address("lena.voss@contoso.example")

var system = letterlock.Actor{Kind: letterlock.System}

// invite gives somebody a new account, or resets the one they have, and returns
// the path of the link that they are mailed.
func (w *world) invite(a letterlock.Address) string {
	w.t.Helper()
	_, err := w.server.Accounts.Add(w.t.Context(), system, letterlock.Mailbox{Name: "Lena Voss", Address: a}, letterlock.Sender)
	if letterlock.KeyOf(err) == "account-exists" {
		_, err = w.server.Accounts.Reset(w.t.Context(), system, a)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.deliver()
	links := regexp.MustCompile(regexp.QuoteMeta(publicURL) + `(/password/\S+)`)
	for _, m := range w.box.Mails(a) { // the newest first; another may say that a password was set
		if link := links.FindStringSubmatch(m.Text()); link != nil {
			return link[1]
		}
	}
	w.t.Fatalf("no link in the mails to %s", a)
	return ""
}

func choose(password string) url.Values { return url.Values{"password": {password}} }

func TestWhoIsInvitedSetsAPasswordAndSignsIn(t *testing.T) {
	w := newWorld(t)
	link, b := w.invite(lena), w.browser()
	a := b.get(link)
	if a.status != 200 || a.heading() != "Set your password for Contoso" || !strings.Contains(texts(a.body), "At least 8 characters") {
		t.Errorf("the page: %d %q\n%s", a.status, a.heading(), texts(a.body))
	}
	if !strings.Contains(a.body, `autocomplete="new-password"`) || strings.Contains(a.body, "lena") || strings.Contains(a.body, "Voss") || strings.Contains(a.body, "<script") {
		t.Errorf("the page names its holder, runs a script, or lets no program make a password:\n%s", a.body)
	}
	short := b.post(link, choose("1234567"))
	if short.status != 422 || !strings.Contains(short.body, "A password has 8 to 256 characters") || strings.Contains(short.body, "1234567") {
		t.Errorf("a short password: %d %q", short.status, texts(short.body))
	}
	done := b.post(link, choose("a password of my own"))
	if done.status != http.StatusSeeOther || len(b.cookies) > 0 {
		t.Fatalf("setting a password: %d %q, cookies %v; want 303 and nobody signed in", done.status, texts(done.body), b.cookies)
	}
	if a := b.get(done.location()); a.heading() != "Sign in to Contoso" || !strings.Contains(a.body, "Your password is set.") {
		t.Errorf("after that %s says:\n%s", done.location(), texts(a.body))
	}
	if a := b.post("/sign-in", signInForm(string(lena), "a password of my own", "")); a.status != 303 || b.get("/sent").status != 200 {
		t.Errorf("signing in with it: %d", a.status)
	}
	if strings.Contains(w.log.String(), strings.TrimPrefix(link, "/password/")) || strings.Contains(w.log.String(), "a password of my own") {
		t.Error("a link or a password is in the log")
	}
}

func TestLinksToSetAPasswordThatDoNotWorkAnswerAlike(t *testing.T) {
	w := newWorld(t)
	used := w.invite(lena)
	if a := w.browser().post(used, choose("a password of my own")); a.status != 303 {
		t.Fatal(a.status)
	}
	replaced := w.invite(lena)
	expired := w.invite(lena)
	w.clock.advance(24 * time.Hour)
	pages := map[string]bool{}
	for name, link := range map[string]string{
		"unknown": "/password/" + strings.Repeat("A", 43), "malformed": "/password/x", "escaped": "/password/%3Cscript%3E%00",
		"endless": "/password/" + strings.Repeat("A", 9000), "used": used, "replaced": replaced, "expired": expired,
	} {
		for _, a := range []answer{w.browser().get(link), w.browser().post(link, choose("another password")), w.browser().post(link, choose(""))} {
			if a.status != 404 || a.heading() != "This link does not work" {
				t.Errorf("%s: %d %q", name, a.status, a.heading())
			}
			pages[a.body] = true
		}
	}
	if len(pages) != 1 {
		t.Errorf("%d different pages, want one for all", len(pages))
	}
	if a := w.browser().post("/sign-in", signInForm(string(lena), "another password", "")); a.status != 422 {
		t.Errorf("a link that does not work has set a password: %d", a.status)
	}
}

func TestScannersDoNotUseUpALinkToSetAPassword(t *testing.T) {
	w := newWorld(t)
	link := w.invite(lena)
	for _, agent := range scanners {
		b := w.browser()
		b.header.Set("User-Agent", agent)
		for _, method := range []string{"GET", "HEAD", "OPTIONS"} {
			b.do(method, link+"?password=chosen-by-a-scanner", nil, "")
		}
		if len(b.cookies) > 0 {
			t.Errorf("a scanner got cookies: %v", b.cookies)
		}
	}
	if a := w.browser().post(link+"?password=chosen-by-a-scanner", nil); a.status != 422 {
		t.Errorf("a password in the address: %d, want 422", a.status)
	}
	if a := w.browser().post(link, choose("a password of my own")); a.status != 303 {
		t.Errorf("the person after them: %d, want 303", a.status)
	}
}

func TestAnotherSiteSetsNoPassword(t *testing.T) {
	w := newWorld(t)
	link, b := w.invite(lena), w.browser()
	b.header.Set("Sec-Fetch-Site", "cross-site")
	if a := b.post(link, choose("a password of theirs")); a.status != 403 {
		t.Errorf("a form from another site: %d, want 403", a.status)
	}
	if a := w.browser().post(link, choose(strings.Repeat("x", formLimit))); a.status != 413 {
		t.Errorf("a form over the limit: %d, want 413", a.status)
	}
	if a := w.browser().get(link); a.status != 200 {
		t.Errorf("the link after both: %d, want 200", a.status)
	}
}

func TestDisabledAndResetAccountsAreOutWithTheNextRequest(t *testing.T) {
	for name, act := range map[string]func(w *world) error{
		"disabled": func(w *world) error { return w.server.Accounts.Disable(w.t.Context(), system, ada) },
		"reset":    func(w *world) error { _, err := w.server.Accounts.Reset(w.t.Context(), system, ada); return err },
	} {
		w := newWorld(t)
		b := w.browser().signIn(ada)
		if a := b.get("/sent"); a.status != 200 {
			t.Fatalf("/sent before: %d", a.status)
		}
		if err := act(w); err != nil {
			t.Fatal(err)
		}
		if a := b.get("/sent"); a.status != 303 || !strings.HasPrefix(a.location(), "/sign-in") {
			t.Errorf("%s: /sent: %d %s, want to sign in", name, a.status, a.location())
		}
		if a := b.post("/sign-in", signInForm(string(ada), password, "")); a.status != 422 {
			t.Errorf("%s: signing in with the old password: %d, want 422", name, a.status)
		}
	}
}
