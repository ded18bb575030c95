package smtpd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/metrics"
	"letterlock/internal/smtpout"
)

// A Gateway makes a Server one for the mail servers of trusted networks. Nobody signs
// in there: where a connection comes from is all that is known of who sends.
//
// It takes what comes back of our own mails, and the mail of the organisation on its way
// out. That is protected or passed on to the relay, as Accept decides, and the mail server
// stays responsible for what is not protected: the relay is asked about each recipient
// while the mail server waits, and has the last word on the mail itself. So a mail server
// has answers that it can tell its own people, and nothing waits here.
type Gateway struct {
	Networks []netip.Prefix // who may connect, this machine only if it is listed
	Bounces  Bouncer
	Relay    *smtpout.Client // where mail goes on; nil: only what comes back is taken
	Metrics  *metrics.Gateway
}

// A Bouncer takes what comes back of our own mails: outbox.Service, and a recorder in
// tests.
type Bouncer interface {
	// Awaits reports whether something may come back to an address.
	Awaits(to letterlock.Address) bool
	// TakeBounce takes responsibility for a mail to such addresses; fromNobody says that
	// its envelope names no sender.
	TakeBounce(ctx context.Context, fromNobody bool, to []letterlock.Address, mail io.Reader) error
}

var (
	taken     = reply(250, smtp.EnhancedCode{2, 0, 0}, "accepted")
	noSignIn  = reply(502, smtp.EnhancedCode{5, 5, 1}, "nobody signs in here")
	apart     = reply(452, smtp.EnhancedCode{4, 5, 3}, "what comes back of our notifications is taken by itself, send the rest again")
	notHere   = reply(550, smtp.EnhancedCode{5, 7, 1}, "only what comes back of our own notifications is taken here")
	noNetwork = "554 5.7.1 your address is not in a network that is trusted here"
)

// trusts reports whether a connection may come from there.
func (g *Gateway) trusts(ip string) bool {
	at, err := netip.ParseAddr(ip)
	return err == nil && slices.ContainsFunc(g.Networks, func(p netip.Prefix) bool { return p.Contains(at) })
}

// openTo reports whether a client may go on without TLS: who comes by the gateway, and
// who is on this machine.
func (s *Server) openTo(w *wire) bool { return w.loopback || s.Gateway != nil }

// A transit is how far a mail has come that may be passed on.
type transit struct {
	opening smtpout.Opening
	onward  *smtpout.Transaction // nil: no recipient was asked about yet
	taken   bool                 // Data has it, and ends it
	reply   *smtpout.Reply       // of the relay that has taken the mail
}

// end takes back what is not passed on.
func (t *transit) end() {
	if t.onward != nil {
		t.onward.End()
	}
}

const (
	askWithin = 2 * time.Minute // for the relay's word on a recipient
	// passWithin is how long the relay may take for a mail. Postfix in front waits ten
	// minutes for the answer to one, and sends it again after that.
	passWithin = 9 * time.Minute
)

// rcptAtGateway takes a recipient: of what comes back, or of what goes out after the relay
// has accepted it. A mail is one or the other; a server that puts both into one envelope
// sends the rest by itself.
func (s *session) rcptAtGateway(to string) error {
	address, err := parsePath(to)
	s.mu.Lock()
	e := s.mail
	s.mu.Unlock()
	if e == nil {
		return notBegun
	}
	g := s.server.Gateway
	refusal := notHere
	comesBack := err == nil && g.Bounces.Awaits(address)
	switch {
	case len(e.recipients) > 0 && e.comesBack != comesBack:
		refusal = apart
	case comesBack:
		refusal = nil
	case g.Relay != nil && err != nil:
		refusal = badRecipient
	case g.Relay != nil && !slices.Contains(e.recipients, address):
		refusal = s.ask(e, to)
	case g.Relay != nil:
		refusal = nil // asked about before
	}
	if refusal != nil {
		s.logRecipient(refusal)
		return refusal
	}
	e.comesBack = comesBack
	s.add(e, address)
	return nil
}

// ask asks the relay about a recipient.
func (s *session) ask(e *envelope, to string) *smtp.SMTPError {
	ctx, cancel := context.WithTimeout(s.server.ctx, askWithin)
	defer cancel()
	if e.onward == nil {
		onward, err := s.server.Gateway.Relay.Begin(ctx, e.opening)
		if err != nil {
			return s.server.saidBy(err)
		}
		e.onward = onward
	}
	if err := e.onward.Rcpt(ctx, asPath(to)); err != nil {
		return s.server.saidBy(err)
	}
	return nil
}

// opened notes what MAIL said that the relay is to be told.
func opened(from string, opts *smtp.MailOptions) smtpout.Opening {
	return smtpout.Opening{From: asPath(from), Size: opts.Size, UTF8: opts.UTF8, EightBits: opts.Body == smtp.Body8BitMIME}
}

// envelopeOf is the envelope of a mail of the gateway.
func (s *session) envelopeOf(e *envelope) intake.Envelope {
	return intake.Envelope{Recipients: e.recipients, Via: letterlock.ByGateway, Pass: func(ctx context.Context, mail io.Reader) (err error) {
		ctx, cancel := context.WithTimeout(ctx, passWithin)
		defer cancel()
		e.reply, err = e.onward.Data(ctx, mail)
		return err
	}}
}

// peer is the mail server that the session is with.
func (s *session) peer() letterlock.Actor {
	return letterlock.Actor{Kind: letterlock.MailServer, IP: s.wire.ip}
}

// saidBy is the answer of a relay in the words that it gave, as far as they can be given
// on: on one line, with letters that every server knows, and none of those lines that
// are replaced, see rewrites.
func (s *Server) saidBy(err error) *smtp.SMTPError {
	r := (*smtpout.Reply)(nil)
	if !errors.As(err, &r) {
		return notAccepted
	}
	text, _ := inASCII(r.Text)
	a := reply(r.Code, smtp.EnhancedCode{r.Code / 100, 0, 0}, strings.TrimSpace(text))
	var class, subject, detail int
	if n, _ := fmt.Sscanf(r.Enhanced, "%d.%d.%d", &class, &subject, &detail); n == 3 && class == r.Code/100 {
		a.EnhancedCode = smtp.EnhancedCode{class, subject, detail}
	}
	line := fmt.Sprintf("%d %d.%d.%d %s", a.Code, a.EnhancedCode[0], a.EnhancedCode[1], a.EnhancedCode[2], a.Message)
	if a.Message == "" || slices.ContainsFunc(s.replies, func(w struct{ starts, with string }) bool { return strings.HasPrefix(line, w.starts) }) {
		a.Message = strings.TrimSpace("the next mail server said " + a.Message)
	}
	return a
}
