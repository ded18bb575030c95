package web

import (
	"strings"

	"letterlock/internal/letterlock"
	"letterlock/internal/vouch"
)

// openIDText is the name of the text that says why a provider's word proves nothing.
func openIDText(key string) string { return "openid." + strings.TrimPrefix(key, "openid-") }

// openIDSays is the sentence for what came of a sign-in at a provider, to whoever was
// to prove an address; "" if it proved it.
func (p speaker) openIDSays(o vouch.Outcome, to string) string {
	why := p.openIDWhy(o, to)
	if why == "" {
		return ""
	}
	return why + " " + p.Text("providers.instead")
}

// openIDWhy says why a provider's word proves nothing; "" if it proves the address. Of the
// message's own address it tells what to says, which is masked.
func (p speaker) openIDWhy(o vouch.Outcome, to string) string {
	if id := openIDText(o.Key); strings.HasPrefix(o.Key, "openid-") && p.Has(id) {
		return capital(p.Text(id, "Provider", o.Provider, "Email", p.openIDEmail(o), "To", to))
	}
	return ""
}

// openIDEmail is the address that a provider has named. What it writes there may be
// anything: only what is an address is shown.
func (p speaker) openIDEmail(o vouch.Outcome) string {
	if a, err := letterlock.ParseAddress(o.Email); err == nil {
		return string(a)
	}
	return p.Text("openid.theAddress")
}
