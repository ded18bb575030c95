package smtpd

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
)

// The end of the data is CR LF dot CR LF and nothing else. Who takes another form
// for it lets one server smuggle a mail past the other.
func TestNoOtherFormEndsTheData(t *testing.T) {
	forms := []string{
		"\n.\n", "\n.\r\n", "\r.\r", "\r.\r\n", "\n.\r", "\r\n.\n", "\r\n.\r",
		"\r\n\x00.\r\n", "\r\n.\x00\r\n", "\r\r\n.\r\n", "\r\n.\r\r\n", "\r\n..\n", "\n\n.\r\n", "\r\n.\n.\r",
	}
	s := serve(t, "", Options{}, &books{})
	for _, form := range forms {
		t.Run(fmt.Sprintf("%q", form), func(t *testing.T) {
			c := s.begun()
			c.expect("DATA\r\n", "354 ")
			c.expect("one"+form+"MAIL FROM:<grace@contoso.example>\r\n.\r\n", "554 5.6.0 ")
			c.expect("NOOP\r\n", "250 ") // and no answer to the smuggled command before
		})
	}
	want := "ada@contoso.example to [bob@fabrikam.example]: refused bare"
	if got := s.books.recorded(); len(got) != len(forms) || slices.ContainsFunc(got, func(r string) bool { return r != want }) {
		t.Errorf("Accept was called for %q, want %q %d times", got, want, len(forms))
	}
}

func TestAMailThatIsCutOffIsNeverWhole(t *testing.T) {
	tests := []struct{ name, sent string }{
		{"DATA", "DATA\r\nSubject: one\r\n\r\nhalf"},
		{"DATA before a byte", "DATA\r\n"},
		{"DATA before the dot", "DATA\r\none\r\n"},
		{"DATA at the dot", "DATA\r\none\r\n.\r"},
		{"BDAT", "BDAT 10 LAST\r\nhalf\r\n"},
		{"BDAT before a byte", "BDAT 10 LAST\r\n"},
		{"BDAT before the last byte", "BDAT 3 LAST\r\non"},
		{"BDAT between chunks", "BDAT 5\r\none\r\n"},
		{"BDAT in the second chunk", "BDAT 5\r\none\r\nBDAT 5 LAST\r\ntw"},
	}
	ends := []struct {
		name string
		tls  bool
		end  func(c *client)
	}{
		{name: "the connection closes", end: func(c *client) { c.tcp.Close() }},
		{name: "TLS says goodbye", tls: true, end: func(c *client) { c.conn.Close() }},
		{name: "TLS breaks", tls: true, end: func(c *client) { c.tcp.Close() }},
	}
	for _, tt := range tests {
		for _, e := range ends {
			t.Run(tt.name+", "+e.name, func(t *testing.T) {
				s := serve(t, "", Options{TLS: certificate(t)}, &books{})
				c := s.dial()
				c.expect("", "220 ")
				if e.tls {
					c.startTLS()
				}
				c.expect("EHLO laptop\r\nAUTH PLAIN "+plain+"\r\nMAIL FROM:<ada@contoso.example>\r\nRCPT TO:<bob@fabrikam.example>\r\n", "250 ", "235 ", "250 ", "250 ")
				c.send(tt.sent)
				e.end(c)
				waitFor(t, func() bool { return len(s.books.recorded()) > 0 })
				want := []string{"ada@contoso.example to [bob@fabrikam.example]: cut off"}
				if got := s.books.recorded(); !slices.Equal(got, want) {
					t.Errorf("Accept was called for %q, want %q", got, want)
				}
				s.stop()
				if log := s.log.String(); !strings.Contains(log, "broken off") {
					t.Errorf("log has no line about it:\n%s", log)
				}
			})
		}
	}
}

// waitFor waits until the server has done what the client cannot see.
func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for limit := time.After(10 * time.Second); !done(); {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatal("waited in vain")
		}
	}
}

func TestTheRestOfARefusedMailIsReadUpToALimit(t *testing.T) {
	s := serve(t, "", Options{MaxBytes: 1000}, &books{})
	line := strings.Repeat("x", 98) + "\r\n"
	c := s.begun()
	c.expect("DATA\r\n", "354 ")
	c.expect(strings.Repeat(line, 19)+".\r\n", "552 ")
	c.expect("NOOP\r\n", "250 ")

	c = s.begun()
	c.expect("DATA\r\n", "354 ")
	c.expect(strings.Repeat(line, 100), "552 ") // no end of the data
	if got := c.line(); got != "(closed)" {
		t.Errorf("after too much: %q, want the connection closed", got)
	}
}

