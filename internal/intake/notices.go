package intake

import (
	"slices"

	"letterlock/internal/eml"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// plan keeps what the sender is to be told of a message. Only they can be: a mail
// that wants somebody else to know when it is read is not asked.
func (s *Service) plan(tx *store.Tx, m letterlock.Message, h eml.Header) error {
	asked := slices.ContainsFunc(h.ReadTo, func(b letterlock.Mailbox) bool { return b.Address == m.Sender.Address })
	for _, r := range s.Rules.Notices.Reminders(m, asked, tx.Now) {
		if err := tx.PutReminder(m.ID, r.Kind, r.Due); err != nil {
			return err
		}
	}
	return nil
}
