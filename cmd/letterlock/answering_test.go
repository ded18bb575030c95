package main

import (
	"strings"
	"testing"

	"letterlock/internal/browsertest"
)

const (
	omarTest = "omar@lantern.example"
	zoeTest  = "zoe@oakfield.example"
)

// mailIn opens the newest mail with that subject in a mailbox of the demo.
func mailIn(t *testing.T, p *program, page *browsertest.Page, mailbox, subject string) {
	t.Helper()
	p.waitFor(t, mailbox, subject)
	page.Goto(p.site + "/inbox/" + mailbox)
	page.Click("a.item")
}

// readAs takes a recipient from the notification with that subject to the message.
func readAs(t *testing.T, p *program, browser *browsertest.Browser, mailbox, subject, heading string) *browsertest.Page {
	t.Helper()
	page := browser.Page(t)
	mailIn(t, p, page, mailbox, subject)
	var link string
	page.FrameEval("iframe", `document.querySelector('a[href*="/m/"]').href`, &link)
	page.Goto(link)
	page.ClickText("Sign in with a one-time passcode")
	page.Fill("Passcode", p.passcode(t, mailbox))
	page.ClickText("Read the message")
	wantPage(t, page, 200, heading)
	return page
}

// toNoraAndOmar is a mail of Ada's to two people outside.
func toNoraAndOmar(id, header string) string {
	mail := strings.NewReplacer("journey-1", id, "To: Nora Vale <nora.vale@gmail.com>", "To: Nora Vale <nora.vale@gmail.com>, Omar Haddad <"+omarTest+">").Replace(realMail)
	return header + mail
}

// TestRecipientsAnswer goes the ways of recipients who write: reply, reply to all and
// forward, and what becomes of it when the sender takes the message back.
func TestRecipientsAnswer(t *testing.T) {
	t.Parallel()
	p := start(t)
	browser := browsertest.New(t, browsertest.Light)
	p.send(toNoraAndOmar("answer-1", ""), nora, omarTest)
	reader := readAs(t, p, browser, nora, "Ada Lindqvist has sent you a protected message", "Gehaltserhöhung")

	replyWithAFile(t, p, browser, reader)
	other := replyToAll(t, p, browser, reader)
	copied := forwardTo(t, p, browser, reader)

	// Grace takes all of it away; the open pages go by themselves.
	admin := browser.Page(t)
	p.signIn(admin, "grace@contoso.example")
	admin.Goto(p.site + "/trace?message-id=%3Canswer-1%40contoso.example%3E")
	admin.ClickText("Gehaltserhöhung")
	admin.ClickText("Revoke message")
	admin.Click("main .button--seal")
	copied.WaitText("The message has been revoked by the sender")
	other.WaitText("access has been removed")
	if n := other.Count("iframe.body-frame"); n != 1 || other.H1() != "Re: Gehaltserhöhung" {
		t.Errorf("the reply shows %d documents under %q, want its own alone", n, other.H1())
	}
	reader.WaitText("The message has been revoked by the sender")
	for _, page := range []*browsertest.Page{reader, other, copied} {
		if strings.Contains(page.HTML(), "84,000") {
			t.Error("a page still shows the message")
		}
	}
}

// replyWithAFile replies to the sender, who finds the mail in their own mailbox.
func replyWithAFile(t *testing.T, p *program, browser *browsertest.Browser, reader *browsertest.Page) {
	t.Helper()
	reader.ClickText("Reply")
	wantPage(t, reader, 200, "Reply")
	reader.CheckAxe()
	reader.ClickText("Send the reply")
	wantPage(t, reader, 422, "Reply")
	reader.ForgetProblems()
	reader.Fill("Your reply", "I agree to all of it.")
	dragIn(t, reader, "#text", written(t, "signed.txt", []byte("signed")))
	reader.WaitText("signed.txt is attached.")
	reader.ClickText("Send the reply")
	wantPage(t, reader, 200, "Gehaltserhöhung")
	if text := reader.Text("main"); !strings.Contains(text, "Your reply was sent to Ada Lindqvist.") || !strings.Contains(text, "You replied to Ada Lindqvist") {
		t.Errorf("after the reply the page says:\n%s", text)
	}
	box := browser.Page(t)
	mailIn(t, p, box, "ada@contoso.example", "Re: Gehaltserhöhung")
	if text := box.Text("main"); !strings.Contains(text, "I agree to all of it.") || !strings.Contains(text, "> Your new salary is € 84,000.") {
		t.Errorf("the mail in Ada's mailbox says:\n%s", text)
	}
}

