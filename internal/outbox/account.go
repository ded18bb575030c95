package outbox

import (
	"errors"
	"fmt"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
	"letterlock/internal/vault"
)

// An invitation is what the mail with a link to set a password has to say.
type invitation struct {
	holder letterlock.Mailbox
	token  letterlock.Token
	link   store.AccountLink // zero: it was used, replaced or taken back
}

// claimAccount finds what a notice to the holder of an account needs. As in
// unseal, what cannot be opened belongs to the attempt and not to the claim.
func (s *Service) claimAccount(tx *store.Tx, w *work) error {
	token, err := vault.OpenAccountToken(s.Pepper, w.notice.Address, w.notice.Secret)
	if err != nil {
		w.broken = fmt.Errorf("opening what is to be sent: %w", err)
		return nil
	}
	w.account.token = token
	link, err := tx.AccountLink(vault.AccountTokenHash(s.Pepper, token))
	if errors.Is(err, letterlock.NotFound) {
		return nil // no link is one that has expired: it is dropped
	}
	if err != nil {
		return err
	}
	row, err := tx.Account(link.Address)
	w.account.link, w.account.holder = link, row.Mailbox
	return err
}

// claimChange finds what a notice to the holder of an account needs that tells them what
// became of it. What cannot be opened belongs to the attempt here, too.
func (s *Service) claimChange(tx *store.Tx, w *work) {
	var row store.Account
	row, w.broken = tx.Account(w.notice.Address)
	w.account.holder = row.Mailbox
	if w.notice.Kind == store.ChangeNotice && w.broken == nil {
		w.change, w.broken = vault.OpenChange(s.Pepper, w.notice.Address, w.notice.Secret)
	}
	if w.broken != nil {
		w.broken = fmt.Errorf("opening what is to be sent: %w", w.broken)
	}
}
