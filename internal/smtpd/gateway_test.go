package smtpd

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"letterlock/internal/mailtest"
	"letterlock/internal/metrics"
	"letterlock/internal/smtpout"
)

// newRelay is a way out to relays on this machine.
func newRelay(t *testing.T, addresses ...string) *smtpout.Client {
	t.Helper()
	o := smtpout.Options{Hello: "mail.contoso.example", Timeouts: smtpout.Timeouts{Connect: time.Second}}
	for _, a := range addresses {
		o.Relays = append(o.Relays, smtpout.Relay{Address: a, TLS: smtpout.NoTLS})
	}
	c, err := smtpout.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// gateway serves a gateway in front of a relay.
func gateway(t *testing.T, relay *smtpout.Client, o Options) *site {
	t.Helper()
	b := &books{}
	o.Gateway = &Gateway{Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, Bounces: b, Relay: relay, Metrics: metrics.New(metrics.Options{}).Gateway}
	return serve(t, "", o, b)
}

// greeted returns a client that has said EHLO.
func (s *site) greeted() *client {
	s.t.Helper()
	c := s.dial()
	c.expect("EHLO front\r\n", "220 ", "250 ")
	return c
}

// answers is what a relay says about recipients and mails.
func answers(to string) error {
	refused := func(code int, text string) error {
		return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1}, Message: text}
	}
	switch local, _, _ := strings.Cut(to, "@"); local {
	case "unknown":
		return refused(550, "no such mailbox")
	case "grey":
		return refused(450, "greylisted")
	case "long":
		return refused(550, strings.Repeat("word ", 300))
	case "ansi":
		return refused(550, "\x1b[2J\x07red Grüße \u202eback")
	}
	return nil
}

