package smtpout

import (
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"time"
)

// A Mode says how a relay is spoken to so that nobody can listen.
type Mode string

const (
	StartTLS    Mode = "starttls" // TLS is asked for on a connection in the clear; the default
	ImplicitTLS Mode = "tls"      // TLS from the first byte on
	NoTLS       Mode = "none"     // none: a relay on this machine only
)

// A Password prints as a mask.
type Password string

func (Password) String() string       { return "[password]" }
func (Password) LogValue() slog.Value { return slog.StringValue("[password]") }

// Format prints the mask for every verb: %d and %#v would not ask String.
func (Password) Format(f fmt.State, _ rune) { io.WriteString(f, "[password]") }

// A Relay is a mail server that takes what is to leave.
type Relay struct {
	Address  string         // host and port; the certificate must be for this host
	TLS      Mode           // empty: StartTLS
	User     string         // who to sign in as; empty: nobody
	Password Password       // of User
	RootCAs  *x509.CertPool // who may vouch for it; nil: whom the system trusts
	// AssuresTLS declares that it keeps mail under TLS to the mailbox; it is not asked to.
	AssuresTLS bool
}

// Options is what a Client needs. A zero limit means its default.
type Options struct {
	Relays   []Relay // at least one; the first is preferred
	Hello    string  // our own name in EHLO
	Timeouts Timeouts
	Idle     time.Duration    // how long a connection is kept for the next mail; default 30 s
	MaxIdle  int              // connections kept so, for each relay; default 4
	MaxMails int              // on one connection; default 100
	Now      func() time.Time // clock of the cool-down of relays; nil: the machine's
	Log      *slog.Logger     // nil: nowhere
}

// Timeouts bound how long a relay may take. A zero field means its default.
//
// But for Answer they are shorter than those of RFC 5321 section 4.5.3.2: there
// may be another relay, and people wait for passcodes.
type Timeouts struct {
	Connect time.Duration // for the connection, and then for TLS; default 10 s
	Command time.Duration // for the answer to a command; default 30 s
	Write   time.Duration // for each piece of a mail; default 30 s
	Answer  time.Duration // after the end of a mail: too short makes duplicates; default 10 minutes
}

func (o Options) withDefaults() Options {
	t := &o.Timeouts
	t.Connect = orDefault(t.Connect, 10*time.Second)
	t.Command = orDefault(t.Command, 30*time.Second)
	t.Write = orDefault(t.Write, 30*time.Second)
	t.Answer = orDefault(t.Answer, 10*time.Minute)
	o.Idle = orDefault(o.Idle, 30*time.Second)
	o.MaxIdle = orDefault(o.MaxIdle, 4)
	o.MaxMails = orDefault(o.MaxMails, 100)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

func orDefault[T int | time.Duration](v, usual T) T {
	if v == 0 {
		return usual
	}
	return v
}

// check returns the relay with its defaults and its host, or says what is wrong
// with it.
func (r Relay) check() (checked Relay, host string, err error) {
	host, port, err := net.SplitHostPort(r.Address)
	if err != nil || host == "" || port == "" {
		return r, "", fmt.Errorf("relay %q: not a host and a port, such as mail.example.org:587", r.Address)
	}
	switch r.TLS {
	case "":
		r.TLS = StartTLS
	case StartTLS, ImplicitTLS:
	case NoTLS:
		// Everybody on the way could read the mails and the password, and send
		// somebody else's answers.
		if !loopback(host) {
			return r, "", fmt.Errorf("relay %q: without TLS a relay must be on this machine", r.Address)
		}
	default:
		return r, "", fmt.Errorf("relay %q: unknown kind of TLS %q: use %q, %q or %q", r.Address, string(r.TLS), StartTLS, ImplicitTLS, NoTLS)
	}
	if (r.User == "") != (r.Password == "") {
		return r, "", fmt.Errorf("relay %q: a user needs a password, and a password a user", r.Address)
	}
	if strings.ContainsAny(r.User+string(r.Password), "\x00") {
		return r, "", fmt.Errorf("relay %q: the user or the password contains a NUL", r.Address)
	}
	return r, host, nil
}

// loopback reports whether a host is this machine, without asking anybody:
// localhost is checked again when its address is known.
func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
