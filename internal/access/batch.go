package access

import (
	"context"

	"letterlock/internal/letterlock"
)

// PlanBatch settles which messages a revocation of many would touch: all that are
// found and of which a recipient with a link still has access. It touches nothing.
// Invalid "batch-everything": the search has no condition; Invalid "batch-nothing":
// nothing was found; Invalid "batch-size": more than 100,000 messages were.
func (s *Service) PlanBatch(ctx context.Context, by letterlock.Actor, q letterlock.Search, reason string) (letterlock.Batch, error) {
	panic("access: to be built")
}

// PlanChosen is PlanBatch for messages that were chosen one by one, 1,000 at most.
func (s *Service) PlanChosen(ctx context.Context, by letterlock.Actor, chosen []letterlock.Target, reason string) (letterlock.Batch, error) {
	panic("access: to be built")
}

// Batch returns a batch as it is now.
func (s *Service) Batch(ctx context.Context, by letterlock.Actor, id letterlock.ID) (letterlock.Batch, error) {
	panic("access: to be built")
}

// Batches returns a page of the batches, the newest first, and what to pass as
// before for the next page; empty: that was the last.
func (s *Service) Batches(ctx context.Context, by letterlock.Actor, before string, limit int) (list []letterlock.Batch, more string, err error) {
	panic("access: to be built")
}

// BatchItems returns the messages of a batch whose place is before that one, the
// newest first; before 0: from the newest.
func (s *Service) BatchItems(ctx context.Context, by letterlock.Actor, id letterlock.ID, before int64, limit int) ([]letterlock.BatchItem, error) {
	panic("access: to be built")
}

// StartBatch has a planned batch run, or wait for a second administrator where the
// settings want one. Starting again is no error.
func (s *Service) StartBatch(ctx context.Context, by letterlock.Actor, id letterlock.ID) error {
	panic("access: to be built")
}

// ApproveBatch has a waiting batch run. Denied "second-person": whoever planned or
// started it cannot be the second person.
func (s *Service) ApproveBatch(ctx context.Context, by letterlock.Actor, id letterlock.ID) error {
	panic("access: to be built")
}

// DiscardBatch makes sure that a planned or waiting batch never runs.
func (s *Service) DiscardBatch(ctx context.Context, by letterlock.Actor, id letterlock.ID) error {
	panic("access: to be built")
}

// UndoBatch restores what a batch has revoked, and nothing that somebody has
// changed since. A batch that runs stops where it is.
func (s *Service) UndoBatch(ctx context.Context, by letterlock.Actor, id letterlock.ID) error {
	panic("access: to be built")
}

// RunBatches runs what was started, one after the other, until ctx ends. What a
// crash has stopped goes on where it was.
func (s *Service) RunBatches(ctx context.Context) error { panic("access: to be built") }
