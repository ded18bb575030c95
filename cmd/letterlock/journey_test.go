package main

import (
	"bytes"
	"strings"
	"testing"

	"letterlock/internal/browsertest"
)

// realMail is what a mail program writes: text and HTML with an inline image, and
// two attachments of which one has a name outside ASCII.
const realMail = `From: Ada Lindqvist <ada@contoso.example>
To: Nora Vale <nora.vale@gmail.com>
Subject: =?UTF-8?Q?Gehaltserh=C3=B6hung?= [secure]
Message-ID: <journey-1@contoso.example>
Date: Fri, 20 Nov 2026 10:42:00 +0100
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="outer"

--outer
Content-Type: multipart/alternative; boundary="inner"

--inner
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Your new salary is =E2=82=AC 84,000.
--inner
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable

<html><body><p>Your new salary is <b>=E2=82=AC 84,000</b>.</p>
<img src=3D"http://127.0.0.1:9/pixel.gif"><script>alert(1)</script></body></html>
--inner--
--outer
Content-Type: text/csv; name="table.csv"
Content-Disposition: attachment; filename="table.csv"

month,gross
January,7000
--outer
Content-Type: application/octet-stream
Content-Disposition: attachment; filename*=UTF-8''Gehalt%20%C3%BCbersicht.bin
Content-Transfer-Encoding: base64

AAECAwQFBgcICQoLDA0ODw==
--outer--
`

const nora = "nora.vale@gmail.com"

func TestJourney(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		noScript bool
	}{{"with JavaScript", false}, {"without JavaScript", true}} {
		t.Run(tt.name, func(t *testing.T) {
			p := start(t)
			browser := browsertest.New(t, browsertest.Light)
			sender, recipient := browser.Page(t), browser.Page(t)
			sender.NoScript(tt.noScript)
			recipient.NoScript(tt.noScript)

			p.send(realMail, nora)
			readByLink(t, p, recipient)
			download(t, recipient)
			revoke(t, p, sender)
			recipient.Reload()
			wantPage(t, recipient, 410, "The message has been revoked by the sender")
			if text := recipient.Text("main"); strings.Contains(text, "84,000") || !strings.Contains(text, "Ada Lindqvist") {
				t.Errorf("the revoked page says:\n%s", text)
			}
			restore(t, sender)
			recipient.Reload()
			wantPage(t, recipient, 200, "Gehaltserhöhung")
			recipient.ClickText("Sign out")
			recipient.CheckProblems()
			sender.CheckProblems()
		})
	}
}

// readByLink goes the recipient's way: mailbox, link, passcode, message.
func readByLink(t *testing.T, p *program, page *browsertest.Page) {
	t.Helper()
	const subject = "Ada Lindqvist has sent you a protected message"
	mailIn(t, p, page, nora, subject)
	wantPage(t, page, 200, subject)
	var link string
	page.FrameEval("iframe", `document.querySelector('a[href*="/m/"]').href`, &link)
	page.Goto(link)
	wantPage(t, page, 200, "Contoso has sent you a protected message")
	if strings.Contains(page.HTML(), "Gehalt") || strings.Contains(page.HTML(), nora) {
		t.Error("the page before proof tells the subject or the address")
	}
	page.ClickText("Sign in with a one-time passcode")
	wantPage(t, page, 200, "Enter your one-time passcode")

	page.Fill("Passcode", "00000000")
	page.ClickText("Read the message")
	wantPage(t, page, 422, "Enter your one-time passcode")
	if !strings.Contains(page.Text("main"), "The passcode is not right (4 tries left)") {
		t.Errorf("after a wrong passcode the page says:\n%s", page.Text("main"))
	}
	code := p.passcode(t, nora)
	page.Goto(link + "/passcode?mail=watch")
	page.WaitText("Sent to gmail.com at") // it asks for itself, if the outbox has yet to note that
	page.Fill("Passcode", code)
	page.ClickText("Read the message")
	wantPage(t, page, 200, "Gehaltserhöhung")
	if path := page.Path(); !strings.HasPrefix(path, "/read/") {
		t.Errorf("after proof the address is %s, want /read/<id>", path)
	}
	if text := page.FrameText("iframe"); !strings.Contains(text, "Your new salary is € 84,000.") {
		t.Errorf("the message says %q", text)
	}
}

func download(t *testing.T, page *browsertest.Page) {
	t.Helper()
	name, content := page.Download(func() { page.ClickText("Gehalt übersicht.bin") })
	if name != "Gehalt übersicht.bin" || !bytes.Equal(content, []byte("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f")) {
		t.Errorf("downloaded %q with %x", name, content)
	}
}

func revoke(t *testing.T, p *program, page *browsertest.Page) {
	t.Helper()
	p.signIn(page, "ada@contoso.example")
	page.ClickText("Gehaltserhöhung")
	wantPage(t, page, 200, "Gehaltserhöhung")
	page.ClickText("Remove external access")
	wantPage(t, page, 200, "Remove external access?")
	said := page.Text("main")
	for _, want := range []string{"Nora Vale", "Read", "Gehalt übersicht.bin", "table.csv", "Copies cannot be called back."} {
		if !strings.Contains(said, want) {
			t.Errorf("the confirmation does not say %q:\n%s", want, said)
		}
	}
	page.Fill("Reason", "Wrong figure")
	page.Click("main .button--seal")
	wantPage(t, page, 200, "Gehaltserhöhung")
	for _, want := range []string{"External access has been removed", "Revoked", "Wrong figure", "Restore access"} {
		if !strings.Contains(page.Text("main"), want) {
			t.Errorf("after Remove external access the page does not say %q:\n%s", want, page.Text("main"))
		}
	}
}

func restore(t *testing.T, page *browsertest.Page) {
	t.Helper()
	page.ClickText("Restore access")
	if !strings.Contains(page.Text("main"), "Nora Vale can read this message.") {
		t.Errorf("after Restore access the page says:\n%s", page.Text("main"))
	}
}

func TestASenderWhoMayNotRevokeIsToldWhy(t *testing.T) {
	t.Parallel()
	p := start(t)
	mail := strings.NewReplacer("journey-1", "journey-2", "To: Nora Vale <nora.vale@gmail.com>",
		"To: Nora Vale <nora.vale@gmail.com>, Omar <omar@lantern.example>, Carol <carol@outlook.com>").Replace(realMail)
	p.send(mail, nora, "omar@lantern.example", "carol@outlook.com")
	page := browsertest.New(t, browsertest.Light).Page(t)
	p.signIn(page, "ada@contoso.example")
	page.ClickText("Gehaltserhöhung")
	said := page.Text("main")
	for _, want := range []string{
		"You cannot remove access because this message has more than one recipient.",
		"An administrator can: grace@contoso.example", "carol@outlook.com, who received it inline",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("the page does not say %q:\n%s", want, said)
		}
	}
	if n := page.Count("a[href$='/remove'], form[action$='/remove']"); n != 0 {
		t.Errorf("%d ways to remove access are offered", n)
	}
	page.Goto(page.Path() + "/remove")
	if page.H1() == "Remove external access?" {
		t.Error("the confirmation is shown")
	}
	page.CheckProblems()
}
