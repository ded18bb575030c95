package certs_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/foxcpp/go-mockdns"
	"golang.org/x/crypto/acme"

	"letterlock/internal/certs"
	"letterlock/internal/mailtest"
)

const name = "mail.contoso.example"

// An issuer is Pebble, the ACME server that Let's Encrypt tests clients with,
// running as a process of its own.
type issuer struct {
	directory string
	trust     *x509.CertPool // for its own server
	roots     *x509.CertPool // for the certificates that it issues
}

// newIssuer starts Pebble. It finds every name on this machine, asks over https at
// the port of pages and over http at that of plain.
func newIssuer(t *testing.T, pages, plain net.Listener) *issuer {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "pebble")
	build := exec.Command("go", "build", "-o", program, "github.com/letsencrypt/pebble/v2/cmd/pebble")
	build.Dir = "../../tools"
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building pebble: %v\n%s", err, out)
	}
	ca := mailtest.NewCA(t)
	cert, key := mailtest.Files(t, ca.Issue("127.0.0.1"))
	address, management := mailtest.FreeAddress(t), mailtest.FreeAddress(t)
	settings, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": address, "managementListenAddress": management,
		"certificate": filepath.Join(dir, "cert.pem"), "privateKey": filepath.Join(dir, "key.pem"),
		"httpPort": port(plain), "tlsPort": port(pages),
	}})
	if err != nil {
		t.Fatal(err)
	}
	for file, b := range map[string][]byte{"cert.pem": cert, "key.pem": key, "pebble.json": settings} {
		if err := os.WriteFile(filepath.Join(dir, file), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(program, "-config", filepath.Join(dir, "pebble.json"), "-dnsserver", mailtest.DNS(t, map[string]mockdns.Zone{name + ".": {A: []string{"127.0.0.1"}}}).String())
	cmd.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1")
	run(t, cmd, "ACME directory available")
	answers(t, address)
	answers(t, management)
	i := &issuer{directory: "https://" + address + "/dir", trust: ca.Pool(), roots: x509.NewCertPool()}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: ca.Pool()}}}
	answer, err := client.Get("https://" + management + "/roots/0")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	root, err := io.ReadAll(answer.Body)
	if err != nil || !i.roots.AppendCertsFromPEM(root) {
		t.Fatalf("the issuer's root: %v, %q", err, root)
	}
	client.CloseIdleConnections()
	return i
}

func port(l net.Listener) int { return l.Addr().(*net.TCPAddr).Port }

// run starts a program and waits until it says that it is ready.
func run(t *testing.T, cmd *exec.Cmd, ready string) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended
		_ = cmd.Wait()                          // by the signal
	})
	var said []string
	for lines.Scan() {
		said = append(said, lines.Text())
		if strings.Contains(lines.Text(), ready) {
			go func() { _, _ = io.Copy(io.Discard, out) }() // or it would wait to be read
			return
		}
	}
	t.Fatalf("%s ended:\n%s", cmd.Path, strings.Join(said, "\n"))
}

// answers waits until somebody listens: Pebble says so just before it does.
func answers(t *testing.T, address string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; <-time.After(10 * time.Millisecond) {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// serve serves pages under the certificate, and plain http, as the server does.
func serve(t *testing.T, a *certs.ACME, pages, plain net.Listener) {
	t.Helper()
	c := a.Config()
	c.NextProtos = []string{"http/1.1", acme.ALPNProto}
	quiet := slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") })
	for l, s := range map[net.Listener]*http.Server{
		tls.NewListener(pages, c): {Handler: hello, ErrorLog: quiet},
		plain:                     {Handler: a.Answer(hello), ErrorLog: quiet},
	} {
		ended := make(chan error, 1)
		go func() { ended <- s.Serve(l) }()
		t.Cleanup(func() {
			_ = s.Close()
			<-ended
		})
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestACertificateComesFromTheIssuerAndIsKept(t *testing.T) {
	pages, plain := listen(t), listen(t)
	i := newIssuer(t, pages, plain)
	log := &logged{lines: make(chan struct{}, 10)}
	o := certs.ACMEOptions{
		Host: name, Folder: filepath.Join(t.TempDir(), "acme"), Email: "ops@contoso.example", Directory: i.directory,
		RootCAs: i.trust, Log: slog.New(slog.NewTextHandler(log, nil)),
	}
	a := certs.NewACME(o)
	if a.Leaf() != nil {
		t.Error("there is a certificate before anybody asked for one")
	}
	serve(t, a, pages, plain)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	<-log.lines
	if !strings.Contains(log.all(), "certificate from the issuer") {
		t.Fatalf("the log says %s", log.all())
	}
	stop()
	<-ended

	serial := ""
	for _, hello := range []string{name, ""} { // mail programs need not say a name
		c := &tls.Config{RootCAs: i.roots, ServerName: hello}
		if hello == "" {
			c = &tls.Config{InsecureSkipVerify: true} // without a name there is none to verify
		}
		conn, err := tls.Dial("tcp", pages.Addr().String(), c)
		if err != nil {
			t.Errorf("a client that says %q: %v", hello, err)
			continue
		}
		shown := conn.ConnectionState().PeerCertificates[0].SerialNumber.String()
		if serial != "" && shown != serial {
			t.Error("clients are shown different certificates")
		}
		serial = shown
		_ = conn.Close()
	}
	// Whoever asks for another name must not have a certificate made.
	conn, err := tls.Dial("tcp", pages.Addr().String(), &tls.Config{ServerName: "evil.example", InsecureSkipVerify: true})
	if err != nil || conn.ConnectionState().PeerCertificates[0].SerialNumber.String() != serial {
		t.Errorf("a client that says another name: %v", err)
	} else {
		_ = conn.Close()
	}

	o.Directory = "https://127.0.0.1:9/nobody" // the next start needs no issuer
	again := certs.NewACME(o)
	c, err := again.Config().GetCertificate(&tls.ClientHelloInfo{})
	if err != nil || c.Leaf.SerialNumber.String() != serial {
		t.Errorf("after a restart: %v, want the certificate from before", err)
	}
	info, err := os.Stat(o.Folder)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder of the keys: %v, %v; want it for its owner only", info.Mode(), err)
	}
}

func TestAnIssuerThatIsNotThereIsSaidInTheLog(t *testing.T) {
	log := &logged{lines: make(chan struct{}, 10)}
	a := certs.NewACME(certs.ACMEOptions{
		Host: name, Folder: t.TempDir(), Directory: "https://127.0.0.1:9/nobody", Log: slog.New(slog.NewTextHandler(log, nil)),
	})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	<-log.lines
	stop()
	<-ended
	if !strings.Contains(log.all(), "no certificate from the issuer") || a.Leaf() != nil {
		t.Errorf("the log says %s", log.all())
	}
}
