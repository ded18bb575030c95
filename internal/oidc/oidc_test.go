package oidc_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/oidc"
	"letterlock/internal/oidctest"
)

const redirect = "https://mail.contoso.example/portal/openid/test"

var morning = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)

// A house is a provider, and a client of it, with a clock that stands still.
type house struct {
	t      *testing.T
	now    time.Time
	at     *oidctest.Provider
	client *oidc.Provider
}

func newHouse(t *testing.T, change func(*oidc.Settings)) *house {
	t.Helper()
	h := &house{t: t, now: morning}
	clock := func() time.Time { return h.now }
	h.at = oidctest.New(t, clock)
	h.at.Redirect = redirect
	h.be(bob)
	s := oidc.Settings{
		ID: "test", Name: "Test", Issuer: h.at.URL, ClientID: oidctest.ClientID, Secret: oidctest.Secret,
		Redirect: redirect, Domains: []string{"riverside.example"}, Loopback: true, Now: clock,
	}
	if change != nil {
		change(&s)
	}
	var err error
	if h.client, err = oidc.New(s); err != nil {
		t.Fatal(err)
	}
	return h
}

type claims = map[string]any

// bob is signed in at the provider.
var bob = claims{"sub": "4711", "email": "bob@riverside.example", "email_verified": true}

func (h *house) be(user claims) { h.at.Set(func(b *oidctest.Behaviour) { b.User = user }) }

// prove goes to the provider and back.
func (h *house) prove(fresh bool) (oidc.Voucher, error) {
	h.t.Helper()
	q, err := h.client.Start(h.t.Context(), "", fresh)
	if err != nil {
		return oidc.Voucher{}, err
	}
	return h.client.Finish(h.t.Context(), q, h.at.Visit(h.t, q.URL))
}

func (h *house) check(name, key string, v oidc.Voucher, err error) {
	h.t.Helper()
	if letterlock.KeyOf(err) != key || (err != nil) != (key != "") {
		h.t.Errorf("%s: %v (key %q), want %q", name, err, letterlock.KeyOf(err), key)
	}
	if (key == "") != (v.Address != "") {
		h.t.Errorf("%s proves %q", name, v.Address)
	}
}

func TestAProviderProvesAnAddress(t *testing.T) {
	h := newHouse(t, nil)
	v, err := h.prove(false)
	want := oidc.Voucher{Address: "bob@riverside.example", Issuer: h.at.URL, Subject: "4711", Email: "bob@riverside.example"}
	if err != nil || v != want {
		t.Errorf("%+v, %v; want %+v", v, err, want)
	}
	last := h.at.Last()
	if last.Get("scope") != "openid email" || last.Get("prompt") != "" || last.Get("max_age") != "" {
		t.Errorf("the provider was asked for %v", last)
	}
	if _, err := h.prove(true); err != nil {
		t.Errorf("asked for a new sign-in: %v", err)
	}
	if last := h.at.Last(); last.Get("prompt") != "login" || last.Get("max_age") != "0" {
		t.Errorf("the provider was asked for %v, want a new sign-in", last)
	}
	if n := h.at.Asked("/.well-known/openid-configuration"); n != 1 {
		t.Errorf("discovery was asked for %d times, want once", n)
	}
	if n := h.at.Asked("/userinfo"); n != 0 {
		t.Errorf("userinfo was asked for %d times; the token says all", n)
	}
}

// A lie changes one thing about a token that is otherwise right.
func lie(change func(c claims)) func(*oidctest.Behaviour) {
	return func(b *oidctest.Behaviour) { b.Claims = change }
}

func put(name string, value any) func(*oidctest.Behaviour) {
	return lie(func(c claims) {
		if c[name] = value; value == nil {
			delete(c, name)
		}
	})
}

func forge(sign func(p *oidctest.Provider, c claims) string) func(*oidctest.Behaviour) {
	return func(b *oidctest.Behaviour) { b.Sign = sign }
}

