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
	"runtime"
	"slices"
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
	t        *testing.T
	program  string
	config   string
	site     string // https://127.0.0.1:<port>
	mail     string // host and port for submission
	mails    string // the same under TLS from the first byte
	metrics  string
	leaf     *x509.Certificate
	trusted  string // file with the certificate of who vouches for the server
	trust    *x509.CertPool
	postfix  *mailtest.Postfix
	world    *mailtest.Sink // everybody's mailbox
	process  *os.Process
	ended    chan error
	log      *lines
	settings map[string]string
	environ  []string // over the file of settings
}

// newServer puts everything in place and starts nothing but the relay.
func newServer(t *testing.T, program string) *server {
	t.Helper()
	return newServerIn(t, program, mailtest.SinkOptions{}, mailtest.PostfixOptions{})
}

// newServerIn is newServer in a world, with a relay, that are as given.
func newServerIn(t *testing.T, program string, world mailtest.SinkOptions, relay mailtest.PostfixOptions) *server {
	t.Helper()
	dir := t.TempDir()
	ca := mailtest.NewCA(t)
	s := &server{t: t, program: program, config: filepath.Join(dir, "letterlock.toml"), trust: ca.Pool(), trusted: filepath.Join(dir, "ca.pem")}
	s.world = mailtest.NewSink(t, world)
	relay.Onward, relay.Certificate = s.world.Address, ca.Issue("127.0.0.1")
	s.postfix = mailtest.StartPostfix(t, relay)
	web := mailtest.FreeAddress(t)
	s.site, s.mail, s.mails, s.metrics = "https://"+web, mailtest.FreeAddress(t), mailtest.FreeAddress(t), mailtest.FreeAddress(t)
	own := ca.Issue("127.0.0.1")
	cert, key := mailtest.Files(t, own)
	leaf, err := x509.ParseCertificate(own.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	s.leaf = leaf
	s.settings = map[string]string{
		"public_url": s.site, "data_dir": filepath.Join(dir, "data"), "master_key_file": filepath.Join(dir, "master.key"), "time_zone": "UTC",
		"organization.name": "Contoso", "organization.domains": "contoso.example", "organization.notify": "portal@mail.contoso.example",
		"http.listen": web, "http.redirect": "", "smtp.submission": s.mail, "smtp.submissions": s.mails,
		"relay.address": s.postfix.Address, "relay.ca_file": s.trusted,
		"tls.cert_file": filepath.Join(dir, "cert.pem"), "tls.key_file": filepath.Join(dir, "key.pem"),
		"metrics.listen": s.metrics, "limits.disk_reserve": "1 MiB",
	}
	for name, b := range map[string][]byte{"letterlock.toml": []byte(s.file()), "cert.pem": cert, "key.pem": key, "ca.pem": ca.PEM()} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// file is the settings as a file has them.
func (s *server) file() string {
	var b strings.Builder
	for key, value := range s.settings {
		if key == "organization.domains" || key == "smtp.gateway_networks" {
			fmt.Fprintf(&b, "%s = [%q]\n", key, value)
			continue
		}
		fmt.Fprintf(&b, "%s = %q\n", key, value)
	}
	return b.String()
}

// install takes program and settings from the files of the Debian package; what
// the example cannot know comes from the environment.
func (s *server) install() {
	s.t.Helper()
	const root = "../.."
	out, folder := filepath.Join(s.t.TempDir(), "out"), s.t.TempDir()
	for _, command := range [][]string{
		{filepath.Join(root, "tools/dist/pack"), s.program, runtime.GOARCH, "1.2.3", filepath.Join(root, "LICENSE"), out, "quick"},
		{"dpkg-deb", "-x", filepath.Join(out, "letterlock_1.2.3_"+runtime.GOARCH+".deb"), folder},
	} {
		cmd := exec.Command(command[0], command[1:]...)
		cmd.Env = append(os.Environ(), "SOURCE_DATE_EPOCH=1700000000")
		if b, err := cmd.CombinedOutput(); err != nil {
			s.t.Fatalf("%s: %v\n%s", command[0], err, b)
		}
	}
	s.program, s.config = filepath.Join(folder, "usr/bin/letterlock"), filepath.Join(folder, "etc/letterlock/letterlock.toml")
	for key, value := range s.settings {
		s.environ = append(s.environ, "LETTERLOCK_"+strings.ToUpper(strings.ReplaceAll(key, ".", "_"))+"="+value)
	}
}

// environment is that of the program: without what only the tests are told.
func (s *server) environment() []string {
	own := func(e string) bool { return strings.HasPrefix(e, shots+"=") }
	return append(slices.DeleteFunc(os.Environ(), own), s.environ...)
}

// run runs the program with these arguments and returns what it says.
func (s *server) run(args ...string) (string, error) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.program, args...)
	cmd.Dir, cmd.Env = "/", s.environment()
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
	cmd.Dir, cmd.Env = "/", s.environment() // "/" as systemd does it
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
