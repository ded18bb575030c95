package access

import (
	"context"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// Awaiting returns the message for which a reader is to give the passphrase, and has
// proved all else that it asks for. NotFound "given": nothing more is asked for. The
// errors are otherwise those of [Service.Open]: what was revoked meanwhile says so.
func (s *Service) Awaiting(ctx context.Context, by letterlock.Actor, id letterlock.ID) (g Gate, err error) {
	if by.Kind != letterlock.Reader {
		return g, &letterlock.Error{Code: letterlock.Denied}
	}
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		h, err := s.find(tx, by, id)
		if err != nil {
			return err
		}
		g = Gate{Message: h.message, Recipient: h.recipient}
		switch err := h.message.Asks.Met(by, id, tx.Now); {
		case err == nil:
			return &letterlock.Error{Code: letterlock.NotFound, Key: Given}
		case letterlock.KeyOf(err) != letterlock.GivePassphrase:
			return err
		}
		return nil
	})
	return g, err
}

// Given is the key of Awaiting where nothing more is asked for.
const Given = "given"