// hmacWith signs by HS256 with what everybody knows of the provider: its public key.
func hmacWith(form func(*rsa.PublicKey) []byte) func(*oidctest.Behaviour) {
	return forge(func(p *oidctest.Provider, c claims) string {
		text := oidctest.Unsigned(claims{"alg": "HS256", "typ": "JWT"}, c)
		mac := hmac.New(sha256.New, form(&p.Key().PublicKey))
		mac.Write([]byte(text))
		return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	})
}

func derOf(k *rsa.PublicKey) []byte {
	b, err := x509.MarshalPKIXPublicKey(k)
	if err != nil {
		panic(err)
	}
	return b
}

func pemOf(k *rsa.PublicKey) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: derOf(k)})
}

func TestAWrongTokenProvesNothing(t *testing.T) {
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	at := func(d time.Duration) int64 { return morning.Add(d).Unix() }
	tests := []struct {
		name   string
		change func(*oidctest.Behaviour)
		want   string
	}{
		{"for somebody else", put("aud", "another client"), oidc.Audience},
		{"for nobody", put("aud", nil), oidc.Audience},
		{"for us and others, who says not which", put("aud", []string{oidctest.ClientID, "another"}), oidc.Audience},
		{"for us and others, given to another", lie(func(c claims) { c["aud"], c["azp"] = []string{oidctest.ClientID, "another"}, "another" }), oidc.Audience},
		{"for us and others, given to us", lie(func(c claims) { c["aud"], c["azp"] = []string{oidctest.ClientID, "another"}, oidctest.ClientID }), ""},
		{"of another issuer", put("iss", "https://evil.example"), oidc.WrongIssuer},
		{"of an issuer that begins alike", lie(func(c claims) { c["iss"] = c["iss"].(string) + ".evil.example" }), oidc.WrongIssuer},
		{"of no issuer", put("iss", nil), oidc.WrongIssuer},
		{"with another nonce", put("nonce", "another"), oidc.Nonce},
		{"without a nonce", put("nonce", nil), oidc.Nonce},
		{"expired", put("exp", at(-time.Minute)), oidc.Expired},
		{"expired within the skew", put("exp", at(-time.Minute+time.Second)), ""},
		{"without an end", put("exp", nil), oidc.Expired},
		{"not yet valid", put("nbf", at(time.Minute+time.Second)), oidc.NotYet},
		{"not yet valid within the skew", put("nbf", at(time.Minute)), ""},
		{"issued in the future", put("iat", at(2*time.Minute)), oidc.NotYet},
		{"about nobody", put("sub", nil), oidc.Malformed},
		{"about a very long name", put("sub", strings.Repeat("x", 256)), oidc.Malformed},
		{"with alg none", forge(func(_ *oidctest.Provider, c claims) string { return oidctest.Unsigned(claims{"alg": "none"}, c) + "." }), oidc.Unsigned},
		{"by HS256 with the public key, DER", hmacWith(derOf), oidc.Unsigned},
		{"by HS256 with the public key, PEM", hmacWith(pemOf), oidc.Unsigned},
		{"signed by another key", forge(func(_ *oidctest.Provider, c claims) string {
			return oidctest.SignWith(stranger, claims{"alg": "RS256"}, c)
		}), oidc.Signature},
		{"changed after it was signed", forge(func(p *oidctest.Provider, c claims) string {
			good := strings.Split(p.Sign(c), ".")
			c["email"] = "eve@riverside.example"
			return strings.Split(p.Sign(c), ".")[0] + "." + strings.Split(p.Sign(c), ".")[1] + "." + good[2]
		}), oidc.Signature},
		{"no token at all", forge(func(*oidctest.Provider, claims) string { return "not a token" }), oidc.Malformed},
		{"none", forge(func(*oidctest.Provider, claims) string { return "" }), oidc.NoToken},
		{"with an unverified address", put("email_verified", false), oidc.Unverified},
		{"that does not say whether it is verified", put("email_verified", nil), oidc.Unverified},
		{"verified as a word", put("email_verified", "true"), ""},
		{"unverified as a word", put("email_verified", "false"), oidc.Unverified},
		{"with an address elsewhere", put("email", "bob@gmail.com"), oidc.Domain},
		{"with a domain under the domain", put("email", "bob@evil.riverside.example"), oidc.Domain},
		{"with what is no address", put("email", "bob"), oidc.NoAddress},
		{"with two addresses", put("email", "bob@riverside.example, eve@riverside.example"), oidc.NoAddress},
		{"with a domain that only looks alike", put("email", "bob@riverside.exam\u00adple"), oidc.NoAddress},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t, nil)
			h.at.Set(tt.change)
			v, err := h.prove(false)
			h.check(tt.name, tt.want, v, err)
		})
	}
}

