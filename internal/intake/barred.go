package intake

import (
	"errors"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// A Barred is the error of a copy to somebody whose access to what is in it was
// removed: another recipient must not give it back. It is Denied "barred".
type Barred struct{ To []letterlock.Address }

const barred = "barred"

func (*Barred) Error() string { return "a copy for somebody who has lost access" }

// Unwrap yields Denied.
func (*Barred) Unwrap() error { return &letterlock.Error{Code: letterlock.Denied, Key: barred} }

// mayReceive says whether a copy of m may go to all of these: Barred if the access
// of one was removed, to m or to a message that m is a copy of.
func mayReceive(tx *store.Tx, m letterlock.Message, to []letterlock.Mailbox) error {
	var without Barred
	for _, one := range to {
		lost, err := lostAccess(tx, m, one.Address)
		if err != nil {
			return err
		}
		if lost {
			without.To = append(without.To, one.Address)
		}
	}
	if len(without.To) > 0 {
		return &without
	}
	return nil
}

// lostAccess reports whether somebody's access to m was removed, or to one of those
// that m is a copy of, each of the one before.
func lostAccess(tx *store.Tx, m letterlock.Message, a letterlock.Address) (bool, error) {
	for {
		r, err := tx.RecipientByAddress(m.ID, a)
		if err != nil && !errors.Is(err, letterlock.NotFound) {
			return false, err
		}
		if err == nil && r.Revocation.Revoked() {
			return true, nil
		}
		if m.Act != letterlock.ActForward {
			return false, nil
		}
		source, err := tx.Recipient(m.Source)
		if err != nil {
			return false, err
		}
		if m, err = tx.Message(source.Message); err != nil {
			return false, err
		}
	}
}
