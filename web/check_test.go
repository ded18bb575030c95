package web

import (
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"letterlock/internal/letterlock"
)

// referencePattern is how a reference is written.
var referencePattern = regexp.MustCompile(`\b(?:[A-Z0-9]{3}-){3}[A-Z0-9]{3}\b`)

// reference is what the newest notification to a recipient says.
func (w *world) reference(of letterlock.Address) string {
	w.t.Helper()
	page := w.browser().get(w.link(of))
	ref := regexp.MustCompile(`class="reference">([^<]+)<`).FindStringSubmatch(page.body)
	if ref == nil || !referencePattern.MatchString(ref[1]) {
		w.t.Fatalf("the gate shows the reference %q", ref)
	}
	return ref[1]
}

func (b *browser) check(typed string) answer {
	return b.post("/check", url.Values{"reference": {typed}})
}

const (
	isKnown   = "A message with this reference was sent by Contoso on Friday 20 November 2026."
	isUnknown = "We do not know this reference."
)

func TestAReferenceTellsTheDayAndNothingElse(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser()
	ref := w.reference(marta)
	notice := w.box.Mails(marta)[0]
	if !strings.Contains(notice.Text(), ref) || !strings.Contains(notice.Text(), "mail.contoso.example/check") {
		t.Errorf("the notification does not say %s, or not where to look it up:\n%s", ref, notice.Text())
	}
	form := b.get("/check")
	for _, want := range []string{"Is this message genuine?", "mail.contoso.example", `action="/check"`, "with https before it"} {
		if form.status != 200 || !strings.Contains(form.body, want) {
			t.Errorf("GET /check: %d, without %q", form.status, want)
		}
	}
	for _, typed := range []string{ref, strings.ToLower(ref), strings.ReplaceAll(ref, "-", " ")} {
		a := b.check(typed)
		if a.status != 200 || !strings.Contains(texts(a.body), isKnown) {
			t.Errorf("%q: %d\n%s", typed, a.status, texts(a.body))
		}
		for _, secret := range []string{"Ada", string(ada), "marta", "quillfeather", secretSubject, "10:00", "T10", "20T"} {
			if strings.Contains(a.body, secret) {
				t.Errorf("the page tells %q", secret)
			}
		}
		if len(a.header["Set-Cookie"]) > 0 || strings.Contains(a.body, "<script") || a.header.Get("Content-Security-Policy") != string(policyEnd) {
			t.Error("the page has a cookie, a script, or another policy")
		}
	}
	other := letterlock.NewID().Reference()
	if a := b.check(other); a.status != 200 || !strings.Contains(a.body, isUnknown) || strings.Contains(a.body, "was sent by") {
		t.Errorf("an unknown reference: %d\n%s", a.status, texts(a.body))
	}
	for _, typed := range []string{"", "KX7-4QP", strings.Repeat("A", 5000), "<script>alert(1)</script>"} {
		a := b.check(typed)
		if a.status != 422 || strings.Contains(a.body, isUnknown) || strings.Contains(a.body, "<script") {
			t.Errorf("%.30q: %d", typed, a.status)
		}
	}
}

func TestAReferenceTellsNoState(t *testing.T) {
	w := newWorld(t)
	states := map[string]func(id letterlock.ID) error{
		"live":    func(letterlock.ID) error { return nil },
		"revoked": func(id letterlock.ID) error { return w.server.Access.Revoke(t.Context(), w.actors[ada], id, "") },
		"expired": func(id letterlock.ID) error {
			return w.server.Access.SetExpiry(t.Context(), w.actors[ada], id, w.clock.Now().Add(time.Hour))
		},
	}
	refs := map[string]string{}
	for state, reach := range states {
		id := w.send(ada, letterlock.EncryptOnly, marta)
		refs[state] = w.reference(marta)
		if err := reach(id); err != nil {
			t.Fatal(state, err)
		}
	}
	w.clock.advance(2 * time.Hour)
	plain := regexp.MustCompile(`value="[^"]*"`)
	var pages []string
	for state, ref := range refs {
		a := w.browser().check(ref)
		if !strings.Contains(texts(a.body), isKnown) {
			t.Errorf("%s: %d\n%s", state, a.status, texts(a.body))
		}
		pages = append(pages, plain.ReplaceAllString(a.body, ""))
	}
	if pages[0] != pages[1] || pages[1] != pages[2] {
		t.Error("the pages for live, revoked and expired messages are not alike")
	}

	// What is destroyed is as unknown as what never was.
	id := w.send(ada, letterlock.EncryptOnly, marta)
	ref := w.reference(marta)
	if a := w.browser().check(ref); !strings.Contains(texts(a.body), isKnown) {
		t.Fatalf("before it was destroyed: %s", texts(a.body))
	}
	if err := w.server.Access.Destroy(t.Context(), w.actors[grace], id, ""); err != nil {
		t.Fatal(err)
	}
	gone, never := w.browser().check(ref), w.browser().check(letterlock.NewID().Reference())
	if gone.status != never.status || !strings.Contains(gone.body, isUnknown) ||
		plain.ReplaceAllString(gone.body, "") != plain.ReplaceAllString(never.body, "") {
		t.Errorf("destroyed: %d\n%s\nunknown: %d\n%s", gone.status, texts(gone.body), never.status, texts(never.body))
	}
}

func TestReferencesAreLookedUpAFewAtATime(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} })
	w.send(ada, letterlock.EncryptOnly, marta)
	ref := w.reference(marta)
	b := w.browser()
	from := func(ip string) answer {
		b.header.Set("X-Forwarded-For", ip)
		return b.check(ref)
	}
	for range checksAtOnce {
		if a := from("2001:db8:1:2::7"); a.status != 200 {
			t.Fatalf("one of the first: %d", a.status)
		}
	}
	a := from("2001:db8:1:2:ffff::1") // the same network
	if a.status != 429 || a.header.Get("Retry-After") != "120" || strings.Contains(a.body, isUnknown) || strings.Contains(texts(a.body), isKnown) ||
		!strings.Contains(a.body, "You can look one up again in 2 minutes") {
		t.Errorf("one too many: %d, Retry-After %q\n%s", a.status, a.header.Get("Retry-After"), texts(a.body))
	}
	if a := from("198.51.100.7"); a.status != 200 {
		t.Errorf("another network: %d", a.status)
	}
	w.clock.advance(2 * time.Minute)
	if a := from("2001:db8:1:2::7"); a.status != 200 {
		t.Errorf("after the wait: %d", a.status)
	}
}

func TestAnotherSiteLooksNothingUp(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	ref := w.reference(marta)
	b := w.browser()
	b.header.Set("Sec-Fetch-Site", "cross-site")
	b.header.Set("Origin", "https://evil.example")
	if a := b.check(ref); a.status != 403 || strings.Contains(a.body, "was sent by") {
		t.Errorf("cross-site: %d", a.status)
	}
	if a := w.browser().get("/check?reference=" + ref); strings.Contains(texts(a.body), isKnown) {
		t.Error("GET looks a reference up")
	}
}
