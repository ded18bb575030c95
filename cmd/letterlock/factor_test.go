package main

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/pquerna/otp/totp"

	"letterlock/internal/browsertest"
)

// TestASecondFactorIsSetUpAndShownByEverybody walks from the page of one's own account
// through the app and its codes to the second step of the next sign-in, which needs no
// script, and of one more by a recovery code. It types all codes with the keyboard alone, and
// looks at each page as TestEveryPageCanBeUsedByEverybody does.
func TestASecondFactorIsSetUpAndShownByEverybody(t *testing.T) {
	t.Parallel()
	p := start(t)
	browser := browsertest.New(t, browsertest.Light)
	ada, admin, later := browser.Page(t), browser.Page(t), browser.Page(t)
	p.signIn(ada, "ada@contoso.example")
	p.signIn(admin, administrator)
	var key, recovery string
	code := func(at time.Duration) string {
		t.Helper()
		c, err := totp.GenerateCode(key, time.Now().Add(at))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	setUp := func(password string) {
		k := typist{ada, t}
		k.write("#code", code(0))
		k.write("#password", password)
		k.Press(kb.Enter)
	}
	for _, s := range []stop{
		{name: "factor-none", page: ada, path: "/account/security"},
		{name: "factor-set-up", page: ada, then: func() {
			ada.ClickText("Set up an authenticator app")
			wantPage(t, ada, 200, "Set up an authenticator app")
			key = strings.ReplaceAll(ada.Text("#key"), " ", "")
		}},
		{name: "factor-set-up-wrong", page: ada, then: func() {
			setUp("not the password")
			ada.WaitFor("#code-error")
			wantPage(t, ada, 422, "Set up an authenticator app")
		}},
		{name: "factor-codes", page: ada, then: func() {
			setUp(p.password)
			typist{ada, t}.WaitHeading("Your recovery codes")
			wantPage(t, ada, 200, "Your recovery codes")
			recovery = ada.Text(".recovery li")
		}},
		{name: "factor", page: ada, path: "/account/security"},
		{name: "factor-reset", page: admin, path: "/accounts/ada@contoso.example/reset-factor"},
		{name: "factor-step", page: later, then: func() {
			later.NoScript(true)
			later.Goto(p.site + "/sign-in?next=/compose")
			later.Fill("Address", "ada@contoso.example")
			later.Fill("Password", p.password)
			later.ClickText("Sign in")
			wantPage(t, later, 200, "One more step")
			later.NoScript(false) // which looking at it needs
			later.Goto(p.site + later.Path())
		}},
		{name: "factor-step-wrong", page: later, then: func() {
			later.Fill("Code", "00000")
			later.ClickText("Sign in")
			wantPage(t, later, 422, "One more step")
		}},
	} {
		s.everywhere(t, p)
	}
	later.NoScript(true)
	k := typist{later, t}
	k.write("#code", code(30*time.Second)) // the one before was taken when it was set up
	k.Press(kb.Enter)
	k.WaitHeading("Compose")
	k.enter("form[action='/sign-out'] button", "Sign in to Contoso")
	k.write("#address", "ada@contoso.example")
	k.write("#password", p.password)
	k.Press(kb.Enter)
	k.WaitHeading("One more step")
	k.write("#code", recovery)
	k.Press(kb.Enter)
	k.WaitHeading("Sent")
	k.enter("a[href='/account/security']", "Security of your account")
	if said := later.Text("main"); !strings.Contains(said, "9 recovery codes are left") {
		t.Errorf("after a recovery code the page says:\n%s", said)
	}
}
