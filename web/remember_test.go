package web

import (
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/session"
	"letterlock/internal/store"
)

const keptCookie = hostPrefix + rememberedCookie

// remembering returns a browser in which somebody has proved their mailbox, has had
// it remembered and has signed out.
func remembering(w *world, who letterlock.Address) *browser {
	w.t.Helper()
	b := w.browser()
	b.header = http.Header{"User-Agent": used["User-Agent"]}
	link := w.link(who)
	b.post(link+"/passcode", nil)
	a := b.post(link+"/verify", url.Values{"code": {w.passcode(who)}, "remember": {"yes"}})
	set := strings.Join(a.header.Values("Set-Cookie"), "\n")
	if b.cookies[keptCookie] == "" || !regexp.MustCompile(keptCookie+`=\S{43}; Path=/; .*Max-Age=2592000; HttpOnly; Secure; SameSite=Lax`).MatchString(set) {
		w.t.Fatalf("remembering sets %q", set)
	}
	if a := b.post("/portal/sign-out", nil); a.status != http.StatusSeeOther || b.cookies[keptCookie] == "" {
		w.t.Fatalf("signing out: %d, or it takes the cookie", a.status)
	}
	return b
}

// checkContinues requires that the gate offers to go on without a passcode, or
// does not, and that going on does what the gate says.
func checkContinues(t *testing.T, name string, b *browser, link string, want bool) {
	t.Helper()
	gate := b.get(link)
	if got := strings.Contains(gate.body, `action="`+link+`/continue"`); got != want {
		t.Errorf("%s: the gate (%d) offers to continue: %v, want %v", name, gate.status, got, want)
	}
	a := b.post(link+"/continue", nil)
	if got := a.status == http.StatusSeeOther && strings.HasPrefix(a.location(), "/read/"); got != want {
		t.Errorf("%s: continuing leads to %q, %d", name, a.location(), a.status)
	}
	if got := b.cookies[hostPrefix+readerCookie] != ""; got != want {
		t.Errorf("%s: signed in: %v, want %v", name, got, want)
	}
}

func TestRememberedBrowserReadsTheNextMessageWithoutAPasscode(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	b := remembering(w, marta)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	link := w.link(marta)
	before := maps.Clone(b.cookies)
	for _, method := range []string{"GET", "HEAD"} {
		b.do(method, link, nil, "")
		if a := b.do(method, link+"/continue", nil, ""); a.status != http.StatusMethodNotAllowed || !maps.Equal(b.cookies, before) {
			t.Errorf("%s: %d, with the cookies %v", method, a.status, b.cookies)
		}
	}
	if shown := b.get(link).body; strings.Contains(shown, string(marta)) || !strings.Contains(texts(shown), "Continue as m••••") {
		t.Error("the gate shows the whole address, or not whom it would go on as")
	}
	checkContinues(t, "the next link", b, link, true)
	if a := b.get("/read/" + string(id)); a.status != http.StatusOK {
		t.Errorf("the message: %d", a.status)
	}
	proofs := map[letterlock.EventKind]letterlock.Proof{}
	for _, e := range w.happened(id) {
		proofs[e.Kind] = e.Proof
	}
	if proofs[letterlock.Read] != letterlock.ByBrowser {
		t.Errorf("the history says that the mailbox was proved by %q", proofs[letterlock.Read])
	}
	if page := w.browser().signIn(ada).get("/sent/" + string(id)); !strings.Contains(texts(page.body), "in a remembered browser") {
		t.Error("the sender is not told how the mailbox was proved")
	}
	done := map[string]bool{}
	err := w.db.Read(t.Context(), func(tx *store.Tx) error {
		list, err := tx.Entries(id)
		for _, e := range append(list, w.audit()...) {
			done[e.Action] = true
		}
		return err
	})
	if err != nil || !done["remember browser"] || !done["prove mailbox by browser"] {
		t.Errorf("the audit log has %v, %v", done, err)
	}
}

