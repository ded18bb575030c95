package account

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"letterlock/internal/journal"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
	"letterlock/internal/vault"
)

// An AppPassword lets one mail program send in the name of an account, and opens
// nothing else: neither a page nor the API takes it.
type AppPassword = store.AppPassword

const (
	appPasswordLetters = 24 // of 26: 112 bits
	appPasswordGroup   = 4
	maxAppPasswords    = 20 // of one account
)

var (
	errAppPassword     = &letterlock.Error{Code: letterlock.Denied, Key: "app-password"} // one is wanted
	errAppPasswordName = &letterlock.Error{Code: letterlock.Invalid, Key: "app-password-name"}
	errAppPasswordMany = &letterlock.Error{Code: letterlock.Invalid, Key: "app-password-many"}
	errNoAppPassword   = &letterlock.Error{Code: letterlock.NotFound, Key: "no-app-password"}
)

// newAppPassword makes one as people see it, in groups.
func newAppPassword() letterlock.Token {
	var b strings.Builder
	for n := 0; n < appPasswordLetters; {
		var random [appPasswordLetters]byte
		rand.Read(random[:]) // never fails
		for _, r := range random {
			if r >= 26*9 || n == appPasswordLetters { // 26*9: above it, some letters would be likelier
				continue
			}
			if n > 0 && n%appPasswordGroup == 0 {
				b.WriteByte('-')
			}
			b.WriteByte('a' + r%26)
			n++
		}
	}
	return letterlock.Token(b.String())
}

// bare is what counts of an app password that somebody has typed: its letters. ok: it
// has the form of one.
func bare(typed string) (secret letterlock.Token, ok bool) {
	if len(typed) > 100 {
		return "", false
	}
	letters := strings.ToLower(strings.NewReplacer("-", "", " ", "").Replace(typed))
	wrong := strings.ContainsFunc(letters, func(r rune) bool { return r < 'a' || r > 'z' })
	return letterlock.Token(letters), !wrong && len(letters) == appPasswordLetters
}

// mayKeep lets the holder of an account look after what signs in to it, and
// administrators. A program with a token is nobody's holder.
func mayKeep(by letterlock.Actor, of letterlock.Address) error {
	if by.Kind == letterlock.Staff && by.Address == of && by.Token == "" {
		return nil
	}
	return mayManage(by)
}

// MakeAppPassword makes one for whoever asks and returns its secret, which is shown
// once and kept nowhere: nobody makes one for somebody else. Invalid
// "app-password-name": it needs one, that no other of theirs has; "app-password-many":
// there are twenty.
func (s *Service) MakeAppPassword(ctx context.Context, by letterlock.Actor, name string) (AppPassword, letterlock.Token, error) {
	secret := newAppPassword()
	letters, _ := bare(secret.Reveal())
	p := AppPassword{ID: letterlock.NewID(), Account: by.Address, Name: strings.TrimSpace(name)}
	var refusal error
	if by.Kind != letterlock.Staff || by.Token != "" {
		refusal = errDenied
	}
	err := s.recordIf(ctx, refusal, letterlock.Entry{Actor: by, Action: "make app password", Target: string(by.Address)},
		func(tx *store.Tx, entry *letterlock.Entry) error {
			row, err := find(tx, by.Address)
			if err == nil && !row.Disabled.IsZero() {
				err = errDisabled
			}
			if err == nil {
				err = fitsBeside(tx, p)
			}
			if err != nil {
				return err
			}
			p.Created, entry.Reason = tx.Now, describeAppPassword(p)
			return errors.Join(tx.AddAppPassword(vault.AppPasswordHash(s.Pepper, letters), p), s.tell(tx, p.Account, by, letterlock.AppPasswordMade))
		})
	if err = s.told(err); err != nil {
		return AppPassword{}, "", err
	}
	return p, secret, nil
}

// fitsBeside refuses one that could not be told from the others of its account.
func fitsBeside(tx *store.Tx, p AppPassword) error {
	if !rightName(p.Name) {
		return errAppPasswordName
	}
	list, err := tx.AppPasswords(p.Account)
	if err != nil {
		return err
	}
	if len(list) >= maxAppPasswords {
		return errAppPasswordMany
	}
	for _, other := range list {
		if other.Name == p.Name {
			return errAppPasswordName
		}
	}
	return nil
}

func describeAppPassword(p AppPassword) string { return string(p.ID) + " " + p.Name }

// AppPasswords returns those of an account, the oldest first, to its holder and to
// administrators.
func (s *Service) AppPasswords(ctx context.Context, by letterlock.Actor, of letterlock.Address) (list []AppPassword, err error) {
	if err := mayKeep(by, of); err != nil {
		return nil, s.recordIf(ctx, err, letterlock.Entry{Actor: by, Action: "list app passwords", Target: string(of)}, nil)
	}
	err = s.DB.Read(ctx, func(tx *store.Tx) (err error) { list, err = tx.AppPasswords(of); return err })
	return list, err
}

