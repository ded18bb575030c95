package smtpd

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"letterlock/internal/account"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/outbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// books is an Accepter and an Authenticator that keep a record.
type books struct {
	begun   chan struct{} // one for each Accept, when set
	finish  chan struct{} // Accept waits for it, when set
	mu      sync.Mutex
	records []string
}

var failures = map[string]error{
	"sender":         &letterlock.Error{Code: letterlock.Denied, Key: "sender"},
	"unprotected":    &letterlock.Error{Code: letterlock.Denied, Key: "unprotected"},
	"rule":           &intake.Refusal{Rule: "cards", Sentence: "Card numbers can’t leave – ask “Zoë” in Malmö \n250 OK"},
	"rule-letters":   &intake.Refusal{Rule: "cards", Sentence: "Straße, Łódź, Ærø – 50 € are „too much“ · œuvre"},
	"rule-elsewhere": &intake.Refusal{Rule: "Karten", Sentence: "Номера карт не отправляются по почте, см. портал 2"},
	"rule-far":       &intake.Refusal{Rule: "卡号", Sentence: "卡号不能通过邮件发送 \u2028x"},
	"rule-long":      &intake.Refusal{Rule: "cards", Sentence: strings.TrimSuffix(strings.Repeat("Зачем это? ", 40), " ")},
	"nobody":         &intake.Unprovable{To: []letterlock.Address{"jonas@riverside.example", "jürgen@riverside.example"}},
	"nobody-many":    &intake.Unprovable{To: []letterlock.Address{"a@x.example", "b@x.example", "c@x.example", "d@x.example", "e@x.example", "f@x.example", "g@x.example"}},
	"rules":          &letterlock.Error{Code: letterlock.Denied, Key: "rules"},
	"depth":          &letterlock.Error{Code: letterlock.TooLarge, Key: "depth"},
	"structure":      &letterlock.Error{Code: letterlock.Invalid, Key: "structure", Err: errors.New("hidden cause")},
	"expires":        &letterlock.Error{Code: letterlock.Invalid, Key: "expires"},
	"disk":           &letterlock.Error{Code: letterlock.Busy, Key: "disk", Err: errors.New("hidden cause")},
	"busy":           &letterlock.Error{Code: letterlock.Busy},
	"throttled":      &letterlock.Error{Code: letterlock.Throttled, RetryAfter: time.Minute},
	"unknown":        errors.New("hidden cause"),
}

// Accept takes the mail, unless its first recipient is named like a failure.
func (b *books) Accept(ctx context.Context, by letterlock.Actor, e intake.Envelope, mail io.Reader) (intake.Receipt, error) {
	if b.begun != nil {
		b.begun <- struct{}{}
	}
	to := e.Recipients[0].Local()
	switch {
	case to == "panic":
		panic("hidden cause")
	case to == "lazy":
		return intake.Receipt{}, nil
	case failures[to] != nil:
		return intake.Receipt{}, failures[to]
	}
	body, err := io.ReadAll(mail)
	if err == nil && e.Pass != nil && strings.Contains(to, "open") {
		err = e.Pass(ctx, bytes.NewReader(body))
		return intake.Receipt{Passed: err == nil, DecidedBy: "gateway default"}, err
	}
	if b.finish != nil && err == nil {
		select {
		case <-b.finish:
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	what := fmt.Sprintf("%q", body)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		what = "cut off"
	case err != nil:
		what = "refused " + letterlock.KeyOf(err)
	case len(body) > 1000:
		what = fmt.Sprintf("%d bytes", len(body))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.records = append(b.records, fmt.Sprintf("%s to %v: %s", by.Address, e.Recipients, what))
	return intake.Receipt{}, err
}

func (b *books) recorded() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.records)
}

// Awaits what may come back to addresses that begin like a return path.
func (b *books) Awaits(to letterlock.Address) bool { return strings.HasPrefix(to.Local(), "bounce+") }

// TakeBounce records the mail like Accept, which it is the same edge to.
func (b *books) TakeBounce(ctx context.Context, fromNobody bool, to []letterlock.Address, mail io.Reader) error {
	from := letterlock.Actor{Address: "somebody"}
	if fromNobody {
		from.Address = "nobody"
	}
	if to[0] == "bounce+person@contoso.example" {
		return &letterlock.Error{Code: letterlock.Denied, Key: "no-report", Err: errors.New("hidden cause")}
	}
	_, err := b.Accept(ctx, from, intake.Envelope{Recipients: to}, mail)
	return err
}

func (b *books) Authenticate(_ context.Context, address letterlock.Address, password, ip string) (letterlock.Actor, error) {
	switch {
	case address == "throttled@contoso.example":
		return letterlock.Actor{}, &letterlock.Error{Code: letterlock.Throttled, RetryAfter: time.Minute}
	case address == "broken@contoso.example":
		return letterlock.Actor{}, errors.New("hidden cause")
	case address == "modern@contoso.example" && password == "secret":
		return letterlock.Actor{}, &letterlock.Error{Code: letterlock.Denied, Key: "app-password"}
	case password != "secret":
		return letterlock.Actor{}, &letterlock.Error{Code: letterlock.Denied}
	}
	return letterlock.Actor{Kind: letterlock.Staff, Address: address, Roles: []letterlock.Role{letterlock.Sender}, IP: ip}, nil
}

