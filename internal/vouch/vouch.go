// Package vouch lets OpenID providers vouch for mailboxes, in the place of a passcode.
//
// A browser is sent to a provider with a question that is kept here, and what it brings
// back counts once, in that browser, for ten minutes, and only for the very address that
// the message was sent to. The first proof binds the address to whoever gave it: somebody
// else whom the provider later calls by the same address is not let in.
package vouch

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
	"letterlock/internal/metrics"
	"letterlock/internal/oidc"
	"letterlock/internal/seal"
	"letterlock/internal/store"
)

// validity is how long a browser may take at a provider.
const validity = 10 * time.Minute

// keepUntil is how long after that what came of it can still be said.
const keepUntil = time.Hour

// Keys of refusals beside those of package oidc.
const (
	Elsewhere = "openid-elsewhere" // no such question, or another browser's
	Used      = "openid-used"      // an answer came already
	Late      = "openid-late"      // it came after ten minutes
	Another   = "openid-another"   // the provider vouches for another address
	Subject   = "openid-subject"   // somebody else proved the address at this provider first
	Off       = "openid-off"       // the brand of the message has come to want no providers meanwhile
	Tried     = "openid-tried"     // an administrator has tried it, and it would be believed
)

// Keys are all refusals, for the test that each has its own sentence. Elsewhere has a page.
var Keys = append(slices.Clone(oidc.Keys), Used, Late, Another, Subject, Off, Tried)

// A Service sends browsers to providers and takes their answers. It is safe for
// concurrent use.
type Service struct {
	DB     *store.DB
	Pepper seal.Pepper
	// Providers are those of the settings, in their order.
	Providers []*oidc.Provider
	// IPKey turns an IP address into the name of its budget: a /64 for IPv6.
	IPKey func(ip string) string
	// On reports whether recipients can sign in with a provider under the brand that a
	// message names; nil: under each.
	On      func(brand string) bool
	Metrics *metrics.OpenID // nil: nobody counts

	away lane.Away // who wait for providers
}

// An Offer is a provider that could vouch for an address.
type Offer struct{ ID, Name string }

// For returns the providers that could vouch for an address, as far as can be told
// before they are asked.
func (s *Service) For(a letterlock.Address) (list []Offer) {
	for _, p := range s.Providers {
		if p.MayVouch(a) {
			list = append(list, Offer{p.ID, p.Name})
		}
	}
	return list
}

// Vouches reports whether a provider could vouch for an address.
func (s *Service) Vouches(a letterlock.Address) bool { return len(s.For(a)) > 0 }

// Name is what people call a provider; one that is not in the settings any more has
// its short name only.
func (s *Service) Name(id string) string {
	if p, err := s.provider(id); err == nil {
		return p.Name
	}
	return id
}

// Has reports whether there is a provider of that short name.
func (s *Service) Has(id string) bool {
	_, err := s.provider(id)
	return err == nil
}

func (s *Service) provider(id string) (*oidc.Provider, error) {
	for _, p := range s.Providers {
		if p.ID == id {
			return p, nil
		}
	}
	return nil, &letterlock.Error{Code: letterlock.NotFound}
}

// An Ask is who wants to prove what, and where they go afterwards.
type Ask struct {
	Provider  string
	Recipient letterlock.ID
	Browser   string // its name, which only its cookie holds
	Link      string // the path at which this was begun
	Fresh     bool   // a new sign-in is asked for
	Hint      bool   // the provider is told whom to expect; so is the browser, who must know it already
	Remember  bool   // the browser is to be remembered
	IP        string
}

// A memory is what is kept, sealed, of a question and later of what came of it.
type memory struct {
	oidc.Question
	Link     string `json:"link"`
	Remember bool   `json:"remember,omitempty"`
	Key      string `json:"key,omitempty"`   // of the refusal
	Email    string `json:"email,omitempty"` // what the provider said
}

const purpose = "openid"

func (s *Service) sealed(id letterlock.ID, m memory) []byte {
	b, err := json.Marshal(m)
	if err != nil {
		panic("vouch: internal error: " + err.Error()) // it is texts, truths and a time
	}
	return s.Pepper.Seal(purpose, string(id), b)
}

