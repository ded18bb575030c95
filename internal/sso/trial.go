package sso

import (
	"context"
	"errors"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// A Trial is what a sign-in would have come to that an administrator has tried.
type Trial struct {
	Outcome                    // why nobody would be let in
	Account letterlock.Address `json:"account,omitempty"` // who would
	New     bool               `json:"new,omitempty"`     // the account would be made
	Roles   []letterlock.Role  `json:"roles,omitempty"`   // that they would have
	Factor  bool               `json:"factor,omitempty"`  // their own second factor would be asked for before
}

// Try returns where the browser of an administrator is to go who wants to see what the
// provider says of whom, and what would follow: nobody is signed in by it, and nothing is
// changed.
func (s *Service) Try(ctx context.Context, by letterlock.Actor, browser string) (to string, err error) {
	if !by.Is(letterlock.Admin) {
		return "", &letterlock.Error{Code: letterlock.Denied}
	}
	return s.Begin(ctx, Ask{Browser: browser, IP: by.IP, trial: true})
}

// errTried undoes what a trial has written.
var errTried = errors.New("sso: this was a trial")

// try decides as ever, undoes that, and keeps what it has come to for the browser.
func (s *Service) try(ctx context.Context, d decision, browser string) error {
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		if err := d.decide(tx); err != nil {
			return err
		}
		return errTried
	})
	if !errors.Is(err, errTried) {
		return err
	}
	t := Trial{Outcome: Outcome{Key: d.key, Email: d.voucher.Email}}
	if d.key == "" {
		t.Account, t.New, t.Roles, t.Factor = d.row.Mailbox.Address, !d.known, d.row.Roles, d.askFactor
	}
	key := s.triedKey(browser)
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		return tx.PutPending(store.Pending{Hash: key, Kind: store.PendingCame, Sealed: s.sealed(key, t), Expires: tx.Now.Add(validity)})
	})
}

func (s *Service) triedKey(browser string) []byte { return s.Pepper.Hash("sso-tried", browser) }

// Tried returns what the last trial of a browser has come to, to it alone, and whether
// there was one. It changes nothing.
func (s *Service) Tried(ctx context.Context, browser string) (t Trial, was bool, err error) {
	if browser == "" {
		return t, false, nil
	}
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		p, err := tx.Pending(store.PendingCame, s.triedKey(browser))
		if err != nil {
			return err
		}
		return s.opened(p, &t)
	})
	if errors.Is(err, letterlock.NotFound) {
		return t, false, nil
	}
	return t, err == nil, err
}
