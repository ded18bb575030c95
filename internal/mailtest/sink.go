package mailtest

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// A Mail is a mail as a Sink got it.
type Mail struct {
	From string // of the envelope; empty for a mail from nobody
	To   []string
	Raw  []byte
	UTF8 bool   // SMTPUTF8 was asked for
	Keep bool   // REQUIRETLS was demanded
	TLS  bool   // it came through TLS
	User string // who had signed in; empty: nobody
}

// SinkOptions say what a Sink demands and answers.
type SinkOptions struct {
	Address        string                // host and port to listen on; empty: a free one
	TLS            *tls.Config           // nil: none is offered
	Implicit       bool                  // TLS from the first byte on, in place of STARTTLS
	User, Password string                // who must sign in; empty: nobody has to
	ASCII          bool                  // SMTPUTF8 is not offered
	RequireTLS     bool                  // REQUIRETLS is offered, under TLS
	MaxBytes       int64                 // of a mail; 0: any
	Rcpt           func(to string) error // the answer to RCPT; nil: any is welcome
	Data           func(m Mail) error    // the answer to the final dot; nil: taken
}

// ErrHangUp is an answer to the final dot that never comes: the mail is taken, and
// the connection ends without a word.
var ErrHangUp = errors.New("mailtest: hang up")

// A Sink is a mail server that takes mails and keeps them. Its methods are safe
// for concurrent use.
type Sink struct {
	Address string // host and port

	t       testing.TB
	options SinkOptions
	mu      sync.Mutex
	mails   []Mail
	waited  []bool        // which of them Wait has returned
	more    chan struct{} // closed and replaced when something comes
	conns   int
}

// NewSink starts a Sink that ends with its test.
func NewSink(t testing.TB, o SinkOptions) *Sink {
	t.Helper()
	if o.Address == "" {
		o.Address = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", o.Address)
	if err != nil {
		t.Fatal(err)
	}
	s := &Sink{Address: l.Addr().String(), t: t, options: o, more: make(chan struct{})}
	in := smtp.NewServer(smtp.BackendFunc(s.connect))
	in.Domain = "sink.example"
	in.MaxLineLength = 0 // real mail has long lines
	in.EnableSMTPUTF8 = !o.ASCII
	in.EnableREQUIRETLS = o.RequireTLS
	in.MaxMessageBytes = o.MaxBytes
	in.TLSConfig = o.TLS
	in.ErrorLog = silence{} // clients that break off are what tests are about
	l = counter{l, s}
	if o.Implicit {
		l = tls.NewListener(l, o.TLS)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = in.Serve(l) // ends with an error that says that it was closed
	}()
	t.Cleanup(func() {
		_ = l.Close()  // a Serve that has not begun knows nothing of Close
		_ = in.Close() // nothing is to be saved
		<-done
	})
	return s
}

type silence struct{}

func (silence) Printf(string, ...any) {}
func (silence) Println(...any)        {}

// patience bounds how long a test waits for what must come.
const patience = 30 * time.Second

// Wait returns the next mail to an address that Wait has not returned yet, and
// fails the test if none comes.
func (s *Sink) Wait(to string) Mail {
	s.t.Helper()
	timeout := time.After(patience)
	for {
		m, found, more := s.next(to)
		if found {
			return m
		}
		select {
		case <-more:
		case <-timeout:
			s.t.Fatalf("no mail to %s has come", to)
		}
	}
}

func (s *Sink) next(to string) (m Mail, found bool, more chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, m := range s.mails {
		if !s.waited[i] && slices.Contains(m.To, to) {
			s.waited[i] = true
			return m, true, nil
		}
	}
	return Mail{}, false, s.more
}

// Mails returns all that has come so far.
func (s *Sink) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mails)
}

// Connections says how often somebody has connected.
func (s *Sink) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns
}

func (s *Sink) connect(c *smtp.Conn) (smtp.Session, error) {
	return &visit{sink: s, conn: c}, nil
}

// A counter counts who connects: go-smtp begins a new session after STARTTLS.
type counter struct {
	net.Listener
	sink *Sink
}

func (c counter) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err == nil {
		c.sink.mu.Lock()
		defer c.sink.mu.Unlock()
		c.sink.conns++
	}
	return conn, err
}

func (s *Sink) keep(m Mail) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = append(s.mails, m)
	s.waited = append(s.waited, false)
	close(s.more)
	s.more = make(chan struct{})
}

// A visit is one connection to a Sink.
type visit struct {
	sink *Sink
	conn *smtp.Conn
	mail Mail
	user string
}

func (v *visit) AuthMechanisms() []string {
	if v.sink.options.User == "" {
		return nil
	}
	return []string{sasl.Plain}
}

func (v *visit) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != v.sink.options.User || password != v.sink.options.Password {
			return smtp.ErrAuthFailed
		}
		v.user = user
		return nil
	}), nil
}

func (v *visit) Mail(from string, o *smtp.MailOptions) error {
	if v.sink.options.User != v.user {
		return &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "sign in first"}
	}
	_, secure := v.conn.TLSConnectionState()
	v.mail = Mail{From: from, UTF8: o != nil && o.UTF8, Keep: o != nil && o.RequireTLS, TLS: secure, User: v.user}
	return nil
}

func (v *visit) Rcpt(to string, _ *smtp.RcptOptions) error {
	if f := v.sink.options.Rcpt; f != nil {
		if err := f(to); err != nil {
			return err
		}
	}
	v.mail.To = append(v.mail.To, to)
	return nil
}

func (v *visit) Data(r io.Reader) (err error) {
	if v.mail.Raw, err = io.ReadAll(r); err != nil {
		return err
	}
	if f := v.sink.options.Data; f != nil {
		err := f(v.mail)
		if errors.Is(err, ErrHangUp) {
			v.sink.keep(v.mail)
			return v.conn.Conn().Close()
		}
		if err != nil {
			return err
		}
	}
	v.sink.keep(v.mail)
	return nil
}

func (v *visit) Reset()        { v.mail = Mail{} }
func (v *visit) Logout() error { return nil }
