package account

import (
	"context"
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

// What a replay does to an account that has to be opened again, in the audit log.
const (
	actReset = "reset password"
	actLock  = "lock second factor"
)

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
		return did(actReset, was.PasswordHash != "" || !was.LinkExpires.IsZero()), errors.Join(tx.PutAccount(row), s.endAll(tx, a))
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

// A Shut is what Replay has left of accounts whose holders had something else since the backup.
type Shut struct {
	Passwords []letterlock.Address // who have none, nor a link to set one, nor single sign-on
	Factors   []letterlock.Address // of whom a second factor is asked that nobody has
}

// Shut returns the enabled accounts that an administrator has to open again after a restored
// backup, as far as nobody has since, by their addresses.
func (s *Service) Shut(ctx context.Context) (out Shut, err error) {
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		out = Shut{}
		passwords, err := replayed(tx, actReset)
		locks, err1 := replayed(tx, actLock)
		all, err2 := tx.Accounts()
		if err = errors.Join(err, err1, err2); err != nil {
			return err
		}
		for _, row := range all {
			a := row.Mailbox.Address
			if !row.Disabled.IsZero() {
				continue
			}
			if passwords[a] != 0 && row.PasswordHash == "" && s.TakesPassword(a) && row.SSO.IsZero() && !tx.Now.Before(row.LinkExpires) {
				out.Passwords = append(out.Passwords, a)
			}
			if locks[a] == 0 {
				continue
			}
			factors, err := tx.Factors(a)
			if err != nil {
				return err
			}
			// The lock is of the same transaction as its entry.
			if len(factors) == 1 && factors[0].Kind == store.TOTP && factors[0].Created.Unix() == locks[a] {
				out.Factors = append(out.Factors, a)
			}
		}
		return nil
	})
	return out, err
}

// mostReplayed is how many entries of an act are looked at for those of a replay.
const mostReplayed = 1000

// replayed returns to which accounts a replay has done that, and when last, in Unix seconds.
func replayed(tx *store.Tx, action string) (last map[letterlock.Address]int64, err error) {
	list, err := tx.AuditPage(store.AuditQuery{Action: action, Limit: mostReplayed})
	last = map[letterlock.Address]int64{}
	for _, r := range list { // the newest first
		if a := letterlock.Address(r.Target); r.Kind == letterlock.System && r.Reason == journal.Replayed && last[a] == 0 {
			last[a] = r.At
		}
	}
	return last, err
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
	return actLock, errors.Join(tx.DeleteFactors(a), tx.AddFactor(store.Factor{Kind: store.TOTP, Handle: []byte(a), Address: a,
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
