package track

import (
	"context"
	"errors"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// MessageIDs returns the Message-IDs of messages; those that are unknown are left
// out.
func (s *Service) MessageIDs(ctx context.Context, by letterlock.Actor, ids []letterlock.ID) (map[letterlock.ID]string, error) {
	if err := s.admit(ctx, by, "trace"); err != nil {
		return nil, err
	}
	names := make(map[letterlock.ID]string)
	err := s.DB.Read(ctx, func(tx *store.Tx) error {
		for _, id := range ids {
			if _, known := names[id]; known || id == "" {
				continue
			}
			m, err := tx.Message(id)
			if err == nil {
				names[id] = m.MessageID
			} else if !errors.Is(err, letterlock.NotFound) {
				return err
			}
		}
		return nil
	})
	return names, err
}
