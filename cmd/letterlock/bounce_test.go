package main

import (
	"crypto/tls"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"letterlock/internal/browsertest"
	"letterlock/internal/mailtest"
)

// recipe returns the settings of Postfix and the file beside them that docs/operate.md
// has, for a gateway at an address.
func recipe(t *testing.T, gateway string) (settings, table string) {
	t.Helper()
	document, err := os.ReadFile("../../docs/operate.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```postfix\n(.*?)```").FindAllSubmatch(document, -1)
	if len(blocks) != 2 {
		t.Fatalf("docs/operate.md has %d blocks for Postfix, want 2", len(blocks))
	}
	host, port, _ := strings.Cut(gateway, ":")
	return strings.NewReplacer("mail.example.org", "mail.contoso.example", "example.org", "contoso.example").Replace(string(blocks[0][1])),
		strings.NewReplacer("[mail.example.org]:2525", "["+host+"]:"+port, `mail\.example\.org`, `mail\.contoso\.example`).Replace(string(blocks[1][1]))
}

// TestWhatComesBackIsShownToItsSender has a real Postfix take a notification for a
// mailbox that does not exist, and send back what the next server says.
func TestWhatComesBackIsShownToItsSender(t *testing.T) {
	t.Parallel()
	const gone, said = "gone@lantern.example", "550 5.1.1 <gone@lantern.example>... no such mailbox <b>here</b>"
	gateway := mailtest.FreeAddress(t)
	settings, table := recipe(t, gateway)
	s := newServerIn(t, binary, mailtest.SinkOptions{Rcpt: func(to string) error {
		if to == gone {
			return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: strings.TrimPrefix(said, "550 5.1.1 ")}
		}
		return nil
	}}, mailtest.PostfixOptions{Settings: settings, Files: map[string]string{"letterlock": table}})
	s.settings["smtp.gateway"], s.settings["smtp.gateway_networks"] = gateway, "127.0.0.1/32"
	if err := os.WriteFile(s.config, []byte(s.file()), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := s.run("check", "--config", s.config); err != nil || !strings.Contains(out, "smtp.gateway") {
		t.Errorf("letterlock check: %v\n%s", err, out)
	}
	s.start()
	s.account()
	if out, err := s.swaks("--server", s.mail, "--tls", "--to", gone+",omar@lantern.example", "--header", "Subject: [secure] Offer 4711",
		"--header", "Message-Id: "+offerID, "--body", "x"); err != nil {
		t.Fatalf("swaks: %v\n%s", err, out)
	}
	s.world.Wait("omar@lantern.example")
	told := textOf(t, s.world.Wait("ada@contoso.example"))
	if !strings.Contains(strings.Join(strings.Fields(told), " "), said) {
		t.Errorf("the sender is told:\n%s", told)
	}

	page := browsertest.New(t, browsertest.Light, browsertest.Trust(s.leaf)).Page(t)
	s.signIn(page)
	page.Goto(s.site + "/sent")
	if text := page.Text("main"); !strings.Contains(text, "1 bounced") || !strings.Contains(text, said) {
		t.Errorf("Sent shows\n%s\nwant one of two bounced, with what the other server said:\n%s", text, s.postfix.Log())
	}
	page.ClickText("Offer 4711")
	if text := page.Text("main"); !strings.Contains(text, "The notification came back: "+said) {
		t.Errorf("the message shows\n%s", text)
	}
	page.CheckProblems()
	out, err := s.run("trace", "--details", offerID, "--config", s.config)
	if err != nil || !strings.Contains(out, said) {
		t.Errorf("letterlock trace: %v\n%s", err, out)
	}
	if _, text := s.get("http://" + s.metrics + "/metrics"); !strings.Contains(text, `letterlock_bounces_total{result="failed"} 1`) {
		t.Error("the bounce is not counted")
	}
	if got := s.welcome("portal@mail.contoso.example", "nobody@mail.contoso.example", "bounce+x@mail.contoso.example"); got != "portal@mail.contoso.example" {
		t.Errorf("with the settings of the recipe Postfix takes mail to %q, want portal@ alone", got)
	}
	if !strings.Contains(s.postfix.Log(), "250 2.0.0 accepted") || strings.Contains(s.log.String(), gone) {
		t.Errorf("Postfix says\n%s\nand the server\n%s", s.postfix.Log(), s.log)
	}
}

// welcome returns those of some addresses to which the relay takes mail from outside.
func (s *server) welcome(addresses ...string) string {
	s.t.Helper()
	c, err := smtp.DialStartTLS(s.postfix.Address, &tls.Config{RootCAs: s.trust, ServerName: "127.0.0.1"})
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close()
	if err := c.Mail("omar@lantern.example", nil); err != nil {
		s.t.Fatal(err)
	}
	var taken []string
	for _, a := range addresses {
		if c.Rcpt(a, nil) == nil {
			taken = append(taken, a)
		}
	}
	return strings.Join(taken, " ")
}
