package main

import (
	"testing"

	"letterlock/internal/browsertest"
)

// TestAReleaseCodeOpensTheMessage goes from the passcode page, where nothing comes, to the
// sender's Sent folder and back, and looks at both sides. None of it needs a script, and the
// recipient needs no mouse.
func TestAReleaseCodeOpensTheMessage(t *testing.T) {
	t.Parallel()
	p := start(t)
	p.send(realMail, nora)
	browser := browsertest.New(t, browsertest.Light)
	reader, ada := browser.Page(t), browser.Page(t)
	p.signIn(ada, "ada@contoso.example")
	mailIn(t, p, reader, nora, "Ada Lindqvist has sent you a protected message")
	var link string
	reader.FrameEval("iframe", `document.querySelector('a[href*="/m/"]').href`, &link)
	reader.NoScript(true)
	reader.Goto(link)
	hands := typist{reader, t}
	hands.enter("main form button", "Enter your one-time passcode")
	hands.enter("form[action$='/release'] button", "Enter the release code")
	wantPage(t, reader, 200, "Enter the release code")
	reference := reader.Text(".mail-state .reference")
	reader.NoScript(false) // which looking at it needs
	stop{name: "release-asked", page: reader}.everywhere(t, nil)

	ada.Goto(p.site + "/sent")
	ada.ClickText("Gehaltserhöhung")
	ada.WaitText("asks for a release code")
	if got := ada.Text(".request .reference"); got != reference {
		t.Errorf("the sender sees reference code %q, the recipient %q", got, reference)
	}
	stop{name: "release-request", page: ada}.everywhere(t, nil)
	ada.NoScript(true)
	ada.Goto(p.site + ada.Path())
	ada.ClickText("Show the code")
	code := ada.Text(".release-code")
	ada.NoScript(false)
	stop{name: "release-shown", page: ada}.everywhere(t, nil)

	reader.Fill("Release code", "00000000")
	reader.ClickText("Read the message")
	reader.WaitText("The code is not right (4 tries left)")
	stop{name: "release-wrong", page: reader}.everywhere(t, nil)
	reader.ForgetProblems() // the browser complains of the status
	reader.NoScript(true)
	hands.write("#code", code) // which Tab has marked, and what is typed replaces
	hands.enter("form[action$='/verify'] button", "Gehaltserhöhung")
	wantPage(t, reader, 200, "Gehaltserhöhung")
	reader.NoScript(false)
	reader.Reload() // without a script it is loaded anew every ten seconds
	stop{name: "release-read", page: reader}.everywhere(t, nil)
	reader.Goto(p.site + "/messages")
	wantPage(t, reader, 403, "This needs the passcode")
}
