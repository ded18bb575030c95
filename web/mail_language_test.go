package web

import (
	"strings"
	"testing"

	"letterlock/internal/letterlock"
)

// spokenIn requires that the newest mail in a mailbox is in a language, whole.
func (w *world) spokenIn(what, tag, subject string) {
	w.t.Helper()
	w.deliver()
	m := w.box.Mails(marta)[0]
	dir := "ltr"
	if tag == "ar" {
		dir = "rtl"
	}
	if !strings.HasPrefix(m.Subject(), subject) || !strings.Contains(m.HTML(), `<html lang="`+tag+`" dir="`+dir+`"`) {
		w.t.Errorf("%s: %q\n%.300s", what, m.Subject(), m.HTML())
	}
	if field := "Content-Language: " + tag + "\r\n"; strings.Contains(string(m.Raw), field) != (tag != "en") {
		w.t.Errorf("%s: the header, as to Content-Language:\n%.900s", what, m.Raw)
	}
	for line := range strings.Lines(string(m.Raw)) {
		if len(line) > 998 || strings.ContainsFunc(line, func(r rune) bool { return r > 126 }) { // RFC 5322, section 2.1.1
			w.t.Errorf("%s: a line that not every server passes on: %q", what, line)
		}
	}
}

func TestRecipientsAreWrittenToInTheirLanguage(t *testing.T) {
	w := newWorld(t, everyLanguage)
	w.send(ada, letterlock.EncryptOnly, marta)
	w.spokenIn("of somebody unknown", "en", "Ada Lovelace has sent you")
	link, b := w.link(marta), w.browser()
	b.header.Set("Accept-Language", "ja")
	b.post(link+"/passcode", nil)
	w.spokenIn("a passcode that was asked for on a Japanese page", "ja", "メッセージを表示するためのワンタイムパスコード")
	for _, tt := range []struct{ tag, sent, passcode string }{
		{"de", "Ada Lovelace hat Ihnen eine geschützte Nachricht gesendet", "Ihr Einmalcode zum Anzeigen der Nachricht"},
		{"fr", "Ada Lovelace vous a envoyé un message protégé", "Votre code à usage unique pour afficher le message"},
		{"es", "Ada Lovelace le ha enviado un mensaje protegido", "Su código de un solo uso para ver el mensaje"},
		{"ar", "وصلتك رسالة محمية من ", "رمزك لمرة واحدة لعرض الرسالة"},
		{"ja", "Ada Lovelaceさんから保護されたメッセージが届いています", "メッセージを表示するためのワンタイムパスコード"},
		{"en", "Ada Lovelace has sent you a protected message", "Your one-time passcode to view the message"},
	} {
		if err := w.server.Sessions.Speak(t.Context(), letterlock.Actor{Kind: letterlock.Reader, Address: marta}, tt.tag); err != nil {
			t.Fatal(err)
		}
		w.send(ada, letterlock.EncryptOnly, marta)
		w.spokenIn("a notification, remembered "+tt.tag, tt.tag, tt.sent)
		link, b := w.link(marta), w.browser()
		b.post(link+"/passcode", nil)
		w.spokenIn("a passcode, remembered "+tt.tag, tt.tag, tt.passcode)
		if code := w.box.Mails(marta)[0].Passcode(); len(code) < 8 {
			t.Errorf("%s: the passcode is %q", tt.tag, code)
		}
	}
}

func TestALanguageThatIsNotOfferedIsNotWritten(t *testing.T) {
	w := newWorld(t)
	if err := w.server.Sessions.Speak(t.Context(), letterlock.Actor{Kind: letterlock.Reader, Address: marta}, "de"); err != nil {
		t.Fatal(err)
	}
	w.send(ada, letterlock.EncryptOnly, marta)
	w.spokenIn("where English alone is offered", "en", "Ada Lovelace has sent you")
}
