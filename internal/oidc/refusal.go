package oidc

import (
	"letterlock/internal/letterlock"
)

// Keys of the errors: why something proves nothing. All are Denied but Unreachable and
// Discovery, which are Busy: the provider cannot be asked now.
const (
	Unreachable  = "openid-unreachable" // no answer, not in time, or not the one that was asked for
	Discovery    = "openid-discovery"   // it does not say of itself what it has to, or calls itself otherwise
	Cancelled    = "openid-cancelled"   // whoever sat there did not want to, or may not
	ProviderSays = "openid-error"       // another error of the provider's
	WrongSender  = "openid-sender"      // the answer names another provider (RFC 9207)
	NoCode       = "openid-no-code"     // the answer holds nothing to ask with
	Client       = "openid-client"      // it does not know us: client_id or secret are wrong
	Exchange     = "openid-exchange"    // it does not take the code that it has given, or took it before
	NoToken      = "openid-no-token"    // it gave none
	Malformed    = "openid-malformed"   // the token cannot be read
	Unsigned     = "openid-unsigned"    // it is not signed, or not with a key that only the provider has
	Signature    = "openid-signature"   // no key of the provider's has signed it
	WrongIssuer  = "openid-issuer"      // another provider issued it
	Audience     = "openid-audience"    // it is meant for somebody else
	Nonce        = "openid-nonce"       // it answers another question
	Expired      = "openid-expired"     // its time is over
	NotYet       = "openid-not-yet"     // its time has not come
	NoAddress    = "openid-no-address"  // it names no mail address
	Unverified   = "openid-unverified"  // the provider has not verified the address
	Domain       = "openid-domain"      // the provider is not believed for that domain
	Hosted       = "openid-hosted"      // Google does not host the domain for whoever signed in
	EmailAlone   = "openid-email-alone" // Microsoft does not say that the domain is the tenant's
	Tenant       = "openid-tenant"      // Microsoft does not say which tenant, or another than the issuer
	NotFresh     = "openid-not-fresh"   // the provider asked for no new sign-in
	NoSignInTime = "openid-no-time"     // it does not say when somebody signed in
	UserInfo     = "openid-userinfo"    // what it says beside the token is about somebody else
)

// Keys are all of them, for the test that each has its own sentence.
var Keys = []string{
	Unreachable, Discovery, Cancelled, ProviderSays, WrongSender, NoCode, Client, Exchange, NoToken, Malformed, Unsigned, Signature,
	WrongIssuer, Audience, Nonce, Expired, NotYet, NoAddress, Unverified, Domain, Hosted, EmailAlone, Tenant, NotFresh, NoSignInTime, UserInfo,
}

func refuse(key string, cause error) error {
	code := letterlock.Denied
	if key == Unreachable || key == Discovery {
		code = letterlock.Busy
	}
	return &letterlock.Error{Code: code, Key: key, Err: cause}
}
