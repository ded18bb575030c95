package account

import (
	"context"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// Refused records that an edge has turned somebody away whose account has no role
// for what they wanted. An account that asks again and again fills no log: of many
// refusals one a minute is recorded.
func (s *Service) Refused(ctx context.Context, by letterlock.Actor, action string) error {
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		wait, err := tx.Spend(store.Budget{Name: "refused|" + string(by.Address), Size: 30, Every: time.Minute})
		if err != nil || wait > 0 {
			return err
		}
		return tx.Audit(letterlock.Entry{Actor: by, Action: action, Reason: "role"})
	})
}
