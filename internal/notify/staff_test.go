package notify_test

import (
	"fmt"
	"io"
	"mime"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/internal/notify"
)

// toStaff are all mails to the organisation's own people, in each of their forms. Their names
// begin with that of the method that writes them.
func toStaff(n *notify.Notifier) map[string]func(io.Writer) error {
	m, marta, jonas, read := message("Ada Lovell"), recipient("Marta Lind"), recipient("Jonas Okafor"), recipient("Nora Berg")
	m.Expires, read.FirstRead = now.Add(24*time.Hour), now
	nameless, inline, revoked := m, marta, marta
	nameless.Subject = ""
	inline.Experience, revoked.Revocation.At = letterlock.Inline, now
	all := map[string]func(io.Writer) error{
		"Account, invited":      func(w io.Writer) error { return n.Account(w, now, m.Sender, token, true, now) },
		"Account, reset":        func(w io.Writer) error { return n.Account(w, now, m.Sender, token, false, now) },
		"Failure":               func(w io.Writer) error { return n.Failure(w, now, m, marta, "550 5.1.1") },
		"Failure, inline":       func(w io.Writer) error { return n.Failure(w, now, m, inline, "") },
		"Request, time":         func(w io.Writer) error { return n.Request(w, now, m, marta) },
		"Request, access":       func(w io.Writer) error { return n.Request(w, now, nameless, revoked) },
		"AdminRequest":          func(w io.Writer) error { return n.AdminRequest(w, now, m, marta, "grace@contoso.example") },
		"ReleaseAsked":          func(w io.Writer) error { return n.ReleaseAsked(w, now, m, marta) },
		"FirstRead":             func(w io.Writer) error { return n.FirstRead(w, now, m, read) },
		"FactorReset":           func(w io.Writer) error { return n.FactorReset(w, now, m.Sender) },
		"Expiring, all read it": func(w io.Writer) error { return n.Expiring(w, now, m, []letterlock.Recipient{read}) },
	}
	for name, list := range map[string][]letterlock.Recipient{"one": {marta}, "all": {marta, jonas}, "some": {marta, jonas, read}} {
		all["Unread, "+name] = func(w io.Writer) error { return n.Unread(w, now, m, list) }
		all["Expiring, "+name] = func(w io.Writer) error { return n.Expiring(w, now, m, list) }
	}
	for _, what := range letterlock.Changes {
		all["Changed, "+string(what)] = func(w io.Writer) error {
			return n.Changed(w, now, m.Sender, what, now, "Firefox", "192.0.2.7")
		}
	}
	all["Changed, from nowhere"] = func(w io.Writer) error {
		return n.Changed(w, now, m.Sender, letterlock.PasswordSet, now, "", "")
	}
	return all
}

func TestNoMailToStaffIsForgotten(t *testing.T) {
	toRecipients := map[string]bool{"Notification": true, "Again": true, "Passcode": true, "Preview": true, "In": true}
	all := toStaff(newNotifier(t))
	for m := range reflect.TypeFor[*notify.Notifier]().Methods() {
		found := toRecipients[m.Name]
		for name := range all {
			found = found || strings.HasPrefix(name, m.Name)
		}
		if !found {
			t.Errorf("%s is in none of the tests", m.Name)
		}
	}
}

// Words that no sentence of the other language has, nor any of the names in these tests.
var (
	inEnglish = regexp.MustCompile(`(?i)\b(the|is|are|and|of|with|has|have|this|that|you|your|from|to|or|by|it|for|not|no|sent|until|message|subject|friday)\b`)
	inGerman  = regexp.MustCompile(`(?i)\b(der|die|das|ist|sind|und|von|mit|hat|haben|sie|ihr|ihre|oder|für|nicht|kein|keiner|gesendet|bis|nachricht|betreff|freitag)\b`)
)

// TestMailsToStaffAreWholeInTheirLanguages reads all of them as their readers do.
func TestMailsToStaffAreWholeInTheirLanguages(t *testing.T) {
	for _, tt := range []struct {
		tag          string
		own, foreign *regexp.Regexp
	}{{language.English, inEnglish, inGerman}, {language.German, inGerman, inEnglish}} {
		tag := tt.tag
		words, _ := language.Find(tag)
		for name, f := range toStaff(newNotifier(t).In(words)) {
			w := write(t, f)
			subject, err := new(mime.WordDecoder).DecodeHeader(w.header.Get("Subject"))
			if err != nil || subject == "" {
				t.Errorf("%s, %s: subject %q, %v", tag, name, subject, err)
			}
			for part, text := range map[string]string{"subject": subject, "text": w.text, "HTML": body(w.html)} {
				// What stands in an address is not said, nor is the subject of somebody's message.
				text = regexp.MustCompile(`\S+[@/]\S+|Message-ID`).ReplaceAllString(text, "")
				if found := tt.foreign.FindAllString(text, -1); len(found) > 0 || strings.Contains(text, "{{") {
					t.Errorf("%s, %s: the %s says %q:\n%s", tag, name, part, found, text)
				}
				if part != "subject" && !tt.own.MatchString(text) {
					t.Errorf("%s, %s: the %s says nothing that is known to be %s: this test proves nothing", tag, name, part, tag)
				}
			}
			if !strings.Contains(w.html, fmt.Sprintf(`<html lang=%q dir="ltr"`, tag)) {
				t.Errorf("%s, %s: the HTML part does not say its language", tag, name)
			}
			if got := w.header.Get("Content-Language"); got != tag && !(got == "" && tag == language.English) {
				t.Errorf("%s, %s: Content-Language %q", tag, name, got)
			}
		}
	}
}

// body is what an HTML part says, without what it looks like.
func body(page string) string {
	page = page[strings.Index(page, "<body"):]
	return regexp.MustCompile(`(?s)<!--.*?-->|<[^>]*>`).ReplaceAllString(page, " ")
}

// TestDatesInMailsToStaffAreThoseOfTheirLanguage has the moment with its zone.
func TestDatesInMailsToStaffAreThoseOfTheirLanguage(t *testing.T) {
	german, _ := language.Find(language.German)
	for name, want := range map[string]string{
		"Account, invited": "bis Freitag, 20. November 2026, 11:00 CET (UTC+01:00)",
		"Failure":          "Gesendet: Freitag, 20. November 2026, 11:00 CET",
		"Expiring, one":    "läuft ab am Samstag, 21. November 2026, 11:00 CET (UTC+01:00)",
		"AdminRequest":     "Eine Nachricht von Ada Lovell, gesendet am Freitag, 20. November 2026, 11:00 CET",
		"Request, access":  "(kein Betreff), gesendet am Freitag",
	} {
		w := write(t, toStaff(newNotifier(t).In(german))[name])
		if text := strings.Join(strings.Fields(w.text), " "); !strings.Contains(text, want) {
			t.Errorf("%s does not say %q:\n%s", name, want, w.text)
		}
	}
}
