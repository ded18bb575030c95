package oidc

import (
	"slices"

	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
)

// personal is the tenant of all personal accounts at Microsoft.
const personal = "9188040d-6c67-4c5b-b112-36a304b66dad"

// kindOf says whose mailboxes a domain has, by its name.
func kindOf(a letterlock.Address) letterlock.IdentityType { return policy.Settings{}.Identity(a) }

// accept returns the address that a genuine token proves. An address in a token is only
// what somebody has written there, unless the provider says that it has verified it and
// is believed for its domain: elsewhere it can be anybody's.
func (p *Provider) accept(c claims) (letterlock.Address, error) {
	if c.Email == "" {
		return "", refuse(NoAddress, nil)
	}
	a, err := letterlock.ParseAddress(c.Email)
	if err != nil {
		return "", refuse(NoAddress, err)
	}
	if len(p.Domains) > 0 && !slices.Contains(p.Domains, a.Domain()) {
		return "", refuse(Domain, nil)
	}
	if p.Preset == Microsoft {
		return a, p.ofMicrosoft(a, c)
	}
	if !c.Verified {
		return "", refuse(Unverified, nil)
	}
	switch p.Preset {
	case Google:
		if kindOf(a) != letterlock.Google && (c.Hosted == "" || domainOf(c.Hosted) != a.Domain()) {
			return "", refuse(Hosted, nil)
		}
	case Yahoo:
		if kindOf(a) != letterlock.Yahoo {
			return "", refuse(Domain, nil)
		}
	}
	return a, nil
}

// ofMicrosoft says whether Microsoft may speak for an address. An administrator of any
// tenant can write any address into an account there, so that alone counts for nothing.
func (p *Provider) ofMicrosoft(a letterlock.Address, c claims) error {
	switch {
	case c.Tenant == personal:
		if kindOf(a) != letterlock.MicrosoftAccount {
			return refuse(Domain, nil)
		}
		return nil
	case kindOf(a) != letterlock.Other:
		return refuse(Domain, nil) // no tenant owns hotmail.com or gmail.com
	case bool(c.Owner), slices.Contains(p.Tenants[c.Tenant], a.Domain()):
		return nil
	}
	return refuse(EmailAlone, nil)
}

// domainOf is a domain in its one form, or "".
func domainOf(s string) string {
	a, err := letterlock.ParseAddress("x@" + s)
	if err != nil {
		return ""
	}
	return a.Domain()
}
