package access

import (
	"context"

	"letterlock/internal/letterlock"
)

// Out returns how many leases are out.
func (s *Service) Out() int { return s.leases.out() }

// StepBatch does the next message of the batch at work.
func (s *Service) StepBatch(ctx context.Context) (more bool, err error) { return s.stepBatch(ctx) }

// RunDue runs batches until there is none at work.
func (s *Service) RunDue(ctx context.Context) error { return s.runDue(ctx) }

// PlanUpTo is PlanBatch with another limit.
func (s *Service) PlanUpTo(ctx context.Context, limit int, by letterlock.Actor, q letterlock.Search) (letterlock.Batch, error) {
	p := &planner{s: s, limit: limit, batch: letterlock.Batch{Search: q}}
	return p.plan(ctx, by, func() error { return p.search(ctx, q) })
}
