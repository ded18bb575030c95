package main

import (
	"testing"

	"letterlock/internal/browsertest"
)

// TestAMessageIsReadWithItsPassphrase is sent in Compose and read, by Chromium and without
// script, and read without a mouse.
func TestAMessageIsReadWithItsPassphrase(t *testing.T) {
	t.Parallel()
	p := start(t)
	browser := browsertest.New(t, browsertest.Light)
	page := browser.Page(t)
	p.signIn(page, "ada@contoso.example")
	page.NoScript(true)
	page.Goto(p.site + "/compose")
	page.Fill("To", nora)
	page.Fill("#subject", "Offer 4711")
	page.Fill("#text", "The salary is 84,000.")
	page.Fill("#passphrase", "short")
	page.Fill("#hint", "what hung in the hall")
	page.Click("button[value=send]")
	page.WaitText("A passphrase has at least 8 characters")
	page.NoScript(false)
	stop{name: "compose-passphrase", page: page}.everywhere(t, nil)
	page.ForgetProblems() // the browser complains of the status
	page.Fill("#passphrase", "seven quiet amber lamps")
	page.Click("button[value=send]")
	page.WaitText("with a passphrase")

	reader := readAs(t, p, browser, nora, "Ada Lindqvist has sent you a protected message", "Enter the passphrase")
	reader.NoScript(true)
	reader.WaitText("what hung in the hall")
	reader.Fill("#passphrase", "seven quiet lamps")
	reader.ClickText("Read the message")
	reader.WaitText("The passphrase is not right")
	reader.NoScript(false)
	stop{name: "passphrase-wrong", page: reader}.everywhere(t, nil)
	reader.NoScript(true)
	reader.ForgetProblems()
	hands := typist{reader, t}
	hands.write("#passphrase", "seven quiet amber lamps")
	hands.enter("main form button", "Offer 4711")
	wantPage(t, reader, 200, "Offer 4711")

	page.NoScript(true)
	page.ClickText("Change passphrase")
	page.WaitText("The hint now: what hung in the hall")
	page.Fill("#passphrase", "the salary is 84,000")
	page.Fill("#hint", "the weather")
	page.ClickText("Change passphrase")
	page.WaitText("The subject or the message says the passphrase")
	page.NoScript(false)
	stop{name: "passphrase-change", page: page}.everywhere(t, nil)
	page.ForgetProblems()
	page.Fill("#passphrase", "nine loud umbrellas walking")
	page.ClickText("Change passphrase")
	page.WaitText("changed by you")
	// The message is open still, and asks anew by itself.
	reader.WaitText("the weather")
	reader.Fill("#passphrase", "nine loud umbrellas walking")
	reader.ClickText("Read the message")
	wantPage(t, reader, 200, "Offer 4711")
}
