package account

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"letterlock/internal/journal"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// An Account is one person of the organisation, as an administrator sees it.
type Account struct {
	Mailbox     letterlock.Mailbox
	Roles       []letterlock.Role
	Created     time.Time
	Disabled    time.Time // zero: enabled
	PasswordSet bool
	LinkExpires time.Time // of the link to set a password; zero: there is none that works
	SSO         time.Time // last sign-in by single sign-on; zero: it is bound to nobody there
}

var (
	errNotAdmin = &letterlock.Error{Code: letterlock.Denied, Key: "not-administrator"}
	errOperator = &letterlock.Error{Code: letterlock.Denied, Key: "not-operator"}
	errLast     = &letterlock.Error{Code: letterlock.Denied, Key: "last-administrator"}
	errUnknown  = &letterlock.Error{Code: letterlock.NotFound, Key: "no-account"}
	errExists   = &letterlock.Error{Code: letterlock.Invalid, Key: "account-exists"}
	errDisabled = &letterlock.Error{Code: letterlock.Invalid, Key: "account-disabled"}
	errName     = errors.New("an account needs an address and a role, and its name no control characters")
)

// maxName is how long the name of an account may be, in bytes.
const maxName = 200

func mayManage(by letterlock.Actor) error {
	if by.Kind != letterlock.System && !by.Is(letterlock.Admin) {
		return errNotAdmin
	}
	return nil
}

// act decides on an act and records it in the same transaction, whether it was
// allowed or not. f refuses with Denied, Invalid or NotFound before it changes
// anything: what it has changed by then would be committed with the refusal.
func (s *Service) act(ctx context.Context, by letterlock.Actor, action string, target letterlock.Address, f func(tx *store.Tx) error) error {
	return s.record(ctx, letterlock.Entry{Actor: by, Action: action, Target: string(target)},
		func(tx *store.Tx, _ *letterlock.Entry) error { return f(tx) })
}

// record is act for acts whose entry says more: f completes it.
func (s *Service) record(ctx context.Context, entry letterlock.Entry, f func(*store.Tx, *letterlock.Entry) error) error {
	return s.recordIf(ctx, mayManage(entry.Actor), entry, f)
}

// recordIf is record for acts that are not for administrators alone: barred says why
// this one may not be done, if it may not.
func (s *Service) recordIf(ctx context.Context, barred error, entry letterlock.Entry, f func(*store.Tx, *letterlock.Entry) error) error {
	var refusal error
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		if refusal = barred; refusal == nil {
			if err := f(tx, &entry); refuses(err) {
				refusal = err
			} else if err != nil {
				return err
			}
		}
		if entry.Allowed = refusal == nil; !entry.Allowed {
			entry.Reason = letterlock.KeyOf(refusal)
		}
		return tx.Audit(entry)
	})
	if err != nil {
		return err
	}
	return refusal
}

func refuses(err error) bool {
	return errors.Is(err, letterlock.Denied) || errors.Is(err, letterlock.Invalid) || errors.Is(err, letterlock.NotFound)
}

// checkNew refuses what cannot be an account.
func checkNew(m letterlock.Mailbox, roles []letterlock.Role) error {
	// The name goes into the headers of mails.
	if m.Address == "" || len(m.Name) > maxName || strings.ContainsFunc(m.Name, unprintable) {
		return &letterlock.Error{Code: letterlock.Invalid, Key: "account", Err: errName}
	}
	return checkRoles(roles)
}

func checkRoles(roles []letterlock.Role) error {
	if len(roles) == 0 {
		return &letterlock.Error{Code: letterlock.Invalid, Key: "account", Err: errName}
	}
	for _, r := range roles {
		if _, err := letterlock.ParseRole(string(r)); err != nil {
			return err
		}
	}
	return nil
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }

// Put adds an account with a password, or replaces the one with that address and
// enables it.
func (s *Service) Put(ctx context.Context, by letterlock.Actor, m letterlock.Mailbox, password string, roles ...letterlock.Role) error {
	return s.put(ctx, by, m, password, roles, true)
}