// Whom the presets are believed for.
func TestAPresetIsBelievedForItsOwn(t *testing.T) {
	const tenant = "11111111-2222-3333-4444-555555555555"
	const personal = "9188040d-6c67-4c5b-b112-36a304b66dad"
	ofTenant := func(id string, c claims) claims {
		c["tid"], c["sub"] = id, "s"
		return c
	}
	tests := []struct {
		name   string
		preset oidc.Preset
		user   claims
		want   string
	}{
		{"gmail.com", oidc.Google, claims{"email": "bob@gmail.com", "email_verified": true}, ""},
		{"googlemail.com", oidc.Google, claims{"email": "bob@googlemail.com", "email_verified": true}, ""},
		{"gmail.com, unverified", oidc.Google, claims{"email": "bob@gmail.com", "email_verified": false}, oidc.Unverified},
		{"a domain that Google hosts", oidc.Google, claims{"email": "bob@riverside.example", "email_verified": true, "hd": "Riverside.example"}, ""},
		{"a domain that Google does not host", oidc.Google, claims{"email": "bob@riverside.example", "email_verified": true}, oidc.Hosted},
		{"hosted elsewhere", oidc.Google, claims{"email": "bob@riverside.example", "email_verified": true, "hd": "evil.example"}, oidc.Hosted},
		{"hosted under it", oidc.Google, claims{"email": "bob@riverside.example", "email_verified": true, "hd": "x.riverside.example"}, oidc.Hosted},
		{"yahoo.com", oidc.Yahoo, claims{"email": "bob@yahoo.com", "email_verified": true}, ""},
		{"ymail.com", oidc.Yahoo, claims{"email": "bob@ymail.com", "email_verified": "true"}, ""},
		{"Yahoo, unverified", oidc.Yahoo, claims{"email": "bob@yahoo.com"}, oidc.Unverified},
		{"Yahoo for gmail.com", oidc.Yahoo, claims{"email": "bob@gmail.com", "email_verified": true}, oidc.Domain},
		{"Yahoo for a name that only begins alike", oidc.Yahoo, claims{"email": "bob@yahoo.evil.example", "email_verified": true}, oidc.Domain},
		{"a personal account", oidc.Microsoft, ofTenant(personal, claims{"email": "bob@outlook.com"}), ""},
		{"a personal account with another's address", oidc.Microsoft, ofTenant(personal, claims{"email": "bob@riverside.example", "email_verified": true}), oidc.Domain},
		{"a tenant with an address alone", oidc.Microsoft, ofTenant(tenant, claims{"email": "bob@riverside.example"}), oidc.EmailAlone},
		{"a tenant that claims to have verified it", oidc.Microsoft, ofTenant(tenant, claims{"email": "bob@riverside.example", "email_verified": true}), oidc.EmailAlone},
		{"a tenant that owns the domain", oidc.Microsoft, ofTenant(tenant, claims{"email": "bob@riverside.example", "xms_edov": true}), ""},
		{"a tenant that owns it, as a number", oidc.Microsoft, ofTenant(tenant, claims{"email": "bob@riverside.example", "xms_edov": 1}), ""},
		{"a tenant that owns it not", oidc.Microsoft, ofTenant(tenant, claims{"email": "bob@riverside.example", "xms_edov": "0"}), oidc.EmailAlone},
		{"a tenant with a personal address", oidc.Microsoft, ofTenant(tenant, claims{"email": "bob@outlook.com", "xms_edov": true}), oidc.Domain},
		{"a tenant with another provider's", oidc.Microsoft, ofTenant(tenant, claims{"email": "bob@gmail.com", "xms_edov": true}), oidc.Domain},
		{"the tenant of the settings", oidc.Microsoft, ofTenant("aaaaaaaa-2222-3333-4444-555555555555", claims{"email": "bob@listed.example"}), ""},
		{"the tenant of the settings for another domain", oidc.Microsoft, ofTenant("aaaaaaaa-2222-3333-4444-555555555555", claims{"email": "bob@riverside.example"}), oidc.EmailAlone},
		{"another tenant for the listed domain", oidc.Microsoft, ofTenant(tenant, claims{"email": "bob@listed.example"}), oidc.EmailAlone},
		{"no tenant", oidc.Microsoft, claims{"email": "bob@outlook.com"}, oidc.Tenant},
		{"a tenant that is none", oidc.Microsoft, ofTenant("../common", claims{"email": "bob@outlook.com"}), oidc.Tenant},
		{"a tenant by another's issuer", oidc.Microsoft, ofTenant(personal, claims{"email": "bob@outlook.com", "iss": tenant}), oidc.Tenant},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t, func(s *oidc.Settings) {
				s.Preset, s.Domains = tt.preset, nil
				s.Tenants = map[string][]string{"aaaaaaaa-2222-3333-4444-555555555555": {"listed.example"}}
				if tt.preset == oidc.Microsoft {
					s.Issuer += "/common/v2.0"
				}
			})
			if tt.preset == oidc.Microsoft {
				h.beMicrosoft()
			}
			user := claims{"sub": "s"}
			for k, v := range tt.user {
				user[k] = v
			}
			h.be(user)
			v, err := h.prove(false)
			h.check(tt.name, tt.want, v, err)
			if err == nil && v.Email != tt.user["email"] {
				t.Errorf("it proves %q", v.Email)
			}
		})
	}
}

