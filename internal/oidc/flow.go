package oidc

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"letterlock/internal/letterlock"
)

// A Question is what a provider is asked, and what its answer is held against. State,
// Nonce and Verifier are secrets of the browser that asks.
type Question struct {
	URL      string    `json:"-"` // where the browser goes
	State    string    `json:"-"` // comes back with the answer
	Nonce    string    `json:"nonce"`
	Verifier string    `json:"verifier"` // of PKCE
	Fresh    bool      `json:"fresh"`    // whoever sits there has to sign in anew
	Asked    time.Time `json:"asked"`
}

// A Voucher is what a provider has vouched for.
type Voucher struct {
	Address letterlock.Address // which whoever signed in has; empty: it is not proved
	Issuer  string             // who says so
	Subject string             // by what the issuer knows them, always
	Email   string             // the address as the provider wrote it, proved or not
	Profile *Profile           // what else it says; nil: it is not asked
}

// Start asks for an address; hint is the one that is expected, and may be empty.
func (p *Provider) Start(ctx context.Context, hint letterlock.Address, fresh bool) (Question, error) {
	d, err := p.discover(ctx)
	if err != nil {
		return Question{}, err
	}
	q := Question{State: secret(), Nonce: secret(), Verifier: oauth2.GenerateVerifier(), Fresh: fresh, Asked: p.Now()}
	options := []oauth2.AuthCodeOption{gooidc.Nonce(q.Nonce), oauth2.S256ChallengeOption(q.Verifier)}
	if hint != "" {
		options = append(options, oauth2.SetAuthURLParam("login_hint", string(hint)))
	}
	if fresh {
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"))
	}
	q.URL = d.oauth.AuthCodeURL(q.State, options...)
	return q, nil
}

// secret is 256 random bits.
func secret() string {
	var b [32]byte
	rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Finish takes what the browser brought back, whose state the caller has compared, and
// returns what it proves. The errors are those of [Keys]. With an error that comes after
// the token was found genuine, the voucher says what it was about.
func (p *Provider) Finish(ctx context.Context, q Question, back url.Values) (Voucher, error) {
	d, err := p.discover(ctx)
	if err != nil {
		return Voucher{}, err
	}
	if err := d.check(back); err != nil {
		return Voucher{}, err
	}
	ctx, cancel := context.WithTimeout(gooidc.ClientContext(ctx, p.client), askTime)
	defer cancel()
	token, err := d.oauth.Exchange(ctx, back.Get("code"), oauth2.VerifierOption(q.Verifier))
	if err != nil {
		return Voucher{}, refusedCode(err)
	}
	raw, _ := token.Extra("id_token").(string)
	if raw == "" {
		return Voucher{}, refuse(NoToken, nil)
	}
	c, err := p.genuine(ctx, d, raw)
	if err != nil {
		return Voucher{}, err
	}
	if err := p.timely(c, q); err != nil {
		return Voucher{}, err
	}
	if c.Email == "" || p.lacksRoles(c.Profile) {
		if err := p.askUser(ctx, d, token, &c); err != nil {
			return Voucher{}, err
		}
	}
	v := Voucher{Issuer: d.issuer, Subject: p.subject(c), Email: c.Email, Profile: c.Profile}
	address, err := p.accept(c)
	if err != nil {
		return v, err
	}
	v.Address = address
	return v, nil
}

// subject is by what an address is bound to whoever proves it, under the one name that
// the provider has in its discovery. Microsoft's accounts are told apart within their
// tenant: a domain that comes to another tenant has other accounts, and they are others.
func (p *Provider) subject(c claims) string {
	if p.Preset == Microsoft {
		return c.Tenant + " " + c.Subject
	}
	return c.Subject
}

// check looks at what the browser brought back before anybody is asked about it.
func (d *discovered) check(back url.Values) error {
	// Microsoft's issuer is known with the token only; it names none here.
	if iss := back.Get("iss"); iss != "" && iss != d.issuer || iss == "" && d.sender {
		return refuse(WrongSender, nil)
	}
	switch e := back.Get("error"); e {
	case "":
	case "access_denied", "login_required", "interaction_required", "consent_required", "account_selection_required":
		return refuse(Cancelled, nil)
	case "temporarily_unavailable", "server_error":
		return refuse(Unreachable, nil)
	default:
		return refuse(ProviderSays, nil)
	}
	if back.Get("code") == "" {
		return refuse(NoCode, nil)
	}
	return nil
}

// refusedCode says why there is no token for a code.
func refusedCode(err error) error {
	var r *oauth2.RetrieveError
	if !errors.As(err, &r) {
		if u := (*url.Error)(nil); errors.As(err, &u) {
			return refuse(Unreachable, err)
		}
		return refuse(NoToken, err)
	}
	switch {
	case r.ErrorCode == "invalid_client" || r.ErrorCode == "unauthorized_client":
		return refuse(Client, err)
	case r.Response != nil && r.Response.StatusCode >= 500:
		return refuse(Unreachable, err)
	}
	return refuse(Exchange, err)
}

// askUser asks for the address that the token does not name, and for what completes a
// profile. Of the answer nothing else counts, and it has to be about whom the token is about.
// A provider that has nothing to ask has said all in the token; where one does not answer as
// it should, nobody knows what it has to say.
func (p *Provider) askUser(ctx context.Context, d *discovered, t *oauth2.Token, c *claims) error {
	if d.provider.UserInfoEndpoint() == "" {
		return nil
	}
	info, err := d.provider.UserInfo(ctx, oauth2.StaticTokenSource(t))
	if err != nil {
		return refuse(Unreachable, err)
	}
	var more struct {
		Email    string `json:"email"`
		Verified claim  `json:"email_verified"`
	}
	if err := info.Claims(&more); err != nil {
		return refuse(Malformed, err)
	}
	if subtle.ConstantTimeCompare([]byte(info.Subject), []byte(c.Subject)) != 1 {
		return refuse(UserInfo, nil)
	}
	if c.Email == "" {
		c.Email, c.Verified = more.Email, more.Verified
	}
	if c.Profile != nil {
		var all map[string]json.RawMessage
		if err := info.Claims(&all); err != nil {
			return refuse(Malformed, err)
		}
		p.complete(c.Profile, all)
	}
	return nil
}
