package access

import (
	"errors"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// A withdrawal is why access is removed, for every recipient that it takes along.
type withdrawal struct {
	by     letterlock.Actor
	reason string
	batch  letterlock.ID
	with   letterlock.ID // the recipient whose revocation takes these along; empty: none
}

// revokeCopies removes the access of everybody to whom a recipient has forwarded
// the message, and of those to whom they have, in the transaction of the recipient's
// own revocation. It returns all of them: who has lost access by itself may have
// forwarded a copy that others can still read.
func (s *Service) revokeCopies(tx *store.Tx, w withdrawal, forwarder letterlock.Recipient) (touched []letterlock.Recipient, err error) {
	copies, err := forwarded(tx, forwarder)
	if err != nil {
		return nil, err
	}
	w.with = forwarder.ID
	for _, c := range copies {
		var gone []letterlock.Recipient
		for _, r := range c.Recipients {
			if r.Experience != letterlock.Link {
				continue
			}
			more, err := s.revokeOne(tx, w, c.Message, r)
			if err != nil {
				return nil, err
			}
			if hasAccess(r) {
				gone = append(gone, r)
			}
			touched = append(touched, more...)
		}
		if err := noteCopy(tx, "revoke", w, c.Message, gone); err != nil {
			return nil, err
		}
	}
	return touched, nil
}

func hasAccess(r letterlock.Recipient) bool { return !r.Revocation.Revoked() }

// restoreCopies gives those their access back whom the forwarder's revocation took
// along, and nobody whose access was removed by itself, or by an administrator where
// a sender gives it back.
func (s *Service) restoreCopies(tx *store.Tx, w withdrawal, forwarder letterlock.Recipient) (touched []letterlock.Recipient, err error) {
	copies, err := forwarded(tx, forwarder)
	if err != nil {
		return nil, err
	}
	for _, c := range copies {
		var back []letterlock.Recipient
		for _, r := range c.Recipients {
			if r.Revocation.With != forwarder.ID || r.Revocation.Standing != letterlock.BySender && !w.by.Is(letterlock.Revoker) {
				continue
			}
			more, err := s.restoreOne(tx, w, c.Message, r)
			if err != nil {
				return nil, err
			}
			back = append(back, r)
			touched = append(touched, more...)
		}
		if err := noteCopy(tx, "restore", w, c.Message, back); err != nil {
			return nil, err
		}
	}
	return touched, nil
}

// comesBack reports whether undoing a batch may give m back: not a copy whose forwarder
// has lost access otherwise, for copies end with that.
func comesBack(tx *store.Tx, m letterlock.Message, batch letterlock.ID) (bool, error) {
	for m.Act == letterlock.ActForward {
		forwarder, err := tx.Recipient(m.Source)
		if err != nil || !forwarder.Revocation.Revoked() {
			return err == nil, err
		}
		if forwarder.Revocation.Batch != batch {
			return false, nil
		}
		if m, err = tx.Message(forwarder.Message); err != nil {
			return false, err
		}
	}
	return true, nil
}

// noteCopy keeps in the audit log that a copy shared the fate of its original.
func noteCopy(tx *store.Tx, action string, w withdrawal, m letterlock.Message, of []letterlock.Recipient) error {
	if len(of) == 0 {
		return nil
	}
	return tx.Audit(letterlock.Entry{Actor: w.by, Action: action, Message: m.ID, Target: targets(of), Reason: w.reason, Allowed: true, Batch: w.batch})
}

// destroyCopies destroys what the recipients of a message have forwarded of it, and
// returns whose leases end with that.
func destroyCopies(tx *store.Tx, by letterlock.Actor, reason string, all []letterlock.Recipient) (keys []leaseKey, err error) {
	for _, r := range all {
		copies, err := forwarded(tx, r)
		if err != nil {
			return nil, err
		}
		for _, c := range copies {
			entry := letterlock.Entry{Actor: by, Action: "destroy", Message: c.Message.ID, Target: targets(c.Recipients), Reason: reason, Allowed: true}
			more, err := destroy(tx, by, reason, c.Message, c.Recipients)
			if err = errors.Join(err, tx.Audit(entry)); err != nil {
				return nil, err
			}
			keys = append(keys, more...)
		}
	}
	return keys, nil
}

// forwarded are the copies that a recipient has made and that still exist.
func forwarded(tx *store.Tx, by letterlock.Recipient) (copies []store.SentMessage, err error) {
	made, err := tx.Made(by.ID)
	for _, m := range made {
		if m.Message.Act == letterlock.ActForward && !m.Message.Destroyed {
			copies = append(copies, m)
		}
	}
	return copies, err
}
