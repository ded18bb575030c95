package keys

import (
	"context"
	"time"

	"letterlock/internal/letterlock"
)

const (
	// lookEvery is how often Run looks whether there is something to do.
	lookEvery = time.Minute
	// atATime is how long Run works before it lets somebody else rotate.
	atATime = 10 * time.Second
)

// system is who rotates when nobody asks.
var system = letterlock.Actor{Kind: letterlock.System}

// Run finishes what an interrupted rotation has left, and rotates when an epoch is
// old enough, until ctx ends. What fails is logged, and tried again in a minute.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if err := s.Due(ctx); err != nil && ctx.Err() == nil {
			s.Log.Error("rotating the keys", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Due does once what Run does every minute. State tells of a failure until the next
// attempt.
func (s *Service) Due(ctx context.Context) error {
	err := s.goOn(ctx)
	if ctx.Err() == nil {
		s.failure.Store(&err)
	}
	return err
}

// goOn finishes a rotation, or begins one that is due.
func (s *Service) goOn(ctx context.Context) error {
	p, err := s.Continue(ctx, system, atATime)
	if err != nil || p.Waits != "" {
		return err
	}
	if due, err := s.due(ctx); err != nil || !due {
		return err
	}
	p, err = s.Rotate(ctx, system, atATime)
	if err == nil {
		s.Log.Info("rotated the keys", "epoch", p.Epoch, "keys", p.Rewrapped, "waits_for", p.Waits)
	}
	return err
}
