package web

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"letterlock/internal/intake"
	"letterlock/internal/language"
	"letterlock/internal/letterlock"
)

// ours finds what is no language's: names, addresses, what the message says, and zones.
var ours = regexp.MustCompile(strings.Join([]string{
	`[\w.-]*@[\w.-]+`, `\bada$`, `\bmail\.contoso\.example\b`, `\bquillfeather\.example\b`, `https`, `/check`,
	`Ada Lovelace`, `Marta Lind`, `Contoso`, `Letterlock`, `OpenID`, `UTC`, `EST`, `PDF`, `zip`,
	`English|Deutsch|Français|Español`, `\bAL\b`, `\b[0-9A-Z]{3,4}(?:-[0-9A-Z]{3})*\b`,
	regexp.QuoteMeta(secretSubject), regexp.QuoteMeta(secretText), regexp.QuoteMeta(secretFile), regexp.QuoteMeta(theHint),
	`Signing of <b>the agreement</b>`, `Signing`, `Will you come\?`, `Room 4`, `invitation\.ics`, `omar`, `I agree`,
}, "|"))

// latinIn returns what of a document people read, or hear, is in Latin letters all the same.
func latinIn(t *testing.T, document string) (found []string) {
	t.Helper()
	root, err := html.ParseWithOptions(strings.NewReader(document), html.ParseOptionEnableScripting(false)) // noscript counts
	if err != nil {
		t.Fatal(err)
	}
	look := func(text string) {
		rest := ours.ReplaceAllString(strings.Map(func(r rune) rune {
			if r == '\u2068' || r == '\u2069' {
				return -1
			}
			return r
		}, text), "")
		if regexp.MustCompile(`[A-Za-z]{2}`).MatchString(rest) {
			found = append(found, strings.Join(strings.Fields(text), " "))
		}
	}
	for n := range root.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "style" && n.Parent.Data != "bdi" {
			look(n.Data)
		}
		for _, a := range n.Attr {
			if slices.Contains([]string{"title", "alt", "aria-label", "placeholder", "label"}, a.Key) {
				look(a.Val)
			}
		}
	}
	return found
}

