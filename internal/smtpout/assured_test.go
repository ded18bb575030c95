package smtpout

import (
	"context"
	"crypto/tls"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"letterlock/internal/letterlock"
	"letterlock/internal/mailtest"
)

func (c *Client) sendAssured(t *testing.T) error {
	t.Helper()
	return c.Assured().Send(t.Context(), from, bob, strings.NewReader(mail))
}

// checkUnassured requires an error that says to send a link instead.
func checkUnassured(t *testing.T, err error, words string) {
	t.Helper()
	if letterlock.CodeOf(err) != letterlock.Denied || letterlock.KeyOf(err) != "unassured" || !strings.Contains(err.Error(), words) {
		t.Errorf("Send = %v, key %q; want it unassured with %q", err, letterlock.KeyOf(err), words)
	}
}

// TestMailStaysUnderTLS has relays of every kind take a mail that must stay under TLS.
func TestMailStaysUnderTLS(t *testing.T) {
	ca := mailtest.NewCA(t)
	withTLS := &tls.Config{Certificates: []tls.Certificate{ca.Issue("127.0.0.1")}}
	tests := []struct {
		name     string
		relay    mailtest.SinkOptions
		mode     Mode
		declared bool
		taken    bool
		keep     bool // it was demanded of the relay
		assures  bool // it is known afterwards that there will be no link
	}{
		{"offers it", mailtest.SinkOptions{TLS: withTLS, RequireTLS: true}, StartTLS, false, true, true, true},
		{"offers it, TLS first", mailtest.SinkOptions{TLS: withTLS, RequireTLS: true, Implicit: true}, ImplicitTLS, false, true, true, true},
		{"does not offer it", mailtest.SinkOptions{TLS: withTLS}, StartTLS, false, false, false, false},
		{"has no TLS itself", mailtest.SinkOptions{RequireTLS: true}, NoTLS, false, false, false, false},
		{"is declared", mailtest.SinkOptions{TLS: withTLS}, StartTLS, true, true, false, true},
		{"is declared, and offers it", mailtest.SinkOptions{TLS: withTLS, RequireTLS: true}, StartTLS, true, true, false, true},
		{"is declared, on this machine", mailtest.SinkOptions{}, NoTLS, true, true, false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := mailtest.NewSink(t, tt.relay)
			r := secure(s.Address, tt.mode, ca)
			r.AssuresTLS = tt.declared
			c, _ := newClient(t, Options{Relays: []Relay{r}, MaxIdle: 1})
			if c.AssuresTLS() != tt.declared {
				t.Error("before anybody greeted it, it is known to assure TLS")
			}
			err := c.sendAssured(t)
			if tt.taken {
				check(t, err, "", "")
				if m := s.Wait(string(bob)); m.Keep != tt.keep || m.TLS != (tt.mode != NoTLS) {
					t.Errorf("it came with %+v", m)
				}
			} else {
				checkUnassured(t, err, "does not offer REQUIRETLS")
				if len(s.Mails()) > 0 {
					t.Error("it has left")
				}
			}
			if c.AssuresTLS() != tt.assures {
				t.Errorf("AssuresTLS = %v afterwards, want %v", c.AssuresTLS(), tt.assures)
			}
			check(t, c.send(t), "", "") // any other mail leaves as ever
			if m := s.Wait(string(bob)); m.Keep {
				t.Error("a notification demands TLS to its end")
			}
		})
	}
}

// TestAnOfferInTheClearIsNone has somebody in between add the offer to what is said
// before TLS.
func TestAnOfferInTheClearIsNone(t *testing.T) {
	ca := mailtest.NewCA(t)
	cert := ca.Issue("127.0.0.1")
	s := newScriptTLS(t, &cert, "S: 220 relay\nC: EHLO\nS: 250-relay\nS: 250-REQUIRETLS\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go on\nTLS\nC: EHLO\nS: 250 relay\n")
	c, _ := newClient(t, Options{Relays: []Relay{secure(s.address, StartTLS, ca)}})
	checkUnassured(t, c.sendAssured(t), "does not offer REQUIRETLS")
}

