package smtpout

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/mailtest"
)

func TestEveryFailureHasItsClass(t *testing.T) {
	const next = "next" // the second relay gets it
	tests := []struct {
		name     string
		dialogue string
		want     letterlock.Code // with one relay; empty: taken
		text     string          // in the error
		second   string          // what becomes of it where there is another relay
	}{
		{name: "taken", dialogue: takes + taken + bye},
		{name: "greeting 4xx", dialogue: "S: 421 4.3.2 too busy\n", want: letterlock.Busy, text: "421 4.3.2 too busy", second: next},
		{name: "greeting 5xx", dialogue: "S: 554 5.7.1 not you\n", want: letterlock.Busy, text: "554 5.7.1 not you", second: next},
		{name: "nothing said", dialogue: "\n", want: letterlock.Busy, text: "broke the connection", second: next},
		{name: "not SMTP", dialogue: "S: HTTP/1.1 400 Bad Request\n", want: letterlock.Busy, second: next},
		{name: "EHLO 5xx", dialogue: "S: 220 relay\nC: EHLO\nS: 550 5.7.1 go away\n", want: letterlock.Busy, text: "550 5.7.1 go away", second: next},
		{name: "MAIL 4xx", dialogue: takes + "C: MAIL\nS: 452 4.3.1 disk full\n" + takenBack, want: letterlock.Busy, text: "452 4.3.1 disk full", second: next},
		{name: "MAIL 421", dialogue: takes + "C: MAIL\nS: 421 4.3.2 going down\n", want: letterlock.Busy, text: "421 4.3.2", second: next},
		{name: "MAIL 530", dialogue: takes + "C: MAIL\nS: 530 5.7.0 sign in\n", want: letterlock.Busy, text: "wants a user name and a password", second: next},
		{name: "MAIL 552, the size", dialogue: takes + "C: MAIL\nS: 552 5.3.4 too big\n" + takenBack, want: letterlock.Denied, text: "552 5.3.4 too big"},
		{name: "RCPT 450", dialogue: takes + "C: MAIL\nS: 250 fine\nC: RCPT\nS: 450 4.2.1 greylisted\n" + takenBack, want: letterlock.Busy, text: "450 4.2.1", second: next},
		{name: "RCPT 550", dialogue: takes + "C: MAIL\nS: 250 fine\nC: RCPT\nS: 550 5.1.1 no such\n" + takenBack, want: letterlock.Denied, text: "550 5.1.1 no such"},
		{name: "RCPT, then silence", dialogue: takes + "C: MAIL\nS: 250 fine\nC: RCPT\n", want: letterlock.Busy, text: "broke the connection", second: next},
		{name: "DATA 451", dialogue: takes + mailTo + "C: DATA\nS: 451 4.3.0 later\n" + takenBack, want: letterlock.Busy, text: "451 4.3.0", second: next},
		{name: "DATA 554", dialogue: takes + mailTo + "C: DATA\nS: 554 5.6.0 no\n" + takenBack, want: letterlock.Denied, text: "554 5.6.0"},
		{name: "mail 451", dialogue: takes + mailTo + data + "S: 451 4.7.1 greylisted\n" + takenBack, want: letterlock.Busy, text: "451 4.7.1", second: "over"},
		{name: "mail 554", dialogue: takes + mailTo + data + "S: 554 5.7.1 looks like spam\n" + takenBack, want: letterlock.Denied, text: "554 5.7.1"},
		{name: "broken in the mail", dialogue: takes + mailTo + "C: DATA\nS: 354 go on\nHEADER\n", want: letterlock.Busy, second: "over"},
		{name: "no answer to the dot", dialogue: takes + mailTo + data, want: letterlock.Busy, text: "may have taken it", second: "over"},
		{name: "control characters", dialogue: takes + "C: MAIL\nS: 550 \x1b[31mred\x00\u202e line\n", want: letterlock.Denied, text: "550 [31mred   line"},
		{name: "endless answer", dialogue: "S: 220 relay\nC: EHLO\nENDLESS\n", want: letterlock.Busy, text: "does not end", second: next},
		{name: "huge line", dialogue: "S: 220 " + strings.Repeat("x", 100_000) + "\n", want: letterlock.Busy, text: "too long", second: next},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, log := newClient(t, Options{Relays: []Relay{local(newScript(t, tt.dialogue))}})
			check(t, c.send(t), tt.want, tt.text)
			if strings.Contains(log.String(), "there.example") || strings.Count(log.String(), "\n") != 1 {
				t.Errorf("log %q, want one line that names nobody", log)
			}
			if tt.want == "" {
				return
			}
			var second *script
			if tt.second == next {
				second = newScript(t, takes+taken+bye)
			} else {
				second = newScript(t)
			}
			c, _ = newClient(t, Options{Relays: []Relay{local(newScript(t, tt.dialogue)), local(second)}})
			if want := tt.want; tt.second == next {
				check(t, c.send(t), "", "")
				if len(second.mails) != 1 || second.mails[0] != mail {
					t.Errorf("the second relay got %q", second.mails)
				}
			} else {
				check(t, c.send(t), want, tt.text)
			}
		})
	}
}

