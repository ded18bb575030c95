package dist

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/mailtest"
)

// patience bounds whatever a test waits for. Nothing takes that long.
const patience = 30 * time.Second

// A proxy is a real one with the recipe of docs/operate.md, in front of a world.
type proxy struct {
	t       *testing.T
	https   string
	plain   string
	trust   *x509.CertPool
	spool   []string // folders where it would keep what it does not pass on at once
	command []string
}

// nginx prepares Debian's nginx in a folder of its own.
func nginx(t *testing.T, w *world) *proxy {
	t.Helper()
	dir, ca := t.TempDir(), mailtest.NewCA(t)
	p := &proxy{t: t, https: mailtest.FreeAddress(t), plain: mailtest.FreeAddress(t), trust: ca.Pool()}
	cert, key := certificate(t, dir, ca)
	recipe := replace(t, block(t, "nginx", "proxy_pass"),
		"listen 80;", "listen "+p.plain+";", "    listen [::]:80;\n", "",
		"listen 443 ", "listen "+p.https+" ", "    listen [::]:443 ssl sndbuf=64k;\n", "",
		"/etc/letsencrypt/live/mail.example.org/fullchain.pem", cert, "/etc/letsencrypt/live/mail.example.org/privkey.pem", key,
		"/var/log/nginx/letterlock.log", filepath.Join(dir, "error.log"), "http://127.0.0.1:8080", "http://"+w.http)
	spool := ""
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		folder := filepath.Join(dir, kind)
		spool += fmt.Sprintf("%s_temp_path %s;\n", kind, folder)
		p.spool = append(p.spool, folder)
	}
	main := fmt.Sprintf("daemon off;\nuser root;\npid %s/pid;\nerror_log %[1]s/error.log;\nevents {}\nhttp {\ngzip on;\naccess_log %[1]s/access.log;\n%s%s}\n",
		dir, spool, recipe)
	file := filepath.Join(dir, "nginx.conf")
	w.check(os.WriteFile(file, []byte(main), 0o600))
	p.command = []string{find(t, "nginx"), "-p", dir, "-c", file, "-e", filepath.Join(dir, "error.log")}
	p.start()
	return p
}

// caddy prepares Debian's Caddy in a folder of its own.
func caddy(t *testing.T, w *world) *proxy {
	t.Helper()
	dir, ca := t.TempDir(), mailtest.NewCA(t)
	p := &proxy{t: t, https: mailtest.FreeAddress(t), plain: mailtest.FreeAddress(t), trust: ca.Pool()}
	cert, key := certificate(t, dir, ca)
	_, port, _ := net.SplitHostPort(p.https)
	_, plain, _ := net.SplitHostPort(p.plain)
	// Here the certificate is the test's, and nobody else is to reach it.
	recipe := replace(t, block(t, "caddy", "reverse_proxy"),
		"{\n\tservers", fmt.Sprintf("{\n\tadmin off\n\tdefault_bind 127.0.0.1\n\thttps_port %s\n\thttp_port %s\n\tservers", port, plain),
		"mail.example.org {", fmt.Sprintf("mail.example.org {\n\ttls %s %s", cert, key), "127.0.0.1:8080", w.http)
	file := filepath.Join(dir, "Caddyfile")
	w.check(os.WriteFile(file, []byte(recipe), 0o600))
	p.command = []string{"env", "HOME=" + dir, "XDG_DATA_HOME=" + dir, "XDG_CONFIG_HOME=" + dir, find(t, "caddy"), "run", "--config", file, "--adapter", "caddyfile"}
	p.start()
	return p
}

func find(t *testing.T, name string) string {
	t.Helper()
	for _, path := range []string{name, "/usr/sbin/" + name} { // servers are not on everybody's path
		if found, err := exec.LookPath(path); err == nil {
			return found
		}
	}
	t.Fatalf("%s is missing: 'make programs' installs it", name)
	return ""
}

func certificate(t *testing.T, dir string, ca *mailtest.CA) (cert, key string) {
	t.Helper()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	c, k := mailtest.Files(t, ca.Issue(host))
	if err := errors.Join(os.WriteFile(cert, c, 0o600), os.WriteFile(key, k, 0o600)); err != nil {
		t.Fatal(err)
	}
	return cert, key
}

