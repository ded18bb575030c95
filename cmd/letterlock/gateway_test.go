package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/emersion/go-smtp"

	"letterlock/internal/browsertest"
	"letterlock/internal/mailtest"
)

// recipes are what docs/gateway.md prints for Postfix and for a shell, in order, with
// words replaced that are others here.
func recipes(t *testing.T, language string, want int, words ...string) (list []string) {
	t.Helper()
	document, err := os.ReadFile("../../docs/gateway.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllSubmatch(document, -1) {
		list = append(list, strings.NewReplacer(words...).Replace(string(block[1])))
	}
	if len(list) != want {
		t.Fatalf("docs/gateway.md has %d blocks of %s, want %d", len(list), language, want)
	}
	return list
}

// A front is a server with a gateway and a Postfix that hands mail over there.
type front struct {
	*server
	gateway string
	before  *mailtest.Postfix // nil: nobody has started one
}

// newFront starts a server with a gateway, whose relay is a Postfix with a world behind.
func newFront(t *testing.T, world mailtest.SinkOptions, relay mailtest.PostfixOptions, settings ...string) *front {
	t.Helper()
	f := &front{server: newServerIn(t, binary, world, relay), gateway: mailtest.FreeAddress(t)}
	f.settings["smtp.gateway"], f.settings["smtp.gateway_networks"] = f.gateway, "127.0.0.1/32"
	f.begin(settings...)
	return f
}

// begin starts the server with further settings.
func (f *front) begin(settings ...string) {
	f.t.Helper()
	for i := 0; i < len(settings); i += 2 {
		f.settings[settings[i]] = settings[i+1]
	}
	if err := os.WriteFile(f.config, []byte(f.file()), 0o600); err != nil {
		f.t.Fatal(err)
	}
	f.start()
	f.account()
}

// words are those of the document that are others here.
func (f *front) words() []string {
	host, port, _ := strings.Cut(f.gateway, ":")
	return []string{"[mail.example.org]:2525", "[" + host + "]:" + port, "mail.example.org:2525", f.gateway, "203.0.113.10/32", "127.0.0.1/32", "example.org", "contoso.example"}
}

// through has Postfix in front, as its recipe says, with further settings.
func (f *front) through(more string) {
	f.t.Helper()
	settings := recipes(f.t, "postfix", 4, f.words()...)[0]
	f.before = mailtest.StartPostfix(f.t, mailtest.PostfixOptions{
		Onward: f.gateway, Certificate: mailtest.NewCA(f.t).Issue("127.0.0.1"), Settings: settings + "smtpd_tls_security_level = may\n" + more,
	})
}

// hand hands a mail to the Postfix in front, or to another server of this machine, as
// Ada's mail program does it.
func (f *front) hand(address, mail string, to ...string) error {
	f.t.Helper()
	c, err := smtp.Dial(address)
	if err != nil {
		return err
	}
	defer c.Close()
	return c.SendMail("ada@contoso.example", to, strings.NewReader(mail))
}

func adas(id, subject, to string, more ...string) string {
	return strings.Join(append([]string{"From: Ada <ada@contoso.example>", "To: " + to, "Subject: " + subject, "Date: Fri, 27 Nov 2026 10:00:00 +0000", "Message-ID: <" + id + "@contoso.example>"},
		append(more, "", "The salary is 84,000.", "")...), "\r\n")
}