func TestAMailArrivesAsItWas(t *testing.T) {
	for name, tt := range map[string]struct{ mail, want string }{
		"dots":           {mail, mail},
		"bare LF":        {"a: b\n\nhello\n.\n", "a: b\r\n\r\nhello\r\n.\r\n"},
		"no end of line": {"a: b\r\n\r\nhello", "a: b\r\n\r\nhello\r\n"},
		"empty":          {"", "\r\n"},
		"long":           {strings.Repeat("x\r\n", 100_000), strings.Repeat("x\r\n", 100_000)},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScript(t, takes+taken+bye)
			c, _ := newClient(t, Options{Relays: []Relay{local(s)}})
			check(t, c.Send(t.Context(), from, bob, io.MultiReader(strings.NewReader(tt.mail))), "", "")
			if len(s.mails) != 1 || s.mails[0] != tt.want {
				t.Errorf("it came as %.200q", s.mails)
			}
		})
	}
}

// unreadable is a mail that cannot be read to its end.
type unreadable struct{ io.Reader }

func (u unreadable) Read(p []byte) (int, error) {
	n, err := u.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = errors.New("tampered with")
	}
	return n, err
}

func TestAMailThatCannotBeSentIsNeverSentInPart(t *testing.T) {
	long := strings.Repeat("a line\r\n", 20_000)
	tests := []struct {
		name string
		mail io.Reader
		want letterlock.Code
	}{
		{name: "unreadable end", mail: unreadable{strings.NewReader(long)}, want: letterlock.Busy},
		{name: "bare CR", mail: strings.NewReader(long + "\r.\r\nMAIL FROM"), want: letterlock.Denied},
		{name: "CR at the end", mail: strings.NewReader(long + "\r"), want: letterlock.Denied},
		{name: "NUL", mail: strings.NewReader(long + "\x00\r\n"), want: letterlock.Denied},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := mailtest.NewSink(t, mailtest.SinkOptions{})
			c, _ := newClient(t, Options{Relays: []Relay{{Address: s.Address, TLS: NoTLS}}})
			check(t, c.Send(t.Context(), from, bob, tt.mail), tt.want, "")
			check(t, c.send(t), "", "")
			s.Wait(string(bob))
			if n := len(s.Mails()); n != 1 {
				t.Errorf("%d mails came, want the second alone", n)
			}
		})
	}
}

func TestNothingButAnAddressFitsIntoACommand(t *testing.T) {
	for _, address := range []string{
		"", "bob", "bob@there.example\r\nDATA", "bob@there.example\nX", "bob\x00@there.example", "bob@there.example> NOTIFY=NEVER",
		"<bob@there.example", "bob @there.example", `"bob@there.example`, `bob\@there.example`, "\xff@there.example", strings.Repeat("x", 320) + "@there.example",
	} {
		c, _ := newClient(t, Options{Relays: []Relay{local(newScript(t))}})
		check(t, c.Send(t.Context(), from, letterlock.Address(address), strings.NewReader(mail)), letterlock.Denied, "5.1.3")
		if address != "" {
			check(t, c.Send(t.Context(), address, bob, strings.NewReader(mail)), letterlock.Denied, "5.1.3")
		}
	}
	for _, address := range []string{`"bob smith>"@there.example`, `"a\"b"@there.example`, "bücher@there.example"} {
		if !fits(address) {
			t.Errorf("%s is refused", address)
		}
	}
}

func TestUTF8IsAskedForWhereItIsNeeded(t *testing.T) {
	const umlaut = letterlock.Address("jürgen@there.example")
	tests := []struct {
		name  string
		to    letterlock.Address
		mail  string
		ascii bool // the relay does not offer it
		asked bool
		want  letterlock.Code
	}{
		{name: "ASCII", to: bob, mail: mail},
		{name: "address", to: umlaut, mail: mail, asked: true},
		{name: "header", to: bob, mail: "To: jürgen@there.example\r\n\r\nhi\r\n", asked: true},
		{name: "header of old", to: bob, mail: "Subject: \xfc\r\n\r\nhi\r\n"},
		{name: "body", to: bob, mail: "Subject: x\r\n\r\nü\r\n"},
		{name: "address, not offered", to: umlaut, mail: mail, ascii: true, want: letterlock.Denied},
		{name: "header, not offered", to: bob, mail: "To: jürgen@there.example\r\n\r\nhi\r\n", ascii: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := mailtest.NewSink(t, mailtest.SinkOptions{ASCII: tt.ascii})
			c, _ := newClient(t, Options{Relays: []Relay{{Address: s.Address, TLS: NoTLS}}})
			check(t, c.Send(t.Context(), "", tt.to, strings.NewReader(tt.mail)), tt.want, "5.6.7")
			if tt.want == "" {
				if m := s.Wait(string(tt.to)); m.UTF8 != tt.asked || m.From != "" {
					t.Errorf("SMTPUTF8 %v from %q, want %v from nobody", m.UTF8, m.From, tt.asked)
				}
			}
		})
	}
	t.Run("another relay offers it", func(t *testing.T) {
		no, yes := mailtest.NewSink(t, mailtest.SinkOptions{ASCII: true}), mailtest.NewSink(t, mailtest.SinkOptions{})
		c, _ := newClient(t, Options{Relays: []Relay{{Address: no.Address, TLS: NoTLS}, {Address: yes.Address, TLS: NoTLS}}})
		check(t, c.Send(t.Context(), from, umlaut, strings.NewReader(mail)), "", "")
		yes.Wait(string(umlaut))
	})
}