func TestTheHundredAndFirstRecipientIsForTheNextMail(t *testing.T) {
	s := serve(t, "", Options{}, &books{})
	c := s.signedIn()
	c.expect("MAIL FROM:<ada@contoso.example>\r\n", "250 ")
	for i := range 500 {
		want := "250 2.1.5 "
		if i >= 100 {
			want = "452 4.5.3 "
		}
		c.expect(fmt.Sprintf("RCPT TO:<bob%d@fabrikam.example>\r\n", i), want)
	}
	c.expect("DATA\r\n", "354 ")
	c.expect("one\r\n.\r\n", "250 ")
	got := s.books.recorded()
	if len(got) != 1 || strings.Count(got[0], "@fabrikam.example") != 100 {
		t.Errorf("Accept was called for %q, want one mail to 100", got)
	}
}

// A reader is an Accepter that says what it has read so far.
type reader struct{ read chan string }

func (r reader) Accept(_ context.Context, _ letterlock.Actor, _ intake.Envelope, mail io.Reader) (intake.Receipt, error) {
	b := make([]byte, len("one\r\n")) // go-smtp returns when it is full
	for {
		n, err := mail.Read(b)
		if err == io.EOF {
			return intake.Receipt{}, nil
		} else if err != nil {
			return intake.Receipt{}, err
		}
		r.read <- string(b[:n])
	}
}

func TestAMailIsPassedOnAsItComes(t *testing.T) {
	r := reader{make(chan string, 2)}
	s := serve(t, "", Options{Accept: r}, &books{})
	c := s.begun()
	c.expect("DATA\r\n", "354 ")
	for _, line := range []string{"one\r\n", "two\r\n"} {
		c.send(line)
		select {
		case got := <-r.read: // the next line is not sent before
			if got != line {
				t.Fatalf("passed on: %q, want %q", got, line)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("%q was not passed on", line)
		}
	}
	c.expect(".\r\n", "250 ")
}

func TestLinesOfCommandsAreBoundedAndThoseOfAMailAreNot(t *testing.T) {
	long := strings.Repeat("x", 3*maxLine)
	tests := []struct {
		name   string
		remote string
		tls    bool
	}{
		{name: "command"},
		{name: "command before TLS", remote: "192.0.2.7", tls: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var o Options
			if tt.tls {
				o.TLS = certificate(t)
			}
			c := serve(t, tt.remote, o, &books{}).dial()
			c.expect("", "220 ")
			c.expect(long, "50") // 500, or 501 for the piece that was read
			if got := c.line(); got != "(closed)" {
				t.Errorf("then %q, want the connection closed", got)
			}
		})
	}
	s := serve(t, "", Options{}, &books{})
	c := s.begun()
	c.expect("DATA\r\n", "354 ")
	c.expect(long+"\r\n.\r\n", "250 ")
	c.expect("MAIL FROM:<ada@contoso.example>\r\nRCPT TO:<bob@fabrikam.example>\r\n", "250 ", "250 ")
	c.expect(fmt.Sprintf("BDAT %d LAST\r\n%s", len(long), long), "250 ")
	c.expect("QUIT\r\n", "221 ")
	if got := s.books.recorded(); len(got) != 2 {
		t.Errorf("%d mails with a long line accepted, want 2", len(got))
	}
}

func TestAVeryLongNameIsNotSaidBack(t *testing.T) {
	c := serve(t, "", Options{}, &books{}).dial()
	c.expect("", "220 ")
	for _, verb := range []string{"EHLO ", "HELO "} {
		c.send(verb + strings.Repeat("x", 6000) + "\r\n")
		if got := strings.TrimLeft(c.line()[3:], "- 0."); !strings.HasSuffix(got, "mail.contoso.example") {
			t.Errorf("%s is answered with %.80q", verb, got)
		}
		if verb == "EHLO " {
			c.reply()
		}
	}
	c.expect("NOOP\r\n", "250 ")
}