// TestPostfixInFrontAndAnotherBehind follows the first two recipes.
func TestPostfixInFrontAndAnotherBehind(t *testing.T) {
	t.Parallel()
	behind := recipes(t, "postfix", 4, "203.0.113.10/32", "127.0.0.1/32")[1]
	f := newFront(t, mailtest.SinkOptions{Rcpt: func(to string) error {
		if to == "gone@lantern.example" {
			return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"}
		}
		return nil
	}}, mailtest.PostfixOptions{Settings: behind, Replies: map[string]string{"unknown@lantern.example": "550 5.1.1 nobody of that name"}})
	f.through("")

	// One that asks for nothing goes on, to all who can be reached; of the other the relay's own words come back.
	open := adas("open", "Lunch", "omar@lantern.example")
	if err := f.hand(f.before.Address, open, "omar@lantern.example", "nora@gmail.com", "unknown@lantern.example"); err != nil {
		t.Fatal(err)
	}
	got := f.world.Wait("omar@lantern.example")
	if !bytes.HasSuffix(got.Raw, []byte(open)) || got.From != "ada@contoso.example" || len(got.To) != 2 {
		t.Errorf("it came as %q from %s to %v", got.Raw, got.From, got.To)
	}
	if bounce := string(f.world.Wait("ada@contoso.example").Raw); !strings.Contains(bounce, "nobody of that name") || strings.Count(bounce, "Final-Recipient: ") != 1 || !strings.Contains(bounce, "Final-Recipient: rfc822; unknown@lantern.example") {
		t.Errorf("Postfix in front tells Ada\n%s", bounce)
	}

	// One that asks for protection becomes a message.
	if err := f.hand(f.before.Address, adas("closed", "[secure] Offer 4711", "nora@gmail.com"), "nora@gmail.com"); err != nil {
		t.Fatal(err)
	}
	notification := f.world.Wait("nora@gmail.com")
	for len(notification.To) > 1 { // the open one, to both
		notification = f.world.Wait("nora@gmail.com")
	}
	if text := string(notification.Raw); strings.Contains(text, "84,000") || strings.Contains(text, "Offer") {
		t.Errorf("what leaves of a protected mail says\n%s", text)
	}
	page := browsertest.New(t, browsertest.Light, browsertest.Trust(f.leaf)).Page(t)
	f.signIn(page)
	page.Goto(f.site + "/sent")
	page.ClickText("Offer 4711")
	page.ClickText("More information")
	if text := page.Text("main"); !strings.Contains(text, "Remove external access") || !strings.Contains(text, "the mail server, by the gateway") {
		t.Errorf("Sent shows\n%s", text)
	}
	page.CheckProblems()
	if out, err := f.run("status", "<open@contoso.example>", "--config", f.config); err == nil {
		t.Errorf("an open mail is known: %s", out)
	}
	if _, text := f.get("http://" + f.metrics + "/metrics"); !strings.Contains(text, `letterlock_gateway_mails_total{result="passed on"} 2`) || !strings.Contains(text, `letterlock_gateway_mails_total{result="protected"} 1`) {
		t.Errorf("the metrics have another count, want 2 passed on (the bounce among them) and 1 protected:\n%s", regexp.MustCompile("(?m)^letterlock_gateway.*$").FindAllString(text, -1))
	}
	if log := f.log.String(); strings.Contains(log, "omar@") || strings.Contains(log, "Lunch") || !strings.Contains(log, `msg="smtp: mail passed on"`) || !strings.Contains(log, `msg="smtp: mail protected"`) || !strings.Contains(log, `msg="smtp: recipient refused"`) {
		t.Errorf("the log says\n%s", log)
	}
}

