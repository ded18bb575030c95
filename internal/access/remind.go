package access

import (
	"context"
	"errors"
	"fmt"

	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/store"
)

// remindBatch is how many reminders one transaction of RemindDue takes on.
const remindBatch = 50

// RemindDue tells senders what has fallen due: that a message has not been read yet,
// or is about to expire. It is run now and then by the program itself. A crash loses
// none and tells none twice: the notice is enqueued where the reminder is dropped.
func (s *Service) RemindDue(ctx context.Context) error {
	told := false
	for {
		var due []store.DueReminder
		err := s.DB.Write(ctx, func(tx *store.Tx) (err error) {
			due, err = tx.DueReminders(remindBatch)
			for _, d := range due {
				err = errors.Join(err, s.remind(tx, d, &told), tx.DropReminder(d.Message, d.Kind))
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("reminding senders: %w", err)
		}
		if len(due) < remindBatch {
			break
		}
	}
	if told {
		s.Wake()
	}
	return nil
}

// remind enqueues a notice to the sender if it is still true.
func (s *Service) remind(tx *store.Tx, d store.DueReminder, told *bool) error {
	m, err := tx.Message(d.Message)
	if err != nil {
		return err
	}
	all, err := tx.Recipients(d.Message)
	if err != nil {
		return err
	}
	about, kind := policy.Waiting(m, all, tx.Now), store.UnreadNotice
	if d.Kind == policy.Expiring {
		about, kind = policy.Reading(m, all, tx.Now), store.ExpiringNotice
	}
	if len(about) == 0 {
		return nil
	}
	*told = true
	return tx.Enqueue(store.Notice{Kind: kind, Message: m.ID, Recipient: about[0].ID})
}

// tellRead enqueues the notice that a recipient has read for the first time, if the
// sender wants it, and reports whether it did.
func (s *Service) tellRead(tx *store.Tx, r letterlock.Recipient) (told bool, err error) {
	if !r.FirstRead.IsZero() {
		return false, nil
	}
	if wanted, err := tx.HasReminder(r.Message, policy.OnRead); err != nil || !wanted {
		return false, err
	}
	return true, tx.Enqueue(store.Notice{Kind: store.ReadNotice, Message: r.Message, Recipient: r.ID})
}

// remindAnew has the sender told before the new end of a message, unless they chose
// not to be. Of what recipients wrote in the portal, forwarded copies among it, nobody
// is told.
func (s *Service) remindAnew(tx *store.Tx, m letterlock.Message) error {
	if m.Via == letterlock.ByPortal {
		return nil
	}
	quiet, err := tx.HasReminder(m.ID, policy.Quiet)
	if err != nil {
		return err
	}
	if due := s.Rules.Notices.BeforeEnd(m.Expires, tx.Now); !due.IsZero() && !quiet {
		return tx.PutReminder(m.ID, policy.Expiring, due)
	}
	return tx.DropReminder(m.ID, policy.Expiring)
}
