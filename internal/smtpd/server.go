// Package smtpd takes mail from the mail programs of the organisation's own
// people, by SMTP submission, and hands it to intake; and as a gateway, see
// [Gateway], from the mail servers of networks that are trusted.
//
// It is an edge and decides nothing about a mail: it limits, signs in,
// translates, and answers. Its one invariant: 250 after a mail is said only when
// Accept returned nil for the whole of it, and what was cut off on its way never
// looks whole to Accept.
//
// go-smtp reads the commands. It sees every connection through a wire, which
// makes good for what go-smtp leaves open; the comments there say what.
package smtpd

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/emersion/go-smtp"

	"letterlock/internal/intake"
	"letterlock/internal/lane"
	"letterlock/internal/letterlock"
	"letterlock/internal/metrics"
	"letterlock/internal/ratelimit"
)

// An Accepter takes responsibility for a mail: intake.Service, and a recorder in
// tests. An error of the reader means that the mail is not whole.
type Accepter interface {
	Accept(ctx context.Context, by letterlock.Actor, e intake.Envelope, mail io.Reader) (intake.Receipt, error)
}

// An Authenticator knows the accounts: account.MailPrograms, and a fixed list in tests.
type Authenticator interface {
	Authenticate(ctx context.Context, address letterlock.Address, password, ip string) (letterlock.Actor, error)
	// Still returns whoever has signed in as they are now, or Denied.
	Still(ctx context.Context, was letterlock.Actor) (letterlock.Actor, error)
}

// Options is what a Server needs. A zero limit means its default.
type Options struct {
	Domain         string // name of this server in its greeting
	Accept         Accepter
	Auth           Authenticator
	Room           func() error // asked at MAIL, an error refuses it; nil: there is always room
	TLS            *tls.Config  // nil: no STARTTLS, so that only loopback can sign in
	MaxBytes       int64        // of a mail as sent; default 150 MiB
	MaxRecipients  int          // of a mail; default 100
	MaxConnections int          // in all; default 200
	MaxPerIP       int          // connections of an IPv4 address or an IPv6 /64; default 20
	MaxPerAccount  int          // connections signed in to one account; default 20
	Timeouts       Timeouts
	Log            *slog.Logger     // nil: nowhere
	Metrics        *metrics.SMTP    // nil: nobody counts
	SignIns        *metrics.SignIns // likewise
	Lanes          *lane.Set        // where mails wait for their turn; nil: they never do
	Gateway        *Gateway         // for mail servers, in place of Auth; nil: for mail programs
}

// Timeouts bound how long a client may take. A zero field means its default.
type Timeouts struct {
	SignIn  time.Duration // from the connection to the end of AUTH; default 2 minutes
	Command time.Duration // for each command line; default 5 minutes, RFC 5321 section 4.5.3.2.7
	Data    time.Duration // without a byte of the mail; default 3 minutes
	Message time.Duration // for one mail; default 1 hour
	Write   time.Duration // for each reply; default 1 minute
}

func (o Options) withDefaults() Options {
	o.MaxBytes = orDefault(o.MaxBytes, 150<<20)
	o.MaxRecipients = orDefault(o.MaxRecipients, 100)
	o.MaxConnections = orDefault(o.MaxConnections, 200)
	o.MaxPerIP = orDefault(o.MaxPerIP, 20)
	o.MaxPerAccount = orDefault(o.MaxPerAccount, 20)
	t := &o.Timeouts
	t.SignIn = orDefault(t.SignIn, 2*time.Minute)
	t.Command = orDefault(t.Command, 5*time.Minute)
	t.Data = orDefault(t.Data, 3*time.Minute)
	t.Message = orDefault(t.Message, time.Hour)
	t.Write = orDefault(t.Write, time.Minute)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

func orDefault[T int | int64 | time.Duration](v, usual T) T {
	if v == 0 {
		return usual
	}
	return v
}

// A Server serves SMTP submission, or a gateway, on any number of listeners.
type Server struct {
	Options
	inner    *smtp.Server
	replies  rewrites
	guesses  *ratelimit.Limiter // failed AUTH, by IP
	accounts *counts            // connections by account
	ips      *counts            // connections by IP
	ctx      context.Context    // of every mail; ends when Shutdown has waited long enough
	cancel   context.CancelFunc
	stop     chan struct{}  // closed when Shutdown begins
	work     sync.WaitGroup // Serve calls, and connections that go-smtp does not have yet
	mails    sync.WaitGroup // mails on their way; go-smtp waits for those of DATA only

	mu        sync.Mutex
	stopping  bool
	over      bool // no mail is taken any more
	listeners map[net.Listener]bool
	wires     map[*wire]bool
}

// New returns a server that does nothing before Serve.
func New(o Options) *Server {
	s := &Server{
		Options:   o.withDefaults(),
		guesses:   ratelimit.New(30*time.Second, 10, 10_000, time.Now),
		accounts:  newCounts(),
		ips:       newCounts(),
		stop:      make(chan struct{}),
		listeners: map[net.Listener]bool{},
		wires:     map[*wire]bool{},
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.replies = ownWords(s.Domain, s.MaxBytes)
	s.inner = s.newInner()
	return s
}

// newInner sets up go-smtp. What is missing is left out on purpose:
// MaxMessageBytes, because with it a mail of exactly that size is refused, and
// MaxLineLength, because it would bind the lines of a mail sent by DATA but not
// by BDAT; wire and mailReader limit both. AllowInsecureAuth stands for our own
// rule: the session offers AUTH where it may be used. With EnableDSN and
// EnableSMTPUTF8 together, Postfix bounces mail to addresses in UTF-8.
func (s *Server) newInner() *smtp.Server {
	in := smtp.NewServer(smtp.BackendFunc(s.newSession))
	in.Domain = s.Domain
	in.MaxRecipients = s.MaxRecipients
	in.MaxLineLength = 0
	in.AllowInsecureAuth = true
	in.EnableSMTPUTF8 = true
	in.ReadTimeout = s.Timeouts.Command
	in.WriteTimeout = s.Timeouts.Write
	in.ErrorLog = innerLog{s.Log}
	return in
}

// Serve answers the connections of l until Shutdown, and then returns nil.
func (s *Server) Serve(l net.Listener) error {
	if !s.register(l) {
		return errors.Join(net.ErrClosed, l.Close())
	}
	defer s.work.Done()
	h := &handover{addr: l.Addr(), conns: make(chan net.Conn), done: make(chan struct{})}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = s.inner.Serve(h) // ends with the error of h, which says only that h ended
	}()
	err := s.accept(l, h)
	close(h.done)
	<-served
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, l)
	if s.stopping {
		return nil
	}
	return err
}