// TestRealMailGoesThroughPostfixGatewayAndPostfix compares all real mail there is, behind
// the fields that Postfix puts on top.
func TestRealMailGoesThroughPostfixGatewayAndPostfix(t *testing.T) {
	t.Parallel()
	root := filepath.FromSlash("../../../shared/corpora/mail")
	if _, err := os.Stat(root); err != nil {
		t.Skip("the shared corpora of real mail are not here: " + err.Error())
	}
	// Otherwise Postfix adds what is missing in the mail of its own machine, and takes out
	// what a mail on its way should not have.
	const untouched = "local_header_rewrite_clients =\nmessage_drop_headers =\n"
	f := newFront(t, mailtest.SinkOptions{}, mailtest.PostfixOptions{Settings: untouched})
	f.through(untouched)
	ask := regexp.MustCompile(`(?i)x-letterlock|\[secure\]|\[encrypt\]|company-confidential`)
	head := regexp.MustCompile(`(?i)^([!-9;-~]+:.*(\r\n[ \t].*)*\r\n)*\r\n`)
	mails := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		mail := strings.ReplaceAll(strings.ReplaceAll(string(b), "\r\n", "\n"), "\n", "\r\n")
		if strings.Contains(strings.ReplaceAll(mail, "\r\n", ""), "\r") || strings.Contains(mail, "\x00") || ask.MatchString(mail) || len(mail) > 200_000 ||
			!head.MatchString(mail) || !strings.HasSuffix(mail, "\r\n") || longest(mail) > 900 || testing.Short() && len(mails) > 50 {
			return err // Postfix itself would change it, or Letterlock protect or refuse it
		}
		mails[strings.TrimPrefix(path, root)] = mail
		return err
	})
	if err != nil || len(mails) < 50 {
		t.Fatalf("%d mails, %v", len(mails), err)
	}
	c, err := smtp.Dial(f.before.Address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	number := 0
	names := map[string]string{}
	for name, mail := range mails {
		number++
		to := "n" + strings.Repeat("x", number%7) + "." + time.Duration(number).String() + "@lantern.example"
		names[to] = name
		if err := c.SendMail("ada@contoso.example", []string{to}, strings.NewReader(mail)); err != nil {
			t.Fatalf("%s: Postfix in front: %v", name, err)
		}
	}
	for to, name := range names {
		got, want := string(f.world.Wait(to).Raw), mails[name]
		if !strings.HasSuffix(got, want) {
			t.Errorf("%s came as\n%.1000q\nwant at its end\n%.500q", name, got, want)
			continue
		}
		for _, line := range strings.Split(strings.TrimSuffix(got, want), "\r\n") {
			if line != "" && line[0] != ' ' && line[0] != '\t' && !strings.HasPrefix(line, "Received: ") {
				t.Errorf("%s has got the line %q", name, line)
			}
		}
	}
	t.Logf("%d mails", len(mails))
}

func longest(mail string) (n int) {
	for line := range strings.Lines(mail) {
		n = max(n, len(line))
	}
	return n
}

