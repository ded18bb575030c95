package access

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"letterlock/internal/journal"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
	"letterlock/internal/vault"
)

// Awaiting returns the message for which a reader is to give what one of the keys of
// [letterlock.Message.Met] says, and has proved all that comes before. NotFound "given":
// nothing more is asked for. The errors are otherwise those of [Service.Open]: what was
// revoked meanwhile says so.
func (s *Service) Awaiting(ctx context.Context, by letterlock.Actor, id letterlock.ID, key string) (g Gate, err error) {
	if by.Kind != letterlock.Reader {
		return g, &letterlock.Error{Code: letterlock.Denied}
	}
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		h, err := s.find(tx, by, id)
		if err != nil {
			return err
		}
		g = Gate{Message: h.message, Recipient: h.recipient}
		switch err := s.Met(h.message, by, tx.Now); {
		case err == nil:
			return &letterlock.Error{Code: letterlock.NotFound, Key: Given}
		case letterlock.KeyOf(err) != key:
			return err
		}
		return nil
	})
	return g, err
}

// Given is the key of Awaiting where nothing more is asked for.
const Given = "given"

// MayTell says whether by may change the passphrase of m, or have it ask for one.
func (s *Service) MayTell(by letterlock.Actor, m letterlock.Message, all []letterlock.Recipient) error {
	return s.Rules.MayTell(by, m, all)
}

// MayUntell says whether by may have a message ask for no passphrase any more, as
// [policy.Settings.MayUntell].
func (s *Service) MayUntell(ctx context.Context, by letterlock.Actor, m letterlock.Message, all []letterlock.Recipient) error {
	return s.DB.Read(ctx, func(tx *store.Tx) error {
		o, err := originalOf(tx, m)
		if err != nil {
			return err
		}
		return s.Rules.MayUntell(by, m, o, all)
	})
}

// Acts on the passphrase of a message, as the audit log has them.
const (
	actAsk     = "ask for passphrase"
	actChange  = "change passphrase"
	actUnasked = "stop asking for passphrase"
	actLost    = "take passphrase away"
)

// SetPassphrase has a message ask for a passphrase, which takes the place of one that it
// may have had, and with it every copy that was forwarded of it.
//
// When it returns nil the old one opens nothing any more, nor does a session that has
// given it: what was on its way to readers is cut, as by Revoke, their pages ask anew, and
// wrong tries are forgotten. All of it is one transaction with an audit entry for each
// message: a crash before the commit leaves them as they were. The refusals are those of
// [policy.Settings.MayTell], and in the audit log; Invalid "empty", too: p is none.
func (s *Service) SetPassphrase(ctx context.Context, by letterlock.Actor, id letterlock.ID, p vault.Passphrase) error {
	c := telling{by: by, new: letterlock.NewID(), kept: p}
	return s.tell(ctx, by, id, func(m letterlock.Message) string {
		if m.Asks.Told() {
			return actChange
		}
		return actAsk
	}, func(_ *store.Tx, m letterlock.Message, all []letterlock.Recipient) error {
		if err := s.Rules.MayTell(by, m, all); err != nil {
			return err
		}
		if p.Hash == "" {
			return &letterlock.Error{Code: letterlock.Invalid, Key: "empty"}
		}
		return nil
	},
		func(tx *store.Tx, m letterlock.Message, all []letterlock.Recipient) ([]letterlock.Recipient, error) {
			return s.setPassphrase(tx, c, m, all)
		})
}

// RemovePassphrase has a message ask for no passphrase any more, and with it the copies
// that were forwarded of it and ask for the same one. What else it asks for stays. The
// refusals are those of [policy.Settings.MayUntell], and in the audit log.
func (s *Service) RemovePassphrase(ctx context.Context, by letterlock.Actor, id letterlock.ID) error {
	return s.tell(ctx, by, id, func(letterlock.Message) string { return actUnasked },
		func(tx *store.Tx, m letterlock.Message, all []letterlock.Recipient) error {
			o, err := originalOf(tx, m)
			if err != nil {
				return err
			}
			return s.Rules.MayUntell(by, m, o, all)
		},
		func(tx *store.Tx, m letterlock.Message, all []letterlock.Recipient) ([]letterlock.Recipient, error) {
			return s.removePassphrase(tx, by, m, all)
		})
}

// tell does one act on the passphrase of a message, or notes why it is refused. The act
// returns whose leases are to end.
func (s *Service) tell(ctx context.Context, by letterlock.Actor, id letterlock.ID, named func(letterlock.Message) string,
	may func(*store.Tx, letterlock.Message, []letterlock.Recipient) error,
	act func(*store.Tx, letterlock.Message, []letterlock.Recipient) ([]letterlock.Recipient, error)) error {
	var refusal error
	var touched []letterlock.Recipient
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		m, err := tx.Message(id)
		if err != nil {
			return err
		}
		all, err := tx.Recipients(id)
		if err != nil {
			return err
		}
		if refusal = may(tx, m, all); refusal != nil {
			return tx.Audit(letterlock.Entry{Actor: by, Action: named(m), Message: id, Reason: letterlock.KeyOf(refusal)})
		}
		touched, err = act(tx, m, all)
		return err
	})
	if err == nil && refusal == nil || store.Unsettled(err) {
		// A lease knows what was asked for. Cut, its page asks anew.
		s.leases.cut(keysOf(touched)...)
	}
	if err != nil {
		return fmt.Errorf("the passphrase of message %s: %w", id, err)
	}
	return refusal
}

