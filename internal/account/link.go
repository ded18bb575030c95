package account

import (
	"context"
	"errors"
	"time"

	"letterlock/internal/journal"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
	"letterlock/internal/vault"
)

// lasts is how long a link to set a password works: whoever is new may be on
// leave, whoever has lost a password is waiting.
var lasts = map[store.LinkPurpose]time.Duration{
	store.Invite: 72 * time.Hour,
	store.Reset:  24 * time.Hour,
}

// errLink is the one answer to every link that does not work, whatever the
// reason: a stranger who tries one learns nothing of accounts.
var errLink = &letterlock.Error{Code: letterlock.NotFound, Key: "account-link"}

// mailLink makes a link for an account and puts the mail with it into the outbox.
// An older link ends, and its mail is dropped if it has not left.
func (s *Service) mailLink(tx *store.Tx, a letterlock.Address, p store.LinkPurpose) (until time.Time, err error) {
	token := vault.NewToken()
	until = tx.Now.Add(lasts[p])
	return until, errors.Join(
		tx.DropAccountNotices(a),
		tx.PutAccountLink(vault.AccountTokenHash(s.Pepper, token), store.AccountLink{Address: a, Purpose: p, Expires: until}),
		tx.Enqueue(store.Notice{Kind: store.AccountNotice, Address: a, Secret: vault.SealAccountToken(s.Pepper, a, token)}))
}

// mailed wakes the outbox after a link was committed to it.
func (s *Service) mailed(until time.Time, err error) (time.Time, error) {
	if err != nil {
		return time.Time{}, err
	}
	s.Wake()
	return until, nil
}

// Reset takes an account's passwords away, those of mail programs too, ends its sessions
// and mails its holder a link to set another, which works until the time that it returns. Resetting
// again mails a new link in the place of the old. Invalid "account-disabled": its
// holder could not use the link; "no-passwords": nor could they the password.
func (s *Service) Reset(ctx context.Context, by letterlock.Actor, a letterlock.Address) (until time.Time, err error) {
	err = s.act(ctx, by, actReset, a, func(tx *store.Tx) error {
		row, err := find(tx, a)
		if err != nil {
			return err
		}
		if !row.Disabled.IsZero() {
			return errDisabled
		}
		if !s.TakesPassword(a) {
			return errNoPasswords
		}
		// Whoever has not answered an invitation is invited again: they have no old
		// password that the mail could speak of.
		purpose := store.Reset
		if row.PasswordHash == "" && row.LinkPurpose == store.Invite {
			purpose = store.Invite
		}
		row.PasswordHash = ""
		err = errors.Join(tx.PutAccount(row), s.endAll(tx, a), tx.DeleteAppPasswords(a), taken(tx, a, "", journal.Password, journal.AppPassword))
		if err != nil {
			return err
		}
		until, err = s.mailLink(tx, a, purpose)
		return err
	})
	return s.mailed(until, err)
}

// CheckLink reports whether a link to set a password works now, as nil or as
// NotFound "account-link". It changes nothing.
func (s *Service) CheckLink(ctx context.Context, t letterlock.Token) error {
	return s.DB.Read(ctx, func(tx *store.Tx) error {
		_, err := s.holder(tx, t)
		return err
	})
}

// holder returns the account whose password a link may set.
func (s *Service) holder(tx *store.Tx, t letterlock.Token) (row store.Account, err error) {
	link, err := tx.AccountLink(vault.AccountTokenHash(s.Pepper, t))
	if err == nil {
		row, err = tx.Account(link.Address)
	}
	switch {
	case errors.Is(err, letterlock.NotFound):
		return row, errLink
	case err != nil:
		return row, err
	case !tx.Now.Before(link.Expires) || !row.Disabled.IsZero() || !s.TakesPassword(link.Address):
		return row, errLink
	}
	return row, nil
}

// SetPassword sets the password of the account that a link is for. The link is
// used up by that, also by the first of two who use it at the same time, and all
// sessions of the account end. NotFound "account-link": the link does not work;
// Invalid "password": it still does, and the password is too short or too long.
//
// likes is the tag of the language that the browser likes, or empty: an account of which no
// language is known is written to in that from then on.
func (s *Service) SetPassword(ctx context.Context, from letterlock.Actor, t letterlock.Token, password, likes string) error {
	// Only whoever holds a link that works has a password hashed: that is dear.
	if err := s.CheckLink(ctx, t); err != nil {
		return err
	}
	hashed, err := s.hash(ctx, password)
	if err != nil {
		return err
	}
	return s.told(s.DB.Write(ctx, func(tx *store.Tx) error {
		row, err := s.holder(tx, t) // once more: the link may have ended meanwhile
		if err != nil {
			return err
		}
		row.PasswordHash = hashed
		return errors.Join(
			tx.PutAccount(row),
			speakAtFirst(tx, row.Mailbox.Address, likes),
			s.endAll(tx, row.Mailbox.Address),
			taken(tx, row.Mailbox.Address, "", journal.Password),
			s.tell(tx, row.Mailbox.Address, from, letterlock.PasswordSet),
			tx.Audit(letterlock.Entry{Actor: from, Action: "set password", Target: string(row.Mailbox.Address), Allowed: true}))
	}))
}

// tell puts the mail into the outbox that tells the holder of an account what was changed of
// what keeps it, and from where: if it was not they, they learn of it.
func (s *Service) tell(tx *store.Tx, a letterlock.Address, from letterlock.Actor, what letterlock.Change) error {
	return tx.Enqueue(store.Notice{Kind: store.ChangeNotice, Address: a,
		Secret: vault.SealChange(s.Pepper, a, vault.ChangeMail{What: what, IP: from.IP, Agent: from.Agent})})
}

// told wakes the outbox after what tell has put there was committed.
func (s *Service) told(err error) error {
	if err == nil {
		s.Wake()
	}
	return err
}