// TestOnePostfixInFrontAndBehind follows the recipe in which a Postfix hands mail over
// and takes it back.
func TestOnePostfixInFrontAndBehind(t *testing.T) {
	t.Parallel()
	back := mailtest.FreeAddress(t)
	f := &front{server: newServerIn(t, binary, mailtest.SinkOptions{}, mailtest.PostfixOptions{}), gateway: mailtest.FreeAddress(t)}
	blocks := recipes(t, "postfix", 4, f.words()...)
	ca := mailtest.NewCA(t)
	if err := os.WriteFile(f.trusted+".front", ca.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	f.before = mailtest.StartPostfix(t, mailtest.PostfixOptions{
		Onward: f.world.Address, Certificate: ca.Issue("127.0.0.1"), Settings: "smtpd_tls_security_level = may\n",
		Options: blocks[2], Services: strings.Replace(blocks[3], "\n10026 ", "\n"+back+" ", 1),
	})
	f.settings["smtp.gateway"], f.settings["smtp.gateway_networks"] = f.gateway, "127.0.0.1/32"
	f.begin("relay.address", back, "relay.ca_file", f.trusted+".front", "smtp.gateway_protection", "do-not-forward")
	for _, m := range []struct{ mail, to string }{
		{adas("open", "Lunch", "omar@lantern.example", "X-Letterlock-Protection: none"), "omar@lantern.example"},
		{adas("closed", "Offer 4711", "nora@gmail.com"), "nora@gmail.com"},
	} {
		if err := f.hand(f.before.Address, m.mail, m.to); err != nil {
			t.Fatal(err)
		}
	}
	if got := f.world.Wait("omar@lantern.example"); !bytes.HasSuffix(got.Raw, []byte(adas("open", "Lunch", "omar@lantern.example", "X-Letterlock-Protection: none"))) {
		t.Errorf("it came as %q", got.Raw)
	}
	notification := f.world.Wait("nora@gmail.com")
	if strings.Contains(string(notification.Raw), "84,000") || !bytes.Contains(notification.Raw, []byte("X-Letterlock-Own: ")) {
		t.Errorf("the notification is\n%s", notification.Raw)
	}
	// Were the port that takes mail back the filtered one as well, what Letterlock sends would
	// come back to it: passed on, and not protected again, though the default is to protect.
	for range 2 { // and again
		if err := f.hand(f.gateway, string(notification.Raw), "nora@gmail.com"); err != nil {
			t.Fatal(err)
		}
		if again := f.world.Wait("nora@gmail.com"); !bytes.HasSuffix(again.Raw, notification.Raw) {
			t.Errorf("a notification that comes back became\n%s", again.Raw)
		}
	}
	if err := f.hand(f.gateway, string(notification.Raw), "omar@lantern.example"); err == nil || !strings.Contains(err.Error(), "its From is no address of the organisation") {
		t.Errorf("a notification to somebody else: %v", err)
	}
	link := regexp.MustCompile(`https://\S+/m/[\w-]{43}`)
	if link.FindString(textOf(t, notification)) == "" {
		t.Errorf("no link in\n%s", notification.Raw)
	}
	if n := len(f.world.Mails()); n != 4 {
		t.Errorf("%d mails left, want the open one, and the notification with two copies", n)
	}
}

// signed is a mail with a DKIM signature of the organisation's own, and the record for it.
func signed(t *testing.T, mail string) (string, map[string]string) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	err = dkim.Sign(&b, strings.NewReader(mail), &dkim.SignOptions{
		Domain: "contoso.example", Selector: "own", Signer: private, HeaderCanonicalization: dkim.CanonicalizationSimple, BodyCanonicalization: dkim.CanonicalizationSimple,
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String(), map[string]string{"own._domainkey.contoso.example": "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public)}
}

// TestNothingIsLostWhileTheRelayFails has a Postfix in front, a relay that is down at
// first and then answers each mail in its own way, and looks at what becomes of them.
func TestNothingIsLostWhileTheRelayFails(t *testing.T) {
	t.Parallel()
	relay := mailtest.FreeAddress(t)
	f := newFront(t, mailtest.SinkOptions{}, mailtest.PostfixOptions{}, "relay.address", relay, "relay.security", "none", "relay.ca_file", "")
	f.through("minimal_backoff_time = 4s\nmaximal_backoff_time = 4s\n" /* sooner, and it skips what it still has in hand */)
	whole, records := signed(t, adas("signed", "Signed", "omar@lantern.example"))
	f.log.expect("reply=451")
	for _, m := range []struct{ mail, to string }{
		{whole, "omar@lantern.example"}, {adas("spam", "Spam", "spam@lantern.example"), "spam@lantern.example"},
		{adas("later", "Later", "later@lantern.example"), "later@lantern.example"}, {adas("silent", "Silent", "silent@lantern.example"), "silent@lantern.example"},
	} {
		if err := f.hand(f.before.Address, m.mail, m.to); err != nil {
			t.Fatal(err)
		}
	}
	f.log.wait(t) // Postfix has heard that the relay is down
	var mu sync.Mutex
	tries := map[string]int{}
	world := mailtest.NewSink(t, mailtest.SinkOptions{Address: relay, Data: func(m mailtest.Mail) error {
		mu.Lock()
		defer mu.Unlock()
		tries[m.To[0]]++
		switch first := tries[m.To[0]] == 1; {
		case m.To[0] == "spam@lantern.example":
			return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "that looks like spam"}
		case m.To[0] == "later@lantern.example" && first:
			return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "not now"}
		case m.To[0] == "silent@lantern.example" && first:
			return mailtest.ErrHangUp
		}
		return nil
	}})
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("Postfix in front says\n%s\nand the server\n%s", f.before.Log(), f.log)
		}
	})
	got := world.Wait("omar@lantern.example")
	if !bytes.HasSuffix(got.Raw, []byte(whole)) || !slices.Equal(mailtest.VerifyDKIM(t, got.Raw, records), []string{""}) {
		t.Errorf("the signature does not hold: %q\n%s", mailtest.VerifyDKIM(t, got.Raw, records), got.Raw)
	}
	if changed := bytes.Replace(got.Raw, []byte("84,000"), []byte("85,000"), 1); slices.Equal(mailtest.VerifyDKIM(t, changed, records), []string{""}) {
		t.Error("dkimpy takes anything: this test proves nothing")
	}
	world.Wait("later@lantern.example")
	world.Wait("silent@lantern.example")
	world.Wait("silent@lantern.example") // it comes twice, and is not lost
	if bounce := string(world.Wait("ada@contoso.example").Raw); !strings.Contains(bounce, "that looks like spam") || strings.Count(bounce, "Final-Recipient: ") != 1 {
		t.Errorf("Postfix in front tells Ada\n%s", bounce)
	}
	if out, err := f.run("trace", "--json", "--config", f.config); strings.Contains(out, "contoso.example>") {
		t.Errorf("mail that was passed on is known: %v\n%s", err, out)
	}
}

