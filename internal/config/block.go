package config

import (
	"strings"

	"github.com/BurntSushi/toml"
)

// Refused names the fields of a provider that Validate refuses, as the file of settings
// does, each once. A provider may be at plain http only where the portal is here, on this
// machine.
func (s SignIn) Refused(here bool) (fields []string) {
	seen := map[string]bool{}
	s.validate(here, func(field, _ string, _ ...any) {
		if !seen[field] {
			fields = append(fields, field)
		}
		seen[field] = true
	}, func(field string) string { return field })
	return fields
}

// Block is the provider as it stands in the file of settings.
func (s SignIn) Block() string {
	type signIn struct { // SignIn, of which what is empty is left out
		Preset           string              `toml:"preset,omitempty"`
		ID               string              `toml:"id,omitempty"`
		Name             string              `toml:"name,omitempty"`
		Issuer           string              `toml:"issuer,omitempty"`
		ClientID         string              `toml:"client_id,omitempty"`
		ClientSecretFile string              `toml:"client_secret_file,omitempty"`
		Domains          []string            `toml:"domains,omitempty"`
		Tenants          map[string][]string `toml:"tenants,omitempty"`
		CAFile           string              `toml:"ca_file,omitempty"`
	}
	return block(struct {
		SignIn []signIn `toml:"signin"`
	}{[]signIn{signIn(s)}})
}

// Block is what of single sign-on has no default, as it stands in the file of settings.
func (s SSO) Block() string {
	type sso struct {
		Issuer           string `toml:"issuer"`
		Name             string `toml:"name"`
		ClientID         string `toml:"client_id"`
		ClientSecretFile string `toml:"client_secret_file"`
	}
	return block(struct {
		SSO sso `toml:"sso"`
	}{sso{s.Issuer, s.Name, s.ClientID, s.ClientSecretFile}})
}

func block(v any) string {
	var b strings.Builder
	e := toml.NewEncoder(&b)
	e.Indent = ""
	if err := e.Encode(v); err != nil {
		panic("config: internal error: " + err.Error()) // it is texts and lists of them
	}
	return b.String()
}