// Google has two names, and an address is bound to the issuer: it is one and the same.
func TestGooglesTokensAreOfOneIssuerWhicheverNameTheyHave(t *testing.T) {
	h := newHouse(t, func(s *oidc.Settings) { s.Preset, s.Domains = oidc.Google, nil })
	h.be(claims{"sub": "s", "email": "bob@gmail.com", "email_verified": true})
	_, bare, _ := strings.Cut(h.at.URL, "://")
	for _, name := range []string{h.at.URL, bare} {
		h.at.Set(func(b *oidctest.Behaviour) { b.Claims = func(c claims) { c["iss"] = name } })
		if v, err := h.prove(false); err != nil || v.Issuer != h.at.URL {
			t.Errorf("as %s: %q, %v", name, v.Issuer, err)
		}
	}
}

// Microsoft's tenants are issuers each, and one that gets a domain does not get the accounts.
func TestMicrosoftsAccountsAreOfOneIssuerAndToldApartByTenant(t *testing.T) {
	h := newHouse(t, func(s *oidc.Settings) {
		s.Preset, s.Domains = oidc.Microsoft, nil
		s.Issuer += "/common/v2.0"
	})
	h.beMicrosoft()
	seen := map[string]string{}
	for _, tenant := range []string{"11111111-2222-3333-4444-555555555555", "99999999-2222-3333-4444-555555555555"} {
		h.be(claims{"sub": "s", "tid": tenant, "email": "bob@riverside.example", "xms_edov": true})
		v, err := h.prove(false)
		if err != nil {
			t.Fatal(err)
		}
		seen[v.Subject] = v.Issuer
	}
	issuers := slices.Compact(slices.Collect(maps.Values(seen)))
	if len(seen) != 2 || len(issuers) != 1 || issuers[0] == "" {
		t.Errorf("subjects and issuers are %v", seen)
	}
}

// beMicrosoft has the provider name itself as Microsoft does, for all tenants.
func (h *house) beMicrosoft() {
	h.at.Set(func(b *oidctest.Behaviour) {
		b.Claims = func(c claims) {
			tenant, _ := c["tid"].(string)
			if other, ok := c["iss"].(string); ok && other != h.at.URL {
				tenant = other
			}
			c["iss"] = h.at.URL + "/" + tenant + "/v2.0"
		}
		b.Answer = func(back url.Values) { back.Del("iss") }
		b.Intercept = h.microsoft
	})
}

