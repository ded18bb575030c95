package outbox

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

const (
	idle       = 30 * time.Second // look for due notices at least this often
	soon       = 100 * time.Millisecond
	afterError = 5 * time.Second
	grace      = 10 * time.Second
)

// lanes is how many lanes there are, and workers how many work in each, those with a
// slow attempt not counted. Passcodes have workers of their own, so that a relay which
// is slow with everything else holds none of them up.
const lanes = 2

var workers = [lanes]int{store.UrgentLane: 2, store.WholeLane: 4}

func (s *Service) init() {
	s.once.Do(func() {
		for i := range s.wakes {
			s.wakes[i] = make(chan struct{}, 1)
			s.places[i] = make(chan struct{}, workers[i])
		}
	})
}

// Wake makes Run look for due notices now. It never blocks.
func (s *Service) Wake() {
	s.init()
	for lane := range s.wakes {
		s.signal(store.Lane(lane))
	}
}

// signal wakes one worker of a lane.
func (s *Service) signal(lane store.Lane) {
	select {
	case s.wakes[lane] <- struct{}{}:
	default: // one is about to look anyway
	}
}

// errCut is why attempts are cut off when Run has waited long enough for them.
var errCut = errors.New("the program is stopping")

// Run delivers notices as they fall due, until ctx ends. Attempts under way may
// be finished within Grace; what is cut off then is due again at once.
func (s *Service) Run(ctx context.Context) error {
	s.init()
	under, cut := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cut(nil)
	defer s.holding()()
	// Whoever waits for a passcode should not wait for the lease of a dead process.
	if err := s.DB.Write(ctx, (*store.Tx).Reclaim); err != nil && ctx.Err() == nil {
		return fmt.Errorf("taking over what was under way: %w", err)
	}
	var wg sync.WaitGroup
	for lane, n := range attempts {
		for range n {
			wg.Go(func() { s.serve(ctx, under, store.Lane(lane)) })
		}
	}
	<-ctx.Done()
	patience := s.Grace
	if patience == 0 {
		patience = grace
	}
	defer time.AfterFunc(patience, func() { cut(errCut) }).Stop()
	wg.Wait()
	return nil
}

// wasCut reports whether a failed attempt failed because it was cut off. What is
// final is final all the same.
func wasCut(under context.Context, result error) bool {
	return result != nil && errors.Is(context.Cause(under), errCut) &&
		!errors.Is(result, letterlock.Denied) && !errors.Is(result, letterlock.Gone)
}

// serve is the life of a worker: it works whenever there is a place for it.
func (s *Service) serve(ctx, under context.Context, lane store.Lane) {
	for p := s.take(ctx, lane); p != nil; p = s.take(ctx, lane) {
		s.work(ctx, under, lane, p)
		p.leave()
	}
}

// work delivers what falls due in a lane until the place is lost or ctx ends.
func (s *Service) work(ctx, under context.Context, lane store.Lane, p *place) {
	timer := time.NewTimer(idle)
	defer timer.Stop()
	for {
		wait, err := s.drain(ctx, under, lane, p)
		if ctx.Err() != nil || p.left() {
			return
		}
		if err != nil {
			s.Log.Error("outbox", "err", err)
			wait = afterError
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return
		case <-s.wakes[lane]:
		case <-timer.C:
		}
	}
}

// drain delivers what is due in a lane, and returns when to look again.
func (s *Service) drain(ctx, under context.Context, lane store.Lane, p *place) (wait time.Duration, err error) {
	for ctx.Err() == nil && !p.left() {
		if wait, err = s.untilDue(ctx, lane); err != nil || wait > 0 {
			return wait, err
		}
		// There may be more than this worker can do; who is woken wakes the next.
		s.signal(lane)
		more, err := s.one(ctx, under, lane, p)
		if err != nil {
			return 0, err
		}
		if !more {
			return soon, nil // somebody else was faster
		}
	}
	return 0, nil
}

// untilDue returns how long nothing is due in a lane, idle at most. It only
// reads: most looks find nothing, and need not wait for whoever writes.
func (s *Service) untilDue(ctx context.Context, lane store.Lane) (wait time.Duration, err error) {
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		due, err := tx.NextDueIn(lane)
		wait = due.Sub(tx.Now)
		return err
	})
	switch {
	case errors.Is(err, letterlock.NotFound):
		return idle, nil
	case err != nil:
		return 0, fmt.Errorf("looking for what is due: %w", err)
	}
	return min(idle, max(0, wait)), nil
}

// Flush delivers what is due, several at a time, and returns when nothing is.
func (s *Service) Flush(ctx context.Context) error {
	s.init()
	defer s.holding()()
	n := workers[store.WholeLane]
	errs := make(chan error, n)
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			for ctx.Err() == nil {
				more, err := s.one(ctx, context.WithoutCancel(ctx), store.WholeLane, &place{})
				if err != nil {
					errs <- err
					return
				}
				if !more {
					return
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	var all error
	for err := range errs {
		all = errors.Join(all, err)
	}
	return all
}