func TestNothingIsRememberedThatWasNotTicked(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	b, link := entering(w)
	page := b.get(link + "/passcode").body
	if !strings.Contains(texts(page), "Remember this browser for 30 days") || strings.Contains(page, "checked") {
		t.Error("the box is not there, or is ticked already")
	}
	enter(b, link, w.passcode(marta))
	if b.cookies[keptCookie] != "" {
		t.Error("the browser is remembered all the same")
	}
	b = w.browser()
	b.post(link+"/passcode", nil)
	b.post(link+"/verify", url.Values{"code": {wrongCode(w.passcode(marta))}, "remember": {"yes"}})
	if b.cookies[keptCookie] != "" {
		t.Error("a wrong passcode has a browser remembered")
	}
}

func TestRememberedBrowserIsGoodForItsOwnMailboxOnly(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	w.send(ada, letterlock.EncryptOnly, jonas)
	b := remembering(w, marta)
	kept := b.cookies[keptCookie]
	tests := []struct{ name, cookie, link string }{
		{"another's link", kept, w.link(jonas)},
		{"made up", strings.Repeat("A", 43), w.link(marta)},
		{"ten kilobytes", strings.Repeat("A", 10<<10), w.link(marta)},
		{"empty", "", w.link(marta)},
		{"padded", kept + "=", w.link(marta)},
	}
	for _, tt := range tests {
		odd := w.browser()
		odd.cookies[keptCookie] = tt.cookie
		checkContinues(t, tt.name, odd, tt.link, false)
	}
	if a := b.post("/m/"+strings.Repeat("A", 43)+"/continue", nil); a.status != http.StatusNotFound {
		t.Errorf("a link that leads nowhere: %d, want 404", a.status)
	}
	plain := w.browser()
	plain.cookies[rememberedCookie] = kept // without the prefix another host could have set it
	checkContinues(t, "a cookie without its prefix", plain, w.link(marta), false)
	b.header.Set("Sec-Fetch-Site", "cross-site")
	if a := b.post(w.link(marta)+"/continue", nil); a.status != http.StatusForbidden || b.cookies[hostPrefix+readerCookie] != "" {
		t.Errorf("from another site: %d, want 403", a.status)
	}
	b.header.Del("Sec-Fetch-Site")
	checkContinues(t, "its own", b, w.link(marta), true)
}

func TestRememberedBrowserEnds(t *testing.T) {
	tests := []struct {
		name string
		end  func(w *world, b *browser, id letterlock.ID)
	}{
		{"after 30 days", func(w *world, _ *browser, _ letterlock.ID) { w.clock.advance(30 * 24 * time.Hour) }},
		{"when a message to its mailbox is revoked", func(w *world, _ *browser, id letterlock.ID) {
			if err := w.server.Access.Revoke(w.t.Context(), w.actors[ada], id, ""); err != nil {
				w.t.Fatal(err)
			}
		}},
		{"when the settings say so", func(w *world, _ *browser, _ letterlock.ID) {
			w.server.Browsers = &session.Browsers{DB: w.db}
		}},
		{"when it is forgotten", func(w *world, b *browser, _ letterlock.ID) { forget(w, b, "/messages/browsers/[a-z2-7]+/forget") }},
		{"when all are", func(w *world, b *browser, _ letterlock.ID) { forget(w, b, "/messages/browsers/forget") }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			id := w.send(ada, letterlock.EncryptOnly, marta)
			b := remembering(w, marta)
			w.send(ada, letterlock.EncryptOnly, marta)
			link := w.link(marta)
			stolen := w.browser()
			stolen.cookies[keptCookie] = b.cookies[keptCookie]
			checkContinues(t, "before", b, link, true)
			tt.end(w, b, id)
			delete(b.cookies, hostPrefix+readerCookie)
			checkContinues(t, "after", b, link, false)
			checkContinues(t, "a copy of its cookie", stolen, link, false)
			if a := b.post(link+"/continue", nil); !strings.Contains(texts(b.get(a.location()).body), "This browser is not remembered any more.") {
				t.Errorf("continuing leads to %q, which does not say why", a.location())
			}
		})
	}
}