// A telling is a passphrase that is set.
type telling struct {
	by   letterlock.Actor
	new  letterlock.ID // its name, for copies too: whoever has given it once has given it
	kept vault.Passphrase
}

func (s *Service) setPassphrase(tx *store.Tx, c telling, m letterlock.Message, all []letterlock.Recipient) ([]letterlock.Recipient, error) {
	action, did := actAsk, letterlock.PassphraseAsked
	if m.Asks.Told() {
		action, did = actChange, letterlock.PassphraseAnother
	}
	err := errors.Join(
		tx.PutPassphrase(m.ID, vault.SealPassphrase(s.Pepper, m.ID, c.kept)),
		tx.SetDemand(m.ID, m.Asks.And(letterlock.ByPassphrase), c.new),
		tx.Journal(journal.Entry{Act: journal.Passphrase, Message: m.ID}),
		noteTold(tx, letterlock.Entry{Actor: c.by, Action: action}, did, m, all))
	if err != nil {
		return nil, err
	}
	return s.toldCopies(tx, all, func(copied store.SentMessage) ([]letterlock.Recipient, error) {
		return s.setPassphrase(tx, c, copied.Message, copied.Recipients)
	})
}

func (s *Service) removePassphrase(tx *store.Tx, by letterlock.Actor, m letterlock.Message, all []letterlock.Recipient) ([]letterlock.Recipient, error) {
	err := errors.Join(tx.RemovePassphrase(m.ID), tx.SetDemand(m.ID, m.Asks.Untold(), ""),
		noteTold(tx, letterlock.Entry{Actor: by, Action: actUnasked}, letterlock.PassphraseRemoved, m, all))
	if err != nil {
		return nil, err
	}
	return s.toldCopies(tx, all, func(copied store.SentMessage) ([]letterlock.Recipient, error) {
		if copied.Message.Passphrase != m.Passphrase || copied.Message.RuledAsks.Told() {
			return nil, nil // it was given one of its own, or has to have one
		}
		return s.removePassphrase(tx, by, copied.Message, copied.Recipients)
	})
}

// losePassphrase has a message ask for a passphrase that nobody knows: the one that it has
// was changed since, or it had none, and what came in its place is lost.
func losePassphrase(tx *store.Tx, m letterlock.Message, all []letterlock.Recipient) error {
	return errors.Join(tx.RemovePassphrase(m.ID), tx.SetDemand(m.ID, m.Asks.And(letterlock.ByPassphrase), ""),
		noteTold(tx, letterlock.Entry{Actor: letterlock.Actor{Kind: letterlock.System}, Action: actLost, Reason: replayed}, letterlock.PassphraseLost, m, all))
}

// toldCopies does to every copy that recipients have forwarded what was done to the
// message, and returns all whose leases end with that.
func (s *Service) toldCopies(tx *store.Tx, all []letterlock.Recipient, act func(store.SentMessage) ([]letterlock.Recipient, error)) ([]letterlock.Recipient, error) {
	touched := all
	for _, r := range all {
		copies, err := forwarded(tx, r)
		if err != nil {
			return nil, err
		}
		for _, c := range copies {
			more, err := act(c)
			if err != nil {
				return nil, err
			}
			touched = append(touched, more...)
		}
	}
	return touched, nil
}

// noteTold keeps in the audit log and in the history of everybody who reads by a link
// what became of a passphrase; entry says who did what, and why. Wrong tries count for the
// one that they were made at.
func noteTold(tx *store.Tx, entry letterlock.Entry, did letterlock.PassphraseAct, m letterlock.Message, all []letterlock.Recipient) error {
	links := slices.DeleteFunc(slices.Clone(all), func(r letterlock.Recipient) bool { return r.Experience != letterlock.Link })
	entry.Message, entry.Target, entry.Allowed = m.ID, targets(links), true
	err := errors.Join(tx.ForgetTriesOf(m.ID), tx.Audit(entry))
	for _, r := range links {
		err = errors.Join(err, tx.AddEvent(r, letterlock.Event{Kind: letterlock.PassphraseChanged, Detail: string(did)}))
	}
	return err
}

// originalOf is what m is a forwarded copy of; zero: it is none.
func originalOf(tx *store.Tx, m letterlock.Message) (letterlock.Message, error) {
	if m.Act != letterlock.ActForward {
		return letterlock.Message{}, nil
	}
	r, err := tx.Recipient(m.Source)
	if err != nil {
		return letterlock.Message{}, err
	}
	return tx.Message(r.Message)
}
