package account

import (
	"context"
	"errors"
	"time"

	"letterlock/internal/journal"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// provedFor is how long it counts that somebody has signed in anew at the provider of
// single sign-on.
const provedFor = 10 * time.Minute

var (
	errAgain       = &letterlock.Error{Code: letterlock.Denied, Key: "prove-account"}
	errNoPasswords = &letterlock.Error{Code: letterlock.Invalid, Key: "no-passwords"}
	errNoBinding   = &letterlock.Error{Code: letterlock.NotFound, Key: "no-binding"}
)

// TakesPassword reports whether a password of an account is taken, if it has one.
func (s *Service) TakesPassword(a letterlock.Address) bool {
	return s.OnlyPassword == "" || a == s.OnlyPassword
}

func (s *Service) hasPassword(row store.Account) bool {
	return row.PasswordHash != "" && s.TakesPassword(row.Mailbox.Address)
}

// A Proof says how the holder of an account proves again who they are, before what keeps
// it is changed: a session that was left open is not enough.
type Proof struct {
	Password bool // by the password; otherwise at the provider of single sign-on
	SSO      bool // the account belongs to somebody there
	Given    bool // they have signed in anew there, within ten minutes
}

// Proof returns how whoever is signed in proves again who they are.
func (s *Service) Proof(ctx context.Context, by letterlock.Actor) (p Proof, err error) {
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		row, err := find(tx, by.Address)
		age := tx.Now.Sub(by.Proved)
		p = Proof{Password: s.hasPassword(row), SSO: !row.SSO.IsZero(), Given: by.Proof.Anew() && age >= 0 && age < provedFor}
		return err
	})
	return p, err
}

// again has whoever is signed in prove again who they are. Its errors are those of
// Authenticate, or Denied "prove-account": they have to sign in anew at the provider.
func (s *Service) again(ctx context.Context, by letterlock.Actor, password string) error {
	p, err := s.Proof(ctx, by)
	switch {
	case err != nil:
		return err
	case p.Password:
		_, err = s.Authenticate(ctx, by.Address, password, by.IP)
		return err
	case !p.Given:
		return errAgain
	}
	return nil
}

// Unbind forgets who at the provider of single sign-on an account belongs to, for a holder
// who is known there anew, ends their sessions and removes their app passwords, for the next
// holder may be somebody else: it belongs to whoever next proves its
// address there. NotFound "no-binding": it belongs to nobody.
func (s *Service) Unbind(ctx context.Context, by letterlock.Actor, a letterlock.Address) error {
	return s.act(ctx, by, "unbind account", a, func(tx *store.Tx) error {
		if _, err := find(tx, a); err != nil {
			return err
		}
		n, err := tx.UnbindStaff(a)
		if err == nil && n == 0 {
			err = errNoBinding
		}
		if err != nil {
			return err
		}
		return errors.Join(tx.EndSessions(letterlock.Staff, a), tx.EndAllPending(a), tx.DeleteAppPasswords(a), taken(tx, a, "", journal.Unbound, journal.AppPassword))
	})
}