func (s *Service) opened(r store.OpenIDRequest) (m memory, err error) {
	b, err := s.Pepper.Open(purpose, string(r.ID), r.Sealed)
	if err != nil {
		return m, err
	}
	return m, json.Unmarshal(b, &m)
}

func (s *Service) browserKey(browser string) []byte { return s.Pepper.Hash("browser", browser) }

// budgets bound how often a provider is asked: 30 times at once and one more every
// minute for a recipient, 60 and one every half a minute for a network.
func (s *Service) budgets(of letterlock.ID, ip string) []store.Budget {
	return []store.Budget{
		{Name: "openid|" + string(of), Size: 30, Every: time.Minute},
		{Name: "openid|ip|" + s.IPKey(ip), Size: 60, Every: 30 * time.Second},
	}
}

// Begin returns where the browser is to go. The providers' own errors are those of
// package oidc; NotFound: no such provider, or none that could vouch for the recipient, or
// the brand wants none; Throttled "budget".
func (s *Service) Begin(ctx context.Context, a Ask) (to string, err error) {
	p, err := s.provider(a.Provider)
	if err != nil {
		return "", err
	}
	var r letterlock.Recipient
	var off bool
	err = s.DB.Read(ctx, func(tx *store.Tx) (err error) {
		if r, err = tx.Recipient(a.Recipient); err == nil {
			off, err = s.off(tx, r)
		}
		return err
	})
	if err != nil {
		return "", err
	}
	if off || !p.MayVouch(r.Mailbox.Address) {
		return "", &letterlock.Error{Code: letterlock.NotFound}
	}
	hint := letterlock.Address("")
	if a.Hint {
		hint = r.Mailbox.Address
	}
	return s.begin(ctx, p, a, hint)
}

// off reports whether the brand of the message wants no providers.
func (s *Service) off(tx *store.Tx, r letterlock.Recipient) (bool, error) {
	if s.On == nil {
		return false, nil
	}
	m, err := tx.Message(r.Message)
	return err == nil && !s.On(m.Brand), err
}

// Try returns where the browser of an administrator is to go who wants to see what a
// provider says.
func (s *Service) Try(ctx context.Context, by letterlock.Actor, provider, browser string) (to string, err error) {
	if !by.Is(letterlock.Admin) {
		return "", &letterlock.Error{Code: letterlock.Denied}
	}
	p, err := s.provider(provider)
	if err != nil {
		return "", err
	}
	return s.begin(ctx, p, Ask{Provider: provider, Browser: browser, IP: by.IP}, "")
}

func (s *Service) begin(ctx context.Context, p *oidc.Provider, a Ask, hint letterlock.Address) (string, error) {
	if a.Browser == "" {
		return "", &letterlock.Error{Code: letterlock.Invalid, Key: "browser"}
	}
	var q oidc.Question
	err := s.away.Ask(ctx, oidc.Unreachable, func() (err error) { q, err = p.Start(ctx, hint, a.Fresh); return err })
	if err != nil {
		s.Metrics.Came(p.ID, false, err)
		return "", err
	}
	id := letterlock.NewID()
	var wait time.Duration
	err = s.DB.Write(ctx, func(tx *store.Tx) (err error) {
		if wait, err = tx.Spend(s.budgets(a.Recipient, a.IP)...); err != nil || wait > 0 {
			return err
		}
		return tx.AddOpenIDRequest(store.OpenIDRequest{
			State: s.Pepper.Hash("openid-state", q.State), ID: id, Browser: s.browserKey(a.Browser), Recipient: a.Recipient,
			Provider: p.ID, Sealed: s.sealed(id, memory{Question: q, Link: a.Link, Remember: a.Remember}), Expires: tx.Now.Add(validity),
		})
	})
	if err == nil && wait > 0 {
		err = &letterlock.Error{Code: letterlock.Throttled, Key: "budget", RetryAfter: wait}
	}
	if err != nil {
		return "", err
	}
	return q.URL, nil
}

// A Result is what came of an answer that a browser brought back.
type Result struct {
	ID       letterlock.ID     // under which Outcome says more
	Link     string            // where it was begun; empty: an administrator has tried it
	Message  letterlock.ID     // whose recipient it was
	Reader   *letterlock.Actor // who may be signed in now; nil: nobody
	Remember bool              // their browser is to be remembered
}

