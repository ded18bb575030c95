package app

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"letterlock/internal/api"
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

// lists is a server that has these accounts.
type lists []api.Account

func (l lists) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(api.Accounts{Accounts: l}); err != nil {
		return nil, err
	}
	return w.Result(), nil
}

// Who finds out that nobody can come in does so when the provider is down, if not before.
func TestTheDoctorTriesTheAccountForWhenTheProviderDoesNotWork(t *testing.T) {
	const glass = "glass@contoso.example"
	account := func(change func(*api.Account)) lists {
		a := api.Account{Address: glass, Roles: []string{"sender", "admin"}, PasswordSet: true}
		change(&a)
		return lists{{Address: "grace@contoso.example", Roles: []string{"admin"}, PasswordSet: true}, a}
	}
	for _, tt := range []struct {
		name         string
		server       lists
		says, remedy string
	}{
		{"all is well", account(func(*api.Account) {}), "comes in when the provider does not work", ""},
		{"no such account", account(func(a *api.Account) { a.Address = "x@contoso.example" }), "there is no account " + glass, "account add " + glass},
		{"disabled", account(func(a *api.Account) { a.Disabled = time.Now() }), "is disabled", "account enable " + glass},
		{"no password", account(func(a *api.Account) { a.PasswordSet = false }), "has no password", "account reset " + glass},
		{"no administrator's", account(func(a *api.Account) { a.Roles = a.Roles[:1] }), "no administrator", "account roles " + glass + " admin"},
	} {
		cfg := single(t, func(s *config.SSO) { s.Password, s.BreakGlass = config.PasswordNever, glass })
		d := &doctor{checkup: newCheckup(cfg, time.Now())}
		d.breakGlass(t.Context(), api.NewClient("http://letterlock", tt.server))
		if len(d.found) != 1 {
			t.Fatalf("%s: found %+v", tt.name, d.found)
		}
		f := d.found[0]
		if f.About != "sso.break_glass" || !strings.Contains(f.Says, tt.says) || !strings.Contains(f.Do, tt.remedy) || (f.Level == Fine) != (tt.remedy == "") || (f.Do == "") != (tt.remedy == "") {
			t.Errorf("%s: %+v, want %q, %q", tt.name, f, tt.says, tt.remedy)
		}
	}
	d := &doctor{checkup: newCheckup(config.Default(), time.Now())}
	if d.breakGlass(t.Context(), api.NewClient("http://letterlock", lists{})); len(d.found) > 0 {
		t.Errorf("without single sign-on: %+v", d.found)
	}
}
