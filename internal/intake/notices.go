package intake

import (
	"slices"
	"time"

	"letterlock/internal/eml"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/store"
)

// plan keeps what the sender is to be told of a message: as they chose, or as the
// settings say. Only they can be: a mail
// that wants somebody else to know when it is read is not asked.
func (s *Service) plan(tx *store.Tx, m letterlock.Message, h eml.Header, chosen *policy.Choice) error {
	n := s.Rules.Notices
	if chosen != nil {
		n = n.Of(*chosen)
		if !chosen.Expiring { // nor if the end is changed later
			if err := tx.PutReminder(m.ID, policy.Quiet, time.Time{}); err != nil {
				return err
			}
		}
	}

	asked := slices.ContainsFunc(h.ReadTo, func(b letterlock.Mailbox) bool { return b.Address == m.Sender.Address })
	for _, r := range n.Reminders(m, asked, tx.Now) {
		if err := tx.PutReminder(m.ID, r.Kind, r.Due); err != nil {
			return err
		}
	}
	return nil
}
