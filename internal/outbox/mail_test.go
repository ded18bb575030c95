package outbox_test

import (
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"letterlock/internal/eml"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
)

// A parsed is a mail with its texts decoded.
type parsed struct {
	header mail.Header
	text   string
	html   string
	all    string // raw mail and decoded texts
}

func parse(t *testing.T, s sent) parsed {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(s.raw))
	if err != nil {
		t.Fatal(err)
	}
	x := eml.NewIndexer(eml.Limits{})
	x.Write([]byte(s.raw))
	ix, err := x.Close()
	if err != nil {
		t.Fatal(err)
	}
	if ix.BareCR || ix.BareLF || ix.NUL || ix.Defects != 0 {
		t.Errorf("the mail is malformed: %+v", ix)
	}
	p := parsed{header: m.Header}
	open := func(part int) string {
		if part < 0 {
			return ""
		}
		text, _, err := ix.OpenText(strings.NewReader(s.raw), part, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	p.text, p.html = open(ix.TextPart()), open(ix.HTMLPart())
	p.all = s.raw + p.text + p.html
	return p
}

var link = regexp.MustCompile(`https?://[^\s"'<>]+`)

// links returns the different links in a text. The name of HTML's namespace
// looks like one and is none.
func links(text string) []string {
	text = strings.ReplaceAll(text, `xmlns="http://www.w3.org/1999/xhtml"`, "")
	return slices.Compact(slices.Sorted(slices.Values(link.FindAllString(text, -1))))
}

// checkSystemMail requires what all mails that we write have in common.
func checkSystemMail(t *testing.T, s sent, p parsed) {
	t.Helper()
	if got := p.header.Get("Auto-Submitted"); got != "auto-generated" {
		t.Errorf("Auto-Submitted: %q", got)
	}
	if got := p.header.Get("Message-Id"); !strings.HasSuffix(got, "@contoso.example>") {
		t.Errorf("Message-ID: %q", got)
	}
	from, err := mail.ParseAddress(p.header.Get("From"))
	if err != nil || from.Address != "portal@contoso.example" {
		t.Errorf("From: %q, %v; want the portal", p.header.Get("From"), err)
	}
	if p.text == "" || p.html == "" {
		t.Error("the text or the HTML part is missing")
	}
	for _, word := range []string{secret, "84000", "hidden@", "X-Letterlock-Pr"} {
		if strings.Contains(p.all, word) {
			t.Errorf("the mail to %s holds %q", s.to, word)
		}
	}
	if strings.Contains(p.html, "<img") && !strings.Contains(p.html, `src="cid:`) {
		t.Error("an image is not inside the mail")
	}
	for _, bad := range []string{"<script", "<link", "url(http", `src="http`, "background="} {
		if strings.Contains(p.html, bad) {
			t.Errorf("the HTML part holds %q", bad)
		}
	}
}

func TestNotificationHoldsOneLinkAndNoContent(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{Expires: h.now.Load().Add(72 * time.Hour)}, marta)
	mails := h.flush()
	if len(mails) != 1 || mails[0].to != marta {
		t.Fatalf("mails = %v, want one to Marta", mails)
	}
	p := parse(t, mails[0])
	checkSystemMail(t, mails[0], p)
	r := h.recipient(id, marta)
	if got := h.returnsTo(mails[0]); got != r.ID {
		t.Errorf("return path %q names %q, want %q", mails[0].from, got, r.ID)
	}
	for name, part := range map[string]string{"text": p.text, "HTML": p.html} {
		links := links(part)
		if len(links) != 1 || !strings.HasPrefix(links[0], "https://mail.contoso.example/m/") || len(links[0]) != len("https://mail.contoso.example/m/")+43 {
			t.Errorf("links in the %s part: %q, want the one", name, links)
			continue
		}
		g, err := h.access.Gate(t.Context(), strings.TrimPrefix(links[0], "https://mail.contoso.example/m/"))
		if err != nil || g.Recipient.ID != r.ID {
			t.Errorf("the link leads to %q, %v; want Marta's gate", g.Recipient.ID, err)
		}
		if !strings.Contains(part, r.Reference) || !strings.Contains(part, "Ada Lovell") || !strings.Contains(part, "23 November 2026") {
			t.Errorf("the %s part lacks the reference, the sender or the expiry", name)
		}
	}
	if strings.Contains(p.all, "Offer") || strings.Contains(p.header.Get("Subject"), "2027") {
		t.Error("the notification holds the subject")
	}
	if got := p.header.Get("Reply-To"); !strings.Contains(got, "ada@contoso.example") {
		t.Errorf("Reply-To: %q, want the sender", got)
	}
	if kinds, _ := h.history(id, marta); !slices.Equal(kinds, []letterlock.EventKind{letterlock.Accepted, letterlock.Notified}) || !r.Notified.Equal(*h.now.Load()) {
		t.Errorf("history %v, notified %v", kinds, r.Notified)
	}
}

