package oidc

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// A Verdict is what came of one step of an examination.
type Verdict int

// The verdicts.
const (
	Unknown Verdict = iota // it was not asked, or the answer can mean either
	Fine
	Wrong
)

// An Examination is what there is to be said of a provider before anybody signs in there.
type Examination struct {
	Discovery Verdict // it says of itself what it has to
	Keys      Verdict // it gives out those that it signs with
	Redirect  Verdict // it knows the client, and the address to which it sends browsers back
	Client    Verdict // it takes client and secret
	Err       error   // why Discovery or Keys is Wrong
}

// Wrong reports whether a step is.
func (e Examination) Wrong() bool {
	return e.Discovery == Wrong || e.Keys == Wrong || e.Redirect == Wrong || e.Client == Wrong
}

// Examine asks the provider anew for all that can be known without signing in, in five
// seconds at most.
func (p *Provider) Examine(ctx context.Context) (e Examination) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	d, err := p.ask(ctx)
	if err != nil {
		return Examination{Discovery: Wrong, Err: err}
	}
	if err := p.fetchKeys(ctx, d); err != nil {
		return Examination{Discovery: Fine, Keys: Wrong, Err: err}
	}
	return Examination{Discovery: Fine, Keys: Fine, Redirect: p.tryRedirect(ctx, d), Client: p.tryClient(ctx, d)}
}

// tryRedirect goes to the provider as a browser in which nobody is signed in, and has it ask
// nobody (prompt=none): it sends that browser back with an error, if it knows where to. One
// that does not must not send it there (RFC 6749 section 4.1.2.1), and most say 400; what
// else it shows could be a page for signing in as well as one that says what is wrong.
func (p *Provider) tryRedirect(ctx context.Context, d *discovered) Verdict {
	to := d.oauth.AuthCodeURL(secret(), gooidc.Nonce(secret()), oauth2.S256ChallengeOption(oauth2.GenerateVerifier()), oauth2.SetAuthURLParam("prompt", "none"))
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, to, nil)
	if err != nil {
		return Unknown
	}
	resp, err := p.client.Do(r)
	if err != nil {
		return Unknown
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusBadRequest {
		return Wrong
	}
	back, err := resp.Location()
	if err != nil || (&url.URL{Scheme: back.Scheme, Host: back.Host, Path: back.Path}).String() != p.Redirect {
		return Unknown
	}
	return Fine
}

// tryClient asks for a token with a code that nobody has given out. Who the client is comes
// before what it asks for (RFC 6749 section 5.2).
func (p *Provider) tryClient(ctx context.Context, d *discovered) Verdict {
	_, err := d.oauth.Exchange(gooidc.ClientContext(ctx, p.client), secret(), oauth2.VerifierOption(oauth2.GenerateVerifier()))
	r := (*oauth2.RetrieveError)(nil)
	if !errors.As(err, &r) {
		return Unknown
	}
	switch r.ErrorCode {
	case "invalid_client", "unauthorized_client":
		return Wrong
	case "invalid_grant":
		return Fine
	}
	return Unknown
}