// microsoft answers for the discovery of all tenants, and lets the rest through.
func (h *house) microsoft(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/common/v2.0/.well-known/openid-configuration" {
		h.at.Serve(w, r)
		return
	}
	u := h.at.URL
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(`{"issuer":"` + u + `/{tenantid}/v2.0","authorization_endpoint":"` + u + `/authorize","token_endpoint":"` + u +
		`/token","jwks_uri":"` + u + `/keys","userinfo_endpoint":"` + u + `/userinfo","token_endpoint_auth_methods_supported":["client_secret_post"]}`))
}

func TestAKeyThatIsChangedIsFoundAndTheOldOneCountsNoMore(t *testing.T) {
	h := newHouse(t, nil)
	if _, err := h.prove(false); err != nil {
		t.Fatal(err)
	}
	old := h.at.Key()
	h.at.Rotate()
	if _, err := h.prove(false); err != nil {
		t.Errorf("after the provider has changed its key: %v", err)
	}
	h.at.Set(forge(func(_ *oidctest.Provider, c claims) string { return oidctest.SignWith(old, claims{"alg": "RS256"}, c) }))
	v, err := h.prove(false)
	h.check("a token of the old key", oidc.Signature, v, err)
}

func TestAnAnswerIsLookedAtBeforeItsCodeIs(t *testing.T) {
	tests := []struct {
		name   string
		change func(url.Values)
		want   string
	}{
		{"of another provider", func(v url.Values) { v.Set("iss", "https://evil.example") }, oidc.WrongSender},
		{"that does not say whose", func(v url.Values) { v.Del("iss") }, oidc.WrongSender},
		{"cancelled", func(v url.Values) { v.Set("error", "access_denied") }, oidc.Cancelled},
		{"down", func(v url.Values) { v.Set("error", "temporarily_unavailable") }, oidc.Unreachable},
		{"an error", func(v url.Values) { v.Set("error", "invalid_scope") }, oidc.ProviderSays},
		{"without a code", func(v url.Values) { v.Del("code") }, oidc.NoCode},
	}
	for _, tt := range tests {
		h := newHouse(t, nil)
		h.at.Set(func(b *oidctest.Behaviour) { b.Answer = tt.change })
		v, err := h.prove(false)
		h.check(tt.name, tt.want, v, err)
		if h.at.Asked("/token") > 0 {
			t.Errorf("%s: the code was used", tt.name)
		}
	}
}

func TestACodeWorksOnceAndWithItsVerifier(t *testing.T) {
	h := newHouse(t, nil)
	q, err := h.client.Start(t.Context(), "bob@riverside.example", false)
	if err != nil {
		t.Fatal(err)
	}
	back := h.at.Visit(t, q.URL)
	if h.at.Last().Get("login_hint") != "bob@riverside.example" {
		t.Error("the provider was not told whom to expect")
	}
	if _, err := h.client.Finish(t.Context(), q, back); err != nil {
		t.Fatal(err)
	}
	v, err := h.client.Finish(t.Context(), q, back)
	h.check("a code that was used", oidc.Exchange, v, err)
	q, err = h.client.Start(t.Context(), "", false)
	if err != nil {
		t.Fatal(err)
	}
	back = h.at.Visit(t, q.URL)
	q.Verifier = strings.Repeat("A", 43)
	v, err = h.client.Finish(t.Context(), q, back)
	h.check("another verifier", oidc.Exchange, v, err)
	h = newHouse(t, func(s *oidc.Settings) { s.Secret = "another" })
	v, err = h.prove(false)
	h.check("a wrong secret", oidc.Client, v, err)
}

func TestANewSignInIsOneOfNow(t *testing.T) {
	tests := []struct {
		name string
		at   any
		want string
	}{
		{"now", morning.Unix(), ""},
		{"within the skew", morning.Add(-time.Minute).Unix(), ""},
		{"before it was asked for", morning.Add(-time.Minute - time.Second).Unix(), oidc.NotFresh},
		{"in the future", morning.Add(2 * time.Minute).Unix(), oidc.NotFresh},
		{"not said", nil, oidc.NoSignInTime},
	}
	for _, tt := range tests {
		h := newHouse(t, nil)
		h.at.Set(put("auth_time", tt.at))
		v, err := h.prove(true)
		h.check(tt.name, tt.want, v, err)
	}
}