// TestNothingIsLeftInEnglishOnTheWaysOfRecipients goes them in Arabic, which shares no
// letter with English.
func TestNothingIsLeftInEnglishOnTheWaysOfRecipients(t *testing.T) {
	w := newWorld(t, everyLanguage)
	if found := latinIn(t, `<p title="Close">رد <bdi>Ada Lovelace</bdi> Reply</p>`); len(found) != 2 {
		t.Fatalf("of two words that are left, %q are found: this test would prove nothing", found)
	}
	if err := w.server.Sessions.Speak(t.Context(), letterlock.Actor{Kind: letterlock.Reader, Address: marta}, language.Arabic); err != nil {
		t.Fatal(err)
	}
	look := func(what string, a answer) answer {
		t.Helper()
		if a.header.Get("Content-Language") != language.Arabic || a.heading() == "" {
			t.Errorf("%s: %d %q in %q", what, a.status, a.heading(), a.header.Get("Content-Language"))
		}
		if found := latinIn(t, a.body); found != nil {
			t.Errorf("%s: left in English: %q", what, found)
		}
		return a
	}
	arab := func() *browser {
		b := w.browser()
		b.header.Set("Accept-Language", language.Arabic)
		return b
	}

	// To the message.
	id := w.submit(ada, intakeTo(marta, jonas), mail(ada, marta, jonas))
	b, link := arab(), w.link(marta)
	look("the gate", b.get(link))
	b.post(link+"/passcode", nil)
	look("the passcode", b.get(link+"/passcode"))
	look("the passcode, watched", b.get(link+"/passcode?mail=watch"))
	code := w.passcode(marta)
	look("a passcode that has left", b.get(link+"/passcode"))
	look("a wrong passcode", enter(b, link, wrongCode(code)))
	look("none", enter(b, link, ""))
	b.post(link+"/verify", url.Values{"code": {code}, "remember": {"yes"}})
	read := "/read/" + string(id)
	look("the message", b.get(read))
	look("the list", b.get("/messages"))
	look("nothing found", b.get("/messages?q=zzz"))

	// Answers.
	for _, kind := range []string{"/reply", "/reply-all", "/forward"} {
		look("the form of "+kind, b.get(read+kind))
	}
	look("an empty answer", b.post(read+"/reply", url.Values{"do": {"send"}}))
	look("a copy to nobody", b.post(read+"/forward", url.Values{"do": {"send"}}))
	look("a copy to no address", b.post(read+"/forward", url.Values{"do": {"send"}, "to": {"omar"}}))
	sent := b.post(read+"/reply-all", url.Values{"do": {"send"}, "text": {"I agree"}})
	look("what was answered", b.get(sent.location()))
	w.submit(ada, intakeTo(marta), invitation("REQUEST", "RRULE:FREQ=WEEKLY;COUNT=3\n"))
	b.post(w.link(marta)+"/continue", nil)
	for _, m := range w.box.Mails(marta) {
		if found := latinIn(t, m.HTML()); found != nil {
			t.Errorf("the mail %q: left in English: %q", m.Subject(), found)
		}
	}

	// Ends.
	kept := w.send(ada, letterlock.DoNotForward, marta)
	look("one that is kept", b.get("/read/"+string(kept)))
	look("forwarding it", b.get("/read/"+string(kept)+"/forward"))
	ends := w.submit(ada, intake.Envelope{Recipients: []letterlock.Address{marta}, Expires: w.clock.Now().Add(48 * time.Hour)}, mail(ada, marta))
	look("one that ends", b.get("/read/"+string(ends)))
	nameless := w.submit(ada, intakeTo(marta), strings.Replace(mail(ada, marta), "Subject: "+secretSubject+"\r\n", "", 1))
	look("one without a subject", b.get("/read/"+string(nameless)))
	if got := b.get("/read/" + string(nameless) + "/message.eml").header.Get("Content-Disposition"); !strings.HasSuffix(got, extValue("رسالة.eml")) {
		t.Errorf("without a subject it is saved as %s", got)
	}
	if err := w.server.Access.Revoke(t.Context(), w.actors[grace], id, ""); err != nil {
		t.Fatal(err)
	}
	look("a revoked message", b.get(read))
	b.post(read+"/ask", url.Values{"reason": {"I agree"}})
	look("what was asked for", b.get(read))
	look("another's", b.get("/read/"+string(letterlock.NewID())))
	look("a link that is none", b.get("/m/"+strings.Repeat("A", 43)))
	look("no page", b.get("/nothing"))
	look("no method", b.do(http.MethodDelete, "/check", nil, ""))
	look("no form", b.do(http.MethodPost, "/portal/language", strings.NewReader("language=xx"), "application/x-www-form-urlencoded"))
	look("signed out", arab().get(read))
	strange := arab()
	strange.header.Set("Origin", "https://evil.example")
	look("a form of another site", strange.post(link+"/passcode", nil))
	strange = arab()
	strange.host = "evil.example"
	look("another host", strange.get("/check"))
	w.clock.advance(3 * 24 * time.Hour)
	look("an expired message", b.get("/read/"+string(ends)))

	// Other proofs, and what is too much.
	told := w.sendTold(theWords, marta)
	b.post(w.link(marta)+"/continue", nil)
	look("the passphrase", b.get("/read/"+string(told)+"/passphrase"))
	look("a wrong one", b.give(told, "wrong"))
	b, link = arab(), w.link(marta)
	b.askRelease(link)
	look("the release code", b.get(link+"/release"))
	look("a wrong one", b.release(link, "12345678"))
	look("the check", b.get("/check"))
	look("an unknown reference", b.check("KX7-4QP-B7M-RTA"))
	look("no reference", b.check("x"))
	for range 5 {
		enter(b, link, "")
		enter(b, link, "12345678")
	}
	look("too many tries", enter(b, link, "12345678"))
}