// TestARelayThatFindsNoWayUnderTLSIsBelieved has it say so at each step.
func TestARelayThatFindsNoWayUnderTLSIsBelieved(t *testing.T) {
	ca := mailtest.NewCA(t)
	withTLS := &tls.Config{Certificates: []tls.Certificate{ca.Issue("127.0.0.1")}}
	noWay := &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 30}, Message: "REQUIRETLS support required"}
	unknown := &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"}
	for name, o := range map[string]mailtest.SinkOptions{
		"at RCPT": {Rcpt: func(string) error { return noWay }},
		"at DATA": {Data: func(mailtest.Mail) error { return noWay }},
	} {
		o.TLS, o.RequireTLS = withTLS, true
		s := mailtest.NewSink(t, o)
		c, _ := newClient(t, Options{Relays: []Relay{secure(s.Address, StartTLS, ca)}})
		t.Log(name)
		checkUnassured(t, c.sendAssured(t), "5.7.30")
		check(t, c.send(t), letterlock.Denied, "5.7.30")
		if err := c.send(t); letterlock.KeyOf(err) != "" {
			t.Errorf("%s: a mail that demands nothing is %v", name, err)
		}
	}
	s := mailtest.NewSink(t, mailtest.SinkOptions{TLS: withTLS, RequireTLS: true, Rcpt: func(string) error { return unknown }})
	c, _ := newClient(t, Options{Relays: []Relay{secure(s.Address, StartTLS, ca)}})
	if err := c.sendAssured(t); letterlock.CodeOf(err) != letterlock.Denied || letterlock.KeyOf(err) != "" {
		t.Errorf("an unknown mailbox: %v, key %q; no link reaches it either", err, letterlock.KeyOf(err))
	}
}

// TestOfSeveralRelaysOneThatAssuresIsFound also shows when it is not known whether the
// mail has left: then there must be no link beside it.
func TestOfSeveralRelaysOneThatAssuresIsFound(t *testing.T) {
	ca := mailtest.NewCA(t)
	withTLS := &tls.Config{Certificates: []tls.Certificate{ca.Issue("127.0.0.1")}}
	plain := mailtest.NewSink(t, mailtest.SinkOptions{TLS: withTLS})
	keeps := mailtest.NewSink(t, mailtest.SinkOptions{TLS: withTLS, RequireTLS: true})
	c, _ := newClient(t, Options{Relays: []Relay{secure(plain.Address, StartTLS, ca), secure(keeps.Address, StartTLS, ca)}})
	check(t, c.sendAssured(t), "", "")
	if m := keeps.Wait(string(bob)); !m.Keep || len(plain.Mails()) > 0 {
		t.Errorf("it came with %+v, and %d to the other", m, len(plain.Mails()))
	}
	if c.AssuresTLS() {
		t.Error("AssuresTLS, though one of them does not")
	}
	torn := mailtest.NewSink(t, mailtest.SinkOptions{TLS: withTLS, RequireTLS: true, Data: func(mailtest.Mail) error { return mailtest.ErrHangUp }})
	c, _ = newClient(t, Options{Relays: []Relay{secure(plain.Address, StartTLS, ca), secure(torn.Address, StartTLS, ca)}})
	check(t, c.sendAssured(t), letterlock.Busy, "may have taken it")
	down := Relay{Address: mailtest.FreeAddress(t), TLS: StartTLS, RootCAs: ca.Pool()}
	c, _ = newClient(t, Options{Relays: []Relay{down}})
	check(t, c.sendAssured(t), letterlock.Busy, "cannot be reached")
	c, _ = newClient(t, Options{Relays: []Relay{down, secure(plain.Address, StartTLS, ca)}})
	checkUnassured(t, c.sendAssured(t), "does not offer REQUIRETLS")
}

func TestRelaysAreAskedWhatTheyOffer(t *testing.T) {
	ca := mailtest.NewCA(t)
	s := mailtest.NewSink(t, mailtest.SinkOptions{TLS: &tls.Config{Certificates: []tls.Certificate{ca.Issue("127.0.0.1")}}, RequireTLS: true})
	c, _ := newClient(t, Options{Relays: []Relay{secure(s.Address, StartTLS, ca)}})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- c.Run(ctx) }()
	for end := time.Now().Add(20 * time.Second); !c.AssuresTLS() && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
	cancel()
	if err := <-done; err != nil || !c.AssuresTLS() {
		t.Errorf("AssuresTLS = %v after Run, %v", c.AssuresTLS(), err)
	}
}