// Finish takes what a browser brought back from a provider. Denied [Elsewhere]: it was
// not sent there, or its answer cannot be told from one that somebody else has planted.
// All else is a result, which Outcome explains.
func (s *Service) Finish(ctx context.Context, provider, browser string, back url.Values, from letterlock.Actor) (Result, error) {
	p, err := s.provider(provider)
	if err != nil {
		return Result{}, err
	}
	r, m, key, err := s.take(ctx, provider, browser, back.Get("state"))
	if err != nil {
		return Result{}, err
	}
	result := Result{ID: r.ID, Link: m.Link}
	if key == Used {
		return result, nil // what is kept is what came of the first answer
	}
	var v oidc.Voucher
	if key == "" {
		err = s.away.Ask(ctx, oidc.Unreachable, func() (err error) { v, err = p.Finish(ctx, m.Question, back); return err })
		if key = letterlock.KeyOf(err); err != nil && key == "" {
			return Result{}, err
		}
	}
	by, err := s.settle(ctx, r, m, v, key, from)
	if err != nil {
		return Result{}, err
	}
	if by != nil {
		result.Reader, result.Remember, result.Message = by, m.Remember, by.ProvedFor
		if !m.Fresh {
			result.Reader.ProvedFor = "" // the proof is the mailbox's, and of whenever they signed in there
		}
	}
	return result, nil
}

