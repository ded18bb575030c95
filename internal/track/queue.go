package track

import (
	"context"
	"errors"
	"sync"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// A Queue says how late mail leaves.
type Queue struct {
	store.Due         // since when mail has been due that has not left
	Waiting   Waiting // what has waited for long, due or put off
}

// Waiting is what has waited for long; see [store.Waiting].
type Waiting = store.Waiting

// Queue says how late mail leaves.
func (s *Service) Queue(ctx context.Context, by letterlock.Actor) (q Queue, err error) {
	if err := s.admit(ctx, by, "see queue"); err != nil {
		return q, err
	}
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		var err1, err2 error
		q.Due, err1 = tx.DueSince()
		q.Waiting, err2 = s.long.ask(tx)
		return errors.Join(err1, err2)
	})
	return q, err
}

// long keeps for a while what has waited for long, where looking for it takes long: pages
// that many look at show it.
type long struct {
	mu    sync.Mutex
	found Waiting
	until time.Time
}

// Of many mails the answer is kept, and for so long: looking through 10,000 takes 80 ms.
const (
	manyWaiting = 1000
	keptFor     = 10 * time.Second
)

func (l *long) ask(tx *store.Tx) (w Waiting, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if tx.Now.Before(l.until) {
		return l.found, nil
	}
	if w, err = tx.PutOffLong(); err == nil && max(w.Mails, w.PutOff) >= manyWaiting {
		l.found, l.until = w, tx.Now.Add(keptFor)
	}
	return w, err
}
