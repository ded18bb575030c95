package account

import (
	"context"
	"errors"

	"letterlock/internal/journal"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

var errOwnFactor = &letterlock.Error{Code: letterlock.Denied, Key: "own-factor"}

// ResetFactors takes away all that an account has beside its password, for a holder who
// has lost it, ends their sessions and tells them by mail. NotFound "no-factor": there is
// nothing to take away. Denied "own-factor": administrators remove their own as everybody
// does, by showing it; a browser that was left open is not enough.
func (s *Service) ResetFactors(ctx context.Context, by letterlock.Actor, a letterlock.Address) error {
	err := s.act(ctx, by, "reset second factor", a, func(tx *store.Tx) error {
		if by.Kind == letterlock.Staff && by.Address == a {
			return errOwnFactor
		}
		if _, err := find(tx, a); err != nil {
			return err
		}
		list, err := tx.Factors(a)
		if err == nil && len(list) == 0 {
			err = errNoFactor
		}
		if err != nil {
			return err
		}
		return errors.Join(tx.DeleteFactors(a), tx.EndSessions(letterlock.Staff, a), tx.EndAllPending(a), taken(tx, a, "", journal.Factor),
			tx.Enqueue(store.Notice{Kind: store.FactorNotice, Address: a}))
	})
	if err == nil {
		s.Wake()
	}
	return err
}
