package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"letterlock/internal/browsertest"
)

// single has the settings name npm's oidc-provider as that of single sign-on, and Ada's
// account as the one for when it does not work.
func (s *server) single() {
	s.t.Helper()
	issuer, client, secret := s.foreignProvider("/sign-in/sso")
	file := filepath.Join(filepath.Dir(s.config), "sso.secret")
	settings := s.file() + fmt.Sprintf(`[sso]
issuer = %q
name = "Contoso ID"
client_id = %q
client_secret_file = %q
scopes = ["profile", "groups"]
roles_claim = "groups"
roles = { "nia" = ["sender"] }
create = true
password = "never"
break_glass = "ada@contoso.example"
`, issuer, client, file)
	for name, text := range map[string]string{s.config: settings, file: secret + "\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
}

// TestStaffSignInAtAProviderThatOthersWrote goes by single sign-on to a certified provider
// and back, without script and by keyboard: somebody new, who proves again who they are, somebody who may
// not, and whoever comes in when the provider does not work.
func TestStaffSignInAtAProviderThatOthersWrote(t *testing.T) {
	t.Parallel()
	s := newServer(t, binary)
	s.single()
	if out, err := s.run("check", "--config", s.config); err != nil || !strings.Contains(out, "sso ") {
		t.Errorf("letterlock check: %v\n%s", err, out)
	}
	s.start()
	s.account()
	if out, err := s.run("account", "roles", "ada@contoso.example", "sender", "admin", "--config", s.config); err != nil {
		t.Fatalf("letterlock account roles: %v\n%s", err, out)
	}
	browser := browsertest.New(t, browsertest.Light, browsertest.Trust(s.leaf))
	page, another := browser.Page(t), browser.Page(t)
	logIn := func(page *browsertest.Page, as string) {
		t.Helper()
		page.WaitText("Sign-in")
		if as != "" {
			page.Fill("[name=login]", as)
		}
		page.Fill("[name=password]", "any")
		page.ClickText("Sign-in")
		if as != "" {
			page.WaitText("Authorize")
			page.ClickText("Continue")
		}
	}
	page.Goto(s.site + "/sign-in")
	stop{name: "sso", page: page}.everywhere(t, nil)
	page.NoScript(true)
	page.Goto(s.site + "/sign-in?next=/account/security")
	hands := typist{page, t}
	hands.to("form[action='/sign-in/sso'] button")
	hands.Press(kb.Enter)
	logIn(page, "nia@contoso.example")
	page.WaitText("Sign in with Contoso ID again")
	page.ForgetProblems() // the provider's form asks for fonts
	page.NoScript(false)
	page.Reload()
	stop{name: "sso-security", page: page}.everywhere(t, nil)
	page.NoScript(true)
	page.Reload()
	hands.to("form[action='/account/security/prove'] button")
	hands.Press(kb.Enter)
	logIn(page, "")
	page.WaitText("You have proved that it is you")
	page.ForgetProblems()
	page.NoScript(false)
	page.Reload()
	stop{name: "sso-proved", page: page}.everywhere(t, nil)

	another.Goto(s.site + "/sign-in")
	another.ClickText("Sign in with Contoso ID")
	logIn(another, "eve@elsewhere.example")
	another.WaitText("At Contoso ID you are eve@elsewhere.example, which is none of the addresses that sign in here.")
	another.ForgetProblems()
	stop{name: "sso-refused", page: another}.everywhere(t, nil)
	another.ClickText("Sign in with a password")
	another.Fill("Address", "ada@contoso.example")
	another.Fill("Password", adasPassword)
	another.Click("main details button")
	another.Goto(s.site + "/accounts/nia@contoso.example")
	wantPage(t, another, 200, "Nia Adeyemi")
	stop{name: "sso-account", page: another}.everywhere(t, nil)
	another.ClickText("Unbind from single sign-on")
	wantPage(t, another, 200, "Unbind from single sign-on?")
	another.Click("main .button--seal")
	another.WaitText("The account belongs to nobody at the provider any more.")
	page.Reload()
	if !strings.HasPrefix(page.Path(), "/sign-in?next=") {
		t.Errorf("after the account was unbound its session is at %s", page.Path())
	}
}
