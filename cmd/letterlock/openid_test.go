package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"letterlock/internal/browsertest"
	"letterlock/internal/mailtest"
	"letterlock/internal/oidctest"
)

// believe has the settings name an OpenID provider.
func (s *server) believe(issuer, client, secret, domain string) {
	s.t.Helper()
	file := filepath.Join(filepath.Dir(s.config), "lantern.secret")
	settings := s.file() + fmt.Sprintf("[[signin]]\nid = \"lantern\"\nname = \"Lantern\"\nissuer = %q\nclient_id = %q\nclient_secret_file = %q\ndomains = [%q]\n",
		issuer, client, file, domain)
	for name, text := range map[string]string{s.config: settings, file: secret + "\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
}

// providerFor starts an OpenID provider, which to a browser is another site than the
// server's, and has the settings name it.
func (s *server) providerFor(domain string) *oidctest.Provider {
	s.t.Helper()
	at := oidctest.New(s.t, time.Now)
	at.URL = strings.Replace(at.URL, "127.0.0.1", "localhost", 1)
	at.Redirect = s.site + "/portal/openid/lantern"
	s.believe(at.URL, oidctest.ClientID, oidctest.Secret, domain)
	return at
}

// foreignProvider starts npm's oidc-provider. Debian has no Node.js that is new enough
// for it everywhere, so that this is looked at where there is one.
func (s *server) foreignProvider(redirect string) (issuer, client, secret string) {
	s.t.Helper()
	out, err := exec.Command("node", "--version").Output()
	var major int
	if _, scanErr := fmt.Sscanf(string(out), "v%d.", &major); err != nil || scanErr != nil || major < 20 {
		s.t.Skipf("Node.js 20 or later is needed, and there is %q", strings.TrimSpace(string(out)))
	}
	address := mailtest.FreeAddress(s.t)
	_, port, _ := strings.Cut(address, ":")
	client, secret = "letterlock", "a secret of forty characters, or nearly so"
	cmd := exec.Command("node", "../../internal/oidctest/testdata/provider.mjs", port, client, secret, s.site+redirect)
	said := &lines{}
	said.expect("listening")
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
	})
	select {
	case <-said.said:
	case <-time.After(time.Minute):
		s.t.Fatalf("the provider does not start:\n%s", said)
	}
	return "http://localhost:" + port, client, secret
}

// TestRecipientsSignInAtAProviderThatOthersWrote has a certified provider's own form, its
// consent and its own ideas of a token: it names the address in userinfo alone.
func TestRecipientsSignInAtAProviderThatOthersWrote(t *testing.T) {
	t.Parallel()
	s := newServer(t, binary)
	issuer, client, secret := s.foreignProvider("/portal/openid/lantern")
	s.believe(issuer, client, secret, "lantern.example")
	s.start()
	s.account()
	if out, err := s.swaks("--server", s.mails, "--tls-on-connect", "--to", "omar@lantern.example", "--header", "Subject: [secure] Offer 4711",
		"--header", "X-Letterlock-Proof: passcode", "--body", "The salary is 84,000."); err != nil {
		t.Fatalf("swaks: %v\n%s", err, out)
	}
	link := find(t, portalLink, s.world.Wait("omar@lantern.example"))
	page := browsertest.New(t, browsertest.Light, browsertest.Trust(s.leaf)).Page(t)
	page.NoScript(true)
	page.Goto(link)
	page.ClickText("Sign in with Lantern")
	page.WaitText("Sign-in")
	page.Fill("[name=login]", "omar@lantern.example")
	page.Fill("[name=password]", "any")
	page.ClickText("Sign-in")
	page.WaitText("Authorize")
	page.ClickText("Continue")
	// The message asks for a new proof, which nobody is told who has proved nothing.
	page.WaitText("asks for a new passcode each time")
	page.ClickText("Sign in with Lantern")
	page.WaitText("Sign-in")
	page.Fill("[name=password]", "any")
	page.ClickText("Sign-in")
	page.WaitText("Offer 4711")
	wantPage(t, page, 200, "Offer 4711")
	page.ForgetProblems() // the provider's form asks for fonts
}

// TestRecipientsSignInAtAProvider goes there and back in Chromium, which holds a form's
// policy against every redirect behind it and cookies against the site that a browser
// comes from, with scripts, and with neither scripts nor a mouse.
func TestRecipientsSignInAtAProvider(t *testing.T) {
	t.Parallel()
	s := newServer(t, binary)
	at := s.providerFor("lantern.example")
	if out, err := s.run("check", "--config", s.config); err != nil || !strings.Contains(out, "signin lantern") {
		t.Errorf("letterlock check: %v\n%s", err, out)
	}
	s.start()
	s.account()
	if out, err := s.run("account", "roles", "ada@contoso.example", "sender", "admin", "--config", s.config); err != nil {
		t.Fatalf("letterlock account roles: %v\n%s", err, out)
	}
	if out, err := s.swaks("--server", s.mails, "--tls-on-connect", "--to", "omar@lantern.example", "--header", "Subject: [secure] Offer 4711", "--body", "The salary is 84,000."); err != nil {
		t.Fatalf("swaks: %v\n%s", err, out)
	}
	link := find(t, portalLink, s.world.Wait("omar@lantern.example"))
	browser := browsertest.New(t, browsertest.Light, browsertest.Trust(s.leaf))

	plain := browser.Page(t)
	plain.NoScript(true)
	plain.Goto(link)
	hands := typist{plain, t}
	hands.enter("button[value=lantern]", "Sign in at the provider")
	hands.write("[name=email]", "omar@lantern.example")
	hands.enter("button[value=sign-in]", "Offer 4711")
	wantPage(t, plain, 200, "Offer 4711")
	if url := plain.URL(); !strings.HasPrefix(url, s.site+"/read/") {
		t.Errorf("the address bar says %s", url)
	}
	plain.CheckProblems()

	page := browser.Page(t)
	s.toProvider(page, link)
	stopAt := page.URL()
	page.ClickText("Cancel")
	page.WaitText("You have not signed in at Lantern.")
	stop{name: "gate-provider-refused", page: page}.everywhere(t, nil)
	s.toProvider(page, link)
	page.Fill("Address", "eve@lantern.example")
	page.ClickText("Sign in")
	page.WaitText("You have proved eve@lantern.example at Lantern. This message was sent to o••••@lantern.example.")
	if page.Count("iframe") > 0 || strings.Contains(page.Text("body"), "Offer 4711") {
		t.Error("the message is shown to somebody else")
	}
	s.toProvider(page, link)
	if page.URL() == stopAt {
		t.Error("the provider is asked the same thing twice")
	}
	page.Fill("Address", "omar@lantern.example")
	page.ClickText("Sign in")
	wantPage(t, page, 200, "Offer 4711")
	if text := page.FrameText("iframe"); !strings.Contains(text, "The salary is 84,000.") {
		t.Errorf("the message says %q", text)
	}
	page.ForgetProblems() // an open message asks on
	if at.Last().Has("login_hint") {
		t.Error("whoever has the link alone is told the address")
	}
	s.tryProvider(browser.Page(t))
}

