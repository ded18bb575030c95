package smtpout

import (
	"context"
	"io"
	"strings"
	"time"

	"letterlock/internal/letterlock"
)

// noDemand is why a mail that must stay under TLS does not go through a relay.
const noDemand = "the relay does not offer REQUIRETLS under TLS, and is not declared to keep mail under TLS to the mailbox"

// Assured is a Client for mail that must stay under TLS to the mailbox: it is given to
// a relay that is declared to see to that, or demanded of one that offers it.
type Assured struct{ client *Client }

// Assured returns the way out for mail that must stay under TLS to the mailbox.
func (c *Client) Assured() Assured { return Assured{c} }

// Send is [Client.Send], and Denied "unassured" when a relay would not see to it. The
// mail has not left then.
func (a Assured) Send(ctx context.Context, from string, to letterlock.Address, mail io.Reader) error {
	l, err := newLetter(from, string(to), mail)
	if err != nil {
		return judge(opening, err).outcome()
	}
	l.assured = true
	return a.client.handOver(ctx, l)
}

// AssuresTLS reports whether every relay keeps mail under TLS to the mailbox, as it is
// declared or as its last greeting offered. Which of them takes a mail is not known
// before it leaves. A relay that was not greeted yet offers nothing.
func (c *Client) AssuresTLS() bool {
	for _, r := range c.relays {
		if !r.AssuresTLS && !r.demandable.Load() {
			return false
		}
	}
	return true
}

// greetEvery is how often relays are asked what they offer where no mail does it.
const greetEvery = 10 * time.Minute

// Run asks the relays what they offer, now and from time to time, until ctx ends: what
// Compose says of a recipient depends on it. Relays that are declared need no asking.
func (c *Client) Run(ctx context.Context) error {
	tick := time.NewTicker(greetEvery)
	defer tick.Stop()
	for {
		for _, r := range c.relays {
			if !r.AssuresTLS && r.TLS != NoTLS {
				r.probe(ctx)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// assuresNot reports whether a failure is that a mail could not be kept under TLS:
// here, or, as RFC 8689 section 5 has relays say it, on the way from there.
func (f *failure) assuresNot() bool {
	return f.words == noDemand || f.reply != nil && strings.HasSuffix(f.reply.Enhanced, ".7.30")
}
