package outbox

import (
	"context"
	"sync"
	"time"

	"letterlock/internal/store"
)

// slow is how long an attempt may take before somebody else takes its worker's place:
// as long as it is not answered, mail for others would wait behind it.
const slow = 5 * time.Second

// attempts is how many there are of each lane at the same time, slow ones included.
var attempts = [lanes]int{store.UrgentLane: 16, store.WholeLane: 48}

// A place is the right of a worker to look for work. There are as many in a lane as
// workers says. Its zero value has nobody behind it.
type place struct {
	mu   sync.Mutex
	lost bool
	free func() // gives the place to whoever waits for one
}

// leave gives the place up, once.
func (p *place) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.lost && p.free != nil {
		p.lost = true
		p.free()
	}
}

// left reports whether the place was given up.
func (p *place) left() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lost
}

// lend gives the place up when an attempt turns out to be slow, and says so of its
// domain. The attempt has ended when the function that is returned is called.
func (s *Service) lend(p *place, t *try) (ended func()) {
	after := s.Slow
	if after == 0 {
		after = slow
	}
	timer := time.AfterFunc(after, func() { s.domains.slowed(t); p.leave() })
	return func() { timer.Stop() }
}

// take waits for a place in a lane; nil: ctx has ended.
func (s *Service) take(ctx context.Context, lane store.Lane) *place {
	select {
	case <-ctx.Done():
		return nil
	case s.places[lane] <- struct{}{}:
		return &place{free: func() { <-s.places[lane] }}
	}
}