// forget presses a button of My messages.
func forget(w *world, b *browser, action string) {
	w.t.Helper()
	page := b.get("/messages").body
	if !strings.Contains(texts(page), "Firefox (this browser)") {
		w.t.Fatalf("My messages does not list the browser:\n%s", texts(page))
	}
	m := regexp.MustCompile(`action="(` + action + `)"`).FindStringSubmatch(page)
	if m == nil {
		w.t.Fatalf("My messages has no button for %s", action)
	}
	if a := b.post(m[1], nil); a.status != http.StatusSeeOther || a.location() != "/messages" {
		w.t.Fatalf("forgetting: %d to %q", a.status, a.location())
	}
	if strings.Contains(b.get("/messages").body, "Remembered browsers") {
		w.t.Error("My messages still lists it")
	}
}

func TestRevokedMessageStaysClosedToARememberedBrowser(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	if err := w.server.Access.Revoke(t.Context(), w.actors[ada], id, ""); err != nil {
		t.Fatal(err)
	}
	b := remembering(w, marta)
	checkContinues(t, "remembered after the revocation", b, w.link(marta), true)
	if a := b.get("/read/" + string(id)); a.status != http.StatusGone || strings.Contains(a.body, secretSubject) {
		t.Errorf("the message: %d, want 410 and nothing of it", a.status)
	}
	if err := w.server.Access.Revoke(t.Context(), w.actors[ada], id, ""); err != nil {
		t.Fatal(err)
	}
	delete(b.cookies, hostPrefix+readerCookie)
	checkContinues(t, "after it was revoked again", b, w.link(marta), false)
}

func TestNothingIsRememberedWhereTheSettingsSayNever(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Browsers = &session.Browsers{DB: o.Browsers.DB} })
	w.send(ada, letterlock.EncryptOnly, marta)
	b, link := entering(w)
	if page := b.get(link + "/passcode").body; strings.Contains(page, "Remember this browser") {
		t.Error("the page of the passcode has the box")
	}
	a := b.post(link+"/verify", url.Values{"code": {w.passcode(marta)}, "remember": {"yes"}})
	if a.status != http.StatusSeeOther || b.cookies[keptCookie] != "" {
		t.Errorf("ticking it by hand: %d, with the cookies %v", a.status, b.cookies)
	}
}

func TestAnAdministratorForgetsTheBrowsersOfARecipient(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	link, b := w.link(marta), w.browser()
	b.post(link+"/passcode", nil)
	b.post(link+"/verify", url.Values{"code": {w.passcode(marta)}, "remember": {"yes"}})
	if a := w.browser().withRemembered(b).get(link); !strings.Contains(a.body, link+"/continue") {
		t.Fatal("the browser is not remembered: this test would prove nothing")
	}
	admin, at := w.browser().signIn(olga), "/sign-in-providers/forget-browsers"
	if a := admin.post(at, url.Values{"address": {"marta<b>"}}); a.status != http.StatusUnprocessableEntity || strings.Contains(a.body, "marta<b>") {
		t.Errorf("no address: %d", a.status)
	}
	if a := admin.post(at, url.Values{"address": {string(marta)}}); a.status != http.StatusOK || !strings.Contains(texts(a.body), "Forgotten: 1 browser remembered for "+string(marta)) {
		t.Errorf("forgetting: %d\n%s", a.status, texts(a.body))
	}
	if a := w.browser().withRemembered(b).get(link); strings.Contains(a.body, link+"/continue") {
		t.Error("it is still remembered")
	}
	if a := b.get("/messages"); a.status != http.StatusForbidden {
		t.Errorf("her session goes on: %d", a.status)
	}
}
