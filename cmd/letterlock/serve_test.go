package main

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/smtp"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/jhillyerd/enmime/v2"

	"letterlock/internal/browsertest"
	"letterlock/internal/mailtest"
)

var (
	portalLink = regexp.MustCompile(`https://[^\s]+/m/[A-Za-z0-9_-]{43}`)
	passcodeOf = regexp.MustCompile(`(?m)^\s*(\d{4} \d{4})\s*$`)
)

// textOf is the text of a mail as its reader sees it.
func textOf(t *testing.T, m mailtest.Mail) string {
	t.Helper()
	e, err := enmime.ReadEnvelope(bytes.NewReader(m.Raw))
	if err != nil {
		t.Fatal(err)
	}
	return e.Text
}

// find returns what a pattern finds in a mail.
func find(t *testing.T, pattern *regexp.Regexp, m mailtest.Mail) string {
	t.Helper()
	text := textOf(t, m)
	found := pattern.FindStringSubmatch(text)
	if found == nil {
		t.Fatalf("nothing like %v in\n%s", pattern, text)
	}
	return found[len(found)-1]
}

func TestAServerInProduction(t *testing.T) {
	t.Parallel()
	s := newServer(t, binary)
	s.install()
	if out, err := s.run("check", "--config", s.config); err != nil {
		t.Errorf("letterlock check: %v\n%s", err, out)
	}
	s.start()
	for _, want := range []string{"This is the first start", s.settings["master_key_file"]} {
		if !strings.Contains(s.log.String(), want) {
			t.Errorf("the first start does not say %q:\n%s", want, s.log)
		}
	}
	s.account()
	s.checkHealth()
	for how, args := range map[string][]string{
		"STARTTLS": {"--server", s.mail, "--tls", "--to", "nora@gmail.com", "--header", "Subject: [secure] Offer 4711",
			"--header", "Message-Id: " + offerID, "--body", "The salary is 84,000."},
		"TLS": {"--server", s.mails, "--tls-on-connect", "--to", "omar@lantern.example", "--header", "Subject: Other", "--body", "x"},
	} {
		if out, err := s.swaks(args...); err != nil {
			t.Fatalf("swaks by %s: %v\n%s", how, err, out)
		}
	}
	link := find(t, portalLink, s.world.Wait("nora@gmail.com"))
	s.world.Wait("omar@lantern.example")

	browser := browsertest.New(t, browsertest.Light, browsertest.Trust(s.leaf))
	reader, sender := browser.Page(t), browser.Page(t)
	s.read(reader, link)
	s.converse(reader, sender)
	s.removeAccess(sender)
	reader.WaitText(revokedWords)
	wantPage(t, reader, 410, revokedWords)

	sender.Goto("about:blank") // an open Sent asks on while the server goes away, which the browser calls a problem
	s.stop()
	s.start() // everything is there again
	if strings.Contains(s.log.String(), "first start") {
		t.Error("the second start takes itself for the first")
	}
	reader.Reload()
	wantPage(t, reader, 410, revokedWords)
	sender.Goto(s.site + "/sent")
	if !strings.Contains(sender.Text("main"), "Offer 4711") {
		t.Errorf("after a restart Sent shows\n%s", sender.Text("main"))
	}
	reader.CheckProblems()
	sender.CheckProblems()
}

// checkHealth asks as a load balancer and as the operator do.
func (s *server) checkHealth() {
	s.t.Helper()
	for url, want := range map[string]string{s.site + "/healthz": "ok\n", s.site + "/readyz": "ready\n", "http://" + s.metrics + "/readyz": "ready\n"} {
		if status, text := s.get(url); status != 200 || text != want {
			s.t.Errorf("%s: %d %q, want %q", url, status, text, want)
		}
	}
	if status, text := s.get("http://" + s.metrics + "/metrics"); status != 200 || !strings.Contains(text, "letterlock_") {
		s.t.Errorf("metrics: %d %.100q", status, text)
	}
}

// read goes the recipient's way from the link to the message.
func (s *server) read(page *browsertest.Page, link string) {
	s.t.Helper()
	page.Goto(link)
	wantPage(s.t, page, 200, "Contoso has sent you a protected message")
	page.ClickText("Sign in with a one-time passcode")
	page.Fill("Passcode", find(s.t, passcodeOf, s.world.Wait("nora@gmail.com")))
	page.ClickText("Read the message")
	wantPage(s.t, page, 200, "Offer 4711")
	if text := page.FrameText("iframe"); !strings.Contains(text, "The salary is 84,000.") {
		s.t.Errorf("the message says %q", text)
	}
}

// signIn signs Ada in.
func (s *server) signIn(page *browsertest.Page) {
	s.t.Helper()
	page.Goto(s.site + "/sign-in")
	page.Fill("Address", "ada@contoso.example")
	page.Fill("Password", adasPassword)
	page.ClickText("Sign in")
}

