package outbox

import (
	"context"
	"time"

	"letterlock/internal/store"
)

// Extend lengthens claims now, which otherwise a ticker does.
func (s *Service) Extend(ctx context.Context) error { return s.extend(ctx) }

// UntilDue says how long a worker would wait.
func (s *Service) UntilDue(ctx context.Context, lane store.Lane) (time.Duration, error) {
	return s.untilDue(ctx, lane)
}
