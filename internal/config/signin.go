package config

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"

	"letterlock/internal/letterlock"
)

var (
	aShortName = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)
	aTenant    = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	presets    = []string{"google", "yahoo", "microsoft"}
)

// validateSignIn refuses a provider that would be believed for nobody knows whom.
func (c Config) validateSignIn(bad complain) {
	seen := map[string]bool{}
	for i, s := range c.SignIn {
		at := func(field string) string { return fmt.Sprintf("signin[%d].%s", i+1, field) }
		s.validate(c.PublicURL.URL != nil && Loopback(c.PublicURL.Hostname()), bad, at)
		if seen[s.Short()] {
			bad(at("id"), "%q names another provider already: give this one its own", s.Short())
		}
		seen[s.Short()] = true
	}
}

func (s SignIn) validate(here bool, bad complain, at func(string) string) {
	if !aShortName.MatchString(s.Short()) {
		bad(at("id"), "%q is no short name of 1 to 32 lower-case letters, digits and hyphens", s.Short())
	}
	if s.Issuer != "" && !issuer(s.Issuer, here) {
		bad(at("issuer"), "%q is not an https URL", s.Issuer)
	}
	switch {
	case s.Preset == "":
		for _, need := range []struct{ field, value string }{{"name", s.Name}, {"issuer", s.Issuer}} {
			if need.value == "" {
				bad(at(need.field), "is missing, and there is no preset: they are google, yahoo and microsoft")
			}
		}
		if len(s.Domains) == 0 {
			bad(at("domains"), "is missing: say for which domains this provider is believed")
		}
	case !slices.Contains(presets, s.Preset):
		bad(at("preset"), "%q is none of google, yahoo and microsoft", s.Preset)
	}
	if s.ClientID == "" {
		bad(at("client_id"), "is missing")
	}
	if s.ClientSecretFile == "" {
		bad(at("client_secret_file"), "is missing")
	}
	if len(s.Tenants) > 0 && s.Preset != "microsoft" {
		bad(at("tenants"), "is for the preset microsoft only")
	}
	domains := s.Domains
	for tenant, theirs := range s.Tenants {
		if !aTenant.MatchString(tenant) {
			bad(at("tenants"), "%q is no tenant's id, like 11111111-2222-3333-4444-555555555555 in lower case", tenant)
		}
		if len(theirs) == 0 {
			bad(at("tenants"), "no domain is listed for %s", tenant)
		}
	}
	for _, tenant := range slices.Sorted(maps.Keys(s.Tenants)) {
		domains = slices.Concat(domains, s.Tenants[tenant])
	}
	for _, d := range domains {
		if !canonical(letterlock.Address("x@" + d)) {
			bad(at("domains"), "%q is not a domain in lower-case ASCII (A-labels)", d)
		}
	}
}

// issuer reports whether a provider may be there: under https, or on this machine where
// the portal itself is, as in tests.
func issuer(s string, here bool) bool {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && here && Loopback(u.Hostname())
}