// AddWithPassword adds an account whose password the operator has chosen, as the
// first one must be where no mail can leave yet. Invalid "account-exists": there
// is one with that address, and it stays as it is. Denied "not-operator": an
// administrator who knew the password of a second account would be a second person.
func (s *Service) AddWithPassword(ctx context.Context, by letterlock.Actor, m letterlock.Mailbox, password string, roles ...letterlock.Role) error {
	if by.Kind == letterlock.Staff && mayManage(by) == nil {
		return s.act(ctx, by, "put account", m.Address, func(*store.Tx) error { return errOperator })
	}
	return s.put(ctx, by, m, password, roles, false)
}

func (s *Service) put(ctx context.Context, by letterlock.Actor, m letterlock.Mailbox, password string, roles []letterlock.Role, replace bool) error {
	var hashed string
	if mayManage(by) == nil { // nobody else has a password hashed; act refuses and records them
		var err error
		if err = checkNew(m, roles); err != nil {
			return err
		}
		if hashed, err = s.hash(ctx, password); err != nil {
			return err
		}
	}
	entry := letterlock.Entry{Actor: by, Action: "put account", Target: string(m.Address)}
	return s.record(ctx, entry, func(tx *store.Tx, entry *letterlock.Entry) error {
		old, err := tx.Account(m.Address)
		switch {
		case err == nil && !replace:
			return errExists
		case err == nil && !slices.Contains(roles, letterlock.Admin):
			err = s.keepsAdmin(tx, old)
		case errors.Is(err, letterlock.NotFound):
			err = nil
		}
		if err != nil {
			return err
		}
		if err := tx.PutAccount(store.Account{Mailbox: m, Roles: roles, PasswordHash: hashed}); err != nil {
			return err
		}
		entry.Reason = letterlock.SpellChange(old.Roles, roles)
		err = errors.Join(s.endAll(tx, m.Address), tx.DeleteAppPasswords(m.Address))
		if old.Mailbox.Address == "" { // it is new
			return err
		}
		return errors.Join(err, taken(tx, m.Address, "", journal.Password, journal.AppPassword, journal.Enabled), tx.Journal(journal.OfRoles(m.Address, roles)))
	})
}

// endAll ends what an account's earlier password or rights had begun: sessions,
// sign-ins that wait for a second factor, the link to set another password, and the mail that carries it.
// No passkey lets in by itself until it was shown beside the password that there is then.
func (s *Service) endAll(tx *store.Tx, a letterlock.Address) error {
	return errors.Join(s.wantPassword(tx, a), tx.EndSessions(letterlock.Staff, a), tx.EndAllPending(a), tx.DeleteAccountLink(a), tx.DropAccountNotices(a))
}

// Add adds an account without a password and mails its holder a link to set one,
// which works until the time that it returns; zero: their password would not be taken, and
// nothing is mailed. Invalid "account-exists": there is
// one with that address, and it stays as it is.
func (s *Service) Add(ctx context.Context, by letterlock.Actor, m letterlock.Mailbox, roles ...letterlock.Role) (until time.Time, err error) {
	if mayManage(by) == nil {
		if err := checkNew(m, roles); err != nil {
			return until, err
		}
	}
	entry := letterlock.Entry{Actor: by, Action: "invite account", Target: string(m.Address)}
	err = s.record(ctx, entry, func(tx *store.Tx, entry *letterlock.Entry) error {
		if _, err := tx.Account(m.Address); !errors.Is(err, letterlock.NotFound) {
			if err == nil {
				err = errExists
			}
			return err
		}
		if err := tx.PutAccount(store.Account{Mailbox: m, Roles: roles}); err != nil {
			return err
		}
		entry.Reason = letterlock.SpellRoles(roles)
		if s.TakesPassword(m.Address) {
			until, err = s.mailLink(tx, m.Address, store.Invite)
		}
		return err
	})
	return s.mailed(until, err)
}

