package main

import (
	"strings"
	"testing"

	"letterlock/internal/browsertest"
)

// TestEveryAccountPageCanBeUsedByEverybody looks at accounts and tokens as
// TestEveryPageCanBeUsedByEverybody looks at the others.
func TestEveryAccountPageCanBeUsedByEverybody(t *testing.T) {
	t.Parallel()
	p := start(t)
	browser := browsertest.New(t, browsertest.Light)
	page, sender := browser.Page(t), browser.Page(t)
	p.signIn(page, administrator)
	p.signIn(sender, "ada@contoso.example")
	ada := "/accounts/ada@contoso.example"
	for _, s := range []stop{
		{name: "accounts", page: page, path: "/accounts"},
		{name: "account-security-made", page: sender, then: func() {
			sender.Goto(p.site + "/account/security")
			sender.Fill("Name of the mail program", "Thunderbird on the laptop")
			sender.Fill("Your password of the portal", p.password)
			sender.ClickText("Make app password")
			sender.WaitText("This is the only time that it is shown.")
		}},
		{name: "account-security", page: sender, path: "/account/security"},
		{name: "accounts-wrong", page: page, path: "/accounts", then: func() { page.ClickText("Invite") }},
		{name: "account", page: page, path: ada},
		{name: "account-disable", page: page, path: ada + "/disable"},
		{name: "account-reset", page: page, path: ada + "/reset"},
		{name: "account-last", page: page, then: func() {
			page.Goto(p.site + "/accounts/" + administrator + "/disable")
			page.Click("main button")
		}},
		{name: "account-signed-out", page: page, then: func() {
			page.Goto(p.site + ada + "/sign-out")
			page.Click("main button")
		}},
		{name: "tokens-empty", page: page, path: "/tokens"},
		{name: "tokens-issued", page: page, path: "/tokens", then: func() {
			page.Fill("Name", "nightly report")
			page.Click("input[value=report]")
			page.ClickText("Issue token")
			page.WaitText("This is the only time that it is shown.")
		}},
		{name: "tokens", page: page, path: "/tokens"},
	} {
		s.everywhere(t, p)
	}
	sender.Goto(p.site + "/sent")
	if !strings.HasPrefix(sender.Path(), "/sign-in") {
		t.Errorf("after signing out everywhere Ada is at %s", sender.Path())
	}
	p.signIn(sender, "ada@contoso.example")
	stop{name: "refused", page: sender, path: "/accounts"}.everywhere(t, p)
}