func TestPasscodeMailHoldsTheCodeAndNoLink(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{}, marta)
	h.flush()
	r := h.recipient(id, marta)
	asked, err := h.codes.Ask(t.Context(), r.ID, "browser", "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	mails := h.flush()
	if len(mails) != 1 || mails[0].to != marta {
		t.Fatalf("mails = %v, want one to Marta", mails)
	}
	p := parse(t, mails[0])
	checkSystemMail(t, mails[0], p)
	if links := links(p.text + p.html); len(links) > 0 || strings.Contains(p.html, "href") {
		t.Errorf("the mail holds links: %q", links)
	}
	if got := p.header.Get("Subject"); got != "Your one-time passcode to view the message" {
		t.Errorf("subject %q", got)
	}
	codes := regexp.MustCompile(`\d{4} \d{4}`).FindAllString(p.text, -1)
	if len(codes) != 1 || !strings.Contains(p.text, asked.Reference) {
		t.Fatalf("codes %q in %q, want one and the reference", codes, p.text)
	}
	if strings.Contains(p.text+p.html, "Ada") || strings.Contains(p.header.Get("Subject"), codes[0][:4]) {
		t.Error("the mail says who sent the message, or shows the code in its subject")
	}
	if a, err := h.codes.Verify(t.Context(), r.ID, "browser", codes[0], letterlock.Actor{IP: "192.0.2.1"}); err != nil || a != marta {
		t.Errorf("the mailed code: %q, %v", a, err)
	}
	if kinds, _ := h.history(id, marta); kinds[len(kinds)-1] != letterlock.PasscodeSent {
		t.Errorf("history %v, want a passcode sent", kinds)
	}
}

func TestInlineMailLeavesWithoutBccAndTag(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{}, carol)
	mails := h.flush()
	if len(mails) != 1 || mails[0].to != carol || h.returnsTo(mails[0]) != h.recipient(id, carol).ID {
		t.Fatalf("mails = %v, want one to Carol", mails)
	}
	p := parse(t, mails[0])
	if !strings.Contains(p.text, secret) || p.header.Get("Subject") != "Offer for 2027" || p.header.Get("To") != string(carol) {
		t.Errorf("the mail lost something: %q", mails[0].raw)
	}
	for _, word := range []string{"Bcc", "hidden@", "[encrypt]", "X-Letterlock-Pr"} {
		if strings.Contains(mails[0].raw, word) {
			t.Errorf("the mail holds %q: %s", word, mails[0].raw)
		}
	}
	if kinds, _ := h.history(id, carol); !slices.Equal(kinds, []letterlock.EventKind{letterlock.Accepted, letterlock.Delivered}) {
		t.Errorf("history %v, want it delivered", kinds)
	}
}

func TestEveryRecipientGetsALinkOfTheirOwn(t *testing.T) {
	h := newHouse(t)
	h.send(intake.Envelope{}, marta, jonas, carol, "hidden@quillfeather.example")
	seen := make(map[string]bool)
	mails := h.flush()
	for _, s := range mails {
		if s.to == carol {
			continue
		}
		p := parse(t, s)
		seen[link.FindString(p.text)] = true
		for _, other := range []letterlock.Address{marta, jonas, carol, "hidden@quillfeather.example"} {
			if other != s.to && strings.Contains(p.all, string(other)) {
				t.Errorf("the notification to %s names %s", s.to, other)
			}
		}
	}
	if len(mails) != 4 || len(seen) != 3 {
		t.Errorf("%d mails with %d links, want 4 with 3", len(mails), len(seen))
	}
}
