package smtpout

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"
)

const (
	// A relay that has failed is not tried at all for the first of these, so that
	// a queue full of mail does not wait for a black hole once for each mail; and
	// not before any other for a time that doubles from the second to the third.
	restFor   = 5 * time.Second
	coolFirst = 10 * time.Second
	coolMost  = 5 * time.Minute
)

// A relay is a Relay with what is known of it.
type relay struct {
	Relay
	host     string
	hello    string
	timeouts Timeouts
	keep     time.Duration
	maxIdle  int
	maxMails int
	now      func() time.Time

	demandable atomic.Bool // in its last greeting it offered REQUIRETLS under TLS

	mu       sync.Mutex
	idle     []*session // the one used last is the last
	closed   bool
	quits    sync.WaitGroup // sessions being ended in good order
	failures int            // in a row
	rests    time.Time      // until when it is not tried
	cools    time.Time      // until when others are tried first
	last     *failure       // why it rests
}

// cool reports whether others are to be tried first.
func (r *relay) cool() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now().Before(r.cools)
}

// admit returns nil if the relay may be tried now, or the failure for which it
// rests. Of many that ask at the end of a rest one is let through.
func (r *relay) admit() *failure {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	if now.Before(r.rests) {
		return r.last
	}
	if r.failures > 0 {
		r.rests = now.Add(restFor)
	}
	return nil
}

// works notes that the relay has answered as one that takes mail.
func (r *relay) works() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures, r.rests, r.cools, r.last = 0, time.Time{}, time.Time{}, nil
}

// fails notes that the relay itself has failed.
func (r *relay) fails(f *failure) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	wait := min(coolMost, coolFirst<<min(r.failures, 8))
	r.failures++
	r.rests, r.cools, r.last = now.Add(restFor), now.Add(wait), f
}

// An attempt is what is logged of one.
type attempt struct {
	reply   *Reply // the last one, of a mail that was taken
	version string // of TLS
	reused  bool   // of the connection
}

// send hands a letter to the relay. A kept connection that breaks before MAIL is
// answered was closed by a relay that had no more use for it: nothing has been
// tried yet, and a fresh one is taken.
func (r *relay) send(ctx context.Context, l *letter) (a attempt, err error) {
	if s := r.take(); s != nil {
		a, err = r.sendOn(ctx, s, l)
		a.reused = true
		if !stale(err) || ctx.Err() != nil {
			return a, err
		}
		r.dropIdle() // they are no younger
	}
	s, err := r.connect(ctx)
	if err != nil {
		return attempt{}, err
	}
	return r.sendOn(ctx, s, l)
}

// stale reports whether a connection had ended before it was used.
func stale(err error) bool {
	var f *failure
	return errors.As(err, &f) && f.step == opening && f.verdict == broken && (f.reply == nil || f.reply.Code == 421)
}

// sendOn hands a letter over on a session, and keeps the session if it is in
// order afterwards: the mail was taken, or refused and taken back. In any other
// case nobody knows what the relay would read next.
func (r *relay) sendOn(ctx context.Context, s *session, l *letter) (a attempt, err error) {
	l.declared = r.AssuresTLS
	a.version = s.version
	s.mails++
	stop := context.AfterFunc(ctx, s.cut)
	reply, err := s.deliver(l)
	ordered := err == nil
	if f := (*failure)(nil); errors.As(err, &f) && f.reply != nil && f.verdict != broken {
		ordered = s.client.Reset() == nil
	}
	if !stop() || !ordered {
		s.cut()
		return a, err
	}
	a.reply = reply
	r.put(s)
	return a, err
}

// deliver speaks the transaction. An error is a *failure.
//
// An answer to the final dot that does not come leaves open whether the mail was
// taken. It counts as not taken: a mail may come twice, and none is lost.
func (s *session) deliver(l *letter) (*Reply, error) {
	if l.needs && !s.offersUTF8() {
		return nil, &failure{step: opening, verdict: later, words: noUTF8}
	}
	demand := l.assured && !l.declared
	if demand && !s.offersDemand() {
		return nil, &failure{step: opening, verdict: later, words: noDemand}
	}
	o := &smtp.MailOptions{UTF8: l.asks && s.offersUTF8(), Size: l.size, RequireTLS: demand}
	if err := s.client.Mail(l.from, o); err != nil {
		return nil, judge(opening, err)
	}
	if err := s.client.Rcpt(l.to, nil); err != nil {
		return nil, judge(addressing, err)
	}
	w, err := s.client.Data()
	if err != nil {
		return nil, judge(handing, err)
	}
	if err := l.copyTo(w); err != nil {
		return nil, judge(handing, err) // without the final dot, so that no half mail is taken
	}
	done, err := w.CloseWithResponse()
	if err != nil {
		return nil, judge(finishing, err)
	}
	return newReply(250, done.StatusText), nil
}

// noUTF8 is why a mail to an address in UTF-8 stays here. RFC 6531 section 3.2.
const noUTF8 = "5.6.7 the recipient's address is not in ASCII, and the mail servers on the way cannot write it"

// take returns a kept session, or nil.
func (r *relay) take() *session {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.idle) > 0 {
		s := r.idle[len(r.idle)-1]
		r.idle = r.idle[:len(r.idle)-1]
		if s.timer.Stop() {
			return s
		}
		// Its time has just run out, and whoever notices that ends it.
	}
	return nil
}

// put keeps a session for the next mail, for a while, if there is room.
func (r *relay) put(s *session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || s.mails >= r.maxMails || len(r.idle) >= r.maxIdle {
		r.end(s)
		return
	}
	s.timer = time.AfterFunc(r.keep, func() { r.expire(s) })
	r.idle = append(r.idle, s)
}

// expire ends a session whose time has run out.
func (r *relay) expire(s *session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.idle = slices.DeleteFunc(r.idle, func(other *session) bool { return other == s })
	r.end(s)
}

// end ends a session in good order. The caller holds mu and does not wait.
func (r *relay) end(s *session) {
	if r.closed {
		s.cut() // nobody waits for it any more
		return
	}
	r.quits.Go(s.quit)
}

// dropIdle ends all kept sessions.
func (r *relay) dropIdle() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.idle {
		if s.timer.Stop() {
			s.cut()
		}
	}
	r.idle = nil
}

// close ends the kept sessions and waits until they are gone.
func (r *relay) close() {
	r.mu.Lock()
	for _, s := range r.idle {
		if s.timer.Stop() {
			r.quits.Go(s.quit)
		}
	}
	r.idle, r.closed = nil, true
	r.mu.Unlock()
	r.quits.Wait()
}
