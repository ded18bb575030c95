// Package sso is single sign-on: it lets the organisation's own people in by the word of
// the OpenID provider at which all of them sign in.
//
// An account belongs to whoever at the provider first signed in to it, by the subject that
// the provider never changes. Until then, and only then, a mail address counts: one of the
// organisation's own, which the provider has verified. What somebody may do is what the
// provider says at each sign-in, if the settings say so, and whom it does not know any
// more has nothing.
package sso

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"time"

	"letterlock/internal/lane"
	"letterlock/internal/letterlock"
	"letterlock/internal/oidc"
	"letterlock/internal/seal"
	"letterlock/internal/store"
)

// validity is how long a browser may take at the provider, and how long after that it is
// told what came of it.
const validity = 10 * time.Minute

// Keys of refusals beside those of package oidc.
const (
	Elsewhere  = "sso-elsewhere"   // no such question, another browser's, answered, or asked too long ago
	NoAccount  = "sso-no-account"  // there is none, and none is made
	NotAllowed = "sso-not-allowed" // the address is none of those that may sign in
	Bound      = "sso-bound"       // the account belongs to somebody else at the provider
	Disabled   = "sso-disabled"    // the account is
	BreakGlass = "sso-break-glass" // the account is for when the provider does not work
	NoRole     = "sso-no-role"     // the provider says nothing that gives one
	NoFactor   = "sso-no-factor"   // the role needs a second factor, and the provider shows none
	Another    = "sso-another"     // somebody proves again who they are, and is somebody else
	Over       = "sso-over"        // their session has ended meanwhile
)

// Keys are all refusals, for the test that each has its own sentence. Elsewhere has
// one, too; it is no outcome that is kept.
var Keys = append(slices.Clone(oidc.Keys), NoAccount, NotAllowed, Bound, Disabled, BreakGlass, NoRole, NoFactor, Another, Over)

// Settings say who is let in, and as what.
type Settings struct {
	Domains   []string             // whose addresses may sign in
	Addresses []letterlock.Address // the only ones that may; nil: all of Domains
	// Roles are given by the values of the claim of the provider's settings; none: roles are
	// given by administrators, here.
	Roles  map[string][]letterlock.Role
	Create bool // an account is made for whoever has none
	// ByProvider has the provider ask for the second factor, which it shows by one of the
	// values ACR, or one of AMR.
	ByProvider  bool
	ACR, AMR    []string
	FactorRoles []letterlock.Role  // which need a second factor
	BreakGlass  letterlock.Address // whose account is never opened by the provider; may be empty
}

// A Service signs people in. It is safe for concurrent use. A nil Service is no single
// sign-on: of its methods only On, Name, GivesRoles and FactorShown may be called.
type Service struct {
	DB       *store.DB
	Pepper   seal.Pepper
	Provider *oidc.Provider
	Settings Settings
	// IPKey turns an IP address into the name of its budget: a /64 for IPv6.
	IPKey func(ip string) string

	away lane.Away // who wait for the provider
}

// On reports whether there is single sign-on.
func (s *Service) On() bool { return s != nil }

// Name is what people call the provider; empty: there is no single sign-on.
func (s *Service) Name() string {
	if s == nil {
		return ""
	}
	return s.Provider.Name
}

// GivesRoles reports whether the provider says what people may do.
func (s *Service) GivesRoles() bool { return s != nil && len(s.Settings.Roles) > 0 }

// FactorShown reports whether a session began with a second factor that the provider has
// asked for, and is still to ask for.
func (s *Service) FactorShown(by letterlock.Actor) bool {
	return s != nil && s.Settings.ByProvider && by.Proof.Factor()
}

// An Ask is who wants to sign in, and where they go afterwards.
type Ask struct {
	Browser string // its name, which only its cookie holds
	Next    string // a path; may be empty
	// Account is whose session it is in which somebody is to prove again who they are;
	// empty: they sign in.
	Account letterlock.Address
	IP      string
	trial   bool // see Try
}

// A memory is what is kept, sealed, of a question.
type memory struct {
	oidc.Question
	Browser []byte             `json:"browser"` // hash of its name
	Next    string             `json:"next,omitempty"`
	Account letterlock.Address `json:"account,omitempty"`
	Trial   bool               `json:"trial,omitempty"`
}

// purpose is what seals questions, and what came of them.
const purpose = "sso"

func (s *Service) stateKey(state string) []byte     { return s.Pepper.Hash("sso-state", state) }
func (s *Service) browserKey(browser string) []byte { return s.Pepper.Hash("browser", browser) }
func (s *Service) cameKey(browser string) []byte    { return s.Pepper.Hash("sso-came", browser) }

func (s *Service) sealed(key []byte, v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("sso: internal error: " + err.Error()) // it is texts, truths and a time
	}
	return s.Pepper.Seal(purpose, string(key), b)
}

func (s *Service) opened(p store.Pending, v any) error {
	b, err := s.Pepper.Open(purpose, string(p.Hash), p.Sealed)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, v)
}