func TestUserInfoIsAskedWhereTheTokenNamesNoAddress(t *testing.T) {
	tests := []struct {
		name string
		info claims
		want string
	}{
		{"of the same", bob, ""},
		{"of somebody else", claims{"sub": "0815", "email": "bob@riverside.example", "email_verified": true}, oidc.UserInfo},
		{"unverified", claims{"sub": "4711", "email": "bob@riverside.example"}, oidc.Unverified},
		{"without one either", claims{"sub": "4711"}, oidc.NoAddress},
	}
	for _, tt := range tests {
		h := newHouse(t, nil)
		h.at.Set(func(b *oidctest.Behaviour) {
			b.Info = tt.info
			b.Claims = func(c claims) { delete(c, "email"); delete(c, "email_verified") }
		})
		v, err := h.prove(false)
		h.check(tt.name, tt.want, v, err)
	}
}

// What a provider does not say now, it may say in a moment: that proves nothing, and is no
// reason to believe that there is nothing to say. What it never says is known at once.
func TestUserInfoThatFailsIsNotWhatItWouldHaveSaid(t *testing.T) {
	answer := func(status int, body string) func(*oidctest.Behaviour, *oidctest.Provider) {
		return func(b *oidctest.Behaviour, p *oidctest.Provider) {
			b.Intercept = func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/userinfo" {
					p.Serve(w, r)
					return
				}
				w.WriteHeader(status)
				_, _ = w.Write([]byte(body))
			}
		}
	}
	without := func(b *oidctest.Behaviour, _ *oidctest.Provider) {
		b.Document = func(d map[string]any) { delete(d, "userinfo_endpoint") }
	}
	for _, tt := range []struct {
		name    string
		change  func(*oidctest.Behaviour, *oidctest.Provider)
		address bool // the token names one
		want    string
	}{
		{"401", answer(401, ""), false, oidc.Unreachable},
		{"403", answer(403, `{"error":"insufficient_scope"}`), false, oidc.Unreachable},
		{"403, the roles are missing only", answer(403, ""), true, oidc.Unreachable},
		{"500", answer(500, ""), false, oidc.Unreachable},
		{"no JSON", answer(200, "<html>"), false, oidc.Unreachable},
		{"no endpoint", without, false, oidc.NoAddress},
		{"no endpoint, the roles are missing only", without, true, ""},
	} {
		h := newHouse(t, func(s *oidc.Settings) { s.Profile, s.RolesClaim = true, "groups" })
		h.at.Set(func(b *oidctest.Behaviour) {
			tt.change(b, h.at)
			if !tt.address {
				b.Claims = func(c claims) { delete(c, "email") }
			}
		})
		v, err := h.prove(false)
		h.check(tt.name, tt.want, v, err)
		if tt.want != oidc.Unreachable && (v.Issuer != h.at.URL || v.Subject != "4711" || v.Profile == nil || v.Profile.Roles != nil) {
			t.Errorf("%s: the voucher is about %+v", tt.name, v)
		}
	}
}

func TestAProviderThatDoesNotAnswerIsNotWaitedForByAll(t *testing.T) {
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"closed":         {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, oidc.Unreachable},
		"an error":       {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, oidc.Discovery},
		"a page":         {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }, oidc.Discovery},
		"without an end": {func(w http.ResponseWriter, _ *http.Request) { endless(w) }, oidc.Discovery},
		"a way elsewhere": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://evil.example/", http.StatusFound)
		}, oidc.Discovery},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, nil)
			h.at.Set(func(b *oidctest.Behaviour) { b.Intercept = tt.answer })
			for range 3 {
				_, err := h.prove(false)
				h.check(name, tt.want, oidc.Voucher{}, err)
				if !errors.Is(err, letterlock.Busy) {
					t.Errorf("%v is not Busy", err)
				}
			}
			if n := h.at.Asked("/.well-known/openid-configuration"); n != 1 {
				t.Errorf("it was asked %d times, want once", n)
			}
			h.at.Set(func(b *oidctest.Behaviour) { b.Intercept = nil })
			h.now = h.now.Add(5 * time.Second)
			if _, err := h.prove(false); err != nil {
				t.Errorf("five seconds later: %v", err)
			}
		})
	}
}

