package smtpout

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"letterlock/internal/letterlock"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	from = "bounce+x@contoso.example"
	bob  = letterlock.Address("bob@there.example")
	mail = "From: a@contoso.example\r\nSubject: hi\r\n\r\nhello\r\n.dot\r\n"
)

// A script is what a relay says to those who connect, one dialogue for each
// connection: "S: " and what it says, a "|" for each line end within, "C: " and the beginning of what it must be
// told, and what the words below stand for. At the end it hangs up.
type script struct {
	t       *testing.T
	address string
	cert    *tls.Certificate
	signal  chan struct{} // closed at SIGNAL
	mu      sync.Mutex
	used    int
	mails   []string
}

// Words of a script.
const (
	takes  = "S: 220 relay\nC: EHLO\nS: 250-relay\nS: 250-8BITMIME\nS: 250 SIZE 1000000\n"
	mailTo = "C: MAIL FROM:<" + from + ">\nS: 250 fine\nC: RCPT TO:<bob@there.example>\nS: 250 fine\n"
	data   = "C: DATA\nS: 354 go on\nMAIL\n"
	taken  = mailTo + data + "S: 250 2.0.0 taken\n"
	// After RSET go-smtp says EHLO again before anything else.
	takenBack = "C: RSET\nS: 250 fine\nC: EHLO\nS: 250 relay\n" + bye
	bye       = "C: QUIT\nS: 221 bye\n"
	offered   = "S: 220 relay\nC: EHLO mail.contoso.example\nS: 250-relay\nS: 250 STARTTLS\nC: STARTTLS\n"
)

// newScript starts a relay that follows one dialogue for each connection, in
// order, and fails the test for a connection more or less.
func newScript(t *testing.T, dialogues ...string) *script {
	return newScriptTLS(t, nil, dialogues...)
}

func newScriptTLS(t *testing.T, cert *tls.Certificate, dialogues ...string) *script {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &script{t: t, address: l.Addr().String(), cert: cert, signal: make(chan struct{})}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			i := s.used
			s.used++
			s.mu.Unlock()
			if i >= len(dialogues) {
				t.Errorf("connection %d to a relay with %d dialogues", i+1, len(dialogues))
				conn.Close()
				continue
			}
			wg.Go(func() { s.follow(conn, dialogues[i]) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		wg.Wait()
		if s.used < len(dialogues) {
			t.Errorf("%d connections to a relay with %d dialogues", s.used, len(dialogues))
		}
	})
	return s
}

// follow speaks one dialogue.
func (s *script) follow(conn net.Conn, dialogue string) {
	defer func() { conn.Close() }()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	in := bufio.NewReader(conn)
	for line := range strings.Lines(dialogue) {
		line = strings.TrimSuffix(line, "\n")
		say, says := strings.CutPrefix(line, "S: ")
		want, hears := strings.CutPrefix(line, "C: ")
		switch {
		case says:
			fmt.Fprintf(conn, "%s\r\n", strings.ReplaceAll(say, "|", "\r\n"))
		case hears:
			if got, err := in.ReadString('\n'); err != nil || !strings.HasPrefix(got, want) {
				s.t.Errorf("the relay was told %q, %v; want %q", got, err, want)
				return
			}
		case line == "MAIL":
			s.take(in)
		case line == "HEADER": // the first line of a mail
			in.ReadString('\n')
		case line == "SIGNAL":
			close(s.signal)
		case line == "TLS":
			c := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{*s.cert}})
			conn, in = c, bufio.NewReader(c)
		case line == "WAIT": // until the other side hangs up
			io.Copy(io.Discard, in)
		case line == "ENDLESS": // an answer that never ends
			for _, err := fmt.Fprint(conn, "250-and\r\n"); err == nil; {
				_, err = fmt.Fprint(conn, "250-and\r\n")
			}
		}
	}
}

func (s *script) take(in *bufio.Reader) {
	var b strings.Builder
	for {
		line, err := in.ReadString('\n')
		if err != nil || line == ".\r\n" {
			break
		}
		b.WriteString(strings.TrimPrefix(line, "."))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = append(s.mails, b.String())
}

// A clock stands still until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// A book is a log in memory.
type book struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *book) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *book) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// newClient returns a Client that is closed with its test.
func newClient(t *testing.T, o Options) (*Client, *book) {
	t.Helper()
	log := &book{}
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(log, nil))
	}
	o.Hello = "mail.contoso.example"
	if o.MaxIdle == 0 {
		o.MaxIdle = -1 // keeps no connection: most dialogues end after one mail
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c, log
}

// local is a relay without TLS on this machine.
func local(s *script) Relay { return Relay{Address: s.address, TLS: NoTLS} }

func (c *Client) send(t *testing.T) error {
	t.Helper()
	return c.Send(t.Context(), from, bob, strings.NewReader(mail))
}

// check requires an error with a code and a text; no code means no error.
func check(t *testing.T, err error, code letterlock.Code, text string) {
	t.Helper()
	switch {
	case code == "" && err != nil:
		t.Errorf("Send: %v", err)
	case code == "":
	case err == nil || letterlock.CodeOf(err) != code || !strings.Contains(err.Error(), text):
		t.Errorf("Send = %v, want %v with %q", err, code, text)
	}
	if other := letterlock.Busy; code == letterlock.Denied && errors.Is(err, other) {
		t.Errorf("Send = %v: final and temporary at once", err)
	}
}
