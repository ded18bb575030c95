package inbox

import (
	"strings"
	"testing"
)

const notification = `From: =?utf-8?q?In=C3=A9s?= Kaya via Contoso <notify@mail.contoso.example>
To: marta@quillfeather.example
Subject: =?utf-8?b?SW7DqXMgc2VudCB5b3UgYSBwcm90ZWN0ZWQgbWVzc2FnZQ==?=
MIME-Version: 1.0
Content-Type: multipart/related; boundary=outer

--outer
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Privacy: https://contoso.example/privacy
Read the message, In=C3=A9s's:
https://mail.contoso.example/m/Xr8Qk2vT0uJZ5mB7pYc3HdN9wLs4AeGf6KiRoEtVxU=
-.
https://mail.contoso.example/m/another
--inner
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: base64

PHA+SW7DqXM8L3A+
--inner--
--outer
Content-Type: image/png
Content-ID: <brand-logo>
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--outer--
`

func mailOf(raw string) Mail {
	return Mail{Seq: 1, From: "bounce@contoso.example", To: marta, Raw: []byte(strings.ReplaceAll(raw, "\n", "\r\n"))}
}

func TestAMailIsReadAsItsOwnerSeesIt(t *testing.T) {
	m := mailOf(notification)
	if got, want := m.Subject(), "Inés sent you a protected message"; got != want {
		t.Errorf("Subject = %q, want %q", got, want)
	}
	if got, want := m.Sender(), "Inés Kaya via Contoso"; got != want {
		t.Errorf("Sender = %q, want %q", got, want)
	}
	if got, want := m.Text(), "Read the message, Inés's:"; !strings.Contains(got, want) {
		t.Errorf("Text = %q, want it to hold %q", got, want)
	}
	if got, want := strings.TrimSpace(m.HTML()), "<p>Inés</p>"; got != want {
		t.Errorf("HTML = %q, want %q", got, want)
	}
	if got, want := m.Link(), "https://mail.contoso.example/m/Xr8Qk2vT0uJZ5mB7pYc3HdN9wLs4AeGf6KiRoEtVxU-"; got != want {
		t.Errorf("Link = %q, want %q", got, want)
	}
	if got := m.Passcode(); got != "" {
		t.Errorf("Passcode of a notification = %q, want none", got)
	}
}

func TestPasscodeIsFoundInTheText(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"line of its own", "Reference 20261104\n\n    04712345\n\nValid 10 minutes.\n", "04712345"},
		{"two halves", "Your passcode:\n0471 2345\n", "04712345"},
		{"in a sentence", "Your passcode is 04712345.\n", "04712345"},
		{"nine digits", "Call 123456789.\n", ""},
		{"part of a word", "See KX12345678.\n", ""},
		{"none", "Nothing here.\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := mailOf("Subject: x\n\n" + tt.text)
			if got := m.Passcode(); got != tt.want {
				t.Errorf("Passcode = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAMailThatIsNoneIsStillShown(t *testing.T) {
	for _, raw := range []string{"", "\x00\xff", "no header at all", strings.Repeat("x", 1<<20), "Content-Type: multipart/mixed; boundary=b\n\n--b"} {
		m := mailOf(raw)
		if got := m.Sender(); got != "bounce@contoso.example" {
			t.Errorf("Sender of %.20q = %q, want the envelope's", raw, got)
		}
		m.Text()
		for what, got := range map[string]string{"Subject": m.Subject(), "HTML": m.HTML(), "Link": m.Link(), "Passcode": m.Passcode()} {
			if got != "" {
				t.Errorf("%s of %.20q = %q, want none", what, raw, got)
			}
		}
	}
}