func (s *Server) register(l net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		return false
	}
	s.listeners[l] = true
	s.work.Add(1)
	return true
}

// accept takes connections until l ends.
func (s *Server) accept(l net.Listener, h *handover) error {
	pause := 5 * time.Millisecond
	for {
		conn, err := l.Accept()
		switch {
		case err == nil:
			pause = 5 * time.Millisecond
			s.admit(conn, h)
		case passing(err):
			s.Log.Warn("smtp: cannot take connections", "err", err)
			select {
			case <-time.After(pause):
				pause = min(2*pause, time.Second)
			case <-s.stop:
				return nil
			}
		default:
			return err
		}
	}
}

// passing reports whether a failed Accept may work the next time.
func passing(err error) bool {
	for _, e := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// admit gives a connection to go-smtp if there is room for it.
func (s *Server) admit(conn net.Conn, h *handover) {
	w := newWire(conn, s)
	if refusal := s.enter(w); refusal != "" {
		s.Metrics.TurnedAway()
		s.Log.Info("smtp: connection refused", "ip", w.ip, "reply", refusal)
		w.turnAway(refusal)
		return
	}
	s.work.Go(func() {
		defer func() {
			if p := recover(); p != nil {
				s.logPanic(w, p)
				w.Close()
			}
		}()
		if !s.lobby(w) || !h.pass(w) {
			w.Close()
		}
	})
}

// enter counts w in, or says why there is no room.
func (s *Server) enter(w *wire) (refusal string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := ratelimit.IPKey(w.ip)
	switch {
	case s.stopping:
		return goodbye
	case s.Gateway != nil && !s.Gateway.trusts(w.ip):
		return noNetwork
	case len(s.wires) >= s.MaxConnections:
		return "421 4.3.2 too many connections, try again later"
	case !s.ips.add(key, s.MaxPerIP):
		return "421 4.7.0 too many connections from your address, try again later"
	}
	s.wires[w] = true
	s.Metrics.Connected()
	w.onClose(func() {
		s.Metrics.Left()
		s.ips.remove(key)
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.wires, w)
	})
	return ""
}

// grace is how long Shutdown waits for what it has cut off.
const grace = 2 * time.Second

// Shutdown ends the server. Who is not sending a mail gets 421; a mail on its
// way is waited for until ctx ends and is cut off then: its sender has no 250 and
// sends it again. Shutdown returns nil when nothing had to be cut off. No Accept
// is under way when it returns, unless one ignores the end of its own context.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	if !s.stopping {
		s.stopping = true
		close(s.stop)
	}
	for l := range s.listeners {
		_ = l.Close() // the listener is given up, whatever it says
	}
	for w := range s.wires {
		w.retire()
	}
	s.mu.Unlock()
	defer s.cancel()

	done := make(chan struct{})
	go func() {
		defer close(done)
		s.settle()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	s.cutAll()
	select {
	case <-done:
	case <-time.After(grace):
	}
	return ctx.Err()
}

// settle waits for everything that was begun.
func (s *Server) settle() {
	s.work.Wait()                              // no connection is handed over any more
	_ = s.inner.Shutdown(context.Background()) // only waits: its listeners have ended
	s.mu.Lock()
	s.over = true // no mail is begun any more
	s.mu.Unlock()
	s.mails.Wait()
}

func (s *Server) cutAll() {
	s.cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	for w := range s.wires {
		w.cut()
	}
}

// beginMail counts a mail in, and reports false if it comes too late.
func (s *Server) beginMail() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.over {
		s.mails.Add(1)
	}
	return !s.over
}

// A handover is the listener from which go-smtp takes the connections that are
// past the lobby.
type handover struct {
	addr  net.Addr
	conns chan net.Conn
	done  chan struct{}
}

func (h *handover) pass(w *wire) bool {
	select {
	case h.conns <- w:
		return true
	case <-h.done:
		w.say(goodbye)
		return false
	}
}

func (h *handover) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case <-h.done:
		return nil, net.ErrClosed
	}
}

func (h *handover) Close() error   { return nil }
func (h *handover) Addr() net.Addr { return h.addr }