func TestTheRelayAnswersForEachRecipientAndForTheMail(t *testing.T) {
	sink := mailtest.NewSink(t, mailtest.SinkOptions{Rcpt: answers, Data: func(m mailtest.Mail) error {
		switch {
		case strings.Contains(string(m.Raw), "spam"):
			return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "looks like spam"}
		case strings.Contains(string(m.Raw), "words of ours"):
			return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 0, 0}, Message: "Error: transaction failed: over"}
		case strings.Contains(string(m.Raw), "silence"):
			return mailtest.ErrHangUp
		}
		return nil
	}})
	s := gateway(t, newRelay(t, sink.Address, sink.Address), Options{})
	c := s.greeted()
	for _, step := range []struct {
		say  string
		want []string
	}{
		{"MAIL FROM:<ada@contoso.example> SIZE=10 BODY=8BITMIME\r\n", []string{"250 2.1.0 "}},
		{"RCPT TO:<unknown@fabrikam.example>\r\n", []string{"550 5.1.1 no such mailbox"}},
		{"RCPT TO:<grey@fabrikam.example>\r\n", []string{"450 4.1.1 greylisted"}},
		{"RCPT TO:<ansi@fabrikam.example>\r\n", []string{"550 5.1.1 [2J red Grusse  back"}},
		{"RCPT TO:<long@fabrikam.example>\r\n", []string{"550 5.1.1 word word"}},
		{"DATA\r\n", []string{"503 "}},
		{"RCPT TO:<open@fabrikam.example>\r\nRCPT TO:<bob@Fabrikam.example>\r\nRCPT TO:<bob@fabrikam.example>\r\n", []string{"250 ", "250 ", "250 "}},
		{"RCPT TO:<bounce+1.2.3@contoso.example>\r\n", []string{"452 4.5.3 "}},
		{"RCPT TO:<bob@-.example>\r\n", []string{"553 5.1.3 "}},
		{"DATA\r\n", []string{"354 "}},
		{"Subject: one\r\n\r\n..\r\n.\r\n", []string{"250 2.0.0 OK: queued"}},
		{"MAIL FROM:<> \r\nRCPT TO:<open@fabrikam.example>\r\nDATA\r\n", []string{"250 ", "250 ", "354 "}},
		{"spam\r\n.\r\n", []string{"554 5.7.1 looks like spam"}},
		{"MAIL FROM:<ada@contoso.example>\r\nRCPT TO:<open@fabrikam.example>\r\nDATA\r\n", []string{"250 ", "250 ", "354 "}},
		{"words of ours\r\n.\r\n", []string{"554 5.0.0 the next mail server said Error: transaction failed: over"}},
		{"MAIL FROM:<ada@contoso.example>\r\nRCPT TO:<open@fabrikam.example>\r\nDATA\r\n", []string{"250 ", "250 ", "354 "}},
		{"silence\r\n.\r\n", []string{"451 4.4.2 "}},
		{"MAIL FROM:<ada@contoso.example>\r\nRCPT TO:<bob@fabrikam.example>\r\nDATA\r\n", []string{"250 ", "250 ", "354 "}},
		{"protected\r\n.\r\n", []string{"250 2.0.0 accepted and protected"}},
		{"MAIL FROM:<ada@contoso.example>\r\nRCPT TO:<rule@fabrikam.example>\r\nDATA\r\n", []string{"250 ", "250 ", "354 "}},
		{"x\r\n.\r\n", []string{"550 5.7.1 Card numbers"}},
		{"MAIL FROM:<ada@contoso.example>\r\nRCPT TO:<open@fabrikam.example>\r\nRSET\r\n", []string{"250 ", "250 ", "250 "}},
		{"MAIL FROM:<ada@contoso.example>\r\nRCPT TO:<bounce+1.2.3@contoso.example>\r\nRCPT TO:<open@fabrikam.example>\r\n", []string{"250 ", "250 ", "452 4.5.3 "}},
		{"DATA\r\nback\r\n.\r\n", []string{"354 ", "250 2.0.0 accepted"}},
		{"MAIL FROM:<\"a b\"@contoso.example>\r\nRCPT TO:<\"open x\"@fabrikam.example>\r\n", []string{"250 ", "250 "}},
		{"BDAT 8 LAST\r\nby bdat\n", []string{"554 "}},
		{"MAIL FROM:<\"a b\"@contoso.example>\r\nRCPT TO:<\"open x\"@fabrikam.example>\r\n", []string{"250 ", "250 "}},
		{"BDAT 9 LAST\r\nby bdat\r\n", []string{"250 2.0.0 "}},
		{"QUIT\r\n", []string{"221 "}},
	} {
		c.expect(step.say, step.want...)
	}
	s.stop()
	var came []string
	for _, m := range sink.Mails() {
		came = append(came, fmt.Sprintf("%s to %v: %q", m.From, m.To, m.Raw))
	}
	want := []string{
		`ada@contoso.example to [open@fabrikam.example bob@Fabrikam.example]: "Subject: one\r\n\r\n.\r\n"`,
		`ada@contoso.example to [open@fabrikam.example]: "silence\r\n"`, // taken, and not answered
		`a b@contoso.example to [open x@fabrikam.example]: "by bdat\r\n"`,
	}
	if strings.Join(came, "\n") != strings.Join(want, "\n") {
		t.Errorf("the relay has\n%s\nwant\n%s", strings.Join(came, "\n"), strings.Join(want, "\n"))
	}
	if n := sink.Connections(); n > 3 { // one ended without a word
		t.Errorf("%d connections to the relay", n)
	}
	if log := s.log.String(); strings.Contains(log, "fabrikam") || strings.Contains(log, "level=ERROR") || !strings.Contains(log, `msg="smtp: mail passed on" ip=127.0.0.1 recipients=2`) ||
		!strings.Contains(log, `decided="gateway default"`) || !strings.Contains(log, `msg="smtp: mail not passed on"`) || !strings.Contains(log, "rule=cards") {
		t.Errorf("the log says\n%s", log)
	}
}

func TestWhileTheRelayIsDownTheMailServerKeepsItsMail(t *testing.T) {
	s := gateway(t, newRelay(t, mailtest.FreeAddress(t)), Options{})
	c := s.greeted()
	c.expect("MAIL FROM:<ada@contoso.example>\r\nRCPT TO:<open@fabrikam.example>\r\nRCPT TO:<bob@fabrikam.example>\r\nDATA\r\n", "250 ", "451 4.4.1 ", "451 4.4.1 ", "503 ")
	c.expect("RSET\r\nMAIL FROM:<>\r\nRCPT TO:<bounce+1.2.3@contoso.example>\r\n", "250 ", "250 ", "250 ")
}

