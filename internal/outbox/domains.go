package outbox

import (
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

const (
	// So many attempts to one domain are under way at the same time, and the others
	// wait for so long then.
	perDomain = 4
	holdFull  = 15 * time.Second
	// A domain that has put off so many mails in a row is left alone for a time that
	// doubles from the first to the last: less than any of these mails waits for itself.
	// One mailbox that is full is no reason.
	putOff    = 3
	holdFirst = 30 * time.Second
	holdMost  = 15 * time.Minute
)

// KeyPutOff is the Key of a Mailer's error Busy that is about this mail to this
// recipient, whose server may well have said it, and not about the way there.
const KeyPutOff = "put-off"

// A domain is what is known of one that mail is for, while there is something to know.
type domain struct {
	under  int       // attempts under way
	urgent int       // likewise, of what is urgent
	fails  int       // put off in a row
	until  time.Time // until when it is left alone; zero: it is not
}

// domains keep one that is slow, or takes nothing for the time being, from holding up
// the mail for all the others. They are in memory: after a start each gets its chance.
type domains struct {
	mu  sync.Mutex
	all map[string]*domain
}

// enter reports whether an attempt to a domain may be made now, or until when not. Who
// may must leave. What is urgent always may, and does not count: its pace is its own, it
// is little, and somebody waits for it.
func (d *domains) enter(name string, urgent bool, now time.Time) (until time.Time, may bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.all == nil {
		d.all = make(map[string]*domain)
	}
	one := d.all[name]
	if one == nil {
		one = &domain{}
		d.all[name] = one
	}
	switch {
	case urgent:
		one.urgent++
		return time.Time{}, true
	case now.Before(one.until):
		return one.until, false
	case one.under >= perDomain:
		return after(now, holdFull), false
	}
	one.under++
	return time.Time{}, true
}

// leave notes what became of an attempt.
func (d *domains) leave(name string, urgent bool, result error, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	one := d.all[name]
	if urgent {
		one.urgent--
	} else {
		one.under--
	}
	switch {
	case letterlock.KeyOf(result) == unassured: // the domain was not reached
	case result == nil || errors.Is(result, letterlock.Denied): // its server answers, and goes on
		one.fails, one.until = 0, time.Time{}
	case letterlock.KeyOf(result) != KeyPutOff || now.Before(one.until):
		// It is not about the domain; or it was under way already when the domain began
		// to be left alone, and is no further reason.
	default:
		if one.fails++; one.fails >= putOff {
			one.until = after(now, min(holdMost, holdFirst<<min(one.fails-putOff, 10)))
		}
	}
	d.forget(now)
}

// forget drops what need not be known any more. Of a domain that nobody writes to the
// failures are not for ever.
func (d *domains) forget(now time.Time) {
	const many = 1000
	for name, one := range d.all {
		if one.under+one.urgent == 0 && (one.fails == 0 || len(d.all) > many && !now.Before(one.until)) {
			delete(d.all, name)
		}
	}
}

// after is about so long from now, a fifth more or less, in the whole seconds that the
// queue knows.
func after(now time.Time, d time.Duration) time.Time {
	return now.Add(jitter(d)).Truncate(time.Second).Add(time.Second)
}

// jitter is d, a fifth more or less, so that what failed together is not tried together.
func jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}

// holdBack puts a claimed notice back into the queue, and others for the same domain
// that would only be claimed and put back, too.
func (s *Service) holdBack(w work, name string, until time.Time) error {
	return s.settle(w, func(tx *store.Tx) error { return tx.HoldBack(w.notice.ID, name, until) })
}
