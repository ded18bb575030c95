package smtpd

import (
	"context"
	"io"
	"net/netip"
	"slices"

	"github.com/emersion/go-smtp"

	"letterlock/internal/letterlock"
)

// A Gateway makes a Server one for the mail servers of trusted networks. Nobody signs
// in there: where a connection comes from is all that is known of who sends. So far it
// takes what comes back of our own mails, and refuses everything else at RCPT: a mail
// that we could not protect must stay with whoever has it.
type Gateway struct {
	Networks []netip.Prefix // who may connect, this machine only if it is listed
	Bounces  Bouncer
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

// wants refuses a recipient whose mail is not taken by the gateway.
func (s *session) wants(address letterlock.Address, err error) error {
	if err != nil || !s.server.Gateway.Bounces.Awaits(address) {
		s.logRefusal(notHere)
		return notHere
	}
	return nil
}
