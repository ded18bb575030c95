package track

import (
	"context"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// A Queue says since when mail has been due that has not left; see [store.Due].
type Queue = store.Due

// Queue says how late mail leaves.
func (s *Service) Queue(ctx context.Context, by letterlock.Actor) (q Queue, err error) {
	if err := s.admit(ctx, by, "see queue"); err != nil {
		return q, err
	}
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		q, err = tx.DueSince()
		return err
	})
	return q, err
}
