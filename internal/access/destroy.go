package access

import (
	"context"
	"errors"
	"fmt"
	"time"

	"letterlock/internal/journal"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// Destroy deletes every key of a message, its sender's too, its sealed mail and its
// subject. It is final, for everyone. Destroying again is no error. Denied "role"
// for whoever is no administrator; NotFound "no-message" for an unknown message.
//
// All of it is one transaction with its audit entry, which alone keeps the reason:
// a crash before the commit leaves the message as it was, after it nothing of it.
// When Destroy returns nil nothing is sent to a reader any more, the sender
// included. A mail that was being delivered inline may still arrive, if all of it
// had been read by then.
func (s *Service) Destroy(ctx context.Context, by letterlock.Actor, id letterlock.ID, reason string) (result error) {
	begun := time.Now()
	defer func() { s.Metrics.Changed("destroy", result, time.Since(begun)) }()
	if err := CheckReason(reason); err != nil {
		return err
	}
	entry := letterlock.Entry{Actor: by, Action: "destroy", Message: id}
	if !by.Is(letterlock.Admin) {
		return s.refuse(ctx, entry, errRole)
	}
	entry.Reason, entry.Allowed = reason, true
	var ended []leaseKey
	var refusal error
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		m, err := tx.Message(id)
		if errors.Is(err, letterlock.NotFound) {
			refusal = errNoMessage
			entry.Reason, entry.Allowed = errNoMessage.Key, false
			return tx.Audit(entry)
		}
		if err != nil {
			return err
		}
		all, err := tx.Recipients(id)
		if err != nil {
			return err
		}
		entry.Target = targets(all)
		ended = append(keysOf(all), leaseKey{message: id})
		tx.Settle() // also of what is destroyed already: see revokeOne
		if err := tx.Audit(entry); err != nil || m.Destroyed {
			return err
		}
		ended, err = destroy(tx, by, reason, m, all)
		return err
	})
	if err == nil || store.Unsettled(err) {
		s.leases.cut(ended...)
	}
	if err != nil {
		return fmt.Errorf("destroying message %s: %w", id, err)
	}
	return refusal
}

// destroy destroys a message and every copy of it that was forwarded, and returns
// whose leases end with that.
func destroy(tx *store.Tx, by letterlock.Actor, reason string, m letterlock.Message, all []letterlock.Recipient) ([]leaseKey, error) {
	if err := tx.Journal(journal.Entry{Act: journal.Destroyed, Message: m.ID}); err != nil {
		return nil, err
	}
	if err := erase(tx, m, all); err != nil {
		return nil, err
	}
	more, err := destroyCopies(tx, by, reason, all)
	return append(append(more, keysOf(all)...), leaseKey{message: m.ID}), err
}

// erase leaves nothing of one message that could be read.
func erase(tx *store.Tx, m letterlock.Message, all []letterlock.Recipient) error {
	if err := tx.Destroy(m.ID); err != nil {
		return err
	}
	if err := tx.EraseText(m.Seq); err != nil {
		return err
	}
	if err := errors.Join(tx.EndRequests(m.ID), tx.ForgetReleases(m.ID)); err != nil {
		return err
	}
	for _, r := range all {
		if err := tx.EndNotices(r.ID); err != nil {
			return err
		}
		if err := tx.AddEvent(r, letterlock.Event{Kind: letterlock.DestroyedEvent}); err != nil {
			return err
		}
	}
	return nil
}

var errRole = &letterlock.Error{Code: letterlock.Denied, Key: "role"}

// refuse notes in the audit log that something was tried which may not be, and
// returns why. Whoever has shown nothing is not worth a row.
func (s *Service) refuse(ctx context.Context, entry letterlock.Entry, why error) error {
	if entry.Actor.Kind == letterlock.Nobody {
		return why
	}
	entry.Allowed, entry.Reason = false, letterlock.KeyOf(why)
	if err := s.DB.Write(ctx, func(tx *store.Tx) error { return tx.Audit(entry) }); err != nil {
		return fmt.Errorf("noting a refusal: %w", err)
	}
	return why
}
