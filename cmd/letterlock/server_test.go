package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"letterlock/internal/mailtest"
)

// adasPassword is that of the account ada@contoso.example.
const adasPassword = "correct horse battery"

// A server is "letterlock serve" as an operator runs it: under TLS, from a file of
// settings, with a real Postfix as its relay, which hands everything to a sink.
type server struct {
	t       *testing.T
	program string
	config  string
	site    string // https://127.0.0.1:<port>
	mail    string // host and port for submission
	mails   string // the same under TLS from the first byte
	metrics string
	leaf    *x509.Certificate
	trusted string // file with the certificate of who vouches for the server
	trust   *x509.CertPool
	postfix *mailtest.Postfix
	world   *mailtest.Sink // everybody's mailbox
	process *os.Process
	ended   chan error
	log     *lines
}

// newServer puts everything in place and starts nothing but the relay.
func newServer(t *testing.T, program string) *server {
	t.Helper()
	dir := t.TempDir()
	ca := mailtest.NewCA(t)
	s := &server{t: t, program: program, config: filepath.Join(dir, "letterlock.toml"), trust: ca.Pool(), trusted: filepath.Join(dir, "ca.pem")}
	s.world = mailtest.NewSink(t, mailtest.SinkOptions{})
	s.postfix = mailtest.StartPostfix(t, mailtest.PostfixOptions{Onward: s.world.Address, Certificate: ca.Issue("127.0.0.1")})
	web := mailtest.FreeAddress(t)
	s.site, s.mail, s.mails, s.metrics = "https://"+web, mailtest.FreeAddress(t), mailtest.FreeAddress(t), mailtest.FreeAddress(t)
	own := ca.Issue("127.0.0.1")
	cert, key := mailtest.Files(t, own)
	leaf, err := x509.ParseCertificate(own.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	s.leaf = leaf
	settings := fmt.Sprintf(`
public_url = %q
data_dir = "data"
master_key_file = "master.key"
time_zone = "UTC"
[organization]
name = "Contoso"
domains = ["contoso.example"]
notify = "portal@mail.contoso.example"
[http]
listen = %q
redirect = ""
[smtp]
submission = %q
submissions = %q
[relay]
address = %q
ca_file = "ca.pem"
[tls]
cert_file = "cert.pem"
key_file = "key.pem"
[metrics]
listen = %q
[limits]
disk_reserve = "1 MiB"
`, s.site, web, s.mail, s.mails, s.postfix.Address, s.metrics)
	for name, b := range map[string][]byte{"letterlock.toml": []byte(settings), "cert.pem": cert, "key.pem": key, "ca.pem": ca.PEM()} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// run runs the program with these arguments and returns what it says.
func (s *server) run(args ...string) (string, error) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.program, args...)
	cmd.Dir = "/"
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// account adds Ada's account.
func (s *server) account() {
	s.t.Helper()
	file := filepath.Join(s.t.TempDir(), "password")
	if err := os.WriteFile(file, []byte(adasPassword+"\n"), 0o600); err != nil {
		s.t.Fatal(err)
	}
	out, err := s.run("account", "add", "ada@contoso.example", "--config", s.config, "--name", "Ada Lindqvist",
		"--role", "sender", "--password-file", file)
	if err != nil {
		s.t.Fatalf("letterlock account add: %v\n%s", err, out)
	}
}

// start starts the server and returns when it serves.
func (s *server) start() {
	s.t.Helper()
	cmd := exec.Command(s.program, "serve", "--config", s.config)
	cmd.Dir = "/" // as systemd does it
	s.log = &lines{}
	s.log.expect("msg=serving")
	cmd.Stdout, cmd.Stderr = s.log, s.log
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.process, s.ended = cmd.Process, make(chan error, 1)
	go func() { s.ended <- cmd.Wait() }()
	s.t.Cleanup(s.stop)
	select {
	case <-s.log.said:
	case err := <-s.ended:
		s.ended <- err
		s.t.Fatalf("the server ended with %v:\n%s", err, s.log)
	case <-time.After(time.Minute):
		s.t.Fatalf("the server does not serve after a minute:\n%s", s.log)
	}
}

// stop asks the server to end and requires that it does so in time and in order.
func (s *server) stop() {
	s.t.Helper()
	if s.process == nil {
		return
	}
	begun := time.Now()
	_ = s.process.Signal(syscall.SIGTERM) // it may have ended
	s.process = nil
	select {
	case err := <-s.ended:
		if err != nil {
			s.t.Errorf("the server ended with %v:\n%s", err, s.log)
		}
	case <-time.After(time.Minute):
		s.t.Fatalf("the server does not stop:\n%s", s.log)
	}
	if took := time.Since(begun); took > 30*time.Second {
		s.t.Errorf("stopping took %v, want 30 s at most", took)
	}
}

// client returns a client that trusts the server and follows nothing.
func (s *server) client() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: s.trust}, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       time.Minute,
	}
}

// get asks for a page and returns its status and text.
func (s *server) get(url string) (int, string) {
	s.t.Helper()
	a, err := s.client().Get(url)
	if err != nil {
		s.t.Fatal(err)
	}
	defer a.Body.Close()
	b, err := io.ReadAll(a.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return a.StatusCode, string(b)
}

// swaks sends a mail as Ada does it from a shell.
func (s *server) swaks(args ...string) (string, error) {
	s.t.Helper()
	program, err := exec.LookPath("swaks")
	if err != nil {
		s.t.Fatal("swaks is missing: run 'make programs'")
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, append([]string{
		"--auth", "PLAIN", "--auth-user", "ada@contoso.example", "--auth-password", adasPassword, "--from", "ada@contoso.example",
		"--tls-ca-path", s.trusted, "--tls-verify", "--timeout", "30",
	}, args...)...).CombinedOutput()
	return string(out), err
}

// lines is what the server says. It can be waited for a word.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
	word string
	said chan struct{} // closed when word was said
}

// expect makes wait wait for the next time that the server says word.
func (l *lines) expect(word string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.word, l.said = word, make(chan struct{})
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(b)
	if l.word != "" && strings.Contains(string(b), l.word) {
		l.word = ""
		close(l.said)
	}
	return len(b), nil
}

// wait waits for the word.
func (l *lines) wait(t *testing.T) {
	t.Helper()
	l.mu.Lock()
	word, said := l.word, l.said
	l.mu.Unlock()
	select {
	case <-said:
	case <-time.After(time.Minute):
		t.Fatalf("the server does not say %q:\n%s", word, l)
	}
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
