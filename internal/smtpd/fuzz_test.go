package smtpd

import (
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"letterlock/internal/letterlock"
)

func FuzzPath(f *testing.F) {
	for _, s := range []string{"ada@contoso.example", "a b@c.example", `a"b@c.example`, `a\b@c.example`, "a@b@c.example", "@c.example", "a@[192.0.2.1]", "ü@c.example", "a@b\r\nRCPT TO:<x@y.example>",
		strings.Repeat("a", 300) + "@c.example", "a\x00@c.example", "a@c.example>", "<a@c.example", "a+b@c.example", "a.@c.example", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := parsePath(s)
		if err != nil {
			if a != "" {
				t.Errorf("parsePath(%q) = %q, %v", s, a, err)
			}
			return
		}
		if again, err := letterlock.ParseAddress(string(a)); err != nil || again != a {
			t.Errorf("parsePath(%q) = %q, of which ParseAddress makes %q, %v", s, a, again, err)
		}
		if strings.ContainsAny(string(a), "\r\n\x00<>") && !strings.HasPrefix(string(a), `"`) {
			t.Errorf("parsePath(%q) = %q", s, a)
		}
	})
}

// replyLine is a line of a reply, RFC 5321 section 4.2.
var replyLine = regexp.MustCompile(`^[2-5][0-9]{2}([ -][\t -~]{0,500})?\r\n$`)

// FuzzCommands has somebody who has not signed in say anything. What comes back are
// replies, each line one that a client can read, and no mail is taken.
func FuzzCommands(f *testing.F) {
	for _, s := range []string{
		"EHLO x\r\nMAIL FROM:<ada@contoso.example>\r\nRCPT TO:<m@q.example>\r\nDATA\r\n.\r\n",
		"EHLO x\r\nAUTH PLAIN AGFkYQBwYXNz\r\nAUTH LOGIN\r\nYWRh\r\ncGFzcw==\r\nAUTH PLAIN\r\n*\r\nAUTH\r\nAUTH X y\r\n",
		"EHLO x\r\nAUTH LOGIN AAAA\r\n!!!\r\nAUTH PLAIN =\r\nAUTH PLAIN " + strings.Repeat("A", 3000) + "\r\n",
		"EHLO x\r\nMAIL FROM:<a@b> SIZE=99999999999999999999 BODY=8BITMIME SMTPUTF8 REQUIRETLS AUTH=<> X=\r\nBDAT 5 LAST\r\nhelloBDAT -1\r\nBDAT 99999999999999999999\r\n",
		"HELO\r\nEHLO \xff\r\nNOOP \r\nRSET x\r\nVRFY root\r\nEXPN a\r\nHELP\r\nSTARTTLS\r\nQUIT x\r\n",
		"ehlo x\nmail from:<>\nrcpt to:<@a,@b:c@d>\n\x00\x00\r\n\r\n \r\n" + strings.Repeat("x", 5000) + "\r\n",
		"MAIL FROM:ada@contoso.example\r\nMAIL FROM:<\"a\\\"@b\"@c.example>\r\nRCPT TO:<a@[IPv6:::1]>\r\n\x1b[31m\r\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, said []byte) {
		b := &books{}
		c := serve(t, "", Options{}, b).dial()
		if err := c.conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		go func() { // the server may have hung up
			_, _ = c.conn.Write(said)
			_, _ = fmt.Fprint(c.conn, "\r\nQUIT\r\n")
			_ = c.tcp.(*net.TCPConn).CloseWrite()
		}()
		for {
			line, err := c.in.ReadString('\n')
			if err == io.EOF && line == "" {
				break
			}
			if err != nil {
				t.Logf("it ends with %v", err)
				break
			}
			if !replyLine.MatchString(line) {
				t.Fatalf("%q is answered by %q", said, line)
			}
		}
		if got := b.recorded(); len(got) > 0 {
			t.Errorf("a mail of nobody was taken: %q", got)
		}
	})
}
