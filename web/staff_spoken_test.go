package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"letterlock/internal/letterlock"
)

// spoken is in which language an account reads, as far as is known.
func (w *world) spoken(a letterlock.Address) string {
	w.t.Helper()
	tag, err := w.server.Accounts.Spoken(w.t.Context(), a)
	if err != nil {
		w.t.Fatal(err)
	}
	return tag
}

// TestALanguageIsOfTheAccountAndNotOfTheBrowser follows one account through browsers, the
// next of which signs in after the one before.
func TestALanguageIsOfTheAccountAndNotOfTheBrowser(t *testing.T) {
	w, _ := inGerman(t)
	door := func(b *browser, tag string) {
		b.post(staffLanguageURL, url.Values{"language": {tag}, "return": {"/sign-in"}})
	}
	in := func(b *browser) {
		t.Helper()
		if a := b.post("/sign-in", signInForm(string(ada), password, "")); a.status != http.StatusSeeOther {
			t.Fatalf("signing in: %d %q", a.status, a.heading())
		}
	}
	shared := w.browser()
	tests := []struct {
		name    string
		browser *browser
		accepts string
		do      func(*browser)
		page    string // the language of a page afterwards
		account string // and of the account
	}{
		{"a browser that likes none", w.browser(), "", in, "en", ""},
		{"the first that likes one", w.browser(), "de", in, "de", "de"},
		{"another that likes another", w.browser(), "en", in, "de", "de"},
		{"a choice at the door", shared, "en", func(b *browser) { door(b, "en"); in(b) }, "en", "en"},
		{"a choice inside", w.browser(), "de", func(b *browser) { in(b); door(b, "de") }, "de", "de"},
		{"a browser with a choice of before", shared, "en", in, "de", "de"},
	}
	for _, tt := range tests {
		tt.browser.header.Set("Accept-Language", tt.accepts)
		tt.do(tt.browser)
		if got := tt.browser.get("/sent").header.Get("Content-Language"); got != tt.page {
			t.Errorf("%s: the page is in %q, want %q", tt.name, got, tt.page)
		}
		if got := w.spoken(ada); got != tt.account {
			t.Errorf("%s: the account reads in %q, want %q", tt.name, got, tt.account)
		}
	}
	if got := w.spoken(grace); got != "" {
		t.Errorf("the account of somebody else reads in %q", got)
	}
}

// TestWhatIsChosenAtTheDoorIsOfNobodyYet has a browser that names itself somebody's.
func TestWhatIsChosenAtTheDoorIsOfNobodyYet(t *testing.T) {
	w, b := inGerman(t)
	for _, cookie := range []string{"", strings.Repeat("A", 43)} {
		b.cookies[hostPrefix+staffCookie] = cookie
		if a := b.post(staffLanguageURL, url.Values{"language": {"de"}}); a.status != http.StatusSeeOther {
			t.Fatalf("choosing: %d", a.status)
		}
	}
	id, _, err := w.server.Sessions.Start(t.Context(), letterlock.Actor{Kind: letterlock.Reader, Address: ada, Proof: letterlock.ByPasscode})
	if err != nil {
		t.Fatal(err)
	}
	b.cookies[hostPrefix+staffCookie] = id // a reader's, who has proved the mailbox and no account
	b.post(staffLanguageURL, url.Values{"language": {"de"}})
	for _, value := range []string{"xx", "xx-new", "-new", "de-new-new", "<b>"} {
		b.cookies[hostPrefix+staffLanguageCookie] = value
		b.header.Set("Accept-Language", "")
		if got := b.get("/sign-in").header.Get("Content-Language"); got != "en" {
			t.Errorf("the cookie %q has the door in %q", value, got)
		}
	}
	if got := w.spoken(ada); got != "" {
		t.Errorf("without signing in Ada's account reads in %q", got)
	}
}

// TestWhoIsInvitedIsWrittenToInTheirLanguageFromTheirPasswordOn reads the mails of somebody new.
func TestWhoIsInvitedIsWrittenToInTheirLanguageFromTheirPasswordOn(t *testing.T) {
	w, b := inGerman(t)
	link := w.invite(lena)
	if got := w.box.Mails(lena)[0].Subject(); !strings.HasPrefix(got, "Set your password") {
		t.Errorf("the invitation is %q, want the first language", got)
	}
	if a := b.post(link, choose("a password of my own")); a.status != http.StatusSeeOther {
		t.Fatalf("setting a password: %d", a.status)
	}
	w.deliver()
	if got := w.box.Mails(lena)[0].Subject(); got != "Ihr Kennwort für Letterlock wurde festgelegt" {
		t.Errorf("the mail after that is %q, want German, as the browser likes it", got)
	}
	other := w.browser()
	other.header.Set("Accept-Language", "en")
	other.post(w.invite(lena), choose("another of my own"))
	if got := w.spoken(lena); got != "de" {
		t.Errorf("who has a link and likes English has the account read in %q, want German as before", got)
	}
}

// TestAnAddressThatLeadsNowhereAnswersInTheLanguageOfWhoAsks has a portal that speaks English
// alone, and staff who are offered German.
func TestAnAddressThatLeadsNowhereAnswersInTheLanguageOfWhoAsks(t *testing.T) {
	w, in := inGerman(t)
	in.post("/sign-in", signInForm(string(ada), password, ""))
	door := w.browser()
	door.post(staffLanguageURL, url.Values{"language": {"de"}})
	reads := w.browser().as(letterlock.Reader, marta)
	reads.cookies[hostPrefix+staffLanguageCookie] = "de" // of somebody else, who had the browser before
	signedOut := w.browser()
	signedOut.cookies[hostPrefix+staffCookie] = ""
	for _, tt := range []struct {
		name string
		b    *browser
		want string
	}{
		{"who is signed in", in, "de"},
		{"who has chosen at the door", door, "de"},
		{"a recipient", reads, "en"},
		{"a stranger", w.browser(), "en"},
		{"an empty cookie", signedOut, "en"},
	} {
		tt.b.header.Set("Accept-Language", "de")
		for _, a := range []answer{tt.b.get("/nothing"), tt.b.get("/accounts/nothing/at/all"), tt.b.do(http.MethodDelete, "/check", nil, "")} {
			if got := a.header.Get("Content-Language"); got != tt.want || a.status != http.StatusNotFound && a.status != http.StatusMethodNotAllowed {
				t.Errorf("%s: %d %q in %q, want %q", tt.name, a.status, a.heading(), got, tt.want)
			}
		}
	}
	page := in.get("/nothing").body
	if found := left(t, page); found != nil {
		t.Errorf("left in English: %q", found)
	}
	if !strings.Contains(page, `action="`+staffLanguageURL+`"`) {
		t.Error("what is offered there is the portal's")
	}
}