// toProvider goes from the gate to the provider's form.
func (s *server) toProvider(page *browsertest.Page, link string) {
	s.t.Helper()
	page.Goto(link)
	page.ClickText("Sign in with Lantern")
	page.WaitText("Sign in at the provider")
	if !strings.HasPrefix(page.URL(), "http://localhost:") {
		s.t.Fatalf("the browser is at %s", page.URL())
	}
}

// tryProvider has an administrator look at the provider and try it.
func (s *server) tryProvider(page *browsertest.Page) {
	s.t.Helper()
	s.signIn(page)
	page.Goto(s.site + "/sign-in-providers")
	stop{name: "providers", page: page}.everywhere(s.t, nil)
	stop{name: "providers-looked", page: page, then: func() {
		page.ClickText("Look at all")
		page.WaitText("Look again")
	}}.everywhere(s.t, nil)
	page.ClickText("Try Lantern")
	page.WaitText("Sign in at the provider")
	page.Fill("Address", "omar@lantern.example")
	page.ClickText("Sign in")
	page.WaitText("Lantern vouches for omar@lantern.example, and is believed")
	stop{name: "providers-tried", page: page}.everywhere(s.t, nil)
	s.makeBlock(page)
}

// makeBlock has an administrator fill in what the settings say of the provider, and the
// page make the same of it.
func (s *server) makeBlock(page *browsertest.Page) {
	s.t.Helper()
	raw, err := os.ReadFile(s.config)
	if err != nil {
		s.t.Fatal(err)
	}
	_, want, _ := strings.Cut(string(raw), "[[signin]]")
	page.ClickText("Another provider")
	for field, label := range map[string]string{
		"id": "Short name", "name": "Name", "issuer": "Issuer", "client_id": "Client ID", "client_secret_file": "File of the secret",
	} {
		value := regexp.MustCompile(`(?m)^` + field + ` = "(.*)"$`).FindStringSubmatch(want)
		page.Fill(label, value[1])
	}
	page.Fill("Domains", "lantern.example")
	page.ClickText("Make the block")
	page.WaitText("[[signin]]")
	if got := page.Text("#block"); !slices.Equal(strings.Fields(got), strings.Fields("[[signin]]"+want)) {
		s.t.Errorf("the block is\n%s\nand the settings say\n%s", got, want)
	}
	stop{name: "provider-guide", page: page}.everywhere(s.t, nil)
}

// TestAMessageForAProviderAloneIsOpenedByIt goes there by a passcode, which is not enough,
// and without script.
func TestAMessageForAProviderAloneIsOpenedByIt(t *testing.T) {
	t.Parallel()
	s := newServer(t, binary)
	s.providerFor("lantern.example")
	s.start()
	s.account()
	send := func(to string) (string, error) {
		return s.swaks("--server", s.mails, "--tls-on-connect", "--to", to, "--header", "Subject: Offer 4711",
			"--header", "X-Letterlock-Proof: openid", "--body", "The salary is 84,000.")
	}
	if out, err := send("marta@quillfeather.example"); err == nil || !strings.Contains(out, "550 5.7.1 readers have to sign in with OpenID, and no provider that is set up here can vouch for marta@quillfeather.example") {
		t.Errorf("to somebody for whom none can vouch: %v\n%s", err, out)
	}
	if out, err := send("omar@lantern.example"); err != nil {
		t.Fatalf("swaks: %v\n%s", err, out)
	}
	link := find(t, portalLink, s.world.Wait("omar@lantern.example"))
	page := browsertest.New(t, browsertest.Light, browsertest.Trust(s.leaf)).Page(t)
	page.NoScript(true)
	page.Goto(link)
	page.ClickText("Sign in with a one-time passcode")
	page.Fill("Passcode", find(t, passcodeOf, s.world.Wait("omar@lantern.example")))
	page.Click("main form button")
	page.WaitText("Its sender asks you to sign in with Lantern; a passcode is not enough.")
	page.NoScript(false)
	page.Reload()
	stop{name: "gate-provider-only", page: page}.everywhere(t, nil)
	page.NoScript(true)
	page.Reload()
	page.ClickText("Sign in with Lantern")
	page.WaitText("Sign in at the provider")
	page.Fill("Address", "omar@lantern.example")
	page.ClickText("Sign in")
	wantPage(t, page, 200, "Offer 4711")
	page.CheckProblems()
}