// replyToAll replies to both, and returns the page on which Omar reads it with what
// it answers below.
func replyToAll(t *testing.T, p *program, browser *browsertest.Browser, reader *browsertest.Page) *browsertest.Page {
	t.Helper()
	reader.ClickText("Reply all")
	wantPage(t, reader, 200, "Reply to all")
	reader.Fill("Your reply", "All of you should know.")
	reader.ClickText("Send the reply")
	wantPage(t, reader, 200, "Gehaltserhöhung")
	other := readAs(t, p, browser, omarTest, "Nora Vale has replied to you and others to a protected message from Ada Lindqvist", "Re: Gehaltserhöhung")
	if text := other.FrameText(".quoted iframe"); !strings.Contains(text, "84,000") {
		t.Errorf("the quote says %q", text)
	}
	other.CheckAxe()
	other.CheckProblems()
	return other
}

// forwardTo sends a copy to somebody new, and returns the page on which they read it.
func forwardTo(t *testing.T, p *program, browser *browsertest.Browser, reader *browsertest.Page) *browsertest.Page {
	t.Helper()
	reader.ClickText("Forward")
	wantPage(t, reader, 200, "Forward")
	reader.CheckAxe()
	reader.Fill("To", zoeTest)
	reader.Fill("What you want to say about it", "For your file.")
	reader.ClickText("Forward the message")
	wantPage(t, reader, 200, "Gehaltserhöhung")
	if text := reader.Text("main"); !strings.Contains(text, "The message was forwarded to "+zoeTest) {
		t.Errorf("after forwarding the page says:\n%s", text)
	}
	reader.CheckProblems()
	copied := readAs(t, p, browser, zoeTest, "Nora Vale has forwarded you a protected message from Ada Lindqvist", "Fwd: Gehaltserhöhung")
	if text := copied.Text("main"); !strings.Contains(text, "Nora Vale has forwarded you this message from Ada Lindqvist") {
		t.Errorf("the copy says:\n%s", text)
	}
	if !strings.Contains(copied.HTML(), "For your file.") && !strings.Contains(copied.FrameText("iframe"), "For your file.") {
		t.Error("what Nora said about it is not there")
	}
	copied.CheckProblems()
	return copied
}

// TestWhatMustNotBeForwardedIsAnsweredWithoutScript is the way of a recipient whose
// browser runs no script, under do-not-forward.
func TestWhatMustNotBeForwardedIsAnsweredWithoutScript(t *testing.T) {
	t.Parallel()
	p := start(t)
	browser := browsertest.New(t, browsertest.Light)
	p.send(toNoraAndOmar("answer-2", "X-Letterlock-Protection: do-not-forward\n"), nora, omarTest)
	reader := readAs(t, p, browser, nora, "Ada Lindqvist has sent you a protected message", "Gehaltserhöhung")
	reader.NoScript(true)
	reader.Reload()
	if text := reader.Text("main"); reader.Count("a[href$='/forward']") != 0 || !strings.Contains(text, "No program can keep a screen from being photographed.") {
		t.Errorf("the page offers to forward, or promises too much:\n%s", text)
	}
	path := reader.Path()
	reader.Goto(p.site + path + "/forward")
	wantPage(t, reader, 403, "You may not do this")
	reader.ForgetProblems()
	reader.Goto(p.site + path)
	reader.ClickText("Reply all")
	reader.Fill("Your reply", "All of you should know.")
	reader.ClickText("Send the reply")
	wantPage(t, reader, 200, "Gehaltserhöhung")
	other := readAs(t, p, browser, omarTest, "Nora Vale has replied to you and others to a protected message from Ada Lindqvist", "Re: Gehaltserhöhung")
	if other.Count(".quoted") != 0 {
		t.Error("the reply quotes what must not be copied")
	}
	box := browser.Page(t)
	mailIn(t, p, box, "ada@contoso.example", "Re: Gehaltserhöhung")
	if text := box.Text("main"); strings.Contains(text, "84,000") {
		t.Errorf("the mail in Ada's mailbox quotes what must not be copied:\n%s", text)
	}
}
