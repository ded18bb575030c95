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

// keepPassphrase keeps the passphrase of a message that asks for one.
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
	sealed, err := tx.Passphrase(from)
	if err != nil {
		return err
	}
	p, err := vault.OpenPassphrase(s.Pepper, from, sealed)
	if err != nil {
		return err
	}
	return s.keepPassphrase(tx, m, p)
}
