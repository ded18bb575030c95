package config

import (
	"fmt"
	"maps"
	"slices"

	"letterlock/internal/letterlock"
)

// A FactorBy says who asks people that sign in by single sign-on for a second factor.
type FactorBy string

const (
	FactorHere     FactorBy = "here"     // we do, as beside a password
	FactorProvider FactorBy = "provider" // the provider does, and its answer shows it
)

// A PasswordUse says for whom passwords work where there is single sign-on.
type PasswordUse string

const (
	PasswordAlso  PasswordUse = "also"  // for everybody who has one
	PasswordNever PasswordUse = "never" // for SSO.BreakGlass alone
)

// An SSO is single sign-on: the OpenID provider at which the organisation's own people
// sign in.
type SSO struct {
	// Issuer is where the provider is, https. Empty: there is no single sign-on.
	Issuer string `toml:"issuer"`
	// Name is what the button calls it: "Sign in with" Name. Required with Issuer.
	Name string `toml:"name"`
	// ClientID is what the provider calls this Letterlock, which shows it the secret that
	// ClientSecretFile holds. Both required with Issuer.
	ClientID         string `toml:"client_id"`
	ClientSecretFile string `toml:"client_secret_file"`
	// CAFile holds the certificates, PEM, of whom is trusted to vouch for the provider's
	// server. Empty: those that the machine trusts.
	CAFile string `toml:"ca_file"`
	// Scopes are asked for beside openid and email, for what RolesClaim and the name are
	// taken from. Default "profile".
	Scopes []string `toml:"scopes"`
	// Domains are those of Organization.Domains whose addresses may sign in, Addresses the
	// only ones of them that may. Empty: all of them.
	Domains   []string             `toml:"domains"`
	Addresses []letterlock.Address `toml:"addresses"`
	// RolesClaim is the claim that says what somebody may do, or the way to it with dots,
	// and Roles which of its values give which roles. At each sign-in an account gets these
	// roles and no others. Empty: administrators give roles, here.
	RolesClaim string                       `toml:"roles_claim"`
	Roles      map[string][]letterlock.Role `toml:"roles"`
	// Create makes an account at the first sign-in of somebody who has none. Needs
	// RolesClaim. Default false.
	Create bool `toml:"create"`
	// SecondFactor is who asks for one: "here", the default, or "provider", which shows it
	// by one of the values ACR of the claim acr, or one of AMR in the claim amr.
	SecondFactor FactorBy `toml:"second_factor"`
	ACR          []string `toml:"acr"`
	AMR          []string `toml:"amr"`
	// Password is for whom passwords work: "also", the default, for everybody who has one;
	// "never" for BreakGlass alone, the account of an administrator, required with it, who
	// comes in when the provider does not work, and never by it.
	Password   PasswordUse        `toml:"password"`
	BreakGlass letterlock.Address `toml:"break_glass"`
}

// On reports whether there is single sign-on.
func (s SSO) On() bool { return s.Issuer != "" }

// SSOCallbackURL is where the provider of single sign-on sends browsers back to, as it is
// registered there.
func (c Config) SSOCallbackURL() string {
	return c.PublicURL.Scheme + "://" + c.PublicURL.Host + "/sign-in/sso"
}

// SSODomains are those whose addresses may sign in.
func (c Config) SSODomains() []string {
	if len(c.SSO.Domains) > 0 {
		return c.SSO.Domains
	}
	return c.Organization.Domains
}

// validateSSO refuses settings by which nobody could tell who comes in, or nobody could.
func (c Config) validateSSO(bad complain) {
	s := c.SSO
	switch s.SecondFactor {
	case FactorHere, FactorProvider:
	default:
		bad("sso.second_factor", "%q is neither here nor provider", s.SecondFactor)
	}
	switch s.Password {
	case PasswordAlso, PasswordNever:
	default:
		bad("sso.password", "%q is neither also nor never", s.Password)
	}
	if !s.On() {
		if s.Password == PasswordNever || s.Name != "" || s.ClientID != "" || s.Create {
			bad("sso.issuer", "is missing: nobody could sign in with the rest")
		}
		return
	}
	if !issuer(s.Issuer, c.PublicURL.URL != nil && Loopback(c.PublicURL.Hostname())) {
		bad("sso.issuer", "%q is not an https URL", s.Issuer)
	}
	for _, need := range []struct{ field, value string }{{"name", s.Name}, {"client_id", s.ClientID}, {"client_secret_file", s.ClientSecretFile}} {
		if need.value == "" {
			bad("sso."+need.field, "is missing")
		}
	}
	s.validateWho(bad, c.Organization.Domains, c.SSODomains())
	s.validateRoles(bad)
	s.validateFactor(bad)
}

// validateWho refuses addresses that are not the organisation's own: the first to come
// with one gets the account, and of others' mailboxes the provider knows nothing.
func (s SSO) validateWho(bad complain, own, domains []string) {
	for _, d := range s.Domains {
		if !slices.Contains(own, d) {
			bad("sso.domains", "%q is none of organization.domains", d)
		}
	}
	for _, a := range s.Addresses {
		switch {
		case !canonical(a):
			bad("sso.addresses", "%q is not a mail address", a)
		case !slices.Contains(domains, a.Domain()):
			bad("sso.addresses", "%s is in none of the domains that may sign in", a)
		}
	}
	switch {
	case s.BreakGlass != "" && !canonical(s.BreakGlass):
		bad("sso.break_glass", "%q is not a mail address", s.BreakGlass)
	case s.BreakGlass == "" && s.Password == PasswordNever:
		bad("sso.break_glass", "is missing: with sso.password = \"never\" nobody could come in when the provider does not work")
	}
}

func (s SSO) validateRoles(bad complain) {
	switch {
	case s.RolesClaim != "" && len(s.Roles) == 0:
		bad("sso.roles", "is missing: say which values of the claim %q give which roles", s.RolesClaim)
	case s.RolesClaim == "" && len(s.Roles) > 0:
		bad("sso.roles_claim", "is missing, there are sso.roles only")
	case s.RolesClaim == "" && s.Create:
		bad("sso.roles_claim", "is missing: with sso.create it has to say what a new account may do")
	}
	for _, value := range slices.Sorted(maps.Keys(s.Roles)) {
		at := fmt.Sprintf("sso.roles.%q", value)
		if len(s.Roles[value]) == 0 {
			bad(at, "gives no role")
		}
		for _, r := range s.Roles[value] {
			if _, err := letterlock.ParseRole(string(r)); err != nil {
				bad(at, "%q is no role; they are sender, auditor, revoker and admin", r)
			}
		}
	}
}

func (s SSO) validateFactor(bad complain) {
	switch lists := len(s.ACR)+len(s.AMR) > 0; {
	case s.SecondFactor == FactorProvider && !lists:
		bad("sso.second_factor", "is provider: sso.acr or sso.amr has to say by which values it shows that")
	case s.SecondFactor == FactorHere && lists:
		bad("sso.second_factor", "is here, and there are sso.acr or sso.amr: choose one")
	}
	if slices.Contains(s.ACR, "") || slices.Contains(s.AMR, "") {
		bad("sso.second_factor", "an empty value in sso.acr or sso.amr shows nothing")
	}
}