func TestAMailThatIsBrokenOffIsNotPassedOn(t *testing.T) {
	sink := mailtest.NewSink(t, mailtest.SinkOptions{})
	s := gateway(t, newRelay(t, sink.Address), Options{MaxBytes: 1000})
	begin := "MAIL FROM:<ada@contoso.example>\r\nRCPT TO:<open@fabrikam.example>\r\n"
	for name, end := range map[string]string{
		"in DATA": "DATA\r\nSubject: x\r\n", "in BDAT": "BDAT 100\r\nSubject", "by RSET": "BDAT 2\r\n\r\nRSET\r\n", "before": "", "bare LF": "DATA\r\nx\n\r\n.\r\n",
		"too large": "DATA\r\n" + strings.Repeat("12345678\r\n", 101) + ".\r\n", "NUL": "DATA\r\nx\x00\r\n.\r\n", "a dot and a CR": "DATA\r\na\r\n.\rb\r\n.\r\n",
	} {
		c := s.greeted()
		c.send(begin + end)
		for range 2 {
			c.reply()
		}
		if strings.HasSuffix(end, "\r\n.\r\n") {
			if c.reply(); !strings.HasPrefix(c.reply(), "55") {
				t.Errorf("%s: not refused", name)
			}
		}
		c.conn.Close()
	}
	s.stop()
	if got := sink.Mails(); len(got) > 0 {
		t.Errorf("the relay has %d mails", len(got))
	}
}

// passOver hands mails over, each by itself, and returns them as the relay has them.
func passOver(t *testing.T, s *site, sink *mailtest.Sink, mails []string) (came []string) {
	t.Helper()
	c := s.greeted()
	c.tcp.SetDeadline(time.Now().Add(2 * time.Minute))
	for _, m := range mails {
		c.expect("MAIL FROM:<ada@contoso.example>\r\nRCPT TO:<open@fabrikam.example>\r\nDATA\r\n", "250 ", "250 ", "354 ")
		c.expect(strings.TrimPrefix(strings.ReplaceAll("\r\n"+m, "\r\n.", "\r\n.."), "\r\n")+".\r\n", "250 ")
	}
	for _, m := range sink.Mails() {
		came = append(came, string(m.Raw))
	}
	return came
}

// TestMailIsPassedOnByteForByte passes on all real mail there is, and lines that are hard
// to get through SMTP.
func TestMailIsPassedOnByteForByte(t *testing.T) {
	mails := []string{"\r\n", ".\r\n", "..\r\n.\r\n", "a\r\n", "From: a\r\n\r\n.\r\n..\r\n...\r\n", strings.Repeat("x", 100_000) + "\r\n",
		strings.Repeat(".\r\n", 50_000), "\r\n\r\n\r\n", "Gr\xfc\xdfe, \xc3\xbc \x01\x7f\t \r\n", "X-Letterlock-Portal: no\r\nBcc: eve@contoso.example\r\n\r\nx \t\r\n"}
	bare := regexp.MustCompile(`\r+`)
	err := filepath.WalkDir(filepath.FromSlash("../../../shared/corpora/mail"), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		text := bare.ReplaceAllString(strings.TrimRight(strings.ReplaceAll(string(b), "\x00", ""), "\n"), "") + "\n"
		mails = append(mails, strings.ReplaceAll(text, "\n", "\r\n"))
		return err
	})
	if err != nil {
		t.Log("the shared corpora of real mail are not here: " + err.Error())
	}
	sink := mailtest.NewSink(t, mailtest.SinkOptions{})
	s := gateway(t, newRelay(t, sink.Address), Options{})
	came := passOver(t, s, sink, mails)
	if len(came) != len(mails) {
		t.Fatalf("%d mails of %d came", len(came), len(mails))
	}
	for i, m := range mails {
		if came[i] != m {
			t.Errorf("%.100q came as %.100q", m, came[i])
		}
	}
	t.Logf("%d mails", len(mails))
}

func TestWhoeverGoesAwayLeavesNoConnectionToTheRelay(t *testing.T) {
	sink := mailtest.NewSink(t, mailtest.SinkOptions{})
	s := gateway(t, newRelay(t, sink.Address), Options{})
	const begin = "MAIL FROM:<ada@contoso.example>\r\nRCPT TO:<open@fabrikam.example>\r\n"
	c := s.greeted()
	for _, end := range []string{"RSET\r\n", "EHLO front\r\n", "DATA\r\nprotected\r\n.\r\n"} {
		c.expect(strings.Replace(begin, "open", "bob", 1), "250 ", "250 ")
		if c.send(end); strings.HasPrefix(end, "DATA") {
			c.reply()
		}
		if got := c.reply(); !strings.HasPrefix(got, "250 ") {
			t.Errorf("%q: %s", end, got)
		}
	}
	c.expect(begin+"QUIT\r\n", "250 ", "250 ", "221 ")
	if c.line() != "(closed)" {
		t.Error("the connection goes on after QUIT")
	}
	c = s.greeted()
	c.expect(begin+"DATA\r\nlast\r\n.\r\n", "250 ", "250 ", "354 ", "250 ")
	if n := sink.Connections(); n != 1 || len(sink.Mails()) != 1 {
		t.Errorf("%d connections to the relay for %d mails, want one, used again and again", n, len(sink.Mails()))
	}
}