// Still knows of two accounts that were there a moment ago.
func (b *books) Still(_ context.Context, was letterlock.Actor) (letterlock.Actor, error) {
	switch was.Address {
	case "disabled@contoso.example":
		return letterlock.Actor{}, &letterlock.Error{Code: letterlock.Denied}
	case "lost@contoso.example":
		return letterlock.Actor{}, errors.New("hidden cause")
	}
	return was, nil
}

// A site is a server that listens.
type site struct {
	t      *testing.T
	server *Server
	books  *books
	addr   string
	log    *lockedBuffer
	served chan error
}

// serve starts a server for o; remote is the address its clients seem to have.
func serve(t *testing.T, remote string, o Options, b *books) *site {
	t.Helper()
	s := &site{t: t, books: b, log: &lockedBuffer{}, served: make(chan error, 1)}
	o.Domain, o.Auth = "mail.contoso.example", b
	if o.Accept == nil {
		o.Accept = b
	}
	o.Log = slog.New(slog.NewTextHandler(s.log, nil))
	s.server = New(o)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = l.Addr().String()
	go func() { s.served <- s.server.Serve(awayListener{l, remote}) }()
	t.Cleanup(s.stop)
	return s
}

// stop ends the server and waits for everything that it did.
func (s *site) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.server.Shutdown(ctx); err != nil {
		s.t.Errorf("Shutdown: %v", err)
	}
}

type awayListener struct {
	net.Listener
	remote string
}

func (l awayListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil || l.remote == "" {
		return c, err
	}
	return awayConn{c, l.remote}, nil
}

type awayConn struct {
	net.Conn
	remote string
}

func (c awayConn) RemoteAddr() net.Addr {
	return &net.TCPAddr{IP: net.ParseIP(c.remote), Port: 40000}
}

// A client speaks SMTP byte by byte.
type client struct {
	t    *testing.T
	tcp  net.Conn
	conn net.Conn // tcp, or TLS over it
	in   *bufio.Reader
}

func (s *site) dial() *client {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(10 * time.Second)) // a test that hangs fails
	return &client{t: s.t, tcp: conn, conn: conn, in: bufio.NewReader(conn)}
}

func (c *client) send(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c.conn, text); err != nil {
		c.t.Fatalf("sending %.80q: %v", text, err)
	}
}

// line returns what the server says next without the line end, or "(closed)".
func (c *client) line() string {
	line, err := c.in.ReadString('\n')
	if err != nil {
		var late net.Error
		if errors.As(err, &late) && late.Timeout() {
			return "(nothing for too long)"
		}
		return "(closed)"
	}
	if !strings.HasSuffix(line, "\r\n") {
		return fmt.Sprintf("(bad line end: %q)", line)
	}
	return strings.TrimSuffix(line, "\r\n")
}

// reply returns the last line of the next reply.
func (c *client) reply() string {
	for {
		if line := c.line(); len(line) < 4 || line[3] != '-' {
			return line
		}
	}
}

// expect sends text and checks how each of the replies to it begins.
func (c *client) expect(text string, replies ...string) {
	c.t.Helper()
	c.send(text)
	for _, want := range replies {
		if got := c.reply(); !strings.HasPrefix(got, want) {
			c.t.Fatalf("after %.80q: %q, want %q", text, got, want)
		}
	}
}

// plain is the initial response of AUTH PLAIN for ada and her password.
const plain = "AGFkYUBjb250b3NvLmV4YW1wbGUAc2VjcmV0"

// signedIn returns a client that may send.
func (s *site) signedIn() *client {
	s.t.Helper()
	c := s.dial()
	c.expect("", "220 ")
	c.expect("EHLO laptop\r\n", "250 ")
	c.expect("AUTH PLAIN "+plain+"\r\n", "235 ")
	return c
}

// begun returns a client that has named sender and recipient.
func (s *site) begun() *client {
	s.t.Helper()
	c := s.signedIn()
	c.expect("MAIL FROM:<ada@contoso.example>\r\nRCPT TO:<bob@fabrikam.example>\r\n", "250 ", "250 ")
	return c
}

func (c *client) startTLS() {
	c.t.Helper()
	c.expect("STARTTLS\r\n", "220 ")
	c.handshake()
}

func (c *client) handshake() {
	c.t.Helper()
	conn := tls.Client(c.tcp, &tls.Config{InsecureSkipVerify: true})
	if err := conn.Handshake(); err != nil {
		c.t.Fatalf("TLS: %v", err)
	}
	c.conn, c.in = conn, bufio.NewReader(conn)
}

// certificate makes a self-signed one.
func certificate(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		DNSNames:     []string{"mail.contoso.example"},
		NotAfter:     time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// What the program gives a Server.
var (
	_ Accepter      = (*intake.Service)(nil)
	_ Authenticator = account.MailPrograms{}
	_ Bouncer       = (*outbox.Service)(nil)
)
