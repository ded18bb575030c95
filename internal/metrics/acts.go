package metrics

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"letterlock/internal/letterlock"
)

// SignIns count attempts to sign in to an account.
type SignIns struct{ attempts counters }

// Where people sign in.
const (
	ByWeb  = "web"
	BySSO  = "sso" // by the provider of single sign-on
	BySMTP = "smtp"
)

func newSignIns(r prometheus.Registerer) *SignIns {
	return &SignIns{newCounters(r, "letterlock_sign_ins_total",
		"Attempts to sign in to an account; refused: the address, the password or the passkey was wrong, or what the provider said lets nobody in.", label{"by", []string{ByWeb, BySSO, BySMTP}}, results)}
}

// Tried counts an attempt with its error, at one of the edges above.
func (s *SignIns) Tried(by string, err error) {
	if s != nil {
		s.attempts.add(by, resultOf(err))
	}
}

// Passcodes count what happens to one-time passcodes.
type Passcodes struct{ asked, typed counters }

func newPasscodes(r prometheus.Registerer) *Passcodes {
	return &Passcodes{
		asked: newCounters(r, "letterlock_passcode_requests_total",
			"Requests for a one-time passcode; unchanged: the one that was mailed still lives.", label{"result", []string{"mailed", "unchanged", refused, throttled, failed}}),
		typed: newCounters(r, "letterlock_passcode_checks_total",
			"Passcodes that were typed; refused: there was none, or it had expired.", label{"result", []string{"right", "wrong", refused, throttled, failed}}),
	}
}

// Asked counts a request for a passcode. mailed says that one was put into the outbox.
func (p *Passcodes) Asked(mailed bool, err error) {
	switch {
	case p == nil:
	case mailed:
		p.asked.add("mailed", "")
	case err == nil:
		p.asked.add("unchanged", "")
	default:
		p.asked.add(resultOf(err), "")
	}
}

// Typed counts a passcode that somebody typed, and what Verify said to it.
func (p *Passcodes) Typed(err error) {
	switch {
	case p == nil:
	case err == nil:
		p.typed.add("right", "")
	case errors.Is(err, letterlock.Invalid):
		p.typed.add("wrong", "")
	default:
		p.typed.add(resultOf(err), "")
	}
}

// OpenID counts who comes back from an OpenID provider.
type OpenID struct{ answers counters }

func newOpenID(r prometheus.Registerer) *OpenID {
	return &OpenID{newCounters(r, "letterlock_openid_sign_ins_total",
		"Recipients who were sent to an OpenID provider and came back; refused: what it said is no proof; failed: it could not be asked.",
		label{"provider", []string{"google", "yahoo", "microsoft", other}}, label{"result", []string{done, "cancelled", refused, throttled, failed}})}
}

// Came counts one; cancelled says that they did not want to.
func (o *OpenID) Came(provider string, cancelled bool, err error) {
	if o == nil {
		return
	}
	result := resultOf(err)
	if cancelled {
		result = "cancelled"
	}
	o.answers.add(provider, result)
}

// What is done to access.
var acts = label{"act", []string{"revoke", "restore", "destroy", other}}

// Access counts revocations, restores and destructions.
type Access struct {
	acts counters
	took times
}

func newAccess(r prometheus.Registerer) *Access {
	return &Access{
		acts: newCounters(r, "letterlock_access_changes_total", "Attempts to remove access, to give it back, or to destroy a message.", acts, results),
		took: newTimes(r, "letterlock_access_change_duration_seconds",
			"How long removing access took until no reader was sent anything more, and restoring it until it was in place.", acts),
	}
}

// Changed counts a revocation, a restore or a destruction.
func (a *Access) Changed(act string, err error, took time.Duration) {
	if a != nil {
		a.acts.add(act, resultOf(err))
		a.took.add(act, "", took)
	}
}

// kinds are the kinds of notices, as the store names them.
var kinds = label{"kind", []string{"passcode", "notification", "inline", "failure", "account", "request", "release", "admin", "again", "first-read", "unread", "expiring", other}}

// Outbox counts attempts to hand mails over, and what comes back of them.
type Outbox struct {
	attempts counters
	took     times
	bounces  counters
}

// How an attempt of the outbox ends.
const (
	Sent     = "sent"
	Deferred = "deferred" // it will be tried again
	Failed   = "failed"   // given up
	Dropped  = "dropped"  // not wanted any more
)

// What becomes of a mail that comes back, beside Failed and Deferred.
const (
	BounceDelivered = "delivered" // at last, after a delay
	BounceKnown     = "known"     // nothing that was not known
	BounceLate      = "late"      // about a message that was destroyed
	BounceNone      = "no-bounce" // vacation, read receipt, challenge, loop
	BounceRefused   = "refused"   // a person may have written it
)

func newOutbox(r prometheus.Registerer) *Outbox {
	return &Outbox{
		bounces: newCounters(r, "letterlock_bounces_total",
			"Mails that came back to the return path of a notice; failed and deferred ones changed what the sender sees, no-bounce ones are answers of programs.",
			label{"result", []string{Failed, Deferred, BounceDelivered, BounceKnown, BounceLate, BounceNone, BounceRefused, other}}),
		attempts: newCounters(r, "letterlock_outbox_attempts_total",
			"Attempts to hand a mail over; deferred ones are tried again, failed ones are given up, dropped ones were not wanted any more.",
			kinds, label{"outcome", []string{Sent, Deferred, Failed, Dropped}}),
		took: newTimes(r, "letterlock_outbox_attempt_duration_seconds", "How long the other side took over one mail.", kinds),
	}
}

// Attempted counts an attempt; took 0 says that nobody was asked.
func (o *Outbox) Attempted(kind, outcome string, took time.Duration) {
	if o == nil {
		return
	}
	o.attempts.add(kind, outcome)
	if took > 0 {
		o.took.add(kind, "", took)
	}
}

// Bounced counts a mail that came back.
func (o *Outbox) Bounced(result string) {
	if o != nil {
		o.bounces.add(result, "")
	}
}

// Store counts what the database does.
type Store struct {
	writes counters
	took   prometheus.Histogram
	batch  prometheus.Histogram
	commit prometheus.Histogram
}

func newStore(r prometheus.Registerer) *Store {
	s := &Store{
		writes: newCounters(r, "letterlock_store_writes_total",
			"Writes to the database; undone: whoever wrote wanted so; failed: the database could not, or not in time.",
			label{"result", []string{done, "undone", failed}}),
		took: newTime(r, "letterlock_store_write_duration_seconds", "From asking for a write to having it on the disk, the wait for others included."),
		batch: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "letterlock_store_batch_writes", Help: "How many writes shared one commit; their number is that of the commits.",
			Buckets: []float64{1, 2, 4, 8, 16, 32, 64, 128},
		}),
		commit: newTime(r, "letterlock_store_commit_duration_seconds", "How long one commit took with all its writes."),
	}
	r.MustRegister(s.batch)
	return s
}

// Wrote counts one write and its error.
func (s *Store) Wrote(err error, took time.Duration) {
	if s == nil {
		return
	}
	result := "undone"
	switch {
	case err == nil:
		result = done
	case busy(err):
		result = failed
	}
	s.writes.add(result, "")
	s.took.Observe(took.Seconds())
}

// Committed counts a commit that some writes shared.
func (s *Store) Committed(writes int, took time.Duration) {
	if s != nil {
		s.batch.Observe(float64(writes))
		s.commit.Observe(took.Seconds())
	}
}
