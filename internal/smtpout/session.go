package smtpout

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// A session is a connection to a relay that is ready for MAIL.
type session struct {
	client  *smtp.Client
	wire    *wire
	version string // of TLS; empty: none
	mails   int    // begun on it
	timer   *time.Timer
}

// connect opens a session: TCP, TLS as the relay's mode demands, EHLO, AUTH. An
// error is a *failure. The end of ctx ends it at once.
func (r *relay) connect(ctx context.Context) (*session, error) {
	raw, err := (&net.Dialer{Timeout: r.timeouts.Connect}).DialContext(ctx, "tcp", r.Address)
	if err != nil {
		return nil, judge(connecting, err)
	}
	s := &session{wire: newWire(raw, r.timeouts.Write)}
	stop := context.AfterFunc(ctx, s.cut)
	defer stop()
	if err := r.greet(ctx, s); err != nil {
		s.cut()
		return nil, judge(connecting, err)
	}
	r.demandable.Store(s.offersDemand())
	if err := r.signIn(s); err != nil {
		s.cut()
		return nil, judge(signingIn, err)
	}
	return s, nil
}

// greet sets up TLS and says EHLO.
func (r *relay) greet(ctx context.Context, s *session) error {
	w := s.wire
	if r.TLS == NoTLS {
		// localhost is what the machine's list of hosts makes of it.
		if a, err := netip.ParseAddrPort(w.RemoteAddr().String()); err != nil || !a.Addr().Unmap().IsLoopback() {
			return &failure{verdict: broken, setting: true, words: "without TLS a relay must be on this machine"}
		}
	}
	if r.TLS == StartTLS {
		if err := w.startTLS(r.hello, r.timeouts.Command); err != nil {
			return err
		}
	}
	if r.TLS != NoTLS {
		c := tls.Client(w.raw, r.tlsConfig())
		handshake, cancel := context.WithTimeout(ctx, r.timeouts.Connect)
		defer cancel()
		if err := c.HandshakeContext(handshake); err != nil {
			return err
		}
		s.version = tls.VersionName(c.ConnectionState().Version)
		w.upgrade(c)
	}
	w.left = maxReply
	if r.TLS == StartTLS {
		// A relay greets once, and has done so in the clear; go-smtp waits for it.
		w.ahead = []byte("220 has greeted\r\n")
	}
	s.client = smtp.NewClient(w)
	s.client.CommandTimeout = r.timeouts.Command
	s.client.SubmissionTimeout = r.timeouts.Answer
	return s.client.Hello(r.hello)
}

// tlsConfig checks certificates, whatever else is set.
func (r *relay) tlsConfig() *tls.Config {
	return &tls.Config{ServerName: r.host, RootCAs: r.RootCAs, MinVersion: tls.VersionTLS12}
}

// signIn tells the relay who we are, if it is to know.
func (r *relay) signIn(s *session) error {
	switch {
	case r.User == "":
		return nil
	case s.client.SupportsAuth(sasl.Plain):
		return s.client.Auth(sasl.NewPlainClient("", r.User, string(r.Password)))
	case s.client.SupportsAuth(sasl.Login):
		return s.client.Auth(&login{answers: []string{r.User, string(r.Password)}})
	}
	return &failure{step: signingIn, verdict: broken, setting: true, words: "the relay offers neither AUTH PLAIN nor AUTH LOGIN"}
}

// cut ends a session without a word.
func (s *session) cut() {
	_ = s.wire.Close() // it is given up, whatever it says
}

// quit ends a session in good order, or soon.
func (s *session) quit() {
	s.client.CommandTimeout = time.Second
	_ = s.client.Quit() // whether it answers or not, it is over
	s.cut()
}

// login is the client's side of AUTH LOGIN. It answers in order and does not look
// at the questions: every server words them differently.
type login struct{ answers []string }

func (l *login) Start() (mechanism string, first []byte, err error) { return sasl.Login, nil, nil }

func (l *login) Next([]byte) ([]byte, error) {
	if len(l.answers) == 0 {
		return nil, sasl.ErrUnexpectedServerChallenge
	}
	answer := l.answers[0]
	l.answers = l.answers[1:]
	return []byte(answer), nil
}

// offersUTF8 reports whether addresses and headers in UTF-8 are welcome.
func (s *session) offersUTF8() bool {
	ok, _ := s.client.Extension("SMTPUTF8")
	return ok
}

// offersEightBits reports whether bodies of 8 bits are welcome.
func (s *session) offersEightBits() bool {
	ok, _ := s.client.Extension("8BITMIME")
	return ok
}

// offersDemand reports whether the relay takes the demand that a mail stays under TLS
// to the mailbox, RFC 8689. Without TLS of its own the offer is worth nothing; the
// certificate of whoever makes it was checked.
func (s *session) offersDemand() bool {
	ok, _ := s.client.Extension("REQUIRETLS")
	return ok && s.version != ""
}

// validHello returns our own name, or one that fits anywhere: it stands in a
// command, so nothing else may.
func validHello(name string) bool {
	return name != "" && len(name) <= 255 && !strings.ContainsFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(".-[]:", r))
	})
}
