package web

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"letterlock/internal/letterlock"
)

var endURL = regexp.MustCompile(`/accounts?(?:/[^/"]+)?/sessions/[^/"]+/end\b`)

// signInWith signs a browser in by the form, so that the session knows the browser.
func (b *browser) signInWith(agent string, as letterlock.Address) *browser {
	b.w.t.Helper()
	b.header = http.Header{"User-Agent": {agent}}
	if a := b.post("/sign-in", signInForm(string(as), password, "")); a.status != http.StatusSeeOther {
		b.w.t.Fatalf("signing in: %d", a.status)
	}
	return b
}

func (b *browser) signedOut() bool {
	b.w.t.Helper()
	a := b.get("/sent")
	return a.status == http.StatusSeeOther && strings.HasPrefix(a.location(), "/sign-in")
}

func TestHolderSeesTheirSessionsAndEndsOne(t *testing.T) {
	w := newWorld(t)
	here := w.browser().signInWith("Mozilla/5.0 Firefox/140.0", ada)
	other := w.browser().signInWith("Mozilla/5.0 Edg/140.0", ada)
	third := w.browser().signInWith("", ada)
	page := here.get("/account/security").body
	said := texts(page)
	for _, want := range []string{"Firefox (this browser)", "Edge", "Unknown browser", "from 192.0.2.7", "End all other sessions"} {
		if !strings.Contains(said, want) {
			t.Errorf("the page does not say %q:\n%s", want, said)
		}
	}
	ends := endURL.FindAllString(page, -1)
	if len(ends) != 2 {
		t.Fatalf("%d sessions can be ended, want the two others: %q", len(ends), ends)
	}
	for _, cookie := range []string{other.cookies[hostPrefix+staffCookie], here.cookies[hostPrefix+staffCookie]} {
		if strings.Contains(page, cookie) {
			t.Error("the page holds what a cookie does")
		}
	}
	for _, end := range ends {
		if a := w.browser().signIn(eve).post(end, nil); a.status != http.StatusSeeOther {
			t.Errorf("somebody else: %d", a.status)
		}
	}
	if other.signedOut() || third.signedOut() {
		t.Fatal("somebody else has ended it")
	}
	if a := here.post(ends[0], nil); !strings.Contains(texts(here.get(a.location()).body), "The session has ended.") {
		t.Errorf("ending one: %d to %q", a.status, a.location())
	}
	if other.signedOut() == third.signedOut() || here.signedOut() {
		t.Errorf("signed out now: %v and %v, and here %v; want one of the two", other.signedOut(), third.signedOut(), here.signedOut())
	}
}

func TestEndingAllOtherSessionsEndsTheirOpenStreams(t *testing.T) {
	w := newWorld(t, liveSent)
	here, other := w.browser().signIn(ada), w.browser().signIn(ada)
	w.server.liveTick = liveWithin / 1000
	come, _, _ := other.events(w.serve(), "/sent/live")
	wait(t, come, eventAlive)
	if a := here.post("/account/sessions/end-others", nil); a.status != http.StatusSeeOther {
		t.Fatalf("%d", a.status)
	}
	wait(t, come, eventEnded)
	if !other.signedOut() || here.signedOut() {
		t.Errorf("signed out: the other %v, here %v", other.signedOut(), here.signedOut())
	}
}

func TestAdministratorEndsOneSessionOfAnAccount(t *testing.T) {
	w := newWorld(t)
	holder, b := w.browser().signIn(ada), w.browser().signIn(olga)
	end := endURL.FindString(b.get(accountURL(ada)).body)
	if holder.signedOut() || end == "" {
		t.Fatalf("the page offers %q", end)
	}
	b.post(end, nil)
	if !holder.signedOut() {
		t.Error("the session goes on")
	}
	if got := w.entries("end session"); len(got) != 1 || !strings.HasPrefix(got[0], "olga@contoso.example") {
		t.Errorf("the audit log says %q", got)
	}
}