func TestTimeouts(t *testing.T) {
	short := 20 * time.Millisecond
	tests := []struct {
		name     string
		timeouts Timeouts
		said     string // by a client that is signed in and has begun a mail
		want     string
	}{
		{name: "command", timeouts: Timeouts{Command: short}, want: "421 4.4.2 "},
		{name: "silence in the mail", timeouts: Timeouts{Data: short}, said: "DATA\r\none\r\n", want: "451 "},
		{name: "a mail that takes too long", timeouts: Timeouts{Message: short}, said: "DATA\r\none\r\n", want: "451 "},
		{name: "silence in a chunk", timeouts: Timeouts{Data: short}, said: "BDAT 10 LAST\r\none\r\n", want: "451 "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, "", Options{Timeouts: tt.timeouts}, &books{})
			c := s.begun()
			c.send(tt.said)
			if got := c.reply(); strings.HasPrefix(got, "354") {
				if got = c.reply(); !strings.HasPrefix(got, tt.want) {
					t.Errorf("after the timeout: %q, want %q", got, tt.want)
				}
			} else if !strings.HasPrefix(got, tt.want) {
				t.Errorf("after the timeout: %q, want %q", got, tt.want)
			}
		})
	}
}

func TestWhoDoesNotSignInIsSentAway(t *testing.T) {
	for _, name := range []string{"in the lobby", "after it"} {
		t.Run(name, func(t *testing.T) {
			o := Options{Timeouts: Timeouts{SignIn: 50 * time.Millisecond}}
			if name == "in the lobby" {
				o.TLS = certificate(t)
			}
			c := serve(t, "192.0.2.7", o, &books{}).dial()
			c.expect("", "220 ", "421 4.4.2 ")
			if got := c.line(); got != "(closed)" {
				t.Errorf("then %q, want the connection closed", got)
			}
		})
	}
}

func TestConnectionsAreCounted(t *testing.T) {
	tests := []struct {
		name    string
		options Options
		want    string
	}{
		{"in all", Options{MaxConnections: 2}, "421 4.3.2 "},
		{"of one address", Options{MaxPerIP: 2}, "421 4.7.0 "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, "", tt.options, &books{})
			first := s.signedIn()
			s.signedIn()
			c := s.dial()
			c.expect("", tt.want)
			if got := c.line(); got != "(closed)" {
				t.Errorf("then %q, want the connection closed", got)
			}
			first.expect("QUIT\r\n", "221 ")
			first.line() // closed: its place is free
			waitFor(t, func() bool { s.server.mu.Lock(); defer s.server.mu.Unlock(); return len(s.server.wires) < 2 })
			s.signedIn()
		})
	}
	t.Run("of one account", func(t *testing.T) {
		s := serve(t, "", Options{MaxPerAccount: 1}, &books{})
		s.signedIn()
		c := s.dial()
		c.expect("EHLO laptop\r\n", "220 ", "250 ")
		c.expect("AUTH PLAIN "+plain+"\r\n", "421 4.7.0 ")
	})
}

func TestAListenerMaySpeakTLSFromTheFirstByte(t *testing.T) {
	s := serve(t, "", Options{}, &books{})
	l, err := tls.Listen("tcp", "127.0.0.1:0", certificate(t))
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.server.Serve(awayListener{l, ""}) }()
	s.addr = l.Addr().String()
	c := s.dial()
	c.handshake()
	c.expect("EHLO laptop\r\n", "220 ", "250 ")
	c.expect("AUTH PLAIN "+plain+"\r\n", "235 ")
	s.stop()
	if err := <-served; err != nil {
		t.Errorf("Serve = %v, want nil after Shutdown", err)
	}
}

func TestTheLogNamesNobody(t *testing.T) {
	s := serve(t, "", Options{}, &books{})
	c := s.begun()
	c.expect("DATA\r\n", "354 ")
	c.expect("Subject: marked\r\n\r\nmarked\r\n.\r\n", "250 ")
	c.expect("MAIL FROM:<grace@contoso.example>\r\n", "550 ")
	c.expect("AUTH PLAIN AGFkYQBtYXJrZWQ=\r\n", "503 ")
	c.expect("QUIT\r\n", "221 ")
	s.stop()
	log := s.log.String()
	for _, word := range []string{"ada", "grace", "bob", "secret", "marked", "contoso", "fabrikam"} {
		if strings.Contains(log, word) {
			t.Errorf("the log says %q:\n%s", word, log)
		}
	}
	for _, line := range []string{`msg="smtp: mail accepted" ip=127.0.0.1 recipients=1 bytes=`, `msg="smtp: mail refused" ip=127.0.0.1 reply=550`} {
		if strings.Count(log, line) != 1 {
			t.Errorf("the log does not say once %s:\n%s", line, log)
		}
	}
}
