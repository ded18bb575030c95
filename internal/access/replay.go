package access

import (
	"context"
	"errors"
	"fmt"

	"letterlock/internal/journal"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/seal"
	"letterlock/internal/store"
)

// replayed is the reason of what Replay does, in the audit log, and noKey that of what
// it cannot do.
const (
	replayed = journal.Replayed
	noKey    = journal.Replayed + "; not given back, for no key is there that opens the message"
)

// Replay does again what a database that was restored from a backup has missed. The
// rows follow from the last that it has; what they say is done in their order, so
// that the last word on each recipient stands, and is in the audit log.
//
// It is for a start, before anybody is served. All of it is one transaction with the
// rows themselves: after a crash the next start begins where the last that was
// committed has ended. Messages that the database does not know came after the
// backup, and are passed over. Access to what no key is there for is not given back: to
// refuse the start for it would keep everything else from everybody. It returns how many
// rows changed something.
func (s *Service) Replay(ctx context.Context, rows []journal.Row) (changed int, err error) {
	err = s.DB.Write(ctx, func(tx *store.Tx) error {
		changed = 0
		for _, r := range rows {
			did, err := s.replayOne(tx, r.Entry)
			if err = errors.Join(err, tx.AddJournaled(r)); err != nil {
				return fmt.Errorf("entry %d: %w", r.Seq, err)
			}
			if did {
				changed++
			}
		}
		return nil
	})
	return changed, err
}

// replayOne does what one entry says, unless it is so already.
func (s *Service) replayOne(tx *store.Tx, e journal.Entry) (changed bool, err error) {
	if e.Message == "" {
		if s.Elsewhere == nil {
			return false, nil
		}
		return s.Elsewhere(tx, e)
	}
	m, err := tx.Message(e.Message)
	if errors.Is(err, letterlock.NotFound) || err == nil && m.Destroyed {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	all, err := tx.Recipients(m.ID)
	if err != nil {
		return false, err
	}
	entry := letterlock.Entry{Actor: letterlock.Actor{Kind: letterlock.System}, Message: m.ID, Reason: replayed, Allowed: true}
	switch e.Act {
	case journal.Destroyed:
		entry.Action, entry.Target = "destroy", targets(all)
		return true, errors.Join(erase(tx, m, all), tx.Audit(entry))
	case journal.Expiry:
		entry.Action, entry.Reason = actExpiry, endText(e.End())+", "+replayed
		return true, errors.Join(s.replayExpiry(tx, m, all, e), tx.Audit(entry))
	}
	if e.Act == journal.Passphrase {
		return true, losePassphrase(tx, m, all)
	}
	for _, r := range all {
		if r.ID != e.Recipient {
			continue
		}
		entry.Target = string(r.Mailbox.Address)
		return s.replayAccess(tx, e, m, r, entry)
	}
	return false, nil
}

// replayAccess removes or gives back the access of one recipient.
func (s *Service) replayAccess(tx *store.Tx, e journal.Entry, m letterlock.Message, r letterlock.Recipient, entry letterlock.Entry) (bool, error) {
	switch {
	case e.Act == journal.Revoked:
		v := e.Revocation()
		v.Reason, entry.Action = replayed, "revoke"
		if r.Experience == letterlock.Inline && r.Notified.IsZero() {
			// It fell back to a link after the backup. That link is lost; its end is not, and
			// the message itself, which still waits here, must not leave.
			if err := tx.FallBack(r.ID, policy.WhyFellBack, nil); err != nil {
				return false, err
			}
		}
		return true, errors.Join(endAccess(tx, r, v), tx.ForgetBrowsers(r.Mailbox.Address), tx.Audit(entry))
	case e.Act == journal.Restored && r.Revocation.Revoked():
		entry.Action = "restore"
		if opens, err := s.opens(tx, m); err != nil || !opens {
			entry.Reason, entry.Allowed = noKey, false
			return false, errors.Join(err, tx.Audit(entry))
		}
		return true, errors.Join(s.giveBack(tx, m, r),
			tx.AddEvent(r, letterlock.Event{Kind: letterlock.Restored, Detail: string(r.Revocation.Standing)}), tx.Audit(entry))
	}
	return false, nil
}

// replayExpiry moves the end of a message. Keys that are over then are taken by the
// sweep, as ever; access has ended before.
func (s *Service) replayExpiry(tx *store.Tx, m letterlock.Message, all []letterlock.Recipient, e journal.Entry) error {
	if err := tx.SetExpiry(m.ID, e.End()); err != nil {
		return err
	}
	ended := m.Ended(tx.Now)
	m.Expires = e.End()
	if !ended || m.Ended(tx.Now) {
		return nil
	}
	if opens, err := s.opens(tx, m); err != nil || !opens {
		return err
	}
	for _, r := range all {
		if r.Experience != letterlock.Link || r.Revocation.Revoked() {
			continue
		}
		if err := s.Vault.Regrant(tx, m.ID, string(r.ID)); err != nil {
			return err
		}
	}
	return nil
}

// mostLost is how many entries about lost passphrases are looked at.
const mostLost = 1000

// Lost returns the messages that nobody can read since a backup was restored, until their
// senders set a passphrase; those of the newest loss first.
func (s *Service) Lost(ctx context.Context) (list []letterlock.Message, err error) {
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		list = nil
		entries, err := tx.AuditPage(store.AuditQuery{Action: actLost, Limit: mostLost})
		if err != nil {
			return err
		}
		seen := map[letterlock.ID]bool{}
		for _, e := range entries {
			if seen[e.Message] {
				continue
			}
			seen[e.Message] = true
			m, err := tx.Message(e.Message)
			if errors.Is(err, letterlock.NotFound) {
				continue // somebody has changed the log
			}
			if err != nil {
				return err
			}
			if !m.Destroyed && !m.Ended(tx.Now) && m.Asks.Told() && m.Passphrase == "" {
				list = append(list, m)
			}
		}
		return nil
	})
	return list, err
}

// opens reports whether there is a key that opens a message: that of its epoch may be
// gone, or not brought back yet.
func (s *Service) opens(tx *store.Tx, m letterlock.Message) (bool, error) {
	_, err := s.Vault.Find(tx, m.ID, store.SenderCopy)
	if errors.Is(err, seal.ErrTampered) {
		return false, nil
	}
	return err == nil, err
}
