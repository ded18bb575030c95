package notify_test

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/mail"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"letterlock/internal/brand"
	"letterlock/internal/eml"
	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/internal/notify"
)

var now = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)

const token = letterlock.Token("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopq")

func newNotifier(t *testing.T) *notify.Notifier {
	t.Helper()
	look, err := brand.New(brand.Settings{Name: "Contoso", Texts: brand.Texts{Disclaimer: "Contoso AG, Zürich"}})
	if err != nil {
		t.Fatal(err)
	}
	public, err := url.Parse("https://mail.contoso.example")
	if err != nil {
		t.Fatal(err)
	}
	return &notify.Notifier{Brand: func(string) *brand.Brand { return look }, PublicURL: public, From: "portal@contoso.example", Location: time.FixedZone("CET", 3600)}
}

// A written is a mail as its reader sees it.
type written struct {
	header     mail.Header
	index      *eml.Index
	text, html string
}

func write(t *testing.T, f func(w io.Writer) error) written {
	t.Helper()
	var b bytes.Buffer
	if err := f(&b); err != nil {
		t.Fatal(err)
	}
	x := eml.NewIndexer(eml.Limits{})
	x.Write(b.Bytes())
	ix, err := x.Close()
	if err != nil {
		t.Fatal(err)
	}
	m, err := mail.ReadMessage(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	open := func(part int) string {
		s, _, err := ix.OpenText(bytes.NewReader(b.Bytes()), part, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	return written{m.Header, ix, open(ix.TextPart()), open(ix.HTMLPart())}
}

func message(name string) letterlock.Message {
	return letterlock.Message{ID: letterlock.NewID(), MessageID: "<1@contoso.example>", Subject: "Secret offer",
		Sender: letterlock.Mailbox{Name: name, Address: "ada@contoso.example"}, Accepted: now}
}

func recipient(name string) letterlock.Recipient {
	return letterlock.Recipient{Experience: letterlock.Link, Mailbox: letterlock.Mailbox{Name: name, Address: "marta@quillfeather.example"}, Reference: "B7M-4KP-RTA-KX7"}
}

func TestNotificationSaysWhoWhereAndUntilWhen(t *testing.T) {
	n := newNotifier(t)
	m := message("Ada Lovell")
	m.Expires = time.Date(2026, 11, 23, 23, 30, 0, 0, time.UTC)
	w := write(t, func(w io.Writer) error { return n.Notification(w, now, m, recipient("Marta"), token) })
	for part, text := range map[string]string{"text": w.text, "HTML": w.html} {
		for _, want := range []string{"Ada Lovell", "ada@contoso.example", "https://mail.contoso.example/m/" + token.Reveal(), "B7M-4KP-RTA-KX7",
			"Tuesday 24 November 2026, 00:30 CET (UTC+01:00)", "Contoso AG, Zürich"} {
			if !strings.Contains(text, want) && !strings.Contains(strings.Join(strings.Fields(text), " "), want) {
				t.Errorf("the %s part does not say %q:\n%s", part, want, text)
			}
		}
	}
	n.Location = time.UTC
	w = write(t, func(w io.Writer) error { return n.Notification(w, now, m, recipient("Marta"), token) })
	if text := strings.Join(strings.Fields(w.text), " "); !strings.Contains(text, "Monday 23 November 2026, 23:30 UTC.") {
		t.Errorf("in UTC the mail says more than the zone:\n%s", text)
	}
	from, err := mail.ParseAddress(w.header.Get("From"))
	if err != nil || from.Name != "Ada Lovell via Contoso" || from.Address != "portal@contoso.example" {
		t.Errorf("From = %v, %v; want Ada via Contoso", from, err)
	}
	m.Expires = time.Time{}
	w = write(t, func(w io.Writer) error { return n.Notification(w, now, m, recipient(""), token) })
	if strings.Contains(w.text+w.html, "You can read it until") {
		t.Error("a message that does not expire has an end")
	}
}

func TestPasscodeMailCountsTheMinutesThatAreLeft(t *testing.T) {
	n := newNotifier(t)
	for left, want := range map[time.Duration]string{
		10 * time.Minute: "valid for 10 minutes, until 11:10 CET", 9*time.Minute + time.Second: "valid for 10 minutes",
		time.Minute: "valid for 1 minute, until", time.Second: "valid for 1 minute, until",
	} {
		w := write(t, func(w io.Writer) error {
			return n.Passcode(w, now, letterlock.Message{}, recipient("Marta"), "12345678", "B7M", now.Add(left))
		})
		if text := strings.Join(strings.Fields(w.text), " "); !strings.Contains(text, want) || !strings.Contains(text, "1234 5678") {
			t.Errorf("%v before the end: %q, want %q", left, text, want)
		}
		if s := w.header.Get("Subject") + w.header.Get("To"); strings.Contains(s, "1234") || strings.Contains(s, "Marta") {
			t.Errorf("header %q says too much", s)
		}
	}
}

func TestTheMailToSetAPasswordSaysWhyWhereAndUntilWhen(t *testing.T) {
	n := newNotifier(t)
	until := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	for invited, why := range map[bool]string{true: "has made an account for you", false: "has reset your password"} {
		w := write(t, func(w io.Writer) error {
			return n.Account(w, now, letterlock.Mailbox{Name: "Ada", Address: "ada@contoso.example"}, token, invited, until)
		})
		for part, text := range map[string]string{"text": w.text, "HTML": w.html} {
			text = strings.Join(strings.Fields(text), " ")
			for _, want := range []string{why, "https://mail.contoso.example/password/" + token.Reveal(), "Monday 23 November 2026, 11:00 CET (UTC+01:00)", "ada@contoso.example"} {
				if !strings.Contains(text, want) {
					t.Errorf("the %s part does not say %q:\n%s", part, want, text)
				}
			}
		}
		if got := w.header.Get("Subject"); got != "Set your password for Letterlock at Contoso" {
			t.Errorf("Subject = %q", got)
		}
	}
}

func TestHostileNamesAddNoHeaderAndNoHTML(t *testing.T) {
	n := newNotifier(t)
	for _, name := range []string{
		"Ada\r\nBcc: eve@evil.example", "Ada\nX-Evil: 1", `Ada" <eve@evil.example>`, "<script>alert(1)</script>", "Ada\x00\x1b[31m",
		"=?utf-8?q?=0d=0aBcc:_eve@evil.example?=", "\u202eadA", strings.Repeat("long ", 2000), "Ada, eve@evil.example", "\xff\xfe", "\u2028x",
	} {
		m, r := message(name), recipient(name)
		m.Subject = name
		for kind, f := range map[string]func(io.Writer) error{
			"notification": func(w io.Writer) error { return n.Notification(w, now, m, r, token) },
			"failure":      func(w io.Writer) error { return n.Failure(w, now, m, r, name) },
			"first read":   func(w io.Writer) error { return n.FirstRead(w, now, m, r) },
			"unread":       func(w io.Writer) error { return n.Unread(w, now, m, []letterlock.Recipient{r}) },
			"expiring":     func(w io.Writer) error { return n.Expiring(w, now, m, []letterlock.Recipient{r}) },
			"again":        func(w io.Writer) error { return n.Again(w, now, m, r, token) },
			"request":      func(w io.Writer) error { return n.Request(w, now, m, r) },
			"admin":        func(w io.Writer) error { return n.AdminRequest(w, now, m, r, "grace@contoso.example") },
			"account":      func(w io.Writer) error { return n.Account(w, now, r.Mailbox, token, true, now) },
		} {
			// Line ends and controls are refused here as the last resort; where
			// names come in, they are refused or cleaned.
			var b bytes.Buffer
			if err := f(&b); errors.Is(err, letterlock.Invalid) && strings.ContainsAny(name, "\r\n\x00") && b.Len() == 0 {
				continue
			}
			checkHarmless(t, kind, name, write(t, f))
		}
	}
}

func checkHarmless(t *testing.T, kind, name string, w written) {
	t.Helper()
	for _, field := range []string{"Bcc", "X-Evil"} {
		if w.header.Get(field) != "" {
			t.Errorf("%s with the name %.40q has the field %s", kind, name, field)
		}
	}
	if h := w.index.Header; len(h.From) != 1 || h.From[0].Address != "portal@contoso.example" || len(h.To) != 1 || len(h.Bad) > 0 {
		t.Errorf("%s with the name %.40q is from %v to %v, %v", kind, name, h.From, h.To, h.Bad)
	}
	if ix := w.index; ix.BareLF || ix.BareCR || ix.NUL || ix.Defects != 0 {
		t.Errorf("%s with the name %.40q is malformed", kind, name)
	}
	if strings.Contains(w.html, "<script") {
		t.Errorf("%s with the name %.40q holds a script", kind, name)
	}
}

func TestEveryMailIsMarkedAndHoldsItsPictures(t *testing.T) {
	n := newNotifier(t)
	m, r := message("Ada"), recipient("Marta")
	for kind, f := range map[string]func(io.Writer) error{
		"notification": func(w io.Writer) error { return n.Notification(w, now, m, r, token) },
		"passcode": func(w io.Writer) error {
			return n.Passcode(w, now, letterlock.Message{}, r, "12345678", "B7M", now.Add(time.Minute))
		},
		"failure":    func(w io.Writer) error { return n.Failure(w, now, m, r, "") },
		"first read": func(w io.Writer) error { return n.FirstRead(w, now, m, r) },
		"unread":     func(w io.Writer) error { return n.Unread(w, now, m, []letterlock.Recipient{r}) },
		"expiring":   func(w io.Writer) error { return n.Expiring(w, now, m, []letterlock.Recipient{r}) },
		"again":      func(w io.Writer) error { return n.Again(w, now, m, r, token) },
		"request":    func(w io.Writer) error { return n.Request(w, now, m, r) },
		"admin":      func(w io.Writer) error { return n.AdminRequest(w, now, m, r, "grace@contoso.example") },
		"account":    func(w io.Writer) error { return n.Account(w, now, r.Mailbox, token, false, now) },
	} {
		w, again := write(t, f), write(t, f)
		if w.header.Get("Auto-Submitted") != "auto-generated" || w.header.Get("X-Auto-Response-Suppress") != "All" {
			t.Errorf("%s is not marked as a machine's: %v", kind, w.header)
		}
		if !w.index.Header.Date.Equal(now) || w.index.Header.MessageID == "" || w.index.Header.MessageID == again.index.Header.MessageID {
			t.Errorf("%s: date %v, Message-ID %q; want now and a new one each time", kind, w.index.Header.Date, w.index.Header.MessageID)
		}
		for cid := range w.index.Inline() {
			if !strings.Contains(w.html, "cid:"+cid) {
				t.Errorf("%s holds the picture %q and does not show it", kind, cid)
			}
		}
		if strings.Contains(w.html, `src="http`) || len(w.index.Inline()) == 0 {
			t.Errorf("%s loads a picture from somewhere, or has none", kind)
		}
	}
}

func TestConcurrentMailsDoNotMix(t *testing.T) {
	n := newNotifier(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			w := write(t, func(w io.Writer) error { return n.Notification(w, now, message("Ada"), recipient("Marta"), token) })
			if !strings.Contains(w.text, token.Reveal()) || len(w.index.Inline()) != 1 {
				t.Error("a mail lost its link or its logo")
			}
		})
	}
	wg.Wait()
}

// TestMailsToRecipientsSayTheirLanguage reads each mail back as its reader's program does.
func TestMailsToRecipientsSayTheirLanguage(t *testing.T) {
	for _, words := range language.All() {
		n := newNotifier(t).In(words)
		m := message("Ada Lovell")
		m.Expires = now.Add(24 * time.Hour)
		for name, w := range map[string]written{
			"notification": write(t, func(w io.Writer) error { return n.Notification(w, now, m, recipient("Marta"), token) }),
			"again":        write(t, func(w io.Writer) error { return n.Again(w, now, m, recipient("Marta"), token) }),
			"passcode": write(t, func(w io.Writer) error {
				return n.Passcode(w, now, m, recipient("Marta"), "40718265", "B7M", now.Add(10*time.Minute))
			}),
		} {
			if !strings.Contains(w.html, `<html lang="`+words.Tag()+`" dir="`+words.Direction()+`"`) {
				t.Errorf("%s in %s: %.200s", name, words.Tag(), w.html)
			}
			if got := w.header.Get("Content-Language"); got != words.Tag() && !(got == "" && words.Tag() == "en") {
				t.Errorf("%s in %s: Content-Language %q", name, words.Tag(), got)
			}
			subject, err := new(mime.WordDecoder).DecodeHeader(w.header.Get("Subject"))
			if err != nil || !strings.Contains(subject, "Ada Lovell") && subject != words.Text("passcode.subject") {
				t.Errorf("%s in %s: subject %q, %v", name, words.Tag(), subject, err)
			}
		}
	}
}
