package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/mailtest"
	"letterlock/internal/outbox"
	"letterlock/internal/store"
)

const (
	// Attempts of tests take long from here on. A machine that is busy makes others take
	// some of that, too, and several that do hold their domain's mail up for a while.
	late = 500 * time.Millisecond
	// patience is how long tests wait for what should come at once: more than a domain's
	// mail can be held up by mistake.
	patience = time.Minute
)

// people are n addresses at a domain.
func people(n int, domain string) (list []letterlock.Address) {
	for i := range n {
		list = append(list, letterlock.Address(fmt.Sprintf("r%d@%s", i, domain)))
	}
	return list
}

// A tarpit is a Mailer that takes as long as its test with whatever is for one domain,
// and nothing with the rest.
type tarpit struct {
	*world
	domain  string
	release chan struct{}

	mu          sync.Mutex
	under, most int
	came        chan letterlock.Address // of the others
}

func (p *tarpit) Send(ctx context.Context, from string, to letterlock.Address, mail io.Reader) error {
	if to.Domain() != p.domain {
		err := p.world.Send(ctx, from, to, mail)
		p.came <- to
		return err
	}
	p.mu.Lock()
	p.under++
	p.most = max(p.most, p.under)
	p.mu.Unlock()
	<-p.release
	p.mu.Lock()
	p.under--
	p.mu.Unlock()
	return p.world.Send(ctx, from, to, mail)
}

// running has the outbox run until the test has called what is returned.
func (h *house) running() (stop func()) {
	ctx, cancel := context.WithCancel(h.t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := h.outbox.Run(ctx); err != nil {
			h.t.Error(err)
		}
	})
	return func() { cancel(); wg.Wait() }
}

func TestASlowDomainHoldsUpNoOther(t *testing.T) {
	h := newHouse(t)
	const n = 60
	h.send(intake.Envelope{}, people(n, "slow.example")...)
	h.send(intake.Envelope{}, people(n, "brisk.example")...)
	p := &tarpit{world: h.world, domain: "slow.example", release: make(chan struct{}), came: make(chan letterlock.Address, 3*n)}
	h.outbox.Mailer, h.outbox.Slow = p, late
	defer h.running()()
	wait := func(what string, n int) {
		t.Helper()
		for i := range n {
			select {
			case <-p.came:
			case <-time.After(patience):
				t.Errorf("%s: %d of %d have come", what, i, n)
				return
			}
		}
	}
	wait("mails behind those for a slow domain", n)
	// Nor does a second domain, whose mail comes later.
	h.send(intake.Envelope{}, people(n, "later.example")...)
	wait("mails that come later", n)
	p.mu.Lock()
	// Four that take long, and as many as there are workers may have begun before the last
	// of those did.
	if p.under < 4 || p.most > 7 {
		t.Errorf("%d attempts to the slow domain are under way, %d at most, want 4 to 7", p.under, p.most)
	}
	p.mu.Unlock()

	close(p.release)
	for got := map[letterlock.Address]int{}; len(got) < 3*n; {
		wait, more := h.due() // before looking: what is settled then has come
		for _, s := range p.world.take() {
			if got[s.to]++; got[s.to] > 1 {
				t.Fatalf("%s got the mail twice", s.to)
			}
		}
		if !more && len(got) < 3*n {
			t.Fatalf("%d of %d mails have come, and nothing more is due", len(got), 3*n)
		}
		if wait > 0 { // else the clock waits for the workers: it must not outrun their claims
			if err := h.outbox.Extend(t.Context()); err != nil {
				t.Fatal(err)
			}
			h.pass(min(wait, time.Second))
		}
		h.outbox.Wake()
		time.Sleep(5 * time.Millisecond)
	}
}

// TestOneSlowMailHoldsUpNoOtherOfItsDomain lets one of many mails to a domain take long.
func TestOneSlowMailHoldsUpNoOtherOfItsDomain(t *testing.T) {
	h := newHouse(t)
	const n = 900
	for range n / 100 {
		h.send(intake.Envelope{}, people(100, "large.example")...)
	}
	stuck, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	var came atomic.Int64
	h.outbox.Slow = time.Second
	h.outbox.Mailer = mailerFunc(func(ctx context.Context, from string, to letterlock.Address, mail io.Reader) error {
		first := false
		once.Do(func() { first = true })
		if first {
			close(stuck)
			<-release
		}
		time.Sleep(5 * time.Millisecond) // so that several are under way when the first counts as slow
		came.Add(1)
		return nil
	})
	defer h.running()()
	<-stuck
	for end := time.Now().Add(patience); came.Load() < n-1; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Errorf("%d of %d mails have left while one takes long", came.Load(), n-1)
			break
		}
	}
	close(release)
}