// start starts the proxy and returns when it takes connections.
func (p *proxy) start() {
	p.t.Helper()
	cmd := exec.Command(p.command[0], p.command[1:]...)
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	// In a group of its own, so that all of it can be ended at once.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	p.t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // that it is gone already is no matter
		<-ended
	})
	// It does not say when it listens: somebody has to knock.
	knock := time.NewTicker(20 * time.Millisecond)
	defer knock.Stop()
	tooLong := time.After(patience)
	for {
		if conn, err := net.Dial("tcp", p.https); err == nil {
			conn.Close()
			return
		}
		select {
		case <-knock.C:
		case err := <-ended:
			ended <- err
			p.t.Fatalf("the proxy ended with %v:\n%s", err, said.String())
		case <-tooLong:
			p.t.Fatal("the proxy does not listen")
		}
	}
}

// visitor is where the tests come from: the loopback, and not the proxy's own.
const visitor = "127.8.9.10"

// dial connects as a browser with a small buffer, which is what a slow line has.
func (p *proxy) dial() net.Conn {
	p.t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(visitor)}, Control: func(_, _ string, c syscall.RawConn) error {
		var err error
		return errors.Join(c.Control(func(fd uintptr) { err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 16<<10) }), err)
	}}
	raw, err := d.Dial("tcp", p.https)
	if err != nil {
		p.t.Fatal(err)
	}
	conn := tls.Client(raw, &tls.Config{ServerName: host, RootCAs: p.trust})
	p.t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(2 * patience)); err != nil {
		p.t.Fatal(err)
	}
	return conn
}

// ask sends a request and returns the head of the answer.
func (p *proxy) ask(method, path, cookie string, length int64, body io.Reader, headers ...string) *http.Response {
	p.t.Helper()
	conn := p.dial()
	head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\nOrigin: https://%[3]s\r\nX-Forwarded-For: 192.0.2.66\r\n", method, path, host, cookie)
	if method == http.MethodPost {
		head += fmt.Sprintf("Content-Length: %d\r\n", length)
	}
	head += strings.Join(append(headers, "\r\n"), "\r\n")
	go func() { _, _ = io.Copy(conn, io.MultiReader(strings.NewReader(head), body)) }() // an answer can come before all is sent
	answer, err := http.ReadResponse(bufio.NewReaderSize(conn, 4<<10), &http.Request{Method: method})
	if err != nil {
		p.t.Fatalf("%s %s: %v", method, path, err)
	}
	return answer
}

func (p *proxy) get(path, cookie string, headers ...string) *http.Response {
	p.t.Helper()
	return p.ask(http.MethodGet, path, cookie, 0, http.NoBody, headers...)
}

func TestNginxRecipe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	// Its own buffers are 64 KiB and bounded; the kernel's between it and the server
	// grow with how long nginx waits for a processor, at most to tcp_rmem's 6 MiB.
	testRecipe(t, w, nginx(t, w), 6<<20)
}

func TestCaddyRecipe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	testRecipe(t, w, caddy(t, w), 16<<20)
}

// testRecipe tries what docs/operate.md says of a proxy; held is how many bytes of
// a download the proxy may still pass on after access was removed.
func testRecipe(t *testing.T, w *world, p *proxy, held int64) {
	// A proxy that wanted to keep something on the disk cannot any more.
	for _, folder := range p.spool {
		w.check(os.RemoveAll(folder))
	}
	p.uploads(w)
	p.events(w)
	p.download(w, held)
	p.address(w)
}

