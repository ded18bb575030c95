// Package mx finds out who takes the mail of a domain, by its MX records.
//
// What it cannot find out in time is [policy.NoAnswer], and that means the link: a
// message that can be taken back. An answer is kept for the time that its records
// say, within bounds; there is one question at a time for each domain, and no more
// than a few in all. Nothing it returns may be asked for within a transaction.
package mx

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"letterlock/internal/policy"
)

// Bounds of what is asked and kept.
const (
	// Patience is how long [Finder.Find] takes at most, however many domains there are.
	// It is what a DNS that is down adds to the taking of a mail.
	Patience = 3 * time.Second
	// lookUp is how long one question may take. It is less than Patience, so that who
	// waits for an answer gets it, and the next one is told at once.
	lookUp = Patience - 500*time.Millisecond

	shortest = time.Minute      // an answer is kept for, however short its records live
	longest  = time.Hour        // and however long: a domain that moves is known to have soon
	noAnswer = 30 * time.Second // and that there was none
	atOnce   = 32               // questions under way
	mostKept = 10_000           // domains
)

// Records are the MX records of a domain.
type Records struct {
	Hosts []string // none: the domain takes no mail of its own by MX
	None  bool     // there is no such domain, or it says that it takes no mail (RFC 7505)
	TTL   time.Duration
}

// A Resolver asks the DNS.
type Resolver interface {
	// MX returns a domain's MX records. An error is that nothing is known.
	MX(ctx context.Context, domain string) (Records, error)
}

// A Finder asks and remembers. Create it with New. It is safe for concurrent use.
type Finder struct {
	dns Resolver
	now func() time.Time
	log *slog.Logger

	ctx   context.Context // of the questions: who asked may have gone
	stop  context.CancelFunc
	wg    sync.WaitGroup
	slots chan struct{}

	mu    sync.Mutex
	kept  map[string]kept
	asked map[string]*question
}

type kept struct {
	hosting policy.Hosting
	until   time.Time
}

// A question is one under way. hosting is set when done is closed.
type question struct {
	done    chan struct{}
	hosting policy.Hosting
}

// New returns a Finder that asks dns. now is the clock of what is kept.
func New(dns Resolver, now func() time.Time, log *slog.Logger) *Finder {
	ctx, stop := context.WithCancel(context.Background())
	return &Finder{
		dns: dns, now: now, log: log, ctx: ctx, stop: stop, slots: make(chan struct{}, atOnce),
		kept: make(map[string]kept), asked: make(map[string]*question),
	}
}

// Close ends the questions under way.
func (f *Finder) Close() {
	f.mu.Lock()
	f.stop() // and nobody begins another
	f.mu.Unlock()
	f.wg.Wait()
}

// Find says of each domain who takes its mail. It takes no longer than Patience; what
// is not known by then is policy.NoAnswer.
func (f *Finder) Find(ctx context.Context, domains []string) policy.Hostings {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	found := make(policy.Hostings, len(domains))
	waits := make(map[string]*question)
	for _, d := range domains {
		if h, q := f.ask(ctx, d); q == nil {
			found[d] = h
		} else {
			waits[d] = q
		}
	}
	for d, q := range waits {
		select {
		case <-q.done:
			found[d] = q.hosting
		case <-ctx.Done():
			found[d] = policy.NoAnswer
		}
	}
	return found
}

// ask returns what is known of a domain, or the question that will tell.
func (f *Finder) ask(ctx context.Context, domain string) (policy.Hosting, *question) {
	if h, q := f.known(domain, false); q != nil || h != policy.NotLookedUp {
		return h, q
	}
	select {
	case f.slots <- struct{}{}:
		return f.known(domain, true)
	case <-ctx.Done():
		return policy.NoAnswer, nil
	}
}

// known returns what is kept of a domain, or the question under way; with a slot it
// begins one if there is neither. The slot is given back when it is over.
func (f *Finder) known(domain string, slot bool) (policy.Hosting, *question) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k, there := f.kept[domain]
	q := f.asked[domain]
	fresh := there && f.now().Before(k.until)
	if !slot || fresh || q != nil || f.ctx.Err() != nil {
		if slot {
			<-f.slots
		}
		if fresh {
			return k.hosting, nil
		}
		if slot && q == nil {
			return policy.NoAnswer, nil // the program ends
		}
		return policy.NotLookedUp, q
	}
	q = &question{done: make(chan struct{})}
	f.asked[domain] = q
	f.wg.Go(func() { f.answer(domain, q) })
	return policy.NotLookedUp, q
}

// answer asks the DNS and keeps what it says.
func (f *Finder) answer(domain string, q *question) {
	defer func() { <-f.slots }()
	ctx, cancel := context.WithTimeout(f.ctx, lookUp)
	defer cancel()
	r, err := f.dns.MX(ctx, domain)
	hosting, keep := judge(r, err)
	if err != nil && f.ctx.Err() == nil {
		// Recipients' domains are no secret of theirs alone, and an operator has to see why.
		f.log.Warn("mx: the DNS does not say who takes a domain's mail", "domain", domain, "err", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.asked, domain)
	f.keep(domain, kept{hosting, f.now().Add(keep)})
	q.hosting = hosting
	close(q.done)
}

// judge says what an answer means, and how long it is kept.
func judge(r Records, err error) (policy.Hosting, time.Duration) {
	keep := min(max(r.TTL, shortest), longest)
	switch {
	case err != nil:
		return policy.NoAnswer, noAnswer
	case r.None:
		return policy.NoMail, keep
	case len(r.Hosts) == 0: // its own host takes its mail, RFC 5321 section 5.1
		return policy.Elsewhere, keep
	}
	return policy.HostingOf(r.Hosts), keep
}

// keep makes room if there is none: for what is over, or else for anything.
func (f *Finder) keep(domain string, k kept) {
	if _, there := f.kept[domain]; !there && len(f.kept) >= mostKept {
		now := f.now()
		for d, old := range f.kept {
			if !now.Before(old.until) {
				delete(f.kept, d)
			}
		}
		for d := range f.kept {
			if len(f.kept) < mostKept {
				break
			}
			delete(f.kept, d)
		}
	}
	f.kept[domain] = k
}