// TestPasscodesToASlowDomainHoldUpNoOthers lets many ask for passcodes at a domain that
// takes long with them.
func TestPasscodesToASlowDomainHoldUpNoOthers(t *testing.T) {
	h := newHouse(t)
	slow := people(70, "slow.example") // more than there can be attempts
	id := h.send(intake.Envelope{}, append(slow, marta)...)
	h.flush()
	release, came := make(chan struct{}), make(chan letterlock.Address, 80)
	h.outbox.Slow = late
	h.outbox.Mailer = mailerFunc(func(ctx context.Context, from string, to letterlock.Address, mail io.Reader) error {
		if to.Domain() == "slow.example" {
			<-release
		}
		came <- to
		return nil
	})
	for i, a := range append(slow, marta) { // hers is the last
		if _, err := h.codes.Ask(t.Context(), h.recipient(id, a).ID, "browser "+string(a), fmt.Sprintf("198.51.100.%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	defer h.running()()
	select {
	case to := <-came:
		if to != marta {
			t.Errorf("the first passcode that left is for %s", to)
		}
	case <-time.After(patience):
		t.Error("passcodes to a slow domain hold up that for another")
	}
	close(release)
}

// TestTheSameFullMailboxIsNoReason has one mailbox put off the same mail again and again.
func TestTheSameFullMailboxIsNoReason(t *testing.T) {
	h := newHouse(t)
	full := letterlock.Address("full@busy.example")
	h.world.answer = func(to letterlock.Address) error {
		if to == full {
			return &letterlock.Error{Code: letterlock.Busy, Key: outbox.KeyPutOff, Err: errors.New("452 4.2.2 mailbox full")}
		}
		return nil
	}
	h.send(intake.Envelope{}, full)
	for range 6 {
		h.flush()
		h.toTheNext()
	}
	h.send(intake.Envelope{}, "fine@busy.example")
	if mails := h.flush(); len(mails) != 1 {
		t.Errorf("%d mails, want the one to the other mailbox", len(mails))
	}
}

// TestWhatItsDomainNeverLetUsTryComesBack lets a domain put everything off until nothing
// is tried any longer.
func TestWhatItsDomainNeverLetUsTryComesBack(t *testing.T) {
	h := newHouse(t)
	busy := people(60, "busy.example")
	id := h.send(intake.Envelope{}, busy...)
	asked := 0
	h.world.answer = puttingOff("busy.example", &asked)
	h.flush()
	h.pass(5*24*time.Hour + time.Second)
	for range 3 {
		h.flush()
	}
	for _, a := range busy {
		if r := h.recipient(id, a); r.Bounced.IsZero() {
			t.Fatalf("%s is not given up after five days, %d tries", a, asked)
		}
	}
}

// A mailerFunc is a Mailer.
type mailerFunc func(ctx context.Context, from string, to letterlock.Address, mail io.Reader) error

func (f mailerFunc) Send(ctx context.Context, from string, to letterlock.Address, mail io.Reader) error {
	return f(ctx, from, to, mail)
}

// puttingOff answers whatever is for one domain as a server does that takes nothing
// for the time being, and counts how often it was asked.
func puttingOff(domain string, asked *int) func(letterlock.Address) error {
	return func(to letterlock.Address) error {
		if to.Domain() != domain {
			return nil
		}
		*asked++ // the world has one visitor at a time
		return &letterlock.Error{Code: letterlock.Busy, Key: outbox.KeyPutOff, Err: errors.New("451 4.7.1 too many of you")}
	}
}

func TestADomainThatTakesNothingIsLeftAlone(t *testing.T) {
	h := newHouse(t)
	const n = 40
	busy := people(n, "busy.example")
	h.send(intake.Envelope{}, busy...)
	h.send(intake.Envelope{}, marta)
	asked := 0
	h.world.answer = puttingOff("busy.example", &asked)
	if mails := h.flush(); len(mails) != 1 || mails[0].to != marta {
		t.Errorf("mails = %v, want the one for another domain", mails)
	}
	// Three in a row are enough; as many again as there are workers may be under way.
	if asked < 3 || asked > 6 {
		t.Errorf("a domain that takes nothing was asked %d times", asked)
	}
	for i, want := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute} {
		wait, _ := h.due()
		if i == 0 && (wait < want*8/10 || wait > want*12/10+2*time.Second) {
			t.Errorf("it is left alone for %v, want %v give or take a fifth", wait, want)
		}
		asked = 0
		h.pass(want*12/10 + 2*time.Second)
		h.flush()
		if asked < 1 || asked > 8 {
			t.Errorf("after %v it was asked %d times more", want, asked)
		}
	}
	h.world.answer = nil
	came := 0
	for range 40 {
		if _, more := h.due(); !more {
			break
		}
		h.toTheNext()
		came += len(h.flush())
	}
	if came != n {
		t.Errorf("%d of %d mails came when the domain took them again", came, n)
	}
	id := h.send(intake.Envelope{}, busy[0])
	if mails := h.flush(); len(mails) != 1 {
		t.Errorf("a domain that takes mail again is still left alone")
	}
	h.checkHistory(id, busy[0], "", letterlock.Accepted, letterlock.Notified)
}

// delayed reports whether a sender sees that what they sent to somebody is delayed, and
// what was said.
func (h *house) delayed(id letterlock.ID, a letterlock.Address) (bool, string) {
	h.t.Helper()
	var m letterlock.Message
	h.read(func(tx *store.Tx) (err error) { m, err = tx.Message(id); return err })
	r := h.recipient(id, a)
	return r.Delayed(m, *h.now.Load()), r.Reply
}

func TestWhatIsPutOffIsDelayedUntilItLeaves(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{}, marta, carol)
	h.world.answer = refuse(errors.New("451 busy"))
	check := func(when string, want bool, said string) {
		t.Helper()
		for _, a := range []letterlock.Address{marta, carol} {
			if is, reply := h.delayed(id, a); is != want || reply != said {
				t.Errorf("%s, %s: delayed %v, %q, want %v, %q", when, a, is, reply, want, said)
			}
		}
	}
	check("at first", false, "")
	h.flush()
	check("put off", true, "451 busy")
	h.world.answer = refuse(errors.New("452 full"))
	h.pass(2 * time.Minute)
	h.flush()
	check("put off again", true, "452 full")
	h.world.answer = nil
	h.pass(5 * time.Minute)
	h.flush()
	check("taken", false, "")

	// A passcode that waits says nothing of the message.
	h.world.answer = refuse(errors.New("451 busy"))
	if _, err := h.codes.Ask(t.Context(), h.recipient(id, marta).ID, "browser", ""); err != nil {
		t.Fatal(err)
	}
	h.flush()
	check("read by a passcode that waits", false, "")
}

// TestWhatIsHeldBackIsDelayed looks at mails that were never tried, because their domain
// is left alone.
func TestWhatIsHeldBackIsDelayed(t *testing.T) {
	h := newHouse(t)
	busy := people(30, "busy.example")
	id := h.send(intake.Envelope{}, busy...)
	asked := 0
	h.world.answer = puttingOff("busy.example", &asked)
	h.flush()
	count := func() (late, untried int) {
		for _, a := range busy {
			is, reply := h.delayed(id, a)
			if is {
				late++
			}
			if reply == "" {
				untried++
			}
		}
		return late, untried
	}
	if late, untried := count(); late != asked || untried != len(busy)-asked {
		t.Errorf("%d are delayed and %d untried, want the %d that were put off", late, untried, asked)
	}
	h.pass(time.Hour + time.Second)
	if late, _ := count(); late != len(busy) {
		t.Errorf("after an hour %d are delayed, want all %d", late, len(busy))
	}
}

func TestAPasscodeDoesNotWaitForItsDomain(t *testing.T) {
	h := newHouse(t)
	one := letterlock.Address("one@busy.example")
	id := h.send(intake.Envelope{}, one)
	h.flush()
	asked := 0
	h.world.answer = puttingOff("busy.example", &asked)
	h.send(intake.Envelope{}, people(20, "busy.example")...)
	h.flush()
	h.world.answer = nil
	if _, err := h.codes.Ask(t.Context(), h.recipient(id, one).ID, "browser", ""); err != nil {
		t.Fatal(err)
	}
	if mails := h.flush(); asked < 3 || len(mails) != 1 || !strings.Contains(mails[0].raw, "one-time passcode") {
		t.Errorf("mails = %v after %d refusals, want the passcode at once and nothing else", mails, asked)
	}
}

// TestOneFullMailboxIsNoReason lets mail for one of two recipients be put off, again and
// again, and that for the other come.
func TestOneFullMailboxIsNoReason(t *testing.T) {
	h := newHouse(t)
	full := letterlock.Address("full@busy.example")
	h.world.answer = func(to letterlock.Address) error {
		if to == full {
			return &letterlock.Error{Code: letterlock.Busy, Key: outbox.KeyPutOff, Err: errors.New("452 4.2.2 mailbox full")}
		}
		return nil
	}
	for i := range 6 {
		h.send(intake.Envelope{}, full)
		h.send(intake.Envelope{}, "fine@busy.example")
		if mails := h.flush(); len(mails) != 1 {
			t.Errorf("round %d: %d mails, want the one to the other mailbox", i, len(mails))
		}
	}
}

// TestARelaySaysWhatIsAboutADomain goes through SMTP: what is put off there holds
// back the others of its domain, and a relay that is not there nobody's.
func TestARelaySaysWhatIsAboutADomain(t *testing.T) {
	h := newHouse(t)
	var asked atomic.Int64
	sink := mailtest.NewSink(t, mailtest.SinkOptions{Rcpt: func(to string) error {
		if strings.HasSuffix(to, "@busy.example") {
			asked.Add(1)
			return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "not now"}
		}
		return nil
	}})
	h.relayed(sink.Address)
	h.send(intake.Envelope{}, people(30, "busy.example")...)
	h.flush()
	if n := asked.Load(); n < 3 || n > 6 {
		t.Errorf("a domain that takes nothing was asked %d times", n)
	}
	gone := newHouse(t)
	gone.relayed(mailtest.FreeAddress(t))
	id := gone.send(intake.Envelope{}, people(30, "busy.example")...)
	gone.flush()
	for _, a := range people(30, "busy.example") {
		gone.checkHistory(id, a, "the relay cannot be reached", letterlock.Accepted, letterlock.Deferred)
	}
}