func TestTheEndOfTheContextEndsAnAttempt(t *testing.T) {
	for name, dialogue := range map[string]string{
		"greeting": "WAIT\n",
		"MAIL":     takes + "C: MAIL\nWAIT\n",
		"dot":      takes + mailTo + data + "WAIT\n",
	} {
		t.Run(name, func(t *testing.T) {
			c, log := newClient(t, Options{Relays: []Relay{local(newScript(t, dialogue)), local(newScript(t))}})
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			check(t, c.Send(ctx, from, bob, strings.NewReader(mail)), letterlock.Busy, "")
			if !c.relays[0].cool() {
				t.Errorf("a relay that let the time pass is still preferred: %s", log)
			}
		})
	}
	t.Run("cancelled", func(t *testing.T) {
		s := newScript(t, takes+"C: MAIL\nSIGNAL\nWAIT\n")
		c, _ := newClient(t, Options{Relays: []Relay{local(s)}})
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-s.signal; cancel() }()
		check(t, c.Send(ctx, from, bob, strings.NewReader(mail)), letterlock.Busy, "broken off")
		if c.relays[0].cool() {
			t.Error("the relay is blamed for what we broke off")
		}
	})
}

func TestASlowRelayIsGivenUp(t *testing.T) {
	for name, dialogue := range map[string]string{
		"silent":       "WAIT\n",
		"silent to us": takes + "C: MAIL\nWAIT\n",
	} {
		t.Run(name, func(t *testing.T) {
			limits := Timeouts{Command: 20 * time.Millisecond, Connect: 20 * time.Millisecond}
			c, _ := newClient(t, Options{Relays: []Relay{local(newScript(t, dialogue)), local(newScript(t, takes+taken+bye))}, Timeouts: limits})
			check(t, c.send(t), "", "")
		})
	}
}

func TestAnAttemptIsLoggedInOneLine(t *testing.T) {
	tests := []struct {
		name     string
		dialogue string
		want     string
	}{
		{name: "taken", dialogue: takes + taken + bye, want: "level=INFO msg=\"smtp relay\" outcome=taken tls=\"\" reused=false code=250 enhanced=2.0.0"},
		{name: "refused", dialogue: takes + "C: MAIL\nS: 550-5.7.1 no\nS: 550 5.7.1 never bob@there.example\n" + takenBack, want: "level=INFO msg=\"smtp relay\" outcome=refused tls=\"\" reused=false code=550 enhanced=5.7.1"},
		{name: "no enhanced code", dialogue: takes + "C: MAIL\nS: 450 9.9.9.9 later\n" + takenBack, want: "level=INFO msg=\"smtp relay\" outcome=later tls=\"\" reused=false code=450 enhanced=\"\""},
		{name: "password", dialogue: takes + "C: MAIL\nS: 530 5.7.0 sign in\n", want: "level=ERROR msg=\"smtp relay\" outcome=\"relay failed\" tls=\"\" reused=false code=530 enhanced=5.7.0 problem=\"the relay wants a user name and a password, or TLS\""},
		{name: "no relay", dialogue: "S: hello\n", want: "level=INFO msg=\"smtp relay\" outcome=\"relay failed\" tls=\"\" reused=false err="},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			log := &book{}
			plain := func(_ []string, a slog.Attr) slog.Attr {
				if a.Key == slog.TimeKey || a.Key == "took" || a.Key == "relay" {
					return slog.Attr{}
				}
				return a
			}
			for _, level := range []slog.Level{slog.LevelInfo, slog.LevelDebug} {
				before := len(log.String())
				handler := slog.NewTextHandler(log, &slog.HandlerOptions{Level: level, ReplaceAttr: plain})
				c, _ := newClient(t, Options{Relays: []Relay{local(newScript(t, tt.dialogue))}, Log: slog.New(handler)})
				if err := c.send(t); (err == nil) != (tt.name == "taken") {
					t.Errorf("Send: %v", err)
				}
				lines := strings.Split(strings.TrimSpace(log.String()[before:]), "\n")
				if !strings.HasPrefix(lines[0], tt.want) || strings.Contains(lines[0], "there.example") || level == slog.LevelInfo && len(lines) != 1 {
					t.Errorf("log at %v:\n%s\nwant one line\n%s", level, strings.Join(lines, "\n"), tt.want)
				}
			}
		})
	}
}
