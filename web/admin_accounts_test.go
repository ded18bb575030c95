package web

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"letterlock/internal/letterlock"
)

// tom is somebody whose account others act on.
const tom = letterlock.Address("tom.hill@contoso.example")

// employ gives somebody an account of a sender that can be used.
func (w *world) employ(a letterlock.Address) {
	w.t.Helper()
	m := letterlock.Mailbox{Name: "Tom Hill", Address: a}
	if err := w.server.Accounts.Put(w.t.Context(), system, m, password, letterlock.Sender); err != nil {
		w.t.Fatal(err)
	}
}

// token issues a token of an account.
func (w *world) token(of letterlock.Address) letterlock.ID {
	w.t.Helper()
	k, _, err := w.server.Accounts.IssueToken(w.t.Context(), w.actors[grace], of, "backup", []letterlock.Scope{letterlock.ScopeTrace}, time.Hour)
	if err != nil {
		w.t.Fatal(err)
	}
	return k.ID
}

func TestAdministratorInvitesAndTheHolderSetsThePassword(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(olga)
	a := b.post("/accounts", url.Values{"name": {"Lena Voss"}, "address": {string(lena)}, "role": {"sender", "auditor"}})
	if a.status != http.StatusSeeOther {
		t.Fatalf("inviting: %d\n%s", a.status, texts(a.body))
	}
	said := texts(b.get(a.location()).body)
	for _, want := range []string{"Lena Voss", "They are mailed a link to set a password.", "Was mailed a link to set a password, until 23 November 2026"} {
		if !strings.Contains(said, want) {
			t.Errorf("the account's page does not say %q:\n%s", want, said)
		}
	}
	w.deliver()
	link := regexp.MustCompile(`/password/\S+`).FindString(w.box.Mails(lena)[0].Text())
	holder := w.browser()
	holder.post(link, choose("a password of my own"))
	if a := holder.post("/sign-in", signInForm(string(lena), "a password of my own", "")); a.status != http.StatusSeeOther || a.location() != "/sent" {
		t.Errorf("signing in: %d to %q", a.status, a.location())
	}
	if list := texts(b.get("/accounts").body); !strings.Contains(list, "Lena Voss lena.voss@contoso.example Sender, Auditor Enabled") {
		t.Errorf("the list says:\n%s", list)
	}
}

func TestInvitationSaysWhatIsWrongAndKeepsWhatWasTyped(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(olga)
	tests := []struct {
		name  string
		typed url.Values
		want  string
	}{
		{"no address", url.Values{"address": {"nonsense"}, "role": {"sender"}}, "This is no address"},
		{"no role", url.Values{"address": {string(lena)}}, "Choose a role at least"},
		{"no such role", url.Values{"address": {string(lena)}, "role": {"king"}}, "Choose among these roles"},
		{"there is one", url.Values{"address": {string(ada)}, "role": {"sender"}}, "There is an account with this address already"},
		{"a name of two lines", url.Values{"name": {"Lena\r\nBcc: x"}, "address": {string(lena)}, "role": {"sender"}}, "no control characters"},
	}
	for _, tt := range tests {
		a := b.post("/accounts", tt.typed)
		if a.status != http.StatusUnprocessableEntity || !strings.Contains(texts(a.body), tt.want) || !strings.Contains(a.body, `value="`+tt.typed.Get("address")+`"`) {
			t.Errorf("%s: %d, want 422, %q and what was typed:\n%s", tt.name, a.status, tt.want, texts(a.body))
		}
	}
	if mails := w.box.Mails(lena); len(mails) > 0 {
		t.Errorf("%d mails left for what was refused", len(mails))
	}
}

func TestDisablingTakesEffectWithTheNextRequest(t *testing.T) {
	w := newWorld(t)
	holder, b := w.browser().signIn(ada), w.browser().signIn(olga)
	if a := holder.get("/sent"); a.status != http.StatusOK {
		t.Fatalf("before: %d", a.status)
	}
	to := accountURL(ada)
	if a := b.get(to + "/disable"); a.status != http.StatusOK || a.heading() != "Disable account?" || holder.get("/sent").status != http.StatusOK {
		t.Fatalf("asking: %d %q, or it disabled already", a.status, a.heading())
	}
	a := b.post(to+"/disable", nil)
	if a.status != http.StatusSeeOther || !strings.Contains(texts(b.get(a.location()).body), "The account is disabled.") {
		t.Errorf("disabling: %d to %q", a.status, a.location())
	}
	if a := holder.get("/sent"); a.status != http.StatusSeeOther || !strings.HasPrefix(a.location(), "/sign-in") {
		t.Errorf("after: %d to %q, want the page for signing in", a.status, a.location())
	}
	if a := b.post(to+"/reset", nil); a.status != http.StatusUnprocessableEntity || !strings.Contains(texts(a.body), "The account is disabled. Enable it first.") {
		t.Errorf("resetting a disabled account: %d", a.status)
	}
	b.post(to+"/enable", nil)
	if a := w.browser().post("/sign-in", signInForm(string(ada), password, "")); a.status != http.StatusSeeOther {
		t.Errorf("signing in after enabling: %d", a.status)
	}
	if got := w.entries("disable account"); !slices.Equal(got, []string{"olga@contoso.example  allowed"}) {
		t.Errorf("the audit log says %q", got)
	}
}

