package account

import (
	"context"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// About is what a request that an edge turns away names in its path. The audit log
// says of it what exists, so that the refusal is found by it. What somebody makes up
// stands in no log.
type About struct {
	ID      string // of a message or of a bulk revocation, or a Message-ID; empty: none
	Address string // of an account; empty: none
}

// Refused records that an edge has turned somebody away whose account has no role
// for what they wanted. An account that asks again and again fills no log: of many
// refusals one a minute is recorded.
func (s *Service) Refused(ctx context.Context, by letterlock.Actor, action string, about About) error {
	return s.turnAway(ctx, "refused", letterlock.Entry{Actor: by, Action: action, Reason: "role"}, about)
}

// TurnedAway is Refused for a program with a token, whose scopes or whose account's
// roles do not allow what it wanted; key says which.
func (s *Service) TurnedAway(ctx context.Context, by letterlock.Actor, action, key string, about About) error {
	return s.turnAway(ctx, "turned away", letterlock.Entry{Actor: by, Action: action, Reason: key}, about)
}

func (s *Service) turnAway(ctx context.Context, budget string, entry letterlock.Entry, about About) error {
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		wait, err := tx.Spend(store.Budget{Name: budget + "|" + string(entry.Actor.Address), Size: 30, Every: time.Minute})
		if err != nil || wait > 0 {
			return err
		}
		if err := about.complete(tx, &entry); err != nil {
			return err
		}
		return tx.Audit(entry)
	})
}

// complete puts into an entry what exists of what was named.
func (a About) complete(tx *store.Tx, entry *letterlock.Entry) error {
	for _, name := range []func(*store.Tx, *letterlock.Entry) error{a.message, a.messageID, a.batch, a.account} {
		if err := name(tx, entry); err != nil && !refuses(err) { // what is malformed or not there is left out
			return err
		}
	}
	return nil
}

func (a About) message(tx *store.Tx, entry *letterlock.Entry) error {
	id, err := letterlock.ParseID(a.ID)
	if err != nil {
		return err
	}
	if _, err = tx.Message(id); err == nil {
		entry.Message = id
	}
	return err
}

func (a About) messageID(tx *store.Tx, entry *letterlock.Entry) error {
	whole, err := letterlock.ParseMessageID(a.ID)
	if err != nil || entry.Message != "" {
		return err
	}
	m, err := tx.MessageByMessageID(whole)
	if err == nil {
		entry.Message = m.ID
	}
	return err
}

func (a About) batch(tx *store.Tx, entry *letterlock.Entry) error {
	id, err := letterlock.ParseID(a.ID)
	if err != nil {
		return err
	}
	if _, err = tx.Batch(id); err == nil {
		entry.Batch = id
	}
	return err
}

func (a About) account(tx *store.Tx, entry *letterlock.Entry) error {
	address, err := letterlock.ParseAddress(a.Address)
	if err != nil {
		return err
	}
	if _, err = tx.Account(address); err == nil {
		entry.Target = string(address)
	}
	return err
}
