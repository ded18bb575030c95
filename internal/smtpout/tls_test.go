package smtpout

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/mailtest"
)

// secure is a relay at an address with a test's own authority.
func secure(address string, mode Mode, ca *mailtest.CA) Relay {
	return Relay{Address: address, TLS: mode, RootCAs: ca.Pool()}
}

func TestMailLeavesThroughTLSOnly(t *testing.T) {
	ca := mailtest.NewCA(t)
	for _, mode := range []Mode{StartTLS, ImplicitTLS, ""} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			s := mailtest.NewSink(t, mailtest.SinkOptions{Implicit: mode == ImplicitTLS,
				TLS: &tls.Config{Certificates: []tls.Certificate{ca.Issue("127.0.0.1")}, MaxVersion: version}})
			c, log := newClient(t, Options{Relays: []Relay{secure(s.Address, mode, ca)}, MaxIdle: 1})
			check(t, c.send(t), "", "")
			check(t, c.send(t), "", "")
			s.Wait(string(bob))
			if m := s.Wait(string(bob)); !m.TLS || s.Connections() != 1 {
				t.Errorf("%q: TLS %v, %d connections", mode, m.TLS, s.Connections())
			}
			if want := fmt.Sprintf("tls=%q", tls.VersionName(version)); strings.Count(log.String(), want) != 2 {
				t.Errorf("%q: log %s, want two times %s", mode, log, want)
			}
		}
	}
}

func TestWithoutGoodTLSNothingLeaves(t *testing.T) {
	ca, other := mailtest.NewCA(t), mailtest.NewCA(t)
	good, wrong := ca.Issue("127.0.0.1"), ca.Issue("other.example")
	expired := ca.IssueUntil(time.Now().Add(-time.Hour), "127.0.0.1")
	unknown := other.Issue("127.0.0.1")
	const agreed = offered + "S: 220 go on\n"
	tests := []struct {
		name     string
		dialogue string
		cert     tls.Certificate
		mode     Mode
		want     string
	}{
		{name: "wrong name", cert: wrong, dialogue: agreed + "TLS\nWAIT\n", want: "certificate is for another name"},
		{name: "expired", cert: expired, dialogue: agreed + "TLS\nWAIT\n", want: "certificate has expired"},
		{name: "unknown authority", cert: unknown, dialogue: agreed + "TLS\nWAIT\n", want: "certificate is not trusted"},
		{name: "wrong name from the first byte on", cert: wrong, dialogue: "TLS\nWAIT\n", mode: ImplicitTLS, want: "certificate is for another name"},
		{name: "not offered", dialogue: "S: 220 relay\nC: EHLO\nS: 250-relay\nS: 250 AUTH PLAIN\n", want: "does not offer STARTTLS"},
		{name: "offered in its name only", dialogue: "S: 220 relay\nC: EHLO\nS: 250 STARTTLS\n", want: "does not offer STARTTLS"},
		{name: "taken back", dialogue: offered + "S: 454 4.7.0 TLS not available\n", want: "454 4.7.0 TLS not available"},
		{name: "refused", dialogue: offered + "S: 502 5.5.1 never heard of it\n", want: "502 5.5.1"},
		{name: "agreed in the clear", dialogue: agreed + "S: 250 mail.contoso.example\nWAIT\n", want: "relay"},
		{name: "no TLS here", dialogue: "S: 220 relay\nWAIT\n", mode: ImplicitTLS, want: "does not speak TLS here"},
		{name: "endless answer", dialogue: "S: 220 relay\nC: EHLO\nENDLESS\n", want: "does not end"},
		{name: "huge line", dialogue: "S: 220 " + strings.Repeat("x", 100_000) + "\n", want: "buffer full"},
		{name: "not SMTP", dialogue: "S: hello\n", want: "does not speak SMTP"},
		{name: "end of file", dialogue: "\n", want: "broke the connection"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScriptTLS(t, &tt.cert, tt.dialogue, tt.dialogue)
			c, _ := newClient(t, Options{Relays: []Relay{{Address: s.address, TLS: tt.mode, RootCAs: ca.Pool(), User: "u", Password: "hunter2"}}})
			check(t, c.send(t), letterlock.Busy, tt.want)
			p := c.Probe(t.Context())
			if len(p) != 1 || p[0].Relay != s.address || p[0].Err == nil || !strings.Contains(p[0].Problem+p[0].Err.Error(), tt.want) {
				t.Errorf("Probe = %+v, want %q", p, tt.want)
			}
		})
	}
	t.Run("good", func(t *testing.T) { // the same dialogue, or all of this proves nothing
		s := newScriptTLS(t, &good, agreed+"TLS\n"+strings.TrimPrefix(takes, "S: 220 relay\n")+taken+bye)
		c, _ := newClient(t, Options{Relays: []Relay{secure(s.address, StartTLS, ca)}})
		check(t, c.send(t), "", "")
	})
}

