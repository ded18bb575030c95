// Package account knows the people of the organisation who send and administer:
// their names, roles and passwords.
//
// Nobody but its holder learns a password: an administrator invites, and resets,
// by a link that is mailed to the holder. There is always somebody who may
// administer, once there was.
package account

import (
	"context"
	"errors"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/passkey"
	"letterlock/internal/seal"
	"letterlock/internal/store"
)

// A Service keeps accounts. It is safe for concurrent use.
type Service struct {
	DB     *store.DB
	Pepper seal.Pepper // keeps links in the database from being worth anything
	// IPKey turns an IP address into the name under which its failures are
	// counted: a /64 for IPv6.
	IPKey func(ip string) string
	// FactorRoles are the roles whose holders need a second factor; nil: nobody does.
	FactorRoles []letterlock.Role
	// OnlyPassword is the account whose password alone is taken; empty: everybody's is.
	OnlyPassword letterlock.Address
	// FactorShown reports whether whoever is signed in has shown a second factor to the
	// provider of single sign-on, which is enough; nil: nobody has.
	FactorShown func(letterlock.Actor) bool
	// Complete settles, in the transaction in which a second factor was shown, what a step was
	// begun with, and returns the proof of the session; Denied: nobody signs in any more. nil:
	// steps are begun with nothing.
	Complete func(tx *store.Tx, by letterlock.Actor, keep []byte) (letterlock.Proof, error)
	Passkeys *passkey.Party // whom passkeys are for; nil: nobody has any
	Wake     func()         // called after something was put into the outbox

	hashing chan struct{} // holds a token for each password being hashed
	known   *known
}

// New returns a Service. Passwords are hashed two at a time at most: each takes
// 19 MiB and a core for a moment, and for as long after it others have that core.
func New(db *store.DB, pepper seal.Pepper, ipKey func(string) string, wake func()) *Service {
	return &Service{DB: db, Pepper: pepper, IPKey: ipKey, Wake: wake, hashing: make(chan struct{}, 2), known: newKnown()}
}

var errDenied = &letterlock.Error{Code: letterlock.Denied, Key: "sign-in"}

// Actor returns the holder of an account that may be used now, or Denied. Edges
// ask on every request, so that disabling takes effect with the next.
func (s *Service) Actor(ctx context.Context, a letterlock.Address) (letterlock.Actor, error) {
	var row store.Account
	err := s.DB.Read(ctx, func(tx *store.Tx) (err error) { row, err = tx.Account(a); return err })
	if errors.Is(err, letterlock.NotFound) || err == nil && !row.Disabled.IsZero() {
		return letterlock.Actor{}, errDenied
	}
	if err != nil {
		return letterlock.Actor{}, err
	}
	return actorOf(row), nil
}

func actorOf(a store.Account) letterlock.Actor {
	return letterlock.Actor{Kind: letterlock.Staff, Address: a.Mailbox.Address, Name: a.Mailbox.Name, Roles: a.Roles}
}

// Authenticate returns the holder of an account who knows its password. Denied
// tells nobody whether the address, the password or the account was at fault;
// Throttled says when to try again. Only failures count towards the limits.
func (s *Service) Authenticate(ctx context.Context, a letterlock.Address, password, ip string) (letterlock.Actor, error) {
	budgets := s.budgets(a, ip)
	var row store.Account
	var now time.Time
	err := s.DB.Read(ctx, func(tx *store.Tx) (err error) {
		now = tx.Now
		if err := throttle(tx, budgets); err != nil {
			return err
		}
		row, err = tx.Account(a)
		return err
	})
	if err != nil && !errors.Is(err, letterlock.NotFound) {
		return letterlock.Actor{}, err
	}
	ok, err := s.right(ctx, row, password, now)
	if err != nil {
		return letterlock.Actor{}, err
	}
	if err := s.settle(ctx, a, ip, budgets, ok); err != nil {
		return letterlock.Actor{}, err
	}
	return actorOf(row), nil
}

// right reports whether a password is that of an account which may be used. For an
// account that there is not, that is disabled, or whose password is not taken, it takes as long as for a wrong
// password: verify then works on a hash that nothing fits, or for nothing.
func (s *Service) right(ctx context.Context, row store.Account, password string, now time.Time) (bool, error) {
	usable := s.hasPassword(row) && row.Disabled.IsZero()
	if usable && s.known.fits(row.Mailbox.Address, row.PasswordHash, password, now) {
		return true, nil
	}
	ok, err := s.verify(ctx, row.PasswordHash, password)
	if err != nil || !ok || !usable {
		return false, err
	}
	s.known.remember(row.Mailbox.Address, row.PasswordHash, password, now)
	return true, nil
}

// throttle returns Throttled while one of the budgets allows no failure.
func throttle(tx *store.Tx, budgets []store.Budget) error {
	wait, err := tx.Wait(budgets...)
	if err == nil && wait > 0 {
		err = &letterlock.Error{Code: letterlock.Throttled, Key: "sign-in", RetryAfter: wait}
	}
	return err
}

// settle decides on an attempt whose password was compared. It looks at the
// budgets once more: many attempts at once all pass the first look before any of
// them has failed, and their answers must not be worth more than the budgets.
func (s *Service) settle(ctx context.Context, a letterlock.Address, ip string, budgets []store.Budget, right bool) error {
	var refusal error
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		if err := throttle(tx, budgets); err != nil || right {
			return err
		}
		refusal = errDenied
		if _, err := tx.Spend(budgets...); err != nil {
			return err
		}
		return tx.Audit(letterlock.Entry{Actor: letterlock.Actor{IP: ip}, Action: "sign in", Target: string(a)})
	})
	if err != nil {
		return err
	}
	return refusal
}

// budgets are for failures: ten from one network at one account, then one a
// minute; fifty from one network at all accounts. An attacker elsewhere cannot
// lock the holder out.
func (s *Service) budgets(a letterlock.Address, ip string) []store.Budget {
	return []store.Budget{
		{Name: "sign-in|" + s.IPKey(ip) + "|" + string(a), Size: 10, Every: time.Minute},
		s.networkBudget(ip),
	}
}

func (s *Service) networkBudget(ip string) store.Budget {
	return store.Budget{Name: "sign-in|" + s.IPKey(ip), Size: 50, Every: 20 * time.Second}
}
