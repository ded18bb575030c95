package outbox

import "context"

// Extend lengthens claims now, which otherwise a ticker does.
func (s *Service) Extend(ctx context.Context) error { return s.extend(ctx) }
