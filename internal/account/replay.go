package account

import (
	"errors"
	"slices"
	"time"

	"github.com/pquerna/otp/totp"

	"letterlock/internal/journal"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// taken notes in the revocation journal what was taken from an account, so that no
// restored backup gives it back. which is one of a kind; empty: all that it has.
func taken(tx *store.Tx, a letterlock.Address, which letterlock.ID, acts ...journal.Act) (err error) {
	for _, act := range acts {
		err = errors.Join(err, tx.Journal(journal.OfAccount(act, a, which)))
	}
	return err
}

// Replay takes from an account what an entry of the revocation journal says was taken
// since the backup, in the transaction that a start does such entries in. What came in
// the place of what was taken is lost, so that less is open than before, never more: an
// account whose password was changed has none until its holder gets a link to set one,
// and one whose second factor was changed, and that has none of those left, asks for one
// that nobody has until an administrator resets it. Accounts that the database does not
// know came after the backup, and are passed over. It reports whether anything changed.
func (s *Service) Replay(tx *store.Tx, e journal.Entry) (changed bool, err error) {
	row, err := tx.Account(e.By)
	if errors.Is(err, letterlock.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	action, err := s.redo(tx, row, e)
	if err != nil || action == "" {
		return false, err
	}
	return true, tx.Audit(letterlock.Entry{Actor: letterlock.Actor{Kind: letterlock.System}, Action: action,
		Target: string(e.By), Reason: journal.Replayed, Allowed: true})
}

// redo does what an entry says, and returns what that is in the audit log; "": it is so
// already.
func (s *Service) redo(tx *store.Tx, row store.Account, e journal.Entry) (action string, err error) {
	a, was := row.Mailbox.Address, row
	switch e.Act {
	case journal.Disabled:
		row.Disabled = time.Unix(e.At, 0).UTC()
		return did("disable account", was.Disabled.IsZero()), errors.Join(tx.PutAccount(row), s.endAll(tx, a))
	case journal.Enabled:
		row.Disabled = time.Time{}
		return did("enable account", !was.Disabled.IsZero()), tx.PutAccount(row)
	case journal.Roles:
		row.Roles = e.Held()
		return did("set roles", !slices.Equal(was.Roles, row.Roles)), tx.PutAccount(row)
	case journal.Password:
		row.PasswordHash = ""
		return did("reset password", was.PasswordHash != ""), errors.Join(tx.PutAccount(row), s.endAll(tx, a))
	case journal.Factor:
		return s.redoFactor(tx, a, e.With)
	case journal.Codes:
		return "remove recovery codes", tx.PutRecoveryCodes(a, nil)
	case journal.AppPassword:
		return redoAppPassword(tx, a, e.With)
	case journal.Token:
		return "end token", tx.EndToken(e.With)
	case journal.Unbound:
		n, err := tx.UnbindStaff(a)
		return did("unbind account", n > 0), err
	}
	return "", nil
}

// did is an action, if it was done.
func did(action string, done bool) string {
	if !done {
		return ""
	}
	return action
}

// redoFactor removes a second factor, or all of them. If that leaves none, or there was
// none, it has one asked for that nobody has: the one that came in its place is lost,
// and the password alone would be less.
func (s *Service) redoFactor(tx *store.Tx, a letterlock.Address, which letterlock.ID) (string, error) {
	if which != "" {
		removed, err := tx.DeleteFactor(which, a)
		if err != nil {
			return "", err
		}
		if list, err := tx.Factors(a); err != nil || len(list) > 0 {
			return did("remove second factor", removed), err
		}
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: "nobody", AccountName: string(a)})
	if err != nil {
		return "", err
	}
	return "lock second factor", errors.Join(tx.DeleteFactors(a), tx.AddFactor(store.Factor{Kind: store.TOTP, Handle: []byte(a), Address: a,
		ID: letterlock.NewID(), Sealed: s.Pepper.Seal("totp", string(a), []byte(key.Secret()))}))
}

// redoAppPassword removes an app password, or all of them.
func redoAppPassword(tx *store.Tx, a letterlock.Address, which letterlock.ID) (string, error) {
	list, err := tx.AppPasswords(a)
	removed := false
	for _, p := range list {
		if which == "" || p.ID == which {
			removed = true
			err = errors.Join(err, tx.DeleteAppPassword(p.ID))
		}
	}
	return did("remove app password", removed), err
}
