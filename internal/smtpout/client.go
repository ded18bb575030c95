// Package smtpout hands mails to the relays of the organisation by SMTP.
//
// Nothing leaves without TLS and a certificate that was checked, except to a
// relay on this machine. A mail is either taken by a relay, or refused for good,
// or it may be sent again; when in doubt it may be sent again, so that a mail can
// arrive twice and none is lost.
//
// go-smtp speaks the protocol. It does so on a wire, which makes good for what
// go-smtp leaves open; the comments there say what.
package smtpout

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"letterlock/internal/letterlock"
)

// A Client sends mails through relays. It is safe for concurrent use, and opens
// no more connections than there are calls of Send under way, beside the few that
// it keeps for a moment. Create it with New.
type Client struct {
	relays []*relay
	log    *slog.Logger
}

// New returns a Client, or says which setting it cannot work with. It connects to
// nobody; Probe does.
func New(o Options) (*Client, error) {
	o = o.withDefaults()
	if len(o.Relays) == 0 {
		return nil, errors.New("no relay is given")
	}
	if !validHello(o.Hello) {
		return nil, fmt.Errorf("%q is no name for EHLO", o.Hello)
	}
	c := &Client{log: o.Log}
	for _, r := range o.Relays {
		checked, host, err := r.check()
		if err != nil {
			return nil, err
		}
		c.relays = append(c.relays, &relay{
			Relay: checked, host: host, hello: o.Hello, timeouts: o.Timeouts,
			keep: o.Idle, maxIdle: o.MaxIdle, maxMails: o.MaxMails, now: o.Now,
		})
	}
	return c, nil
}

// Close ends the connections that are kept. Calls of Send under way go on, and
// keep none.
func (c *Client) Close() error {
	for _, r := range c.relays {
		r.close()
	}
	return nil
}

// Send hands a mail for one recipient to the first relay that takes it. An empty
// from is a mail from nobody.
//
// It returns nil when a relay has taken the mail; Denied, with the reason as its
// cause, when it never will be; and Busy when it may be later, with the Key "put-off"
// where the relay takes mail, and not this one to this recipient. Relays are tried
// in their order, those that failed lately last, and while all of them have just
// failed Send says so at once. When it fails after a relay was given a part of
// the mail no other is tried: the mail comes once through its reader, and a relay
// that did not answer the end of it may have taken it.
func (c *Client) Send(ctx context.Context, from string, to letterlock.Address, mail io.Reader) error {
	l, err := newLetter(from, string(to), mail)
	if err != nil {
		return judge(opening, err).outcome()
	}
	return c.handOver(ctx, l)
}

// handOver is Send for a letter.
func (c *Client) handOver(ctx context.Context, l *letter) error {
	var why, unassured *failure
	unwritable := true // nobody could write the address
	for _, r := range c.order() {
		f := r.admit()
		if f == nil {
			f = c.try(ctx, r, l)
			if f == nil {
				return nil
			}
		}
		if why == nil || why.verdict == broken {
			why = f // what is about the mail says more to its sender
		}
		if l.assured && f.assuresNot() {
			said := *f // of others, too, perhaps
			said.unassured = true
			f, unassured = &said, &said
		}
		unwritable = unwritable && f.words == noUTF8
		if f.verdict == refused || l.begun || ctx.Err() != nil {
			// What other relays said does not count: this one may have taken the mail.
			return f.outcome()
		}
	}
	switch {
	case unassured != nil: // something can be done about that at once
		return unassured.outcome()
	case unwritable:
		why = &failure{verdict: refused, words: noUTF8}
	}
	return why.outcome()
}

// order returns the relays, those that failed lately last.
func (c *Client) order() []*relay {
	var first, last []*relay
	for _, r := range c.relays {
		if r.cool() {
			last = append(last, r)
		} else {
			first = append(first, r)
		}
	}
	return append(first, last...)
}

// try makes one attempt and logs it.
func (c *Client) try(ctx context.Context, r *relay, l *letter) *failure {
	start := time.Now()
	a, err := r.send(ctx, l)
	f := (*failure)(nil)
	if err != nil {
		f = judge(opening, err)
	}
	switch {
	case f == nil || f.verdict != broken:
		r.works()
	case ctx.Err() == nil || errors.Is(ctx.Err(), context.DeadlineExceeded):
		r.fails(f)
	default: // it was us who broke it off
		f.words = "the attempt was broken off"
	}
	c.logAttempt(ctx, r, a, f, time.Since(start))
	return f
}

// logAttempt writes one line. It says nothing of the mail, and the relay's own
// words, which often name the recipient, at debug only.
func (c *Client) logAttempt(ctx context.Context, r *relay, a attempt, f *failure, took time.Duration) {
	level, outcome, reply := slog.LevelInfo, "taken", a.reply
	if f != nil {
		reply = f.reply
		outcome = [...]string{later: "later", broken: "relay failed", refused: "refused"}[f.verdict]
		if f.setting {
			level = slog.LevelError // somebody has to do something
		}
	}
	attrs := []slog.Attr{
		slog.String("relay", r.Address), slog.String("outcome", outcome),
		slog.Duration("took", took), slog.String("tls", a.version), slog.Bool("reused", a.reused),
	}
	if reply != nil {
		attrs = append(attrs, slog.Int("code", reply.Code), slog.String("enhanced", reply.Enhanced))
	}
	if f != nil && f.words != "" {
		attrs = append(attrs, slog.String("problem", f.words))
	}
	if f != nil && f.reply == nil && f.err != nil && f.step <= signingIn {
		attrs = append(attrs, slog.String("err", visible(f.err.Error())))
	}
	c.log.LogAttrs(ctx, level, "smtp relay", attrs...)
	if reply != nil {
		c.log.DebugContext(ctx, "smtp relay said", "relay", r.Address, "reply", reply.Error())
	}
}