func TestSigningOutEverywhereEndsAllSessionsAndNothingElse(t *testing.T) {
	w := newWorld(t)
	one, two, b := w.browser().signIn(ada), w.browser().signIn(ada), w.browser().signIn(olga)
	if a := b.post(accountURL(ada)+"/sign-out", nil); a.status != http.StatusSeeOther {
		t.Fatalf("%d", a.status)
	}
	for _, holder := range []*browser{one, two} {
		if a := holder.get("/sent"); a.status != http.StatusSeeOther {
			t.Errorf("a session goes on: %d", a.status)
		}
	}
	if a := one.post("/sign-in", signInForm(string(ada), password, "")); a.status != http.StatusSeeOther {
		t.Errorf("the password works no more: %d", a.status)
	}
	if got := w.entries("sign out everywhere"); len(got) != 1 {
		t.Errorf("the audit log says %q", got)
	}
}

func TestLastAdministratorStaysOne(t *testing.T) {
	w := newWorld(t)
	if err := w.server.Accounts.SetRoles(t.Context(), system, grace, letterlock.Sender); err != nil {
		t.Fatal(err)
	}
	b := w.browser().signIn(olga)
	for path, fields := range map[string]url.Values{"/disable": nil, "/roles": {"role": {"auditor"}}} {
		a := b.post(accountURL(olga)+path, fields)
		if a.status != http.StatusForbidden || !strings.Contains(texts(a.body), "This is the last account that is an administrator's.") {
			t.Errorf("%s: %d\n%s", path, a.status, texts(a.body))
		}
	}
	if a := b.get("/accounts"); a.status != http.StatusOK {
		t.Errorf("after that: %d", a.status)
	}
}

func TestResetMailsALinkAndShowsNoPassword(t *testing.T) {
	w := newWorld(t)
	holder, b := w.browser().signIn(ada), w.browser().signIn(olga)
	a := b.post(accountURL(ada)+"/reset", nil)
	page := b.get(a.location())
	w.deliver()
	link := regexp.MustCompile(`/password/(\S+)`).FindStringSubmatch(w.box.Mails(ada)[0].Text())
	if link == nil || strings.Contains(page.body, link[1]) {
		t.Errorf("no link was mailed, or the administrator sees it: %v", link)
	}
	if holder.get("/sent").status != http.StatusSeeOther {
		t.Error("a session goes on after the reset")
	}
}

func TestSecretOfATokenIsShownOnce(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(olga)
	a := b.post("/tokens", url.Values{"name": {"nightly report"}, "account": {string(nora)}, "days": {"30"}, "scope": {"report"}})
	secret := regexp.MustCompile(`llt_[\w-]{43}`).FindString(a.body)
	if a.status != http.StatusOK || secret == "" || a.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("issuing: %d, a secret: %v, %q", a.status, secret != "", a.header.Get("Cache-Control"))
	}
	by, _, err := w.server.Accounts.TokenActor(t.Context(), secret)
	if err != nil || by.Address != nora {
		t.Fatalf("the token acts for %q: %v", by.Address, err)
	}
	list := b.get("/tokens")
	if strings.Contains(list.body, secret) || strings.Contains(w.log.String(), secret) || !strings.Contains(texts(list.body), "nightly report nora@contoso.example report") {
		t.Errorf("the secret is shown again, or the token is not:\n%s", texts(list.body))
	}
	end := regexp.MustCompile(`/tokens/\w+/end`).FindString(list.body)
	if a := b.get(end); a.heading() != "End token?" {
		t.Errorf("%s asks %q", end, a.heading())
	}
	b.post(end, nil)
	if _, _, err := w.server.Accounts.TokenActor(t.Context(), secret); letterlock.KeyOf(err) != "token" {
		t.Errorf("after it was ended: %v", err)
	}
	if said := texts(b.get("/tokens").body); !strings.Contains(said, "Ended") {
		t.Errorf("the list does not say so:\n%s", said)
	}
}

func TestTokenFormSaysWhatIsWrong(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(olga)
	right := func(field, value string) url.Values {
		f := url.Values{"name": {"x"}, "account": {string(nora)}, "days": {"30"}, "scope": {"report"}}
		if f.Set(field, value); value == "" {
			f.Del(field)
		}
		return f
	}
	tests := []struct{ field, value, want string }{
		{"name", "", "A name has 1 to 100 characters"}, {"name", strings.Repeat("x", 101), "A name has 1 to 100 characters"},
		{"account", "x", "This is no address"}, {"account", "nobody@contoso.example", "There is no account with this address"},
		{"days", "0", "1 to 400"}, {"days", "401", "1 to 400"}, {"days", "1e3", "1 to 400"},
		{"scope", "", "Choose a scope at least"}, {"scope", "everything", "scopes are those below"},
	}
	for _, tt := range tests {
		a := b.post("/tokens", right(tt.field, tt.value))
		if a.status != http.StatusUnprocessableEntity || !strings.Contains(texts(a.body), tt.want) || strings.Contains(a.body, "llt_") {
			t.Errorf("%s %.10q: %d, want 422 and %q", tt.field, tt.value, a.status, tt.want)
		}
	}
}