// RemoveAppPassword makes sure that one of an account works no more: the mail program
// can begin no other mail, not even on a connection that it has open. NotFound
// "no-app-password": the account has none such, any more.
func (s *Service) RemoveAppPassword(ctx context.Context, by letterlock.Actor, of letterlock.Address, id letterlock.ID) error {
	return s.recordIf(ctx, mayKeep(by, of), letterlock.Entry{Actor: by, Action: "remove app password", Target: string(of)},
		func(tx *store.Tx, entry *letterlock.Entry) error {
			p, err := tx.AppPassword(id)
			if errors.Is(err, letterlock.NotFound) || err == nil && p.Account != of {
				return errNoAppPassword
			}
			if err != nil {
				return err
			}
			entry.Reason = describeAppPassword(p)
			return errors.Join(tx.DeleteAppPassword(id), taken(tx, of, id, journal.AppPassword))
		})
}

// MailPrograms lets mail programs in: with an app password, or with the password of
// the account where that is enough. It is not where the account has a second factor, or
// holds a role that needs one.
type MailPrograms struct {
	Accounts *Service
	// Only app passwords are taken.
	Only bool
}

// Authenticate is [Service.Authenticate] for mail programs. Denied "app-password": the
// password is right, and only an app password would do.
func (m MailPrograms) Authenticate(ctx context.Context, a letterlock.Address, password, ip string) (letterlock.Actor, error) {
	if secret, ok := bare(password); ok {
		by, err := m.Accounts.byAppPassword(ctx, a, secret, ip)
		if !errors.Is(err, letterlock.Denied) {
			return by, err
		}
		// Perhaps the password of an account looks like one. If not, this counts the failure.
	}
	by, err := m.Accounts.Authenticate(ctx, a, password, ip)
	if err != nil {
		return by, err
	}
	if wanted, err := m.wantsAppPassword(ctx, by); wanted || err != nil {
		return letterlock.Actor{}, cmp.Or(err, error(errAppPassword))
	}
	return by, nil
}

// wantsAppPassword reports whether the password of an account is not enough for its mail
// programs: where something is asked beside it, or has to be, they cannot show that.
func (m MailPrograms) wantsAppPassword(ctx context.Context, by letterlock.Actor) (bool, error) {
	if m.Only || m.Accounts.needsFactor(by) {
		return true, nil
	}
	return m.Accounts.HasSecondFactor(ctx, by.Address)
}

// byAppPassword returns the holder of an account to whom an app password belongs, or
// Denied. Guesses at 112 bits need no limit; who makes them meets that of passwords.
func (s *Service) byAppPassword(ctx context.Context, a letterlock.Address, secret letterlock.Token, ip string) (letterlock.Actor, error) {
	var p AppPassword
	var by letterlock.Actor
	var stale bool
	err := s.DB.Read(ctx, func(tx *store.Tx) (err error) {
		if p, err = tx.AppPasswordByHash(vault.AppPasswordHash(s.Pepper, secret)); err != nil {
			return err
		}
		stale = tx.Now.Sub(p.Used) >= time.Minute
		by, err = usedBy(tx, p, a)
		return err
	})
	if errors.Is(err, letterlock.NotFound) {
		err = errDenied
	}
	if err == nil && stale {
		err = s.DB.Write(ctx, func(tx *store.Tx) error { return tx.TouchAppPassword(p.ID, ip) })
	}
	if err != nil {
		return letterlock.Actor{}, err
	}
	return by, nil
}

// usedBy returns the holder of an account as one of its app passwords lets them in, or
// Denied.
func usedBy(tx *store.Tx, p AppPassword, a letterlock.Address) (letterlock.Actor, error) {
	row, err := tx.Account(a)
	if err != nil {
		return letterlock.Actor{}, err
	}
	if p.Account != a || !row.Disabled.IsZero() {
		return letterlock.Actor{}, errDenied
	}
	by := actorOf(row)
	by.Token = p.ID
	return by, nil
}

// Still returns whoever has signed in by Authenticate as they are now, or Denied: the
// account was disabled, or the app password removed, or an app password is wanted now.
func (m MailPrograms) Still(ctx context.Context, was letterlock.Actor) (letterlock.Actor, error) {
	if was.Token == "" {
		by, err := m.Accounts.Actor(ctx, was.Address)
		if err != nil {
			return letterlock.Actor{}, err
		}
		if wanted, err := m.wantsAppPassword(ctx, by); wanted || err != nil {
			return letterlock.Actor{}, cmp.Or(err, error(errDenied))
		}
		return by, nil
	}
	var by letterlock.Actor
	err := m.Accounts.DB.Read(ctx, func(tx *store.Tx) error {
		p, err := tx.AppPassword(was.Token)
		if err == nil {
			by, err = usedBy(tx, p, was.Address)
		}
		return err
	})
	if errors.Is(err, letterlock.NotFound) {
		err = errDenied
	}
	return by, err
}
