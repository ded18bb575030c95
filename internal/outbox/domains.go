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
	// When so many attempts to one domain take long, the others wait for so long; and
	// when so many passcodes do, another one.
	perDomain  = 4
	holdFull   = 15 * time.Second
	holdUrgent = 2 * time.Second
	// A domain that has put off so many mails in a row is left alone for a time that
	// doubles from the first to the last. One mailbox that is full is no reason.
	putOff    = 3
	holdFirst = 30 * time.Second
	holdMost  = 15 * time.Minute
)

// KeyPutOff is the Key of a Mailer's error Busy that is about this mail to this
// recipient, whose server may well have said it, and not about the way there.
const KeyPutOff = "put-off"

// A domain is what is known of one that mail is for, while there is something to know.
type domain struct {
	under int                // attempts under way
	slow  map[bool]int       // of them, by whether they are urgent: those that take long
	fails int                // put off in a row
	last  letterlock.Address // whose mail was put off last
	until time.Time          // until when it is left alone; zero: it is not
}

// domains keep one that is slow, or takes nothing for the time being, from holding up
// the mail for all the others. They are in memory.
type domains struct {
	mu  sync.Mutex
	all map[string]*domain
}

// A try is one attempt to a domain.
type try struct {
	to     letterlock.Address
	urgent bool
	slow   bool // it takes long
	over   bool
}

// enter begins an attempt to a domain, or says until when there may be none; all that
// are for it have to wait then, unless it is one only: what is urgent is little, and
// comes through while a domain is left alone. Who may must leave.
//
// Attempts that take long count, and no others: those that do not are no more than
// there are workers, however many are for one domain.
func (d *domains) enter(to letterlock.Address, urgent bool, now time.Time) (t *try, until time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.all == nil {
		d.all = make(map[string]*domain)
	}
	one := d.all[to.Domain()]
	if one == nil {
		one = &domain{slow: make(map[bool]int)}
		d.all[to.Domain()] = one
	}
	switch {
	case one.slow[urgent] >= perDomain && urgent:
		return nil, after(now, holdUrgent)
	case one.slow[urgent] >= perDomain:
		return nil, after(now, holdFull)
	case !urgent && now.Before(one.until):
		return nil, one.until
	}
	one.under++
	return &try{to: to, urgent: urgent}, time.Time{}
}

// slowed notes that an attempt takes long.
func (d *domains) slowed(t *try) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !t.over {
		t.slow = true
		d.all[t.to.Domain()].slow[t.urgent]++
	}
}

// leave notes what became of an attempt.
func (d *domains) leave(t *try, result error, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	one := d.all[t.to.Domain()]
	one.under--
	if t.over = true; t.slow {
		one.slow[t.urgent]--
	}
	switch {
	case letterlock.KeyOf(result) == unassured: // the domain was not reached
	case result == nil || errors.Is(result, letterlock.Denied): // its server answers, and goes on
		one.fails, one.last, one.until = 0, "", time.Time{}
	case letterlock.KeyOf(result) != KeyPutOff || t.urgent || t.to == one.last || now.Before(one.until):
		// It is not about the domain; or it is about the same mailbox once more, which may
		// be full; or it was under way already when the domain began to be left alone, and
		// is no further reason.
	default:
		one.last = t.to
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
		if one.under == 0 && (one.fails == 0 || len(d.all) > many && !now.Before(one.until)) {
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
// that would only be claimed and put back, too. What its domain has not let us try for as
// long as anything is tried comes back to its sender.
func (s *Service) holdBack(w work, urgent bool, until time.Time) error {
	domain := s.addressee(w).Domain()
	if w.final(nil) {
		return s.note(w, &letterlock.Error{Code: letterlock.Busy, Err: errors.New(domain + " takes no mail")})
	}
	if urgent {
		domain = "" // it alone
	}
	return s.settle(w, func(tx *store.Tx) error { return tx.HoldBack(w.notice.ID, domain, until) })
}