func endless(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	for range 40 {
		if _, err := w.Write([]byte(strings.Repeat(" ", 64<<10))); err != nil {
			return
		}
	}
}

func TestDiscoveryHasToBeOfTheProviderAndUnderHTTPS(t *testing.T) {
	for name, change := range map[string]func(claims){
		"another issuer":      func(d claims) { d["issuer"] = "https://evil.example" },
		"a form in plain":     func(d claims) { d["authorization_endpoint"] = "http://provider.example/authorize" },
		"tokens in plain":     func(d claims) { d["token_endpoint"] = "http://provider.example/token" },
		"keys in plain":       func(d claims) { d["jwks_uri"] = "http://provider.example/keys" },
		"keys nowhere":        func(d claims) { delete(d, "jwks_uri") },
		"a form that is code": func(d claims) { d["authorization_endpoint"] = "javascript:alert(1)" },
	} {
		h := newHouse(t, nil)
		h.at.Set(func(b *oidctest.Behaviour) { b.Document = change })
		_, err := h.prove(false)
		h.check(name, oidc.Discovery, oidc.Voucher{}, err)
		err = h.client.Look(t.Context())
		h.check(name+", looked at", oidc.Discovery, oidc.Voucher{}, err)
	}
	h := newHouse(t, nil)
	if err := h.client.Look(t.Context()); err != nil {
		t.Errorf("a good provider, looked at: %v", err)
	}
	h.at.Set(func(b *oidctest.Behaviour) {
		b.Intercept = func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/keys" {
				w.WriteHeader(500)
				return
			}
			h.at.Serve(w, r)
		}
	})
	h.check("without keys, looked at", oidc.Unreachable, oidc.Voucher{}, h.client.Look(t.Context()))
	v, err := h.anew().prove(false)
	h.check("without keys", oidc.Unreachable, v, err)
}

// anew is the same house with a client that knows nothing of the provider yet.
func (h *house) anew() *house {
	other := *h
	var err error
	if other.client, err = oidc.New(h.client.Settings); err != nil {
		h.t.Fatal(err)
	}
	return &other
}