// take finds the question that an answer belongs to and marks it as answered. From then
// on no other answer counts, whatever becomes of this one.
func (s *Service) take(ctx context.Context, provider, browser, state string) (r store.OpenIDRequest, m memory, key string, err error) {
	refusal := error(&letterlock.Error{Code: letterlock.Denied, Key: Elsewhere})
	hash := s.Pepper.Hash("openid-state", state)
	// Anybody can bring an answer to nothing, as often as they like: it must not wait in
	// the line of those who write.
	err = s.DB.Read(ctx, func(tx *store.Tx) error { _, err := tx.OpenIDRequest(hash); return err })
	if errors.Is(err, letterlock.NotFound) {
		return r, m, "", refusal
	}
	if err != nil {
		return r, m, "", err
	}
	err = s.DB.Write(ctx, func(tx *store.Tx) (err error) {
		r, err = tx.OpenIDRequest(hash)
		if errors.Is(err, letterlock.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if browser == "" || r.Provider != provider || subtle.ConstantTimeCompare(r.Browser, s.browserKey(browser)) != 1 {
			return nil
		}
		if m, err = s.opened(r); err != nil {
			return err
		}
		refusal = nil
		switch {
		case r.Used:
			key = Used
			return nil
		case !tx.Now.Before(r.Expires):
			key = Late
		}
		return tx.UseOpenIDRequest(r.State)
	})
	if err == nil {
		err = refusal
	}
	return r, m, key, err
}

// settle decides what an answer proves, and keeps that. Of a refusal the reason is kept
// and in the audit log; of a proof, who gave it first.
func (s *Service) settle(ctx context.Context, r store.OpenIDRequest, m memory, v oidc.Voucher, key string, from letterlock.Actor) (by *letterlock.Actor, err error) {
	err = s.DB.Write(ctx, func(tx *store.Tx) error {
		by = nil
		m.Email = v.Email
		if r.Recipient == "" {
			return s.tried(tx, r, m, key)
		}
		to, err := tx.Recipient(r.Recipient)
		if err != nil {
			return err
		}
		if key == "" {
			if key, err = s.proves(tx, r, v, to); err != nil {
				return err
			}
		}
		e := letterlock.Entry{Actor: letterlock.Actor{IP: from.IP, Agent: from.Agent}, Action: "prove mailbox by OpenID", Message: to.Message,
			Target: string(to.Mailbox.Address), Reason: r.Provider}
		if key == "" {
			e.Allowed, e.Actor.Kind, e.Actor.Address, e.Actor.Proof = true, letterlock.Reader, to.Mailbox.Address, letterlock.ByOpenID(r.Provider)
			reader := e.Actor
			reader.ProvedFor = to.Message
			by = &reader
		} else {
			e.Reason += ": " + key
		}
		m.Key = key
		return errors.Join(tx.SettleOpenIDRequest(r.State, s.sealed(r.ID, forgotten(m))), tx.Audit(e))
	})
	if err == nil {
		s.Metrics.Came(r.Provider, key == oidc.Cancelled, refusal(key))
	}
	return by, err
}

// forgotten is a memory without what only the answer was held against.
func forgotten(m memory) memory {
	m.Nonce, m.Verifier = "", ""
	return m
}

// proves says why what a provider vouches for proves nothing to a recipient; "" if it does.
// The brand is asked here once more: it can have changed since the browser was sent away.
func (s *Service) proves(tx *store.Tx, r store.OpenIDRequest, v oidc.Voucher, to letterlock.Recipient) (key string, err error) {
	off, err := s.off(tx, to)
	if err != nil {
		return "", err
	}
	if off {
		return Off, nil
	}
	return s.bound(tx, r, v, to.Mailbox.Address)
}

// bound compares whom a provider vouches for with whom a message was sent to, and binds
// an address to the first who proves it.
func (s *Service) bound(tx *store.Tx, r store.OpenIDRequest, v oidc.Voucher, want letterlock.Address) (key string, err error) {
	if v.Address == "" || v.Address != want {
		return Another, nil
	}
	b, err := tx.Binding(want, v.Issuer)
	switch {
	case errors.Is(err, letterlock.NotFound):
	case err != nil:
		return "", err
	case b.Subject != v.Subject:
		return Subject, nil
	}
	return "", tx.Bind(store.Binding{Address: want, Issuer: v.Issuer, Subject: v.Subject, Provider: r.Provider})
}

// tried keeps what an administrator has found out.
func (s *Service) tried(tx *store.Tx, r store.OpenIDRequest, m memory, key string) error {
	if m.Key = key; key == "" {
		m.Key = Tried
	}
	return tx.SettleOpenIDRequest(r.State, s.sealed(r.ID, forgotten(m)))
}

// refusal is an error of the key, for the metrics.
func refusal(key string) error {
	switch key {
	case "":
		return nil
	case oidc.Unreachable, oidc.Discovery:
		return &letterlock.Error{Code: letterlock.Busy, Key: key}
	}
	return &letterlock.Error{Code: letterlock.Denied, Key: key}
}

// An Outcome is what came of a sign-in at a provider, for the page.
type Outcome struct {
	Key      string // why it proved nothing, one of [Keys]; empty: it did
	Provider string // as people know it
	Email    string // what the provider said, if it came so far
}

// Outcome returns what came of a question of that browser for that recipient, or
// NotFound: nobody else may know. It changes nothing.
func (s *Service) Outcome(ctx context.Context, id, recipient letterlock.ID, browser string) (o Outcome, err error) {
	none := &letterlock.Error{Code: letterlock.NotFound}
	if browser == "" {
		return o, none
	}
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		r, err := tx.OpenIDRequestByID(id)
		if err != nil {
			return err
		}
		if r.Recipient != recipient || subtle.ConstantTimeCompare(r.Browser, s.browserKey(browser)) != 1 || !r.Used || !tx.Now.Before(r.Expires.Add(keepUntil)) {
			return none
		}
		m, err := s.opened(r)
		if err != nil {
			return err
		}
		if m.Key == "" { // it was right, or its answer was never worked on to the end
			m.Key = Used
		}
		o = Outcome{Key: m.Key, Provider: s.Name(r.Provider), Email: m.Email}
		return nil
	})
	return o, err
}

// actForget is what Forget does, in the audit log.
const actForget = "forget OpenID binding"

// Forget lets somebody else prove an address at a provider, at all of them if that is
// empty, and returns how many bindings it has forgotten. Whoever is signed in with the
// address is signed out, and none of their browsers is remembered any more.
func (s *Service) Forget(ctx context.Context, by letterlock.Actor, a letterlock.Address, provider string) (n int64, err error) {
	if !by.Is(letterlock.Admin) {
		return 0, &letterlock.Error{Code: letterlock.Denied}
	}
	err = s.DB.Write(ctx, func(tx *store.Tx) (err error) {
		if n, err = tx.Unbind(a, provider); err != nil {
			return err
		}
		e := letterlock.Entry{Actor: by, Action: actForget, Target: string(a), Reason: provider, Allowed: true}
		if n == 0 {
			return tx.Audit(e)
		}
		return errors.Join(tx.EndSessions(letterlock.Reader, a), tx.ForgetBrowsers(a), tx.Journal(s.unbound(a, provider)), tx.Audit(e))
	})
	return n, err
}
