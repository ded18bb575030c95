package main

import (
	"strings"
	"testing"

	"letterlock/internal/browsertest"
)

// TestAPasskeyIsMadeShownAndRemovedInABrowser has Chromium keep a passkey: it is added,
// lets in by itself and after the password, by keyboard alone, and is removed with itself as
// the proof.
func TestAPasskeyIsMadeShownAndRemovedInABrowser(t *testing.T) {
	t.Parallel()
	const pass = "correct horse battery"
	c := newConsoleAt(t, "localhost") // where browsers have passkeys without TLS; at a number they have none
	c.serve()
	c.must(pass+"\n", "add", lena, "--name", "Lena Voss", "--password-file", "-")
	browser := browsertest.New(t, browsertest.Light)
	page := browser.Page(t)
	page.KeepPasskeys()
	c.signIn(page, pass)
	page.Goto(c.site + "/account/security")
	page.ClickText("Add a passkey")
	page.Fill("Name of the passkey", "Telephone")
	page.Fill("#passkey-password", pass)
	c.everybody(page, "passkey-name")
	page.ClickText("Go on")
	wantPage(t, page, 200, "Add a passkey")
	c.everybody(page, "passkey-make")
	page.ClickText("Make the passkey")
	page.WaitText("Keep these where your telephone is not")
	page.ClickText("I have them")
	page.Click("summary:has(bdi)")
	c.everybody(page, "passkey-added")

	signOut := func() {
		page.ClickText("Sign out")
		wantPage(t, page, 200, "Sign in to Contoso")
	}
	hands := typist{page, t}
	signOut()
	c.everybody(page, "passkey-sign-in")
	hands.enter("button[data-passkey]", "Sent")
	signOut()
	c.signIn(page, pass)
	wantPage(t, page, 200, "One more step")
	c.everybody(page, "passkey-step")
	hands.enter("button[data-passkey]", "Sent")

	page.Goto(c.site + "/account/security")
	page.Click("details:has(form[action*='/passkeys/'][action$='/rename']) > summary")
	page.Fill("New name", "Old telephone")
	page.Fill("details[open] [name=password]", pass)
	page.Click("details[open] [data-passkey]")
	page.WaitText("Old telephone")
	page.Click("details:has(form[action*='/passkeys/'][action$='/remove']) > summary")
	page.Fill("details[open] [name=password]", pass)
	page.Click("details[open] [data-passkey]")
	page.WaitText("The passkey is removed.")
	c.everybody(page, "passkey-removed")
	signOut()
	page.ClickText("Sign in with a passkey")
	page.WaitText("That passkey lets nobody in here")
	c.everybody(page, "passkey-wrong")

	plain := browser.Page(t)
	plain.NoScript(true)
	plain.Goto(c.site + "/sign-in")
	if said := plain.Text("main"); !strings.Contains(said, "A passkey needs JavaScript") || strings.Contains(said, "Sign in with a passkey") {
		t.Errorf("without a script the page says:\n%s", said)
	}
	c.signIn(plain, pass)
	wantPage(t, plain, 200, "Sent")
}