func TestOddEnvelopesAreRefusedOrGoOnAsTheyCame(t *testing.T) {
	sink := mailtest.NewSink(t, mailtest.SinkOptions{})
	s := gateway(t, newRelay(t, sink.Address), Options{MaxRecipients: 3})
	for _, tt := range []struct {
		mail, to, want string // what RCPT is answered, or MAIL
		came           string // whom the relay has it for; "": it was not passed on
	}{
		{"<ada@contoso.example>", "<open@Fabrikam.EXAMPLE>", "250 ", "open@Fabrikam.EXAMPLE"},
		{"<ada@contoso.example> SMTPUTF8", "<open@bücher.example>", "250 ", "open@bücher.example"},
		{"<ada@contoso.example> SMTPUTF8", "<öpen.open@fabrikam.example>", "250 ", "öpen.open@fabrikam.example"},
		{"<ada@contoso.example>", "<öpen.open@fabrikam.example>", "55", ""},
		{"<ada@contoso.example>", "<open%elsewhere@fabrikam.example>", "250 ", "open%elsewhere@fabrikam.example"},
		{"<ada@contoso.example>", "<open!a@fabrikam.example>", "250 ", "open!a@fabrikam.example"},
		{"<ada@contoso.example>", "<>", "5", ""},
		{"<ada@contoso.example>", "<postmaster>", "5", ""},
		{"<ada@contoso.example>", "<open@[192.0.2.1]>", "553 ", ""},
		{"<ada@contoso.example>", "<\"open@elsewhere.example\"@fabrikam.example>", "553 ", ""},
		{"<ada@contoso.example>", "<open@fabrikam.example> NOTIFY=NEVER", "5", ""},
		{"<ada@contoso.example>", "<" + strings.Repeat("a", 65) + "open@fabrikam.example>", "553 ", ""},
		{"<ada@contoso.example>", "<" + strings.Repeat("a", 3000) + "@fabrikam.example>", "55", ""},
		{"<ada@contoso.example> SIZE=999999999", "", "552 ", ""},
		{"<ada@contoso.example> BODY=BINARYMIME", "", "50", ""},
		{"<ada@contoso.example> REQUIRETLS", "", "50", ""},
		{"<root>", "<open@fabrikam.example>", "501 ", ""},
	} {
		before := len(sink.Mails())
		c := s.greeted()
		c.send("MAIL FROM:" + tt.mail + "\r\n")
		got := c.reply()
		if strings.HasPrefix(got, "250 ") && tt.to != "" {
			c.send("RCPT TO:" + tt.to + "\r\n")
			got = c.reply()
		}
		if !strings.HasPrefix(got, tt.want) {
			t.Errorf("MAIL FROM:%s RCPT TO:%.100s: %s, want %s", tt.mail, tt.to, got, tt.want)
		}
		if strings.HasPrefix(got, "250 ") {
			c.expect("DATA\r\nx\r\n.\r\n", "354 ", "250 ")
		}
		switch mails := sink.Mails()[before:]; {
		case tt.came == "" && len(mails) > 0, tt.came != "" && (len(mails) != 1 || len(mails[0].To) != 1 || mails[0].To[0] != tt.came):
			t.Errorf("MAIL FROM:%s RCPT TO:%.100s: the relay has %+v", tt.mail, tt.to, mails)
		}
		c.conn.Close()
	}
	c := s.greeted()
	c.expect("MAIL FROM:<ada@contoso.example>\r\nRCPT TO:<open@a.example>\r\nRCPT TO:<b@a.example>\r\nRCPT TO:<c@a.example>\r\nRCPT TO:<d@a.example>\r\n", "250 ", "250 ", "250 ", "250 ", "452 4.5.3 ")
}