// uploads sends heads of large forms, and one whole message.
func (p *proxy) uploads(w *world) {
	staff := w.session("letterlock", letterlock.Staff, ada.Address)
	const form = "Content-Type: multipart/form-data; boundary=b"
	begun := "--b\r\nContent-Disposition: form-data; name=\"to\"\r\n\r\n"
	// Without a session the answer comes long before the end of the body: it shows
	// who answers. The body goes on coming, for Caddy answers only while it does.
	if got := p.ask(http.MethodPost, "/compose", "", 155<<20, io.MultiReader(strings.NewReader(begun), io.LimitReader(zeros{}, 155<<20)), form).StatusCode; got != http.StatusSeeOther {
		p.t.Errorf("a form of 155 MiB of somebody who is not signed in: %d, want %d from Letterlock", got, http.StatusSeeOther)
	}
	body := begun + "omar@lantern.example\r\n--b\r\nContent-Disposition: form-data; name=\"subject\"\r\n\r\nBy the proxy\r\n" +
		"--b\r\nContent-Disposition: form-data; name=\"protection\"\r\n\r\nencrypt-only\r\n" +
		"--b\r\nContent-Disposition: form-data; name=\"do\"\r\n\r\nsend\r\n" +
		"--b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.bin\"\r\nContent-Type: application/octet-stream\r\n\r\n" +
		strings.Repeat("0123456789abcdef", 8<<20/16) + "\r\n--b--\r\n"
	answer := p.ask(http.MethodPost, "/compose", staff, int64(len(body)), strings.NewReader(body), form)
	if to := answer.Header.Get("Location"); answer.StatusCode != http.StatusSeeOther || !strings.HasPrefix(to, "/sent/") {
		p.t.Errorf("composing a message of 8 MiB: %d, Location %q; want %d and the message", answer.StatusCode, to, http.StatusSeeOther)
	}
}

// events opens a page's stream and has access removed under it.
func (p *proxy) events(w *world) {
	const nora = "nora@gmail.com"
	id := w.send(nora, 10)
	answer := p.get("/read/"+string(id)+"/live", w.session("letterlock-reader", letterlock.Reader, nora), "Accept: text/event-stream")
	lines := bufio.NewScanner(answer.Body)
	next := func() string {
		for lines.Scan() {
			if event, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
				return event
			}
		}
		return fmt.Sprintf("no more events: %v", lines.Err())
	}
	if got := next(); got != "alive" {
		p.t.Fatalf("the first event is %q, want alive (status %d)", got, answer.StatusCode)
	}
	w.check(w.app.Access.Revoke(w.t.Context(), w.by(), id, ""))
	if got := next(); got != "ended" {
		p.t.Errorf("the event after a revocation is %q, want ended", got)
	}
}

// download takes a large file slowly, has access removed in the middle, and counts
// what still comes.
func (p *proxy) download(w *world, held int64) {
	const omar = "omar@gmail.com"
	const size = 50 << 20
	id := w.send(omar, size)
	path := fmt.Sprintf("/read/%s/part/%d", id, w.filePart(id))
	answer := p.get(path, w.session("letterlock-reader", letterlock.Reader, omar))
	if answer.StatusCode != http.StatusOK {
		p.t.Fatalf("the download begins with %d", answer.StatusCode)
	}
	p.slowly(answer.Body)
	w.check(w.app.Access.Revoke(w.t.Context(), w.by(), id, ""))
	late, err := io.Copy(io.Discard, answer.Body)
	p.t.Logf("%d bytes came after the revocation had been answered, then: %v", late, err)
	if err == nil {
		p.t.Error("the download ended as if it were whole")
	}
	if late > held {
		p.t.Errorf("%d bytes came after the revocation had been answered, want at most %d", late, held)
	}
}

// slowly takes 64 KB a second for three seconds, so that all buffers between the
// server and the reader are full.
func (p *proxy) slowly(body io.Reader) {
	tick := time.NewTicker(time.Second / 8)
	defer tick.Stop()
	for range 24 {
		if _, err := io.CopyN(io.Discard, body, 8<<10); err != nil {
			p.t.Fatalf("the download ended early: %v", err)
		}
		<-tick.C
	}
}

// address removes access through the proxy and looks who did it in the audit log.
func (p *proxy) address(w *world) {
	id := w.send("iris@gmail.com", 10)
	staff := w.session("letterlock", letterlock.Staff, ada.Address)
	answer := p.ask(http.MethodPost, "/sent/"+string(id)+"/remove", staff, 0, http.NoBody, "Content-Type: application/x-www-form-urlencoded")
	if answer.StatusCode != http.StatusSeeOther {
		p.t.Fatalf("removing access: %d", answer.StatusCode)
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(w.data, "letterlock.db")+"?mode=ro")
	w.check(err)
	defer db.Close()
	var ip string
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	w.check(db.QueryRowContext(ctx, "SELECT entry ->> 'ip' FROM audit WHERE message = $1 AND action = 'revoke'", string(id)).Scan(&ip))
	if ip != visitor {
		p.t.Errorf("access was removed from %q, want %q: not the proxy, and not what the client claims", ip, visitor)
	}
}
