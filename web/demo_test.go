package web

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/views"
)

// newDemo is a world that shows its mailboxes.
func newDemo(t *testing.T) *world {
	t.Helper()
	d := &Demo{
		Password: "fold-the-letter",
		Accounts: []views.DemoAccount{{Person: views.Person{Name: "Ada Lovelace", Address: string(ada)}, Role: "Sender"}},
		Facts:    []views.Fact{{Label: "SMTP", Value: "127.0.0.1:2525", Mono: true}},
		Steps: func() []views.DemoStep {
			return []views.DemoStep{{Title: "The sender", Text: "Sign in as Ada.", Links: []views.Link{{Text: "Open Sent", URL: "/sent"}}}}
		},
	}
	w := newWorld(t, func(o *Options) { o.Demo = d })
	d.Box = w.box
	return w
}

func TestWalkthroughSaysWhatToOpen(t *testing.T) {
	w := newDemo(t)
	a := w.browser().get("/")
	if a.status != 200 || a.heading() != "Send a letter, and take it back" {
		t.Fatalf("walkthrough: %d %q", a.status, a.heading())
	}
	said := texts(a.body)
	for _, want := range []string{"fold-the-letter", "Ada Lovelace", "127.0.0.1:2525", "Sign in as Ada.", "Open Sent"} {
		if !strings.Contains(said, want) {
			t.Errorf("the walkthrough does not say %q", want)
		}
	}
}

func TestMailboxShowsMailNewestFirst(t *testing.T) {
	w := newDemo(t)
	b := w.browser()
	if a := b.get("/inbox/"); a.status != 200 || !strings.Contains(a.body, "No mail yet") {
		t.Errorf("no mailboxes: %d", a.status)
	}
	if a := b.get("/inbox/" + string(jonas)); a.status != 200 || !strings.Contains(a.body, "No mail yet.") {
		t.Errorf("empty mailbox: %d", a.status)
	}
	w.submit(ada, intake.Envelope{Recipients: []letterlock.Address{marta}}, titledMail(ada, "First", marta))
	w.clock.advance(time.Hour)
	w.submit(ada, intake.Envelope{Recipients: []letterlock.Address{carol}}, titledMail(ada, "Second", carol))
	w.clock.advance(time.Hour)
	w.browser().prove(marta)

	list := texts(b.get("/inbox/").body)
	if i, j := strings.Index(list, string(marta)), strings.Index(list, string(carol)); i < 0 || j < i || !strings.Contains(list, "2 mails") {
		t.Errorf("mailboxes:\n%s", list)
	}
	box := b.get("/inbox/" + url.PathEscape(string(marta)))
	said := texts(box.body)
	if i, j := strings.Index(said, "Your one-time passcode"), strings.Index(said, "has sent you a protected message"); box.status != 200 || i < 0 || j < i {
		t.Errorf("mailbox: %d\n%s", box.status, said)
	}
	for _, odd := range []string{"/inbox/nonsense", "/inbox/%25zz", "/inbox/" + string(marta) + "/x", "/inbox/" + string(marta) + "/99", "/inbox/" + string(carol) + "/1"} {
		if a := b.get(odd); a.status != 404 && a.status != 400 {
			t.Errorf("%s: %d, want 404", odd, a.status)
		}
	}
}

func TestMailboxIsFoundByAnyAddress(t *testing.T) {
	w := newDemo(t)
	for _, a := range []letterlock.Address{"50%41@riverside.example", "a/b@riverside.example", "märta@riverside.example", "a+b?c#d@riverside.example"} {
		if err := w.box.Send(t.Context(), "", a, strings.NewReader("Subject: hello\r\n\r\ntext\r\n")); err != nil {
			t.Fatal(err)
		}
		page := w.browser().get(mailboxURL(a))
		if page.status != 200 || !strings.Contains(page.body, "hello") {
			t.Errorf("%s: %d, without its mail", a, page.status)
		}
		if page := w.browser().get(mailURL(w.box.Mails(a)[0])); page.status != 200 || !strings.Contains(page.body, ">text") {
			t.Errorf("mail of %s: %d", a, page.status)
		}
	}
}

func TestNotificationLooksAsItWasSent(t *testing.T) {
	w := newDemo(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser()
	at := "/inbox/" + string(marta) + "/1"
	page := b.get(at)
	if page.status != 200 || !strings.Contains(page.body, `src="`+at+`/html"`) || !strings.Contains(page.body, "allow-top-navigation-by-user-activation") {
		t.Fatalf("mail: %d", page.status)
	}
	for _, want := range []string{"HTML Text Source", "portal@contoso.example", "Reply to"} {
		if !strings.Contains(texts(page.body), want) {
			t.Errorf("the mail does not say %q:\n%s", want, texts(page.body))
		}
	}
	doc := b.get(at + "/html")
	for _, want := range []string{`<base target="_top">`, "Read the message", "prefers-color-scheme: dark", "data:image/png;base64,", publicURL + w.link(marta)} {
		if !strings.Contains(doc.body, want) {
			t.Errorf("the document does not hold %q", want)
		}
	}
	if strings.Contains(doc.body, "cid:") {
		t.Error("an inline image was not put in its place")
	}
	if got := doc.header.Get("Content-Security-Policy"); got != string(policyMail) || doc.header.Get("Cross-Origin-Opener-Policy") != "" {
		t.Errorf("policy: %q", got)
	}
	text := b.get(at + "/text")
	if !strings.Contains(text.body, "<pre") || !strings.Contains(text.body, w.link(marta)) {
		t.Error("the text is not shown")
	}
	if source := b.get(at + "?as=source"); !strings.Contains(source.body, "<pre") || !strings.Contains(source.body, "Auto-Submitted") {
		t.Error("the source is not shown")
	}
	raw := b.get(at + "/source.eml")
	if raw.status != 200 || !strings.Contains(raw.header.Get("Content-Disposition"), "attachment") || raw.body != string(w.box.Mails(marta)[0].Raw) {
		t.Errorf("source.eml: %d", raw.status)
	}
}

func TestForeignMailInAFrameRunsNothing(t *testing.T) {
	w := newDemo(t)
	w.send(ada, letterlock.EncryptOnly, carol)
	b := w.browser()
	doc := b.get("/inbox/" + string(carol) + "/1/html")
	if !strings.Contains(doc.body, secretText) {
		t.Fatalf("document: %d", doc.status)
	}
	got := doc.header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "form-action 'none'", "base-uri 'none'", "sandbox "} {
		if !strings.Contains(got, want) {
			t.Errorf("the policy does not say %q", want)
		}
	}
	for _, never := range []string{"allow-scripts", "allow-same-origin", "allow-forms", "script-src"} {
		if strings.Contains(got, never) {
			t.Errorf("the policy says %q", never)
		}
	}
	if page := b.get("/inbox/" + string(carol) + "/1"); !strings.Contains(page.body, secretFile) || strings.Contains(page.body, "alert(1)") {
		t.Error("the page does not name the attachment, or holds the mail's own markup")
	}
}