// TestAnApplicationSendsAlerts follows the recipe for one, with a rule.
func TestAnApplicationSendsAlerts(t *testing.T) {
	t.Parallel()
	f := newFront(t, mailtest.SinkOptions{}, mailtest.PostfixOptions{})
	command := recipes(t, "sh", 1, f.words()...)[0]
	run := func() string {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		out, err := exec.CommandContext(ctx, "sh", "-c", command).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return string(out)
	}
	run()
	if got := f.world.Wait("oncall@quillfeather.example"); !bytes.Contains(got.Raw, []byte("97 % of /var")) {
		t.Errorf("without a rule the alert came as\n%s", got.Raw)
	}
	page := browsertest.New(t, browsertest.Light, browsertest.Trust(f.leaf)).Page(t)
	f.administrator(page)
	page.Goto(f.site + "/rules/new")
	page.Fill("Name", "Alerts")
	page.Fill("Sender", "alerts@contoso.example")
	page.Fill("Protection", "Encrypt only, at least")
	page.ClickText("Add rule")
	page.WaitText("The rule is added")
	if out := run(); !strings.Contains(out, "250 2.0.0 accepted and protected") {
		t.Errorf("with the rule, swaks says\n%s", out)
	}
	if got := f.world.Wait("oncall@quillfeather.example"); bytes.Contains(got.Raw, []byte("97 % of /var")) {
		t.Errorf("with the rule the alert came as\n%s", got.Raw)
	}
	// Who has no account has one later, and can take it back.
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte(adasPassword+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := f.run("account", "add", "alerts@contoso.example", "--config", f.config, "--role", "sender", "--password-file", file); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	holder := browsertest.New(t, browsertest.Light, browsertest.Trust(f.leaf)).Page(t)
	holder.Goto(f.site + "/sign-in")
	holder.Fill("Address", "alerts@contoso.example")
	holder.Fill("Password", adasPassword)
	holder.ClickText("Sign in")
	holder.Goto(f.site + "/sent")
	holder.ClickText("Disk full on db1")
	f.removeAccess(holder)
}

// administrator signs in somebody who keeps the rules.
func (f *front) administrator(page *browsertest.Page) {
	f.t.Helper()
	file := filepath.Join(f.t.TempDir(), "password")
	if err := os.WriteFile(file, []byte(adasPassword+"\n"), 0o600); err != nil {
		f.t.Fatal(err)
	}
	if out, err := f.run("account", "add", "olga@contoso.example", "--config", f.config, "--role", "admin", "--password-file", file); err != nil {
		f.t.Fatalf("%v\n%s", err, out)
	}
	page.Goto(f.site + "/sign-in")
	page.Fill("Address", "olga@contoso.example")
	page.Fill("Password", adasPassword)
	page.ClickText("Sign in")
}
