package intake

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
	"letterlock/internal/vault"
)

// storeAnswer makes the mail a message, if its author still may. All that it comes
// to is in one transaction: what they could read may have ended while they wrote.
func (s *Service) storeAnswer(tx *store.Tx, by letterlock.Actor, id letterlock.ID, a *answer, k known, in *vault.Incoming) (Receipt, error) {
	if receipt, err := repeated(tx, a); !errors.Is(err, letterlock.NotFound) {
		return receipt, err
	}
	if err := s.mayAnswer(tx, by, id, a); err != nil {
		return Receipt{}, err
	}
	if _, err := tx.Spend(s.answers(by.Address)); err != nil {
		return Receipt{}, err
	}
	m := a.message
	m.ID, m.Attachments = in.ID, len(in.Index.Attachments())
	o := a.about.Message // much of it may have been changed meanwhile
	m.Expires, m.LatestEnd = o.Expires, o.LatestEnd
	m.Asks, m.RuledAsks, m.Passphrase = o.Asks, o.RuledAsks, o.Passphrase
	if err := in.Accept(tx, m); err != nil {
		return Receipt{}, err
	}
	if err := s.copyPassphrase(tx, o.ID, m); err != nil {
		return Receipt{}, err
	}
	list := addresses(a.to, a.cc)
	if err := s.addRecipients(tx, m, list, k.hands(in.Index.Header, func(holder string) error { return in.Grant(tx, holder) })); err != nil {
		return Receipt{}, err
	}
	return Receipt{ID: m.ID, MessageID: m.MessageID}, s.noteAnswer(tx, by, a, m, list)
}

// repeated finds the message that was stored when the same form was sent before;
// NotFound: it was not.
func repeated(tx *store.Tx, a *answer) (Receipt, error) {
	known, err := tx.MessageByMessageID(a.message.MessageID)
	if err == nil && known.Source != a.message.Source {
		err = &letterlock.Error{Code: letterlock.NotFound}
	}
	return Receipt{ID: known.ID, MessageID: known.MessageID, Repeated: true}, err
}

// noteAnswer writes into the history of the original, and into the audit log, that
// its reader answered.
func (s *Service) noteAnswer(tx *store.Tx, by letterlock.Actor, a *answer, m letterlock.Message, list []letterlock.Address) error {
	kind := letterlock.Replied
	if a.act == letterlock.ActForward {
		kind = letterlock.Forwarded
	}
	e := letterlock.Event{Kind: kind, Detail: "to " + someOf(list), Proof: cmp.Or(by.Proof, letterlock.ByPasscode), Agent: by.Agent, IP: by.IP}
	if a.about.Message.Asks.Named() {
		e.Called = by.Called
	}
	return errors.Join(
		tx.AddEvent(a.about.Reader, e),
		tx.Audit(letterlock.Entry{Actor: by, Action: string(a.act), Message: a.about.Message.ID, Target: targets(list), Allowed: true}),
		tx.Audit(letterlock.Entry{Actor: by, Action: "accept", Message: m.ID, Target: targets(list), Allowed: true}))
}

func addresses(lists ...[]letterlock.Mailbox) (all []letterlock.Address) {
	for _, list := range lists {
		for _, m := range list {
			all = append(all, m.Address)
		}
	}
	return all
}

// maxSome is how many addresses a line of a history names.
const maxSome = 3

func someOf(list []letterlock.Address) string {
	var names []string
	for _, a := range list[:min(len(list), maxSome)] {
		names = append(names, string(a))
	}
	s := strings.Join(names, ", ")
	if more := len(list) - maxSome; more > 0 {
		s += fmt.Sprintf(" and %d more", more)
	}
	return s
}

// maxReferences is how many Message-IDs of a mail are looked up.
const maxReferences = 20

// join finds the conversation that a sender's mail goes on with, by the Message-IDs
// that it refers to, and returns what it goes on with; zero: nothing. What belongs to
// somebody else is no conversation of theirs. The
// mail is never protected less than what it goes on with.
func join(tx *store.Tx, m *letterlock.Message, ids []string) (letterlock.Message, error) {
	for _, id := range ids {
		earlier, err := tx.MessageByMessageID(id)
		if errors.Is(err, letterlock.NotFound) || err == nil && earlier.Sender.Address != m.Sender.Address {
			continue
		}
		if err != nil {
			return letterlock.Message{}, err
		}
		m.Original, m.Act = earlier.First(), letterlock.ActAnswer
		if earlier.Protection == letterlock.DoNotForward && m.Protection != letterlock.DoNotForward {
			m.Protection, m.DecidedBy = letterlock.DoNotForward, "the message it answers"
		}
		return earlier, nil
	}
	return letterlock.Message{}, nil
}

// referred lists what a mail refers to, the nearest first.
func referred(inReplyTo string, references []string) (ids []string) {
	if inReplyTo != "" {
		ids = append(ids, inReplyTo)
	}
	for i := len(references) - 1; i >= 0 && len(ids) < maxReferences; i-- {
		if references[i] != inReplyTo {
			ids = append(ids, references[i])
		}
	}
	return ids
}
