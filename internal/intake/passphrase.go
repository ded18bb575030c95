package intake

import (
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
	"letterlock/internal/vault"
)

// passphraseOf is Invalid "passphrase" where a message asks for a passphrase and has none:
// nobody could ever open it.
func passphraseOf(asks letterlock.Demand, p vault.Passphrase) error {
	if asks.Told() && p.Hash == "" {
		return &letterlock.Error{Code: letterlock.Invalid, Key: letterlock.GivePassphrase}
	}
	return nil
}

// carry has a mail ask for all that the message asks for that it goes on with, for it may
// quote it, and for the same passphrase if it brings none of its own. It returns what is
// to be kept of the passphrase, whose name m has then. Invalid "passphrase" is that of
// passphraseOf.
func (s *Service) carry(tx *store.Tx, m *letterlock.Message, earlier letterlock.Message, own vault.Passphrase) (vault.Passphrase, error) {
	m.Asks, m.RuledAsks = m.Asks.And(earlier.Asks), m.RuledAsks.And(earlier.RuledAsks)
	m.Portal = m.Portal || m.Asks != letterlock.NoDemand
	switch {
	case !m.Asks.Told():
		return vault.Passphrase{}, nil
	case own.Hash != "", !earlier.Asks.Told(), earlier.Destroyed, earlier.Passphrase == "": // whose passphrase is gone
		m.Passphrase = letterlock.NewID()
		return own, passphraseOf(m.Asks, own)
	}
	m.Passphrase = earlier.Passphrase
	return s.passphraseIn(tx, earlier.ID)
}

func (s *Service) passphraseIn(tx *store.Tx, message letterlock.ID) (p vault.Passphrase, err error) {
	sealed, err := tx.Passphrase(message)
	if err != nil {
		return p, err
	}
	return vault.OpenPassphrase(s.Pepper, message, sealed)
}

// keepPassphrase keeps the passphrase of a message that asks for one, which the message
// names already.
func (s *Service) keepPassphrase(tx *store.Tx, m letterlock.Message, p vault.Passphrase) error {
	if err := passphraseOf(m.Asks, p); err != nil || !m.Asks.Told() {
		return err
	}
	return tx.PutPassphrase(m.ID, vault.SealPassphrase(s.Pepper, m.ID, p))
}

// copyPassphrase has a copy ask for the passphrase of its original.
func (s *Service) copyPassphrase(tx *store.Tx, from letterlock.ID, m letterlock.Message) error {
	if !m.Asks.Told() {
		return nil
	}
	p, err := s.passphraseIn(tx, from)
	if err != nil {
		return err
	}
	return s.keepPassphrase(tx, m, p)
}
