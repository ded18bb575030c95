package app

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"letterlock/internal/config"
	"letterlock/internal/letterlock"
	"letterlock/internal/oidc"
	"letterlock/internal/seal"
)

// single is settings with single sign-on, whose provider nobody asks.
func single(t *testing.T, change func(*config.SSO)) config.Config {
	t.Helper()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("a secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := config.Default()
	cfg.Organization.Domains = []string{"contoso.example"}
	if err := cfg.PublicURL.UnmarshalText([]byte("https://mail.contoso.example")); err != nil {
		t.Fatal(err)
	}
	cfg.SSO = config.SSO{Issuer: "https://id.contoso.example", Name: "Contoso ID", ClientID: "letterlock", ClientSecretFile: secret}
	change(&cfg.SSO)
	return cfg
}

// A provider that says of addresses what others do not is to be taken for no other,
// however its issuer is written.
func TestSingleSignOnKnowsProvidersByTheirIssuer(t *testing.T) {
	for issuer, want := range map[string]oidc.Settings{
		"https://accounts.google.com":                              {Preset: oidc.Google, Issuer: "https://accounts.google.com"},
		"https://accounts.google.com/":                             {Preset: oidc.Google, Issuer: "https://accounts.google.com"},
		"https://accounts.google.com.evil.example":                 {Issuer: "https://accounts.google.com.evil.example"},
		"https://login.microsoftonline.com/a-tenant/v2.0":          {Preset: oidc.Microsoft, Issuer: "https://login.microsoftonline.com/a-tenant/v2.0"},
		"https://login.example.org/realms/staff":                   {Issuer: "https://login.example.org/realms/staff"},
		"https://contoso.okta.example/https://accounts.google.com": {Issuer: "https://contoso.okta.example/https://accounts.google.com"},
	} {
		p, err := openSSO(single(t, func(s *config.SSO) { s.Issuer = issuer }), time.Now)
		if err != nil || p.Preset != want.Preset || p.Issuer != want.Issuer {
			t.Errorf("%s: %+v, %v; want %q at %s", issuer, p, err, want.Preset, want.Issuer)
		}
	}
}

// An empty table, and roles that no claim gives, are no roles of the provider's.
func TestSingleSignOnGivesRolesByAClaimOnly(t *testing.T) {
	some := map[string][]letterlock.Role{"mail": {letterlock.Sender}}
	for _, tt := range []struct {
		name  string
		claim string
		roles map[string][]letterlock.Role
		want  bool
	}{
		{"claim and roles", "groups", some, true},
		{"no claim", "", some, false},
		{"no claim, empty roles", "", map[string][]letterlock.Role{}, false},
		{"neither", "", nil, false},
	} {
		cfg := single(t, func(s *config.SSO) { s.RolesClaim, s.Roles = tt.claim, tt.roles })
		p, err := openSSO(cfg, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		if got := ssoOf(cfg, p, nil, seal.Pepper{}).GivesRoles(); got != tt.want {
			t.Errorf("%s: it gives roles: %v, want %v", tt.name, got, tt.want)
		}
	}
}