// removeAccess goes the sender's way from a message in Sent to Remove external access.
func (s *server) removeAccess(page *browsertest.Page) {
	s.t.Helper()
	page.ClickText("Remove external access")
	page.Click("main .button--seal")
	if !strings.Contains(page.Text("main"), "External access has been removed") {
		s.t.Fatalf("access was not removed:\n%s", page.Text("main"))
	}
}

func TestTheApplicationOfTheDocumentsSends(t *testing.T) {
	t.Parallel()
	s := newServer(t, binary)
	s.start()
	s.account()
	document, err := os.ReadFile("../../docs/mail-programs.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(document), "```python\n")
	text, _, found := strings.Cut(text, "```")
	if !found {
		t.Fatal("docs/mail-programs.md has no application")
	}
	cmd := exec.CommandContext(t.Context(), "python3", "-c", strings.ReplaceAll(text, "alerts@example.org", "ada@contoso.example"))
	host, port, _ := net.SplitHostPort(s.mail)
	cmd.Env = append(os.Environ(), "SMTP_HOST="+host, "SMTP_PORT="+port, "SMTP_CA="+s.trusted, "SMTP_PASSWORD="+adasPassword)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s.world.Wait("you@gmail.com")
}

// A submission is a mail on its way, sent in two halves.
type submission struct {
	to     string
	client *smtp.Client
	data   io.WriteCloser
}

// begin connects, signs in and sends the first half of a mail of some size.
func (s *server) begin(to string) (*submission, error) {
	conn, err := net.Dial("tcp", s.mail)
	if err != nil {
		return nil, err
	}
	c, err := smtp.NewClient(conn, "127.0.0.1")
	if err != nil {
		return nil, err
	}
	sub := &submission{to: to, client: c}
	if err := c.StartTLS(&tls.Config{RootCAs: s.trust, ServerName: "127.0.0.1"}); err != nil {
		return nil, err
	}
	if err := c.Auth(smtp.PlainAuth("", "ada@contoso.example", adasPassword, "127.0.0.1")); err != nil {
		return nil, err
	}
	if err := c.Mail("ada@contoso.example"); err != nil {
		return nil, err
	}
	if err := c.Rcpt(to); err != nil {
		return nil, err
	}
	if sub.data, err = c.Data(); err != nil {
		return nil, err
	}
	_, err = fmt.Fprintf(sub.data, "From: ada@contoso.example\r\nTo: %s\r\nSubject: Half\r\nMessage-ID: <%[1]s>\r\n\r\n%s", to, half)
	return sub, err
}

var half = strings.Repeat("The quick brown fox jumps over the lazy dog.\r\n", 5000)

// finish sends the other half; nil means that the server has said 250.
func (sub *submission) finish() error {
	if _, err := io.WriteString(sub.data, half); err != nil {
		return err
	}
	return sub.data.Close()
}

func TestAStopLosesNothingThatWasAcknowledged(t *testing.T) {
	t.Parallel()
	s := newServer(t, binary)
	s.start()
	s.account()
	var list []*submission
	for i := range 10 {
		sub, err := s.begin(fmt.Sprintf("r%d@lantern.example", i))
		if err != nil {
			t.Fatal(err)
		}
		defer sub.client.Close()
		list = append(list, sub)
	}
	process := s.process
	stopped := make(chan struct{})
	go func() { defer close(stopped); s.stop() }()
	// The listener is closed first: from then on the server is stopping.
	for refused := false; !refused; {
		conn, err := net.Dial("tcp", s.mail)
		if refused = err != nil; !refused {
			_ = conn.Close()
		}
	}
	if err := process.Signal(syscall.Signal(0)); err != nil {
		t.Fatalf("the server has ended in the middle of ten mails: %v", err)
	}
	// Seven go on, three have lost their line.
	var wg sync.WaitGroup
	for _, sub := range list[:7] {
		wg.Go(func() {
			if err := sub.finish(); err != nil {
				t.Errorf("a mail that was under way: %v", err)
			}
		})
	}
	wg.Wait()
	<-stopped
	s.start()
	for _, sub := range list[:7] {
		s.world.Wait(sub.to)
	}
	for _, sub := range list[7:] {
		if err := sub.finish(); err == nil {
			t.Error("a mail of a client that had lost its line was acknowledged")
		}
		again, err := s.begin(sub.to)
		if err != nil {
			t.Fatal(err)
		}
		defer again.client.Close()
		if err := again.finish(); err != nil {
			t.Errorf("a mail that is sent again: %v", err)
		}
		s.world.Wait(sub.to)
	}
	once := map[string]int{}
	for _, m := range s.world.Mails() {
		once[m.To[0]]++
	}
	for to, n := range once {
		if n != 1 {
			t.Errorf("%d notifications for %s, want one", n, to)
		}
	}
}

func TestAKilledServerHasWhatItAcknowledged(t *testing.T) {
	t.Parallel()
	s := newServer(t, binary)
	s.start()
	s.account()
	acknowledged := make(chan string, 1000)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := 0; ; n++ {
				sub, err := s.begin(fmt.Sprintf("k%d-%d@lantern.example", i, n))
				if err != nil {
					return
				}
				err = sub.finish()
				_ = sub.client.Close()
				if err != nil {
					return
				}
				acknowledged <- sub.to
			}
		})
	}
	var got []string
	for len(got) < 20 {
		got = append(got, <-acknowledged)
	}
	_ = s.process.Signal(syscall.SIGKILL)
	<-s.ended
	s.process = nil
	wg.Wait()
	close(acknowledged)
	for to := range acknowledged {
		got = append(got, to)
	}
	s.start()
	for _, to := range got {
		s.world.Wait(to)
	}
	t.Logf("%d acknowledged mails are there", len(got))
}

