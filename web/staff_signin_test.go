package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func signInForm(address, pass, next string) url.Values {
	return url.Values{"address": {address}, "password": {pass}, "next": {next}}
}

func TestSignInLeadsOnAndNowhereElse(t *testing.T) {
	w := newWorld(t)
	tests := []struct{ next, want string }{
		{"", "/sent"},
		{"/compose", "/compose"},
		{"/sent?q=x", "/sent?q=x"},
		{"https://evil.example/", "/sent"},
		{"//evil.example/", "/sent"},
		{`/\evil.example`, "/sent"},
		{"javascript:alert(1)", "/sent"},
	}
	for _, tt := range tests {
		b := w.browser()
		a := b.post("/sign-in", signInForm(string(ada), password, tt.next))
		if a.status != http.StatusSeeOther || a.location() != tt.want {
			t.Errorf("next %q: %d %s, want 303 to %s", tt.next, a.status, a.location(), tt.want)
		}
		if sent := b.get("/sent"); sent.status != 200 || !strings.Contains(sent.body, "Ada Lovelace") {
			t.Errorf("next %q: /sent %d after signing in", tt.next, sent.status)
		}
	}
}

func TestSignInDoesNotSayWhatWasWrong(t *testing.T) {
	w := newWorld(t)
	var pages []string
	for _, address := range []string{string(ada), "nobody@contoso.example", "no address"} {
		a := w.browser().post("/sign-in", signInForm(address, "wrong", "/compose"))
		if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, speaker{Server: w.server}.Text("signIn.wrong")) {
			t.Errorf("%s: %d", address, a.status)
		}
		if !strings.Contains(a.body, `value="`+address+`"`) || strings.Contains(a.body, `value="wrong"`) {
			t.Errorf("%s: the address should be kept, the password not", address)
		}
		if !strings.Contains(a.body, `value="/compose"`) {
			t.Errorf("%s: the way on is lost", address)
		}
		pages = append(pages, strings.ReplaceAll(a.body, address, "X"))
	}
	if pages[0] != pages[1] || pages[1] != pages[2] {
		t.Error("the pages differ by what was wrong")
	}
}

func TestTooManyWrongPasswordsSayWhen(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	for range 10 {
		b.post("/sign-in", signInForm(string(ada), "wrong", ""))
	}
	a := b.post("/sign-in", signInForm(string(ada), password, ""))
	if a.status != http.StatusTooManyRequests || !strings.Contains(a.body, "You can try again in 1 minute") || a.header.Get("Retry-After") == "" {
		t.Errorf("11th try: %d %q", a.status, a.heading())
	}
	w.clock.advance(time.Minute)
	if a := b.post("/sign-in", signInForm(string(ada), password, "")); a.status != http.StatusSeeOther {
		t.Errorf("a minute later: %d, want 303", a.status)
	}
}

func TestSignInGivesANewIDAndSignOutEndsIt(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(eve)
	before := b.cookies[hostPrefix+staffCookie]
	b.post("/sign-in", signInForm(string(ada), password, ""))
	after := b.cookies[hostPrefix+staffCookie]
	if after == "" || after == before {
		t.Error("signing in kept the id of the session before")
	}
	old := w.browser()
	old.cookies[hostPrefix+staffCookie] = before
	if a := old.get("/sent"); a.status != http.StatusSeeOther {
		t.Errorf("the session before still counts: %d", a.status)
	}
	if a := b.post("/sign-out", nil); a.status != http.StatusSeeOther || a.location() != "/sign-in" {
		t.Errorf("sign out: %d %s", a.status, a.location())
	}
	replay := w.browser()
	replay.cookies[hostPrefix+staffCookie] = after
	if a := replay.get("/sent"); a.status != http.StatusSeeOther {
		t.Errorf("a replayed cookie still counts: %d", a.status)
	}
}