func TestWhatComesAfterTheAgreementToTLSIsNotTaken(t *testing.T) {
	ca := mailtest.NewCA(t)
	cert := ca.Issue("127.0.0.1")
	// One write, so that it is there when the agreement is read.
	s := newScriptTLS(t, &cert, offered+"S: 220 go on|250 AUTH PLAIN\nWAIT\n")
	c, _ := newClient(t, Options{Relays: []Relay{secure(s.address, StartTLS, ca)}})
	check(t, c.send(t), letterlock.Busy, "somebody has added something")
}

func TestOldTLSIsRefused(t *testing.T) {
	ca := mailtest.NewCA(t)
	s := mailtest.NewSink(t, mailtest.SinkOptions{Implicit: true, TLS: &tls.Config{
		Certificates: []tls.Certificate{ca.Issue("127.0.0.1")}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}})
	c, _ := newClient(t, Options{Relays: []Relay{secure(s.Address, ImplicitTLS, ca)}})
	check(t, c.send(t), letterlock.Busy, "protocol version")
}

func TestSigningIn(t *testing.T) {
	const user, password = "mailer", "hunter2"
	const plain = "C: AUTH PLAIN AG1haWxlcgBodW50ZXIy\n"
	offers := func(what string) string { return "S: 220 relay\nC: EHLO\nS: 250-relay\nS: 250 " + what + "\n" }
	tests := []struct {
		name     string
		dialogue string
		want     string // in the error; empty: none
		setting  bool   // somebody must do something
	}{
		{name: "PLAIN", dialogue: offers("AUTH LOGIN PLAIN") + plain + "S: 235 welcome\n" + taken + bye},
		{name: "LOGIN", dialogue: offers("AUTH LOGIN") + "C: AUTH LOGIN\nS: 334 VXNlcg==\nC: bWFpbGVy\nS: 334 UGFzcw==\nC: aHVudGVyMg==\nS: 235 welcome\n" + taken + bye},
		{name: "LOGIN that asks on", dialogue: offers("AUTH LOGIN") + "C: AUTH LOGIN\nS: 334 VXNlcg==\nC: bWFpbGVy\nS: 334 UGFzcw==\nC: aHVudGVyMg==\nS: 334 TW9yZQ==\nC: *\nS: 501 ended\n", want: "challenge"},
		{name: "wrong password", dialogue: offers("AUTH PLAIN") + plain + "S: 535 5.7.8 no\nC: *\nS: 500 what\n", want: "refuses the user name or the password: 535 5.7.8 no", setting: true},
		{name: "too many tries", dialogue: offers("AUTH PLAIN") + plain + "S: 454 4.7.0 later\nC: *\nS: 500 what\n", want: "454 4.7.0 later"},
		{name: "not offered", dialogue: offers("8BITMIME"), want: "neither AUTH PLAIN nor AUTH LOGIN", setting: true},
		{name: "others offered", dialogue: offers("AUTH GSSAPI"), want: "neither AUTH PLAIN nor AUTH LOGIN", setting: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScript(t, tt.dialogue)
			c, log := newClient(t, Options{Relays: []Relay{{Address: s.address, TLS: NoTLS, User: user, Password: password}}})
			code := letterlock.Busy
			if tt.want == "" {
				code = ""
			}
			check(t, c.send(t), code, tt.want)
			if strings.Contains(log.String(), "level=ERROR") != tt.setting || strings.Contains(log.String(), password) {
				t.Errorf("log: %s", log)
			}
		})
	}
	t.Run("through TLS", func(t *testing.T) {
		ca := mailtest.NewCA(t)
		s := mailtest.NewSink(t, mailtest.SinkOptions{TLS: &tls.Config{Certificates: []tls.Certificate{ca.Issue("127.0.0.1")}}, User: user, Password: password})
		r := secure(s.Address, StartTLS, ca)
		c, _ := newClient(t, Options{Relays: []Relay{r}})
		check(t, c.send(t), letterlock.Busy, "wants a user name")
		r.User, r.Password = user, password
		c, _ = newClient(t, Options{Relays: []Relay{r}})
		check(t, c.send(t), "", "")
		if m := s.Wait(string(bob)); m.User != user {
			t.Errorf("the mail came from %q", m.User)
		}
		if p := c.Probe(t.Context()); p[0].Problem != "" || p[0].Err != nil || p[0].TLS != "TLS 1.3" {
			t.Errorf("Probe = %+v", p)
		}
	})
}

