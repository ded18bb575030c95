package oidc

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
)

// skew is how far a provider's clock may be from ours.
const skew = time.Minute

// signed are the algorithms whose keys only the provider has. Neither "none" is among
// them nor one whose key is a secret that both know, and which a public key could pass for.
var signed = []string{gooidc.RS256, gooidc.RS384, gooidc.RS512, gooidc.ES256, gooidc.ES384, gooidc.ES512, gooidc.PS256, gooidc.PS384, gooidc.PS512, gooidc.EdDSA}

// A claim is true, or it is not: some providers write it as a word or a number.
type claim bool

// UnmarshalJSON implements json.Unmarshaler.
func (c *claim) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case `true`, `"true"`, `1`, `"1"`:
		*c = true
	default:
		*c = false
	}
	return nil
}

// A moment is in seconds since 1970; zero: it was not said.
type moment struct{ time.Time }

// UnmarshalJSON implements json.Unmarshaler.
func (m *moment) UnmarshalJSON(b []byte) error {
	var n json.Number
	if err := json.Unmarshal(b, &n); err != nil {
		return err
	}
	f, err := n.Float64()
	if err == nil && f > 0 && f < math.MaxInt32*100 {
		m.Time = time.Unix(int64(f), 0)
	}
	return err
}

// claims are what a token says, as far as it counts here.
type claims struct {
	Issuer   string   `json:"-"`
	Subject  string   `json:"-"`
	Audience []string `json:"-"`
	Party    string   `json:"azp"`
	Nonce    string   `json:"nonce"`
	Expires  moment   `json:"exp"`
	Begins   moment   `json:"nbf"`
	Issued   moment   `json:"iat"`
	SignedIn moment   `json:"auth_time"`
	Email    string   `json:"email"`
	Verified claim    `json:"email_verified"`
	Hosted   string   `json:"hd"`       // Google: the domain that it hosts for them
	Tenant   string   `json:"tid"`      // Microsoft: the tenant
	Owner    claim    `json:"xms_edov"` // Microsoft: the tenant owns the address's domain
	Profile  *Profile `json:"-"`        // nil: it is not asked for
}

// noKeyFits is what the library says when it has the keys and none has signed a token.
const noKeyFits = "failed to verify id token signature"

// A keeper remembers why a signature did not count, which the library keeps to itself.
type keeper struct {
	keys gooidc.KeySet
	fail error
}

// VerifySignature implements gooidc.KeySet.
func (k *keeper) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	payload, err := k.keys.VerifySignature(ctx, token)
	k.fail = err
	return payload, err
}

// genuine returns what a token says that the provider has signed for us. The library
// checks the signature; who issued it, for whom and for how long is compared here, so
// that each has its own answer and no clock may be five minutes wrong.
func (p *Provider) genuine(ctx context.Context, d *discovered, raw string) (claims, error) {
	k := &keeper{keys: d.keys}
	v := gooidc.NewVerifier(d.issuer, k, &gooidc.Config{
		ClientID: p.ClientID, SupportedSigningAlgs: signed, SkipClientIDCheck: true, SkipIssuerCheck: true, SkipExpiryCheck: true,
	})
	token, err := v.Verify(ctx, raw)
	switch {
	case k.fail != nil && k.fail.Error() == noKeyFits:
		return claims{}, refuse(Signature, err)
	case k.fail != nil:
		return claims{}, refuse(Unreachable, err)
	case err != nil && strings.Contains(err.Error(), "unexpected signature algorithm"):
		return claims{}, refuse(Unsigned, err)
	case err != nil:
		return claims{}, refuse(Malformed, err)
	}
	var c claims
	if err := token.Claims(&c); err != nil {
		return claims{}, refuse(Malformed, err)
	}
	c.Issuer, c.Subject, c.Audience = token.Issuer, token.Subject, token.Audience
	if p.Settings.Profile {
		var all map[string]json.RawMessage
		if err := token.Claims(&all); err != nil {
			return claims{}, refuse(Malformed, err)
		}
		c.Profile = p.profileOf(all)
	}
	if err := p.fromIssuer(d, c); err != nil {
		return claims{}, err
	}
	switch others := len(c.Audience) > 1; {
	case !slices.Contains(c.Audience, p.ClientID), c.Party != "" && c.Party != p.ClientID, others && c.Party == "":
		return claims{}, refuse(Audience, nil)
	case c.Subject == "" || len(c.Subject) > 255:
		return claims{}, refuse(Malformed, nil)
	}
	return c, nil
}

// aTenant is the form of a tenant's id.
var aTenant = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// fromIssuer compares who issued a token. Each of Microsoft's tenants issues its own,
// and must not speak for another.
func (p *Provider) fromIssuer(d *discovered, c claims) error {
	want := d.issuer
	if p.Preset == Microsoft {
		if !aTenant.MatchString(c.Tenant) {
			return refuse(Tenant, nil)
		}
		if want = strings.Replace(d.issuer, tenantID, c.Tenant, 1); c.Issuer != want && strings.Contains(d.issuer, tenantID) {
			return refuse(Tenant, nil)
		}
	}
	// Google's tokens have either; the library knows that, too.
	_, bare, _ := strings.Cut(want, "://")
	if c.Issuer != want && (p.Preset != Google || c.Issuer != bare) {
		return refuse(WrongIssuer, nil)
	}
	return nil
}

// timely checks that a token answers this question, now.
func (p *Provider) timely(c claims, q Question) error {
	now := p.Now()
	switch {
	case q.Nonce == "" || subtle.ConstantTimeCompare([]byte(c.Nonce), []byte(q.Nonce)) != 1:
		return refuse(Nonce, nil)
	case !now.Before(c.Expires.Add(skew)): // one that does not say when is over, too
		return refuse(Expired, nil)
	case c.Begins.After(now.Add(skew)), c.Issued.After(now.Add(skew)):
		return refuse(NotYet, nil)
	case q.Fresh && c.SignedIn.IsZero():
		return refuse(NoSignInTime, nil)
	case q.Fresh && (c.SignedIn.Before(q.Asked.Add(-skew)) || c.SignedIn.After(now.Add(skew))):
		return refuse(NotFresh, nil)
	}
	return nil
}
