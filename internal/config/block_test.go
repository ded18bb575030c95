package config_test

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"letterlock/internal/config"
)

// hostile is what somebody could type to write more into the settings than a value.
const hostile = "a\"\n[keys]\nmaster_key_file = '/x' # \\ \x00 \u2028é"

func TestABlockIsReadAsWhatItWasMadeOf(t *testing.T) {
	sso := config.SSO{Issuer: "https://login.example.org", Name: hostile, ClientID: hostile, ClientSecretFile: "/etc/letterlock/sso.secret"}
	for _, s := range []config.SignIn{
		{Preset: "google", ClientID: hostile, ClientSecretFile: "/etc/letterlock/google.secret"},
		{ID: "riverside", Name: hostile, Issuer: "https://login.riverside.example/realms/staff", ClientID: "letterlock", ClientSecretFile: "/x", Domains: []string{"riverside.example", hostile},
			Tenants: map[string][]string{"11111111-2222-3333-4444-555555555555": {"a.example"}}, CAFile: "/ca.pem"},
	} {
		file := filepath.Join(t.TempDir(), "letterlock.toml")
		if err := os.WriteFile(file, []byte(s.Block()+sso.Block()), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := config.Load(file, nil)
		if err != nil || len(got.SignIn) != 1 || !reflect.DeepEqual(got.SignIn[0], s) {
			t.Errorf("%v: %+v is read of\n%s", err, got.SignIn, s.Block())
		}
		if got.SSO.Issuer != sso.Issuer || got.SSO.Name != hostile || got.SSO.ClientID != hostile || got.SSO.ClientSecretFile != sso.ClientSecretFile {
			t.Errorf("%+v is read of\n%s", got.SSO, sso.Block())
		}
		if want := config.Default().Keys; !reflect.DeepEqual(got.Keys, want) {
			t.Errorf("a value has changed other settings: %+v", got.Keys)
		}
	}
}

func TestRefusedNamesWhatValidateRefuses(t *testing.T) {
	good := config.SignIn{Preset: "google", ClientID: "x", ClientSecretFile: "/x"}
	if got := good.Refused(false); got != nil {
		t.Errorf("%q of what is right", got)
	}
	bad := config.SignIn{ID: "A b", Issuer: "http://127.0.0.1", Domains: []string{"A b", "Ü"}}
	if got, want := bad.Refused(false), []string{"id", "issuer", "name", "client_id", "client_secret_file", "domains"}; !slices.Equal(got, want) {
		t.Errorf("refused %q, want %q", got, want)
	}
	if slices.Contains(bad.Refused(true), "issuer") {
		t.Error("a provider here is refused where the portal is here")
	}
}