// List returns all accounts by their addresses, disabled ones too.
func (s *Service) List(ctx context.Context, by letterlock.Actor) (list []Account, err error) {
	if mayManage(by) != nil {
		return nil, s.act(ctx, by, "list accounts", "", nil) // refuses, and says so in the audit log
	}
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Accounts()
		for _, row := range rows {
			a := Account{Mailbox: row.Mailbox, Roles: row.Roles, Created: row.Created, Disabled: row.Disabled,
				PasswordSet: s.hasPassword(row), SSO: row.SSO}
			if tx.Now.Before(row.LinkExpires) {
				a.LinkExpires = row.LinkExpires
			}
			list = append(list, a)
		}
		return err
	})
	return list, err
}

// Disable keeps the holder of an account out from their next request on. What
// they have sent stays as it is. Disabling again is no error. Denied
// "last-administrator": nobody would be left who may administer.
func (s *Service) Disable(ctx context.Context, by letterlock.Actor, a letterlock.Address) error {
	return s.act(ctx, by, "disable account", a, func(tx *store.Tx) error {
		row, err := find(tx, a)
		if err == nil {
			err = s.keepsAdmin(tx, row)
		}
		if err != nil {
			return err
		}
		if row.Disabled.IsZero() {
			row.Disabled = tx.Now
		}
		return errors.Join(tx.PutAccount(row), s.endAll(tx, a), taken(tx, a, "", journal.Disabled))
	})
}

// Enable lets the holder of a disabled account in again, with the password they
// had. Enabling again is no error.
func (s *Service) Enable(ctx context.Context, by letterlock.Actor, a letterlock.Address) error {
	return s.act(ctx, by, "enable account", a, func(tx *store.Tx) error {
		row, err := find(tx, a)
		if err != nil {
			return err
		}
		row.Disabled = time.Time{}
		return errors.Join(tx.PutAccount(row), taken(tx, a, "", journal.Enabled))
	})
}

// SetRoles gives an account these roles and no others, from the holder's next
// request on. Denied "last-administrator": nobody would be left who may administer.
func (s *Service) SetRoles(ctx context.Context, by letterlock.Actor, a letterlock.Address, roles ...letterlock.Role) error {
	entry := letterlock.Entry{Actor: by, Action: "set roles", Target: string(a)}
	return s.record(ctx, entry, func(tx *store.Tx, entry *letterlock.Entry) error {
		row, err := find(tx, a)
		if err == nil {
			err = checkRoles(roles)
		}
		if err == nil && !slices.Contains(roles, letterlock.Admin) {
			err = s.keepsAdmin(tx, row)
		}
		if err != nil {
			return err
		}
		entry.Reason = letterlock.SpellChange(row.Roles, roles)
		row.Roles = roles
		return errors.Join(tx.PutAccount(row), tx.Journal(journal.OfRoles(a, roles)))
	})
}

// SignOutEverywhere ends all sessions of an account, from its holder's next
// request on, and removes its app passwords: whoever was in one of the sessions may
// have made one. Password, links and tokens of programs stay.
func (s *Service) SignOutEverywhere(ctx context.Context, by letterlock.Actor, a letterlock.Address) error {
	return s.act(ctx, by, "sign out everywhere", a, func(tx *store.Tx) error {
		if _, err := find(tx, a); err != nil {
			return err
		}
		return errors.Join(tx.EndSessions(letterlock.Staff, a), tx.EndAllPending(a), tx.DeleteAppPasswords(a), taken(tx, a, "", journal.AppPassword))
	})
}

func find(tx *store.Tx, a letterlock.Address) (store.Account, error) {
	row, err := tx.Account(a)
	if errors.Is(err, letterlock.NotFound) {
		err = errUnknown
	}
	return row, err
}

// keepsAdmin refuses to take from an account the right to administer when no
// other has it who can come in: whoever did that by mistake could not undo it in the portal.
func (s *Service) keepsAdmin(tx *store.Tx, row store.Account) error {
	if !row.Administers() {
		return nil
	}
	others, err := tx.OthersAdminister(row.Mailbox.Address, s.OnlyPassword)
	if err == nil && !others {
		err = errLast
	}
	return err
}
