package web

import (
	"strings"
	"testing"
	"time"
)

// invitation is a mail with an event at nine in New York.
func invitation(method, more string) string {
	return strings.ReplaceAll(`From: Ada Lovelace <ada@contoso.example>
To: marta.lind@quillfeather.example
Subject: Signing
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=a

--a
Content-Type: text/plain

Will you come?

--a
Content-Type: text/calendar; charset=utf-8; method=`+method+`

BEGIN:VCALENDAR
METHOD:`+method+`
BEGIN:VEVENT
SUMMARY:Signing of <b>the agreement</b>
DTSTART;TZID=America/New_York:20261201T090000
DTEND;TZID=America/New_York:20261201T103000
LOCATION:Room 4
ORGANIZER;CN=Ada Lovelace:mailto:ada@contoso.example
ATTENDEE;PARTSTAT=ACCEPTED;CN=Marta Lind:mailto:marta.lind@quillfeather.example
`+more+`END:VEVENT
END:VCALENDAR

--a--
`, "\n", "\r\n")
}

func TestInvitationIsShownAsAnEvent(t *testing.T) {
	w := newWorld(t, func(o *Options) {
		berlin, err := time.LoadLocation("Europe/Berlin")
		if err != nil {
			t.Fatal(err)
		}
		o.Location = berlin
	})
	b := w.browser()
	id := string(w.submit(ada, intakeTo(marta), invitation("REQUEST", "RRULE:FREQ=WEEKLY;COUNT=3\n")))
	pages := map[string]answer{"recipient": b.get(b.prove(marta)), "sender": w.browser().signIn(ada).get("/sent/" + id)}
	for name, a := range pages {
		said := texts(a.body)
		for _, want := range []string{
			"Invitation: Signing of <b>the agreement</b>", "Tuesday 1 December 2026, 09:00 to 10:30 EST", "Tuesday 1 December 2026, 15:00 to 16:30 CET",
			"every week, 3 times", "Room 4", "Ada Lovelace <ada@contoso.example>", "Marta Lind <marta.lind@quillfeather.example>, accepted", "invitation.ics",
		} {
			if !strings.Contains(said, want) {
				t.Errorf("the %s is not told %q:\n%s", name, want, said)
			}
		}
		if strings.Contains(a.body, "<b>the") {
			t.Errorf("the title became markup for the %s", name)
		}
	}
}

func TestEventSaysWhatHasBecomeOfIt(t *testing.T) {
	w := newWorld(t)
	for _, tt := range []struct{ name, method, more, want string }{
		{"cancelled", "CANCEL", "", "Cancelled event: Signing"},
		{"changed", "REQUEST", "SEQUENCE:1\n", "Updated invitation: Signing"},
		{"answered", "REPLY", "", "Answer to an invitation: Signing"},
	} {
		w.submit(ada, intakeTo(marta), invitation(tt.method, tt.more))
		b := w.browser()
		if a := b.get(b.prove(marta)); !strings.Contains(texts(a.body), tt.want) {
			t.Errorf("%s:\n%s", tt.name, texts(a.body))
		}
	}
}

func TestRemarksSayWhatAProgramWouldHaveDone(t *testing.T) {
	w := newWorld(t)
	const head = "From: ada@contoso.example\r\nTo: marta.lind@quillfeather.example\r\nSubject: x\r\nContent-Type: "
	for _, tt := range []struct{ name, mail, want, file string }{
		{"signed", "multipart/signed; boundary=s\r\n\r\n--s\r\n\r\nhello\r\n--s\r\nContent-Type: application/pkcs7-signature\r\n\r\nx\r\n--s--\r\n", "has signed this message", "smime.p7s"},
		{"S/MIME", "application/pkcs7-mime\r\nContent-Disposition: attachment\r\n\r\nx", "encrypted once more", "smime.p7m"},
		{"OpenPGP", "multipart/encrypted; boundary=e\r\n\r\n--e\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--e\r\nContent-Type: application/octet-stream\r\n\r\nx\r\n--e--\r\n", "encrypted once more", "encrypted.asc"},
		{"OpenPGP in the text", "text/plain\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n\r\nx\r\n", "encrypted once more", ""},
		{"parts that never come", "multipart/mixed; boundary=never\r\n\r\nall there is", "could not be read", ""},
		{"nothing special", "text/plain\r\n\r\nhello", "", ""},
	} {
		w.submit(ada, intakeTo(marta), head+tt.mail)
		b := w.browser()
		said := texts(b.get(b.prove(marta)).body)
		if !strings.Contains(said, tt.want) || !strings.Contains(said, tt.file) {
			t.Errorf("%s:\n%s", tt.name, said)
		}
		if tt.want == "" && (strings.Contains(said, "signed") || strings.Contains(said, "once more") || strings.Contains(said, "could not be read")) {
			t.Errorf("%s has a remark:\n%s", tt.name, said)
		}
	}
}
