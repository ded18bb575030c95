package oidc

import (
	"encoding/json"
	"strings"
)

// A Profile is what a provider says of somebody beside the address, for a provider that
// says who may do what ([Settings.Profile]). ACR and AMR are those of the token, which is
// signed; Name and Roles may be of userinfo, which is asked for what the token leaves out.
type Profile struct {
	Name  string   // "name"; anything may be in it
	Roles []string // what the claim holds that is called Settings.RolesClaim
	ACR   string   // how somebody was authenticated, in one word
	AMR   []string // and by what (RFC 8176)
}

// profileOf reads what a token says of somebody.
func (p *Provider) profileOf(all map[string]json.RawMessage) *Profile {
	f := &Profile{AMR: texts(all["amr"])}
	if acr := texts(all["acr"]); len(acr) == 1 {
		f.ACR = acr[0]
	}
	p.complete(f, all)
	return f
}

// complete adds what a profile lacks from what else the provider says.
func (p *Provider) complete(f *Profile, all map[string]json.RawMessage) {
	if name := texts(all["name"]); f.Name == "" && len(name) == 1 {
		f.Name = name[0]
	}
	if f.Roles == nil && p.RolesClaim != "" {
		f.Roles = texts(claimAt(all, p.RolesClaim))
	}
}

// lacksRoles reports whether the token has not said what is asked for.
func (p *Provider) lacksRoles(f *Profile) bool {
	return f != nil && f.Roles == nil && p.RolesClaim != ""
}

// claimAt is the claim of that name, or what dots lead to within others, as in
// realm_access.roles: names of claims may have dots, too.
func claimAt(all map[string]json.RawMessage, name string) json.RawMessage {
	if v, ok := all[name]; ok {
		return v
	}
	first, rest, ok := strings.Cut(name, ".")
	var inner map[string]json.RawMessage
	if !ok || json.Unmarshal(all[first], &inner) != nil {
		return nil
	}
	return claimAt(inner, rest)
}

// texts are the texts of a claim that is one, or a list of them; nil: it is neither.
func texts(v json.RawMessage) []string {
	var one string
	if json.Unmarshal(v, &one) == nil {
		return []string{one}
	}
	var list []string
	if json.Unmarshal(v, &list) != nil {
		return nil
	}
	return list
}