func TestSettingsThatCannotWorkAreRefused(t *testing.T) {
	good := Relay{Address: "mail.example.org:587"}
	tests := []struct {
		name  string
		hello string
		relay Relay
		want  string
	}{
		{name: "good", hello: "a.example", relay: good},
		{name: "no TLS on this machine", hello: "a.example", relay: Relay{Address: "[::1]:25", TLS: NoTLS}},
		{name: "no TLS on localhost", hello: "a.example", relay: Relay{Address: "localhost:25", TLS: NoTLS}},
		{name: "no TLS elsewhere", hello: "a.example", relay: Relay{Address: "192.0.2.1:25", TLS: NoTLS}, want: "must be on this machine"},
		{name: "no TLS to a name", hello: "a.example", relay: Relay{Address: "localhost.example.org:25", TLS: NoTLS}, want: "must be on this machine"},
		{name: "no port", hello: "a.example", relay: Relay{Address: "mail.example.org"}, want: "not a host and a port"},
		{name: "no host", hello: "a.example", relay: Relay{Address: ":25"}, want: "not a host and a port"},
		{name: "unknown TLS", hello: "a.example", relay: Relay{Address: "m:25", TLS: "ssl"}, want: "unknown kind of TLS"},
		{name: "user alone", hello: "a.example", relay: Relay{Address: "m:25", User: "u"}, want: "a user needs a password"},
		{name: "password alone", hello: "a.example", relay: Relay{Address: "m:25", Password: "hunter2"}, want: "a user needs a password"},
		{name: "NUL", hello: "a.example", relay: Relay{Address: "m:25", User: "u", Password: "hunter2\x00"}, want: "NUL"},
		{name: "no name", relay: good, want: "no name for EHLO"},
		{name: "two commands", hello: "a\r\nMAIL", relay: good, want: "no name for EHLO"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := New(Options{Hello: tt.hello, Relays: []Relay{tt.relay}})
			if (err == nil) != (tt.want == "") || err != nil && (!strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hunter2")) {
				t.Errorf("New: %v, want %q", err, tt.want)
			}
		})
	}
	if _, err := New(Options{Hello: "a.example"}); err == nil {
		t.Error("no relay is enough")
	}
}

func TestPasswordsPrintAsAMask(t *testing.T) {
	o := Options{Relays: []Relay{{Address: "m:25", User: "u", Password: "hunter2", RootCAs: x509.NewCertPool()}}}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "password", o.Relays[0].Password)
	text := fmt.Sprintf("%v %+v %#v %d %q", o, o, o, o.Relays[0].Password, o.Relays[0].Password) + log.String()
	if strings.Contains(text, "hunter2") || !strings.Contains(text, "[password]") {
		t.Errorf("printed as %s", text)
	}
}
