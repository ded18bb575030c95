package access

import (
	"context"
	"errors"
	"fmt"
	"time"

	"letterlock/internal/journal"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/seal"
	"letterlock/internal/store"
)

// SetExpiry changes until when a message can be read, for all recipients who have a
// link; the zero time lifts the end. A message that has expired can be read again,
// through the same links: the sender's copy of the key outlives it. What was revoked
// stays revoked.
//
// When it returns nil nothing is sent under the old, longer time any more. All of it
// is one transaction with its audit entry: a crash before the commit leaves the
// message as it was. The refusals are those of [policy.Settings.MayExpire]; Invalid
// "expires" is an end that is not to come, as is every end of a copy whose original
// has expired; [letterlock.PastRule] is one beyond what the rules allow, for whoever is
// no administrator.
func (s *Service) SetExpiry(ctx context.Context, by letterlock.Actor, id letterlock.ID, end time.Time) error {
	var refusal error
	var touched []letterlock.Recipient
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		m, err := tx.Message(id)
		if errors.Is(err, letterlock.NotFound) && by.Is(letterlock.Auditor) {
			refusal = errNoMessage
			return tx.Audit(letterlock.Entry{Actor: by, Action: actExpiry, Message: id, Reason: errNoMessage.Key})
		}
		if err != nil {
			return err
		}
		all, err := tx.Recipients(id)
		if err != nil {
			return err
		}
		if refusal = s.Rules.MayExpire(by, m, all); refusal != nil {
			return tx.Audit(letterlock.Entry{Actor: by, Action: actExpiry, Message: id, Reason: letterlock.KeyOf(refusal)})
		}
		if end, err = withinOriginal(tx, m, end); err != nil {
			return err
		}
		if refusal = policy.CheckEnd(end, tx.Now); refusal != nil {
			return nil // nothing was tried that is worth an entry
		}
		if refusal = policy.CheckRuled(by, m, end); refusal != nil {
			return tx.Audit(letterlock.Entry{Actor: by, Action: actExpiry, Message: id, Reason: letterlock.KeyOf(refusal)})
		}
		if err := tx.Audit(letterlock.Entry{Actor: by, Action: actExpiry, Message: id, Reason: endOf(m, end), Allowed: true}); err != nil {
			return err
		}
		touched, err = s.setExpiry(tx, by, m, all, end)
		return err
	})
	if err == nil && refusal == nil || store.Unsettled(err) {
		// A lease knows the end that was. Cut, its page asks anew and is told the new one.
		s.leases.cut(keysOf(touched)...)
		s.Wake()
	}
	if err != nil {
		return fmt.Errorf("changing the expiry of message %s: %w", id, err)
	}
	return refusal
}

// MayExpire says whether by may change when m expires, as [policy.Settings.MayExpire],
// and can: [letterlock.PastRule] if the rules allow no end that is to come.
func (s *Service) MayExpire(by letterlock.Actor, m letterlock.Message, all []letterlock.Recipient) error {
	return s.mayEnd(by, m, all, s.Now())
}

func (s *Service) mayEnd(by letterlock.Actor, m letterlock.Message, all []letterlock.Recipient, now time.Time) error {
	if err := s.Rules.MayExpire(by, m, all); err != nil {
		return err
	}
	return policy.MayEndLater(by, m, now)
}

const actExpiry = "change expiry"

// endText is an end as events and the audit log keep it.
func endText(end time.Time) string {
	if end.IsZero() {
		return "never"
	}
	return end.UTC().Format(time.RFC3339)
}

// endOf is an end of m as the audit log keeps it, which says where it is beyond what
// the rules allowed.
func endOf(m letterlock.Message, end time.Time) string {
	if !policy.BeyondRules(m, end) {
		return endText(end)
	}
	return endText(end) + ", beyond " + endText(m.LatestEnd) + " that a rule allowed"
}

// setExpiry changes when a message ends, and with it every copy of it that was
// forwarded: a copy ends with its original. It returns whose leases know another end.
func (s *Service) setExpiry(tx *store.Tx, by letterlock.Actor, m letterlock.Message, all []letterlock.Recipient, end time.Time) (touched []letterlock.Recipient, err error) {
	tx.Settle() // see revokeOne
	if end.Equal(m.Expires) {
		return all, nil
	}
	e := journal.Entry{Act: journal.Expiry, Message: m.ID}
	if !end.IsZero() {
		e.Expires = end.Unix()
	}
	if err := errors.Join(tx.SetExpiry(m.ID, end), tx.Journal(e)); err != nil {
		return nil, err
	}
	moved := m
	moved.Expires = end
	if err := s.remindAnew(tx, moved); err != nil {
		return nil, err
	}
	for _, r := range all {
		if err := s.setExpiryOf(tx, by, m, r, end); err != nil {
			return nil, err
		}
		copies, err := forwarded(tx, r)
		if err != nil {
			return nil, err
		}
		for _, c := range copies {
			more, err := s.setExpiry(tx, by, c.Message, c.Recipients, endOfCopy(m, c.Message, end))
			if err != nil {
				return nil, err
			}
			touched = append(touched, more...)
		}
	}
	return append(touched, all...), nil
}

// endOfCopy is when a copy ends whose original gets another end: it goes along, but
// not further than somebody has let it go by itself.
func endOfCopy(original, c letterlock.Message, end time.Time) time.Time {
	if c.Expires.Equal(original.Expires) {
		return end
	}
	return earlier(c.Expires, end)
}

// withinOriginal bounds the end of a forwarded copy by that of the message it was
// made of: it cannot be read for longer.
func withinOriginal(tx *store.Tx, m letterlock.Message, end time.Time) (time.Time, error) {
	original, err := originalOf(tx, m)
	return earlier(original.Expires, end), err
}

// earlier is the earlier of two ends, of which the zero time is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func (s *Service) setExpiryOf(tx *store.Tx, by letterlock.Actor, m letterlock.Message, r letterlock.Recipient, end time.Time) error {
	if r.Experience != letterlock.Link {
		return nil
	}
	if m.Ended(tx.Now) && !r.Revocation.Revoked() {
		if err := s.giveTime(tx, by, m, r); err != nil {
			return err
		}
	}
	return tx.AddEvent(r, letterlock.Event{Kind: letterlock.ExpiryChanged, Detail: string(policy.Standing(by, m)) + " " + endText(end)})
}

// giveTime lets a recipient read again what had expired. The notification of whom it
// reached in time is good still; to others, and to whoever asked, a link is sent.
func (s *Service) giveTime(tx *store.Tx, by letterlock.Actor, m letterlock.Message, r letterlock.Recipient) error {
	if err := s.Vault.Regrant(tx, m.ID, seal.Holder(r.ID)); err != nil {
		return err
	}
	if _, err := openRequest(tx, r, letterlock.MoreTime); err == nil {
		return s.approve(tx, by, r, letterlock.MoreTime)
	} else if !errors.Is(err, letterlock.NotFound) {
		return err
	}
	if r.Notified.IsZero() && r.Bounced.IsZero() {
		return s.sendLink(tx, r, store.LinkNotice)
	}
	return nil
}