func TestWithoutRoomMailIsToBeSentLater(t *testing.T) {
	t.Parallel()
	s := newServer(t, binary)
	s.start()
	s.account()
	s.stop()
	s.settings["limits.disk_reserve"] = "1000 TiB"
	if err := os.WriteFile(s.config, []byte(s.file()), 0o600); err != nil {
		t.Fatal(err)
	}
	s.start()
	if out, err := s.swaks("--server", s.mail, "--tls", "--to", "nora@gmail.com"); err == nil || !strings.Contains(out, "452 4.3.1") {
		t.Errorf("swaks: %v, want 452 4.3.1\n%s", err, out)
	}
	if status, text := s.get("http://" + s.metrics + "/readyz"); status != 503 || !strings.Contains(text, "MiB are free") {
		t.Errorf("/readyz for the operator: %d %q", status, text)
	}
	if status, text := s.get(s.site + "/readyz"); status != 503 || text != "not ready: disk\n" {
		t.Errorf("/readyz for everybody: %d %q", status, text)
	}
	if status, _ := s.get(s.site + "/sign-in"); status != 200 {
		t.Errorf("pages without room: %d", status)
	}
	if out, err := s.run("check", "--config", s.config); err == nil || !strings.Contains(out, "no mail would be accepted") {
		t.Errorf("check: %v\n%s", err, out)
	}
}

func TestOneServerHasADataFolder(t *testing.T) {
	t.Parallel()
	s := newServer(t, binary)
	s.start()
	out, err := s.run("serve", "--config", s.config)
	if err == nil || !strings.Contains(out, fmt.Sprintf("is in use by process %d", s.process.Pid)) {
		t.Errorf("a second server: %v\n%s", err, out)
	}
	if out, err := s.run("check", "--config", s.config); err != nil || !strings.Contains(out, "is in use by process") {
		t.Errorf("check beside a running server: %v\n%s", err, out)
	}
}

// TestTheDoctorSpeaksToPeopleAndPrograms is content with whatever the DNS of this machine
// says of a domain that there is not.
func TestTheDoctorSpeaksToPeopleAndPrograms(t *testing.T) {
	t.Parallel()
	s := newServer(t, binary)
	s.start()
	out, err := s.run("doctor", "--config", s.config, "--json")
	var found []struct{ Level, About, Says, Do string }
	if err := json.NewDecoder(strings.NewReader(out)).Decode(&found); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	wrong, fine := false, map[string]bool{}
	for _, f := range found {
		wrong = wrong || f.Level == "wrong"
		fine[f.About] = f.Level == "ok"
	}
	if wrong != (err != nil) || !fine["canary"] || !fine["running server"] {
		t.Errorf("the doctor: %v\n%s", err, out)
	}
	s.settings["organization.colour"] = "mauve"
	if err := os.WriteFile(s.config, []byte(s.file()), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err = s.run("doctor", "--config", s.config)
	if err == nil || !regexp.MustCompile(`(?m)^wrong +organization\.colour .*\n +do: correct organization\.colour in the file of settings$`).MatchString(out) {
		t.Errorf("the doctor: %v\n%s", err, out)
	}
}

func TestACertificateIsReadAgainOnHangup(t *testing.T) {
	t.Parallel()
	s := newServer(t, binary)
	s.start()
	ca := mailtest.NewCA(t)
	cert, key := mailtest.Files(t, ca.Issue("127.0.0.1"))
	dir := filepath.Dir(s.config)
	for name, b := range map[string][]byte{"cert.pem": cert, "key.pem": key} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.log.expect("certificate read again")
	if err := s.process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	s.log.wait(t)
	s.trust = ca.Pool()
	if status, _ := s.get(s.site + "/healthz"); status != 200 {
		t.Errorf("under the new certificate: %d", status)
	}
	conn, err := tls.Dial("tcp", s.mails, &tls.Config{RootCAs: s.trust})
	if err != nil {
		t.Errorf("SMTP under the new certificate: %v", err)
	} else {
		_ = conn.Close()
	}
}
