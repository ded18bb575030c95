package smtpout

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/emersion/go-smtp"

	"letterlock/internal/mailtest"
)

// Words of a script for a mail to two recipients.
const (
	mailBoth = "C: MAIL FROM:<" + from + ">\nS: 250 fine\nC: RCPT TO:<bob@there.example>\nS: 250 fine\nC: RCPT TO:<eve@there.example>\nS: 250 fine\n"
	again    = "C: RSET\nS: 250 fine\nC: EHLO\nS: 250 relay\n"
)

// A passage is what became of a mail to bob and eve that was passed on.
type passage struct {
	begin, bob, eve, end string // answers; "": accepted
}

// pass passes the mail on, as far as anybody accepts it.
func pass(ctx context.Context, c *Client) (p passage) {
	t, err := c.Begin(ctx, Opening{From: from, Size: int64(len(mail))})
	if err != nil {
		return passage{begin: err.Error()}
	}
	defer t.End()
	said := func(err error) string {
		if err == nil {
			return ""
		}
		if r := (*Reply)(nil); !errors.As(err, &r) || r.Code < 400 || r.Code > 599 {
			return "not an answer: " + err.Error()
		}
		return err.Error()
	}
	p.bob = said(t.Rcpt(ctx, string(bob)))
	p.eve = said(t.Rcpt(ctx, "eve@there.example"))
	reply, err := t.Data(ctx, strings.NewReader(mail))
	if p.end = said(err); err == nil {
		p.end = reply.Error()
	}
	return p
}

