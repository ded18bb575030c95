package main

import (
	"testing"

	"letterlock/internal/browsertest"
)

// TestReadersOfAMailboxSayWhoTheyAre sends to a mailbox that several people read, and has
// one of them say who reads, without a script.
func TestReadersOfAMailboxSayWhoTheyAre(t *testing.T) {
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
	page.Click("input[name=ask-name]")
	page.Click("button[value=send]")
	page.WaitText("with the name of each reader")

	reader := readAs(t, p, browser, nora, "Ada Lindqvist has sent you a protected message", "Who is reading?")
	stop{name: "reader-name", page: reader}.everywhere(t, nil)
	reader.NoScript(true)
	reader.Fill("Your name", "  Nora\u202e Vale ")
	reader.ClickText("Read the message")
	wantPage(t, reader, 200, "Offer 4711")
	reader.WaitText("You read it as Nora Vale.")
	reader.NoScript(false)
	reader.Reload() // without a script it is loaded anew every ten seconds
	stop{name: "reader-named", page: reader}.everywhere(t, nil)
	reader.NoScript(true)
	reader.ClickText("Not Nora Vale?")
	reader.Fill("Your name", "Omar")
	reader.ClickText("Read the message")
	reader.WaitText("You read it as Omar.")

	page.Reload()
	page.WaitText("named themselves “Nora Vale”")
	page.WaitText("named themselves “Omar”")
	page.NoScript(false)
	stop{name: "sent-names", page: page}.everywhere(t, nil)
}
