// Package oidc is the client of OpenID providers: it sends a browser to one, takes what
// the browser brings back, and says which mail address that proves.
//
// A provider is believed for the domains that its settings name and for no others, and
// only what it has signed counts. Whatever is missing, wrong or unknown proves nothing:
// each reason is a [letterlock.Error] with a key of its own, see the constants.
package oidc

import (
	"crypto/x509"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"letterlock/internal/letterlock"
)

// A Preset is a provider whose ways are known.
type Preset string

// The presets. A provider without one is believed for the domains that are listed.
const (
	NoPreset  Preset = ""
	Google    Preset = "google"
	Yahoo     Preset = "yahoo"
	Microsoft Preset = "microsoft"
)

// issuers are where the presets are.
var issuers = map[Preset]string{
	Google:    "https://accounts.google.com",
	Yahoo:     "https://api.login.yahoo.com",
	Microsoft: "https://login.microsoftonline.com/common/v2.0",
}

// names are what the presets are called.
var names = map[Preset]string{Google: "Google", Yahoo: "Yahoo", Microsoft: "Microsoft"}

// Settings are what has to be known of a provider.
type Settings struct {
	ID       string // short name, in URLs and histories; empty: that of the preset
	Name     string // as people know it; empty: that of the preset
	Preset   Preset
	Issuer   string // its address; empty: that of the preset
	ClientID string
	Secret   string // of the client
	Redirect string // where it sends browsers back to, exactly as it was registered there
	// Domains are those for which it is believed, in A-labels and lower case. Empty, for
	// a preset only: all that the preset may vouch for.
	Domains []string
	// Tenants are Microsoft's tenants that are believed for domains although Microsoft
	// does not say that they own them, by the tenant's id.
	Tenants map[string][]string
	// Profile has the provider asked for more of somebody than the address, Scopes for what
	// it takes them to say, and RolesClaim is the claim that says what somebody may do;
	// empty: none does.
	Profile    bool
	Scopes     []string
	RolesClaim string
	// Loopback allows plain http to this machine itself: for tests.
	Loopback bool
	Roots    *x509.CertPool   // who vouches for the provider's server; nil: whom the machine trusts
	Now      func() time.Time // the clock; nil: the machine's
}

// A Provider is one that can be asked. It is safe for concurrent use.
type Provider struct {
	Settings
	client *http.Client

	mu    sync.Mutex
	found *discovered // nil: not yet
	until time.Time   // how long found, or failure, counts
	fail  error
}

// New returns a provider; nobody is asked yet.
func New(s Settings) (*Provider, error) {
	if s.ID == "" {
		s.ID = string(s.Preset)
	}
	if s.Name == "" {
		s.Name = names[s.Preset]
	}
	if s.Issuer == "" {
		s.Issuer = issuers[s.Preset]
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	u, err := url.Parse(s.Issuer)
	switch {
	case s.ID == "" || s.Name == "" || s.ClientID == "" || s.Secret == "" || s.Redirect == "":
		return nil, errors.New("oidc: a provider needs a name, a client and where to send browsers back to")
	case s.Preset != NoPreset && issuers[s.Preset] == "":
		return nil, errors.New("oidc: unknown preset")
	case s.Preset == NoPreset && len(s.Domains) == 0:
		return nil, errors.New("oidc: a provider without a preset needs the domains for which it is believed")
	case err != nil || u.Host == "" || !allowed(u, s.Loopback):
		return nil, errors.New("oidc: the issuer is not an https URL")
	}
	return &Provider{Settings: s, client: newClient(s)}, nil
}

// MayVouch reports whether the provider could be believed for an address, as far as can
// be told before it is asked.
func (p *Provider) MayVouch(a letterlock.Address) bool {
	d := a.Domain()
	if len(p.Domains) > 0 && !slices.Contains(p.Domains, d) {
		return false
	}
	switch t := kindOf(a); p.Preset {
	case Google:
		return t == letterlock.Google || t == letterlock.Other
	case Yahoo:
		return t == letterlock.Yahoo
	case Microsoft:
		return t == letterlock.MicrosoftAccount || t == letterlock.Other
	}
	return true
}