func TestAMailIsPassedOnInTheRelaysOwnWords(t *testing.T) {
	const down, lost = "451 4.4.1 the next mail server takes no mail now", "451 4.4.2 the connection to the next mail server was lost"
	tests := []struct {
		name     string
		dialogue string
		next     bool // the second relay, if there is one, gets it
		want     passage
	}{
		{name: "taken", dialogue: takes + mailBoth + data + "S: 250 2.0.0 queued as X\n" + bye, want: passage{end: "250 2.0.0 queued as X"}},
		{name: "one is unknown", dialogue: takes + mailTo + "C: RCPT\nS: 550 5.1.1 no such mailbox\n" + data + "S: 250 2.0.0 taken\n" + bye,
			want: passage{eve: "550 5.1.1 no such mailbox", end: "250 2.0.0 taken"}},
		{name: "one later", dialogue: takes + mailTo + "C: RCPT\nS: 450 4.7.1 greylisted\n" + data + "S: 250 2.0.0 taken\n" + bye,
			want: passage{eve: "450 4.7.1 greylisted", end: "250 2.0.0 taken"}},
		{name: "relay down", dialogue: "S: 421 4.3.2 closing\n", next: true, want: passage{begin: down}},
		{name: "relay not for us", dialogue: "S: 554 5.7.1 not you\n", next: true, want: passage{begin: down}},
		{name: "nothing said", dialogue: "\n", next: true, want: passage{begin: down}},
		{name: "sender refused", dialogue: takes + "C: MAIL\nS: 550 5.7.1 not that sender\n" + takenBack, want: passage{begin: "550 5.7.1 not that sender"}},
		{name: "sender later", dialogue: takes + "C: MAIL\nS: 452 4.3.1 full\n" + takenBack, next: true, want: passage{begin: "452 4.3.1 full"}},
		{name: "password wanted", dialogue: takes + "C: MAIL\nS: 530 5.7.0 sign in\n", next: true, want: passage{begin: down}},
		{name: "lost at RCPT", dialogue: takes + "C: MAIL\nS: 250 fine\nC: RCPT\n", want: passage{bob: down, eve: lost, end: down}},
		{name: "DATA refused", dialogue: takes + mailBoth + "C: DATA\nS: 554 5.6.0 no\n" + takenBack, want: passage{end: "554 5.6.0 no"}},
		{name: "end refused", dialogue: takes + mailBoth + data + "S: 554 5.7.1 looks like spam\n" + takenBack, want: passage{end: "554 5.7.1 looks like spam"}},
		{name: "end later", dialogue: takes + mailBoth + data + "S: 451 4.7.1 later\n" + takenBack, want: passage{end: "451 4.7.1 later"}},
		{name: "broken in the mail", dialogue: takes + mailBoth + "C: DATA\nS: 354 go on\nHEADER\n",
			want: passage{end: "451 4.4.2 the next mail server did not answer, and may have taken the mail"}},
		{name: "no answer to the dot", dialogue: takes + mailBoth + data, want: passage{end: "451 4.4.2 the next mail server did not answer, and may have taken the mail"}},
		{name: "closing after the dot", dialogue: takes + mailBoth + data + "S: 421 4.3.2 closing\n", want: passage{end: down}},
		{name: "no enhanced code", dialogue: takes + mailTo + "C: RCPT\nS: 550 no\n" + data + "S: 250 taken\n" + bye, want: passage{eve: "550 5.0.0 no", end: "250 taken"}},
		{name: "one code against the other", dialogue: takes + mailTo + "C: RCPT\nS: 450 5.1.1 no\n" + data + "S: 250 taken\n" + bye, want: passage{eve: "450 4.0.0 no", end: "250 taken"}},
		{name: "a code that means nothing", dialogue: takes + mailTo + "C: RCPT\nS: 354 go on\n" + data + "S: 250 taken\n" + bye,
			want: passage{eve: "451 4.5.0 the next mail server gave an answer that means nothing", end: "250 taken"}},
		{name: "a line of 10 kB", dialogue: takes + "C: MAIL\nS: 250 fine\nC: RCPT\nS: 550 " + strings.Repeat("x", 10_000) + "\n", want: passage{bob: down, eve: lost, end: down}},
		{name: "an answer of 10 kB", dialogue: takes + mailTo + "C: RCPT\n" + strings.Repeat("S: 550-5.1.1 "+strings.Repeat("x", 900)+"\n", 10) + "S: 550 5.1.1 y\n" + data + "S: 250 taken\n" + bye,
			want: passage{eve: "550 5.1.1 " + strings.Repeat("x", 294), end: "250 taken"}},
		{name: "an answer without an end", dialogue: takes + "C: MAIL\nS: 250 fine\nC: RCPT\nENDLESS\n", want: passage{bob: down, eve: lost, end: down}},
		{name: "hostile text", dialogue: takes + mailTo + "C: RCPT\nS: 550-5.1.1 \x1b[31mred\rC: x\nS: 550 5.1.1 \x00\u202eline\n" + data + "S: 250 taken\n" + bye,
			want: passage{eve: "550 5.1.1  [31mred C: x   line", end: "250 taken"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			one := func() []string {
				if tt.want.eve == lost {
					return []string{tt.dialogue, "S: 421 4.3.2 closing\n"} // it is tried again at DATA
				}
				return []string{tt.dialogue}
			}
			c, log := newClient(t, Options{Relays: []Relay{local(newScript(t, one()...))}})
			if got := pass(t.Context(), c); got != tt.want {
				t.Errorf("it became %+v\nwant %+v", got, tt.want)
			}
			if strings.Contains(log.String(), "there.example") {
				t.Errorf("the log names a recipient: %s", log)
			}
			second := newScript(t)
			if tt.next {
				second = newScript(t, takes+mailBoth+data+"S: 250 2.0.0 taken\n"+bye)
				tt.want = passage{end: "250 2.0.0 taken"}
			}
			c, _ = newClient(t, Options{Relays: []Relay{local(newScript(t, one()...)), local(second)}})
			if got := pass(t.Context(), c); got != tt.want {
				t.Errorf("with a second relay it became %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

func TestATransactionIsTakenBackAndItsConnectionKept(t *testing.T) {
	s := newScript(t, takes+mailBoth+again+mailBoth+again+mailBoth+data+"S: 250 2.0.0 taken\n"+bye)
	c, _ := newClient(t, Options{Relays: []Relay{local(s)}, MaxIdle: 1})
	for range 2 {
		tx, err := c.Begin(t.Context(), Opening{From: from})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(tx.Rcpt(t.Context(), string(bob)), tx.Rcpt(t.Context(), "eve@there.example")); err != nil {
			t.Error(err)
		}
		tx.End()
		tx.End() // does nothing
		if _, err := tx.Data(t.Context(), strings.NewReader(mail)); err == nil {
			t.Error("a transaction that is over hands a mail over")
		}
	}
	if got, want := pass(t.Context(), c), (passage{end: "250 2.0.0 taken"}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if len(s.mails) != 1 || s.mails[0] != mail {
		t.Errorf("the relay has %q", s.mails)
	}
}

func TestARelayThatWaitedForTooLongIsAskedAgain(t *testing.T) {
	begin := func(t *testing.T, dialogues ...string) (*Transaction, *script) {
		s := newScript(t, dialogues...)
		c, _ := newClient(t, Options{Relays: []Relay{local(s), local(newScript(t))}})
		tx, err := c.Begin(t.Context(), Opening{From: from})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(tx.Rcpt(t.Context(), string(bob)), tx.Rcpt(t.Context(), "eve@there.example")); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(tx.End)
		return tx, s
	}
	for name, end := range map[string]string{"hangs up": "", "says so": "S: 421 4.4.2 timeout\n"} {
		t.Run(name, func(t *testing.T) {
			tx, s := begin(t, takes+mailBoth+end, takes+mailBoth+data+"S: 250 2.0.0 taken\n"+bye)
			if _, err := tx.Data(t.Context(), strings.NewReader(mail)); err != nil || len(s.mails) != 1 || s.mails[0] != mail {
				t.Errorf("%v; the relay has %q", err, s.mails)
			}
		})
	}
	t.Run("one is not accepted any more", func(t *testing.T) {
		tx, s := begin(t, takes+mailBoth, takes+mailTo+"C: RCPT\nS: 550 5.1.1 gone\n"+takenBack)
		if _, err := tx.Data(t.Context(), strings.NewReader(mail)); err == nil || !strings.HasPrefix(err.Error(), "451 ") || len(s.mails) > 0 {
			t.Errorf("%v; the relay has %q", err, s.mails)
		}
	})
}

func TestOneMailIsNotToldWhatAnotherMet(t *testing.T) {
	c, _ := newClient(t, Options{Relays: []Relay{local(newScript(t, takes+mailBoth+data))}})
	if got := pass(t.Context(), c); !strings.HasPrefix(got.end, "451 4.4.2 ") {
		t.Errorf("%+v", got)
	}
	if got, want := pass(t.Context(), c), (passage{begin: "451 4.4.1 the next mail server takes no mail now"}); got != want {
		t.Errorf("while the relay rests: %+v, want %+v", got, want)
	}
}

func TestATransactionEndsWithItsContext(t *testing.T) {
	for name, dialogue := range map[string]string{
		"greeting": "SIGNAL\nWAIT\n",
		"MAIL":     takes + "C: MAIL\nSIGNAL\nWAIT\n",
		"RCPT":     takes + "C: MAIL\nS: 250 fine\nC: RCPT\nSIGNAL\nWAIT\n",
		"dot":      takes + mailBoth + data + "SIGNAL\nWAIT\n",
	} {
		t.Run(name, func(t *testing.T) {
			s := newScript(t, dialogue)
			c, _ := newClient(t, Options{Relays: []Relay{local(s), local(newScript(t))}})
			ctx, cancel := context.WithCancel(t.Context())
			go func() { <-s.signal; cancel() }()
			begun := time.Now()
			if got := pass(ctx, c); !strings.HasPrefix(got.begin+got.end, "451 ") {
				t.Errorf("%+v", got)
			}
			if took := time.Since(begun); took > 10*time.Second {
				t.Errorf("it took %v", took)
			}
			if c.relays[0].cool() {
				t.Error("the relay is blamed for what we broke off")
			}
		})
	}
}

func TestWhatARelayCannotWriteIsRefusedAndNotChanged(t *testing.T) {
	const umlaut = "jürgen@there.example"
	for _, tt := range []struct {
		name    string
		opening Opening
		ascii   bool
		to      string
		want    string // code; "": it is taken
	}{
		{name: "a name in UTF-8", opening: Opening{UTF8: true}, to: umlaut},
		{name: "a name in UTF-8, not asked for", to: umlaut, want: "553 5.6.7"},
		{name: "a name in UTF-8, not offered", opening: Opening{UTF8: true}, ascii: true, to: umlaut, want: "553 5.6.7"},
		{name: "a sender in UTF-8, not offered", opening: Opening{From: umlaut, UTF8: true}, ascii: true, to: string(bob), want: "554 5.6.7"},
		{name: "a header in UTF-8, not offered", opening: Opening{UTF8: true}, ascii: true, to: string(bob), want: "554 5.6.7"},
		{name: "8 bits", opening: Opening{EightBits: true}, to: string(bob)},
		{name: "nobody", to: string(bob)},
		{name: "not an address", to: "bob@there.example> X=", want: "553 5.1.3"},
		{name: "a command", to: "bob@there.example\r\nDATA", want: "553 5.1.3"},
		{name: "a sender with a command", opening: Opening{From: "a@b\r\nX"}, to: string(bob), want: "553 5.1.7"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := mailtest.NewSink(t, mailtest.SinkOptions{ASCII: tt.ascii})
			c, _ := newClient(t, Options{Relays: []Relay{{Address: s.Address, TLS: NoTLS}}})
			tx, err := c.Begin(t.Context(), tt.opening)
			if err == nil {
				defer tx.End()
				err = tx.Rcpt(t.Context(), tt.to)
			}
			if err == nil {
				_, err = tx.Data(t.Context(), strings.NewReader(mail))
			}
			switch {
			case tt.want == "" && err != nil, tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.want)):
				t.Errorf("%v, want %q", err, tt.want)
			case tt.want != "" && len(s.Mails()) > 0:
				t.Errorf("it went all the same: %+v", s.Mails())
			case tt.want == "" && (s.Mails()[0].From != tt.opening.From || s.Mails()[0].UTF8 != tt.opening.UTF8 || string(s.Mails()[0].Raw) != mail):
				t.Errorf("it came as %+v", s.Mails()[0])
			}
		})
	}
	t.Run("8 bits, not offered", func(t *testing.T) {
		seven := strings.ReplaceAll(takes, "S: 250-8BITMIME\n", "")
		c, _ := newClient(t, Options{Relays: []Relay{local(newScript(t, seven+mailTo+takenBack))}})
		tx, err := c.Begin(t.Context(), Opening{From: from, EightBits: true})
		if err != nil {
			t.Fatal(err)
		}
		defer tx.End()
		if err := tx.Rcpt(t.Context(), string(bob)); err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Data(t.Context(), strings.NewReader(mail)); err == nil || !strings.HasPrefix(err.Error(), "554 5.6.3 ") {
			t.Errorf("%v", err)
		}
	})
}

func TestAMailThatCannotBeReadIsNotPassedOnInPart(t *testing.T) {
	s := mailtest.NewSink(t, mailtest.SinkOptions{})
	c, _ := newClient(t, Options{Relays: []Relay{{Address: s.Address, TLS: NoTLS}}})
	tx, err := c.Begin(t.Context(), Opening{From: from})
	if err != nil {
		t.Fatal(err)
	}
	defer tx.End()
	if err := tx.Rcpt(t.Context(), string(bob)); err != nil {
		t.Fatal(err)
	}
	_, err = tx.Data(t.Context(), unreadable{strings.NewReader(strings.Repeat("a line\r\n", 20_000))})
	if err == nil || !strings.HasPrefix(err.Error(), "451 4.3.0 ") || len(s.Mails()) > 0 {
		t.Errorf("%v; %d mails came", err, len(s.Mails()))
	}
}

// FuzzAnswer: whatever a relay answers, what is given on is a refusal in one bounded
// line of visible characters, and is tried again exactly where its code says so.
func FuzzAnswer(f *testing.F) {
	for _, text := range []string{"5.1.1 no", "\x1b[2J\r\n250 OK", strings.Repeat("x", 10_000), "4.7.1 a\rb\nc", "\u202e\xff"} {
		f.Add(550, text)
		f.Add(250, text)
		f.Add(421, text)
	}
	f.Fuzz(func(t *testing.T, code int, text string) {
		a := judge(addressing, &smtp.SMTPError{Code: code, Message: text}).answer()
		if a.Code < 400 || a.Code > 599 || a.Code == 421 || len(a.Error()) > maxReplyText+20 || strings.ContainsFunc(a.Error(), func(r rune) bool { return !unicode.IsGraphic(r) }) {
			t.Errorf("%d %q became %q", code, text, a.Error())
		}
		if code > 599 && a.Code >= 500 || code < 500 && a.Code >= 500 {
			t.Errorf("%d became final: %q", code, a.Error())
		}
	})
}