// Begin returns where the browser is to go. The provider's own errors are those of package
// oidc; Throttled "budget": too many were sent there from one network, or for one account
// that proves again who it is.
func (s *Service) Begin(ctx context.Context, a Ask) (to string, err error) {
	if a.Browser == "" {
		return "", &letterlock.Error{Code: letterlock.Invalid, Key: "browser"}
	}
	var q oidc.Question
	err = s.away.Ask(ctx, oidc.Unreachable, func() (err error) { q, err = s.Provider.Start(ctx, a.Account, a.Account != ""); return err })
	if err != nil {
		return "", err
	}
	key := s.stateKey(q.State)
	var wait time.Duration
	err = s.DB.Write(ctx, func(tx *store.Tx) (err error) {
		if wait, err = tx.Spend(s.budget(a)); err != nil || wait > 0 {
			return err
		}
		return tx.PutPending(store.Pending{Hash: key, Kind: store.PendingSSO, Address: a.Account, Expires: tx.Now.Add(validity),
			Sealed: s.sealed(key, memory{Question: q, Browser: s.browserKey(a.Browser), Next: a.Next, Account: a.Account, Trial: a.trial})})
	})
	if err == nil && wait > 0 {
		err = &letterlock.Error{Code: letterlock.Throttled, Key: "budget", RetryAfter: wait}
	}
	if err != nil {
		return "", err
	}
	return q.URL, nil
}

// budget bounds how often browsers are sent to the provider. Whoever is signed in has one of
// their own: a neighbour in their network must not use it up.
func (s *Service) budget(a Ask) store.Budget {
	if a.Account != "" {
		return store.Budget{Name: "sso|account|" + string(a.Account), Size: 30, Every: time.Minute}
	}
	// A whole house may sign in at nine from one network.
	return store.Budget{Name: "sso|ip|" + s.IPKey(a.IP), Size: 300, Every: time.Second}
}

// A Result is what came of an answer that a browser brought back.
type Result struct {
	// By is who may begin a session now, with the proof that it is to have; nil: nobody,
	// and Came says why.
	By *letterlock.Actor
	// Keep, where the account's own second factor is asked for before, is what [Service.Complete]
	// settles once it was shown; nil: it is not asked for.
	Keep  []byte
	Anew  bool   // they were to prove again who they are
	Trial bool   // an administrator has tried it, and Tried says what it has come to
	Next  string // where they go
}

// Finish takes what a browser brought back from the provider; now is whose session the
// browser has, if any. Denied [Elsewhere]: it was not sent there, or its answer cannot be
// told from one that somebody else has planted. All else is a result.
func (s *Service) Finish(ctx context.Context, browser string, back url.Values, now letterlock.Address, from letterlock.Actor) (Result, error) {
	m, err := s.take(ctx, browser, back.Get("state"))
	if err != nil {
		return Result{}, err
	}
	r := Result{Anew: m.Account != "", Next: m.Next}
	var v oidc.Voucher
	err = s.away.Ask(ctx, oidc.Unreachable, func() (err error) { v, err = s.Provider.Finish(ctx, m.Question, back); return err })
	key := letterlock.KeyOf(err)
	if err != nil && key == "" {
		return Result{}, err
	}
	if r.Anew && m.Account != now {
		key, v = Over, oidc.Voucher{} // what the provider has asked, it did not ask them
	}
	d := decision{s: s, voucher: v, key: key, account: m.Account, from: from}
	if m.Trial {
		return Result{Trial: true}, s.try(ctx, d, browser)
	}
	err = s.DB.Write(ctx, func(tx *store.Tx) error { return d.settle(tx, s.cameKey(browser)) })
	if err != nil {
		return Result{}, err
	}
	if d.key == "" {
		r.By = &d.by
	}
	if d.key == "" && d.waits() {
		r.Keep = s.kept(d)
	}
	return r, nil
}

// take finds the question that an answer belongs to, and forgets it: no other answer
// counts, whatever becomes of this one.
func (s *Service) take(ctx context.Context, browser, state string) (m memory, err error) {
	key := s.stateKey(state)
	// Anybody can bring an answer to nothing, as often as they like: it must not wait in
	// the line of those who write.
	err = s.DB.Read(ctx, func(tx *store.Tx) error { return s.question(tx, key, browser, &m) })
	if err != nil {
		return m, err
	}
	err = s.DB.Write(ctx, func(tx *store.Tx) error {
		if err := s.question(tx, key, browser, &m); err != nil {
			return err
		}
		return tx.EndPending(key)
	})
	return m, err
}

// question reads what a browser was sent with, or returns Denied Elsewhere.
func (s *Service) question(tx *store.Tx, key []byte, browser string, m *memory) error {
	elsewhere := &letterlock.Error{Code: letterlock.Denied, Key: Elsewhere}
	p, err := tx.Pending(store.PendingSSO, key)
	if errors.Is(err, letterlock.NotFound) {
		return elsewhere
	}
	if err == nil {
		err = s.opened(p, m)
	}
	if err != nil {
		return err
	}
	if browser == "" || subtle.ConstantTimeCompare(m.Browser, s.browserKey(browser)) != 1 {
		return elsewhere
	}
	return nil
}

// An Outcome is why an answer let nobody in, for the page.
type Outcome struct {
	Key   string `json:"key"`             // one of [Keys]; empty: there is nothing to say
	Email string `json:"email,omitempty"` // what the provider said, if it came so far
}

// Came returns what came of the last answer of a browser, to it alone. It changes nothing.
func (s *Service) Came(ctx context.Context, browser string) (o Outcome, err error) {
	if browser == "" {
		return o, nil
	}
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		p, err := tx.Pending(store.PendingCame, s.cameKey(browser))
		if err != nil {
			return err
		}
		return s.opened(p, &o)
	})
	if errors.Is(err, letterlock.NotFound) {
		err = nil
	}
	return o, err
}
