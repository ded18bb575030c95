package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"letterlock/internal/certs"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// readyFor is how long an answer about readiness is good: whoever asks may not
// make the disk work for each question.
const readyFor = time.Second

// A readiness remembers the last answer.
type readiness struct {
	mu  sync.Mutex
	at  time.Time
	err error
}

// Words for why the server is not ready. They go to whoever asks, so they are few
// and say nothing else.
const (
	notServing  = "stopping" // or starting
	badCert     = "certificate"
	noRoom      = "disk"
	badJournal  = "journal"
	badDatabase = "database"
	overloaded  = "overloaded"
)

// notReady is an error of Ready: a word for everybody, and a cause for the operator.
func notReady(word string, err error) error {
	return &letterlock.Error{Code: letterlock.Busy, Key: word, Err: err}
}

// Ready returns nil when mail would really be accepted and served now, and
// otherwise why not: the Key of the error is one word for everybody, the rest for
// the operator.
func (a *App) Ready(ctx context.Context) error {
	a.ready.mu.Lock()
	defer a.ready.mu.Unlock()
	if !a.serving.Load() {
		return notReady(notServing, errors.New("the server is starting or stopping"))
	}
	if time.Since(a.ready.at) < readyFor {
		return a.ready.err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	a.ready.err = a.look(ctx)
	a.ready.at = time.Now()
	return a.ready.err
}

// look asks everything that accepting and serving a mail rests on. The keys are not
// in it, for without them there is no server, nor are the relays: what waits for
// them is kept, and everything can be read meanwhile.
func (a *App) look(ctx context.Context) error {
	if a.cert != nil {
		if err := certs.Verify(a.cert.Leaf(), a.host, a.now()); err != nil {
			return notReady(badCert, err)
		}
	}
	if err := a.reserve.Room(); err != nil {
		return notReady(noRoom, err)
	}
	if err := a.DB.Journal.Fault(); err != nil {
		return notReady(badJournal, err)
	}
	if err := a.DB.Probe(ctx); err != nil {
		return notReady(badDatabase, err)
	}
	if a.lanes.Overloaded() {
		return notReady(overloaded, errors.New("requests have been refused for some time: there is more to do than can be done"))
	}
	return nil
}

// clockSlack is how far a clock may be behind what was written before: two clocks
// are never quite the same.
const clockSlack = 5 * time.Minute

// clockWentBack refuses to serve with a clock that is behind what the database has
// seen, or the journal: what has expired would live again.
func (a *App) clockWentBack(ctx context.Context) error {
	var latest time.Time
	err := a.DB.Read(ctx, func(tx *store.Tx) (err error) { latest, err = tx.Latest(); return err })
	of := "audit log"
	if last := a.DB.Journal.Latest(); last.After(latest) {
		latest, of = last, "revocation journal"
	}
	if now := a.now(); err == nil && now.Before(latest.Add(-clockSlack)) {
		err = fmt.Errorf("the clock of this machine says %s, and the %s has an entry from %s: set the clock right",
			now.UTC().Format(time.DateTime), of, latest.Format(time.DateTime))
	}
	return err
}
