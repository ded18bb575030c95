package outbox

import (
	"context"
	"fmt"
	"sync"
	"time"

	"letterlock/internal/store"
)

const (
	giveUp = 5 * 24 * time.Hour
	// A claim lasts this long after it was last extended: what a crash leaves
	// claimed is due again then.
	lease = 2 * time.Minute
)

// A pace is how a kind of notice is tried.
type pace struct {
	attempt time.Duration // for one attempt
	first   time.Duration // wait after the first failure; doubled each time
	longest time.Duration
}

// paceOf is slow but patient with most: a server that searches a mail before it
// answers must get the time, or it takes the mail again and again. Somebody waits
// for a passcode, and it lives for ten minutes only; and for the link to an account, which
// lives for longer.
func paceOf(k store.NoticeKind) pace {
	switch k {
	case store.AccountNotice:
		return pace{attempt: time.Minute, first: 15 * time.Second, longest: time.Hour}
	case store.PasscodeNotice:
		return pace{attempt: time.Minute, first: 15 * time.Second, longest: 2 * time.Minute}
	}
	return pace{attempt: 15 * time.Minute, first: time.Minute, longest: time.Hour}
}

// backOff is how long a notice waits for its next try.
func backOff(n store.Notice) time.Duration {
	p := paceOf(n.Kind)
	return jitter(min(p.longest, p.first<<min(max(n.Attempts-1, 0), 10)))
}

// held is the notices whose attempts are under way.
type held struct {
	mu  sync.Mutex
	ids map[int64]bool
}

// hold makes an attempt, and keeps its notice claimed as long as it lasts.
func (s *Service) hold(under context.Context, w work, p *place, t *try) error {
	s.held.set(w.notice.ID, true)
	defer s.held.set(w.notice.ID, false)
	defer s.lend(p, t)()
	ctx, cancel := context.WithTimeout(under, paceOf(w.notice.Kind).attempt)
	defer cancel()
	return s.attempt(ctx, w)
}

func (h *held) set(id int64, on bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ids == nil {
		h.ids = make(map[int64]bool)
	}
	if on {
		h.ids[id] = true
	} else {
		delete(h.ids, id)
	}
}

// extend lengthens the claims of what is under way. An attempt that ends
// meanwhile waits, so that what it settles is not written over.
func (s *Service) extend(ctx context.Context) error {
	s.held.mu.Lock()
	defer s.held.mu.Unlock()
	if len(s.held.ids) == 0 {
		return nil
	}
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		for id := range s.held.ids {
			if err := tx.Extend(id, lease); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keeping notices claimed: %w", err)
	}
	return nil
}

// holding extends claims until it is stopped.
func (s *Service) holding() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(lease / 4)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if err := s.extend(ctx); err != nil && ctx.Err() == nil {
				s.Log.Error("outbox", "err", err)
			}
		}
	})
	return func() { cancel(); wg.Wait() }
}
