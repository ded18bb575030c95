package web

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"letterlock/internal/account"
)

// makes fills in the form for an app password.
func makes(name, proof string) url.Values {
	return url.Values{"app-name": {name}, "app-proof": {proof}}
}

var appPasswordIn = regexp.MustCompile(`(?:[a-z]{4}-){5}[a-z]{4}`)

func TestAppPasswordIsShownOnceAndLetsAMailProgramIn(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(ada)
	a := b.post("/account/app-passwords", makes("Thunderbird <b>", password))
	secret := appPasswordIn.FindString(a.body)
	if a.status != http.StatusOK || secret == "" || a.header.Get("Cache-Control") != "no-store" || !strings.Contains(texts(a.body), "This is the only time that it is shown") {
		t.Fatalf("making one: %d, Cache-Control %q\n%s", a.status, a.header.Get("Cache-Control"), texts(a.body))
	}
	programs := account.MailPrograms{Accounts: w.server.Accounts}
	if by, err := programs.Authenticate(t.Context(), ada, secret, "198.51.100.9"); err != nil || by.Address != ada {
		t.Errorf("signing a mail program in: %+v, %v", by, err)
	}
	page := b.get("/account/security").body
	if appPasswordIn.MatchString(page) || strings.Contains(page, "<b>") && !strings.Contains(page, "Thunderbird &lt;b&gt;") || !strings.Contains(texts(page), "from 198.51.100.9") {
		t.Errorf("the page shows it again, or not its name and use:\n%s", texts(page))
	}
	remove := regexp.MustCompile(`/account/app-passwords/[^/"]+/remove`).FindString(page)
	if a := w.browser().signIn(eve).post(remove, nil); a.status != http.StatusSeeOther {
		t.Errorf("somebody else removes it: %d", a.status)
	}
	if _, err := programs.Authenticate(t.Context(), ada, secret, "198.51.100.9"); err != nil {
		t.Errorf("after somebody else removed it: %v", err)
	}
	if a := b.post(remove, nil); !strings.Contains(texts(b.get(a.location()).body), "The app password works no more.") {
		t.Errorf("removing it leads to %q", a.location())
	}
	if _, err := programs.Authenticate(t.Context(), ada, secret, "198.51.100.9"); err == nil {
		t.Error("it works after it was removed")
	}
}

func TestAppPasswordNeedsThePasswordAgain(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(ada)
	tests := []struct {
		name  string
		typed url.Values
		want  string
	}{
		{"no password", makes("Scanner", ""), "This is not your password"},
		{"a wrong one", makes("Scanner", "wrong password"), "This is not your password"},
		{"no name", makes(" ", password), "A name has 1 to 100 characters"},
	}
	for _, tt := range tests {
		a := b.post("/account/app-passwords", tt.typed)
		if a.status != http.StatusUnprocessableEntity || !strings.Contains(texts(a.body), tt.want) || appPasswordIn.MatchString(a.body) {
			t.Errorf("%s: %d, want 422 and %q", tt.name, a.status, tt.want)
		}
	}
	for range 10 {
		b.post("/account/app-passwords", makes("Scanner", "wrong password"))
	}
	if a := b.post("/account/app-passwords", makes("Scanner", password)); a.status != http.StatusTooManyRequests || appPasswordIn.MatchString(a.body) {
		t.Errorf("after many tries: %d, want 429", a.status)
	}
}

func TestAdministratorSeesAndRemovesAppPasswordsAndMakesNone(t *testing.T) {
	w := newWorld(t)
	w.browser().signIn(ada).post("/account/app-passwords", makes("Thunderbird", password))
	b := w.browser().signIn(olga)
	page := b.get(accountURL(ada)).body
	remove := regexp.MustCompile(`/accounts/[^/"]+/app-passwords/[^/"]+/remove`).FindString(page)
	if !strings.Contains(texts(page), "Thunderbird") || remove == "" || strings.Contains(page, `action="/account/app-passwords"`) {
		t.Fatalf("the account's page says\n%s", texts(page))
	}
	if a := b.post(remove, nil); a.status != http.StatusSeeOther || !strings.Contains(texts(b.get(a.location()).body), "No app password.") {
		t.Errorf("removing: %d", a.status)
	}
	if got := w.entries("remove app password"); len(got) != 1 || !strings.HasPrefix(got[0], "olga@contoso.example") {
		t.Errorf("the audit log says %q", got)
	}
}
