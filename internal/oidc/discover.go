package oidc

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

const (
	// keepFound bounds how long a key counts that a provider has withdrawn.
	keepFound = time.Hour
	// keepFailure is how long nobody else waits for a provider that does not answer.
	keepFailure = 5 * time.Second
)

// discovered is what a provider says of itself.
type discovered struct {
	issuer   string // with {tenantid} in it: Microsoft's, for any tenant
	sender   bool   // its answers name it (RFC 9207)
	oauth    oauth2.Config
	provider *gooidc.Provider
	keys     *gooidc.RemoteKeySet
}

// tenantID stands in the issuer of Microsoft's discovery for all tenants.
const tenantID = "{tenantid}"

// discover returns what the provider says of itself, and asks it at most once an hour.
func (p *Provider) discover(ctx context.Context) (*discovered, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := p.Now(); now.Before(p.until) {
		return p.found, p.fail
	}
	d, err := p.ask(ctx)
	if err != nil && ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return nil, err // whoever asked has left; that says nothing of the provider
	}
	keep := keepFound
	if err != nil {
		keep = keepFailure
	}
	p.found, p.fail, p.until = d, err, p.Now().Add(keep)
	return d, err
}

// Look asks the provider anew what it says of itself, and for its keys.
func (p *Provider) Look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	d, err := p.ask(ctx)
	if err == nil {
		err = p.fetchKeys(ctx, d)
	}
	return err
}

// fetchKeys asks for the keys, and keeps a provider that has them.
func (p *Provider) fetchKeys(ctx context.Context, d *discovered) error {
	// No token has this form: the keys are fetched, and none fits.
	if _, err := d.keys.VerifySignature(ctx, nobodys); err != nil && err.Error() != noKeyFits {
		return refuse(Unreachable, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.found, p.fail, p.until = d, nil, p.Now().Add(keepFound)
	return nil
}

// nobodys is a token that no key has signed.
const nobodys = "eyJhbGciOiJSUzI1NiIsImtpZCI6Im5vYm9keSdzIn0.e30.AAAA"

// expected is the issuer that the discovery has to name.
func (p *Provider) expected() string {
	if p.Preset != Microsoft {
		return p.Issuer
	}
	for all, tenant := range map[string]string{"/common/": tenantID, "/organizations/": tenantID, "/consumers/": personal} {
		if before, after, ok := strings.Cut(p.Issuer, all); ok {
			return before + "/" + tenant + "/" + after
		}
	}
	return p.Issuer
}

func (p *Provider) ask(ctx context.Context) (*discovered, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	ctx = gooidc.ClientContext(ctx, p.client)
	want := p.expected()
	if want != p.Issuer {
		ctx = gooidc.InsecureIssuerURLContext(ctx, want) // checked for each token by its tenant
	}
	provider, err := gooidc.NewProvider(ctx, p.Issuer)
	if err != nil {
		if u := (*url.Error)(nil); errors.As(err, &u) && !errors.Is(err, errPlain) {
			return nil, refuse(Unreachable, err)
		}
		return nil, refuse(Discovery, err)
	}
	var more struct {
		Keys    string   `json:"jwks_uri"`
		Methods []string `json:"token_endpoint_auth_methods_supported"`
		PKCE    []string `json:"code_challenge_methods_supported"`
		Sender  bool     `json:"authorization_response_iss_parameter_supported"`
	}
	if err := provider.Claims(&more); err != nil {
		return nil, refuse(Discovery, err)
	}
	end := provider.Endpoint()
	for _, part := range []string{end.AuthURL, end.TokenURL, more.Keys} {
		if u, err := url.Parse(part); err != nil || u.Host == "" || !allowed(u, p.Loopback) {
			return nil, refuse(Discovery, fmt.Errorf("%q is not an https URL", part))
		}
	}
	end.AuthStyle = oauth2.AuthStyleInHeader // what holds where nothing is said
	if len(more.Methods) > 0 && !slices.Contains(more.Methods, "client_secret_basic") {
		end.AuthStyle = oauth2.AuthStyleInParams
	}
	return &discovered{
		issuer: want, sender: more.Sender, provider: provider, keys: gooidc.NewRemoteKeySet(ctx, more.Keys),
		oauth: oauth2.Config{ClientID: p.ClientID, ClientSecret: p.Secret, Endpoint: end, RedirectURL: p.Redirect, Scopes: append([]string{"openid", "email"}, p.Scopes...)},
	}, nil
}
