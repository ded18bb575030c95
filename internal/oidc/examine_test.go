package oidc_test

import (
	"net/http"
	"testing"

	"letterlock/internal/letterlock"
	"letterlock/internal/oidc"
	"letterlock/internal/oidctest"
)

func TestAnExaminationSaysWhatIsWrongWithASetUp(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*oidc.Settings)
		behave func(*oidctest.Behaviour)
		want   oidc.Examination
		key    string
	}{
		"all is well": {want: oidc.Examination{Discovery: oidc.Fine, Keys: oidc.Fine, Redirect: oidc.Fine, Client: oidc.Fine}},
		"another redirect URI": {change: func(s *oidc.Settings) { s.Redirect += "/" },
			want: oidc.Examination{Discovery: oidc.Fine, Keys: oidc.Fine, Redirect: oidc.Wrong, Client: oidc.Fine}},
		"another client": {change: func(s *oidc.Settings) { s.ClientID = "another" },
			want: oidc.Examination{Discovery: oidc.Fine, Keys: oidc.Fine, Redirect: oidc.Wrong, Client: oidc.Wrong}},
		"another secret": {change: func(s *oidc.Settings) { s.Secret = "another" },
			want: oidc.Examination{Discovery: oidc.Fine, Keys: oidc.Fine, Redirect: oidc.Fine, Client: oidc.Wrong}},
		"another issuer": {behave: func(b *oidctest.Behaviour) {
			b.Document = func(d map[string]any) { d["issuer"] = "https://evil.example" }
		}, want: oidc.Examination{Discovery: oidc.Wrong}, key: oidc.Discovery},
		"keys that are not there": {behave: func(b *oidctest.Behaviour) {
			b.Document = func(d map[string]any) { d["jwks_uri"] = d["issuer"].(string) + "/nothing" }
		}, want: oidc.Examination{Discovery: oidc.Fine, Keys: oidc.Wrong}, key: oidc.Unreachable},
		"one that is down": {behave: func(b *oidctest.Behaviour) {
			b.Intercept = func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }
		}, want: oidc.Examination{Discovery: oidc.Wrong}, key: oidc.Unreachable},
		"one that asks somebody all the same": {behave: func(b *oidctest.Behaviour) { b.User = nil },
			want: oidc.Examination{Discovery: oidc.Fine, Keys: oidc.Fine, Redirect: oidc.Unknown, Client: oidc.Fine}},
		"one that sends browsers elsewhere": {behave: func(b *oidctest.Behaviour) {
			b.Document = func(d map[string]any) {
				d["authorization_endpoint"], d["token_endpoint"] = d["issuer"].(string)+"/elsewhere", d["issuer"].(string)+"/elsewhere"
			}
		}, want: oidc.Examination{Discovery: oidc.Fine, Keys: oidc.Fine}},
	} {
		h := newHouse(t, tt.change)
		h.at.Set(func(b *oidctest.Behaviour) {
			if tt.behave != nil {
				tt.behave(b)
			}
		})
		got := h.client.Examine(t.Context())
		if key := letterlock.KeyOf(got.Err); key != tt.key {
			t.Errorf("%s: %v (key %q), want %q", name, got.Err, key, tt.key)
		}
		if got.Err = nil; got != tt.want {
			t.Errorf("%s: %+v, want %+v", name, got, tt.want)
		}
	}
}