func TestAProviderIsSetUpWholeOrNotAtAll(t *testing.T) {
	good := oidc.Settings{ID: "a", Name: "A", Issuer: "https://a.example", ClientID: "c", Secret: "s", Redirect: redirect, Domains: []string{"a.example"}}
	for name, change := range map[string]func(*oidc.Settings){
		"no name":                func(s *oidc.Settings) { s.Name = "" },
		"no client":              func(s *oidc.Settings) { s.ClientID = "" },
		"no secret":              func(s *oidc.Settings) { s.Secret = "" },
		"no domains":             func(s *oidc.Settings) { s.Domains = nil },
		"an unknown preset":      func(s *oidc.Settings) { s.Preset = "facebook" },
		"plain http":             func(s *oidc.Settings) { s.Issuer = "http://a.example" },
		"plain http, in a test":  func(s *oidc.Settings) { s.Issuer, s.Loopback = "http://a.example", true },
		"this machine, in plain": func(s *oidc.Settings) { s.Issuer = "http://127.0.0.1" },
		"no issuer":              func(s *oidc.Settings) { s.Issuer = "" },
	} {
		s := good
		change(&s)
		if _, err := oidc.New(s); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if _, err := oidc.New(good); err != nil {
		t.Error(err)
	}
}

func TestAProviderIsOfferedToThoseForWhomItMayVouch(t *testing.T) {
	all := []letterlock.Address{"a@gmail.com", "a@yahoo.de", "a@hotmail.com", "a@riverside.example", "a@listed.example"}
	for name, tt := range map[string]struct {
		preset  oidc.Preset
		domains []string
		want    []letterlock.Address
	}{
		"Google":         {oidc.Google, nil, []letterlock.Address{"a@gmail.com", "a@riverside.example", "a@listed.example"}},
		"Google, listed": {oidc.Google, []string{"listed.example"}, []letterlock.Address{"a@listed.example"}},
		"Yahoo":          {oidc.Yahoo, nil, []letterlock.Address{"a@yahoo.de"}},
		"Microsoft":      {oidc.Microsoft, nil, []letterlock.Address{"a@hotmail.com", "a@riverside.example", "a@listed.example"}},
		"another":        {oidc.NoPreset, []string{"listed.example"}, []letterlock.Address{"a@listed.example"}},
	} {
		s := oidc.Settings{ID: "x", Name: "X", Preset: tt.preset, ClientID: "c", Secret: "s", Redirect: redirect, Domains: tt.domains}
		if tt.preset == oidc.NoPreset {
			s.Issuer = "https://x.example"
		}
		p, err := oidc.New(s)
		if err != nil {
			t.Fatal(err)
		}
		got := slices.DeleteFunc(slices.Clone(all), func(a letterlock.Address) bool { return !p.MayVouch(a) })
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

func TestAProfileSaysWhatSomebodyMayDo(t *testing.T) {
	of := func(claim string, token, info claims) (oidc.Profile, error) {
		t.Helper()
		h := newHouse(t, func(s *oidc.Settings) { s.Profile, s.RolesClaim, s.Scopes = true, claim, []string{"groups"} })
		h.at.Set(func(b *oidctest.Behaviour) { b.User, b.Info = token, info })
		v, err := h.prove(false)
		if v.Profile == nil {
			return oidc.Profile{}, err
		}
		if last := h.at.Last(); last.Get("scope") != "openid email groups" {
			t.Errorf("asked for %q", last.Get("scope"))
		}
		return *v.Profile, err
	}
	with := func(more claims) claims {
		c := maps.Clone(bob)
		maps.Copy(c, more)
		return c
	}
	for _, tt := range []struct {
		name, claim string
		token, info claims
		want        oidc.Profile
	}{
		{"a list", "groups", with(claims{"groups": []string{"a", "b"}}), nil, oidc.Profile{Roles: []string{"a", "b"}}},
		{"one", "role", with(claims{"role": "a", "name": "Bob", "acr": "2", "amr": []string{"otp"}}), nil,
			oidc.Profile{Name: "Bob", Roles: []string{"a"}, ACR: "2", AMR: []string{"otp"}}},
		{"within another", "realm_access.roles", with(claims{"realm_access": claims{"roles": []string{"a"}}}), nil, oidc.Profile{Roles: []string{"a"}}},
		{"a name with dots", "https://x.example/roles", with(claims{"https://x.example/roles": []string{"a"}}), nil, oidc.Profile{Roles: []string{"a"}}},
		{"in userinfo", "groups", bob, with(claims{"groups": []string{"a"}, "acr": "2", "amr": []string{"otp"}}), oidc.Profile{Roles: []string{"a"}}},
		{"an empty list counts", "groups", with(claims{"groups": []string{}}), with(claims{"groups": []string{"a"}}), oidc.Profile{Roles: []string{}}},
		{"neither texts nor a text", "groups", with(claims{"groups": claims{"a": 1}}), with(claims{"groups": 7}), oidc.Profile{}},
	} {
		got, err := of(tt.claim, tt.token, tt.info)
		if err != nil || got.Name != tt.want.Name || got.ACR != tt.want.ACR || !slices.Equal(got.AMR, tt.want.AMR) || !slices.Equal(got.Roles, tt.want.Roles) {
			t.Errorf("%s: %+v, %v; want %+v", tt.name, got, err, tt.want)
		}
	}
	if got, err := of("groups", bob, with(claims{"sub": "4712", "groups": []string{"a"}})); letterlock.KeyOf(err) != oidc.UserInfo {
		t.Errorf("userinfo of somebody else: %+v, %v", got, err)
	}
}
