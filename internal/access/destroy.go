package access

import (
	"context"

	"letterlock/internal/letterlock"
)

// Destroy deletes every key of a message, its sender's too, its sealed mail and its
// subject. It is final, for everyone. Destroying again is no error. Denied "role"
// for whoever is no administrator.
func (s *Service) Destroy(ctx context.Context, by letterlock.Actor, id letterlock.ID, reason string) error {
	panic("access: to be built")
}
