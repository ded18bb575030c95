// Package oidctest is an OpenID provider for tests. It does what a good one does,
// checks of PKCE, client and redirect URI included, until a test has it lie.
package oidctest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"
)

// The one client that a provider knows.
const (
	ClientID = "letterlock at its provider's"
	Secret   = "a secret: of the client's, with / and +"
)

// A Provider is at a port of this machine. Its fields are changed before it is asked,
// or by Set.
type Provider struct {
	URL      string // the issuer
	Redirect string // where it sends browsers; anywhere else it does not

	mu        sync.Mutex
	now       func() time.Time
	user      map[string]any // claims of whoever is signed in; nil: a form asks
	claims    func(map[string]any)
	document  func(map[string]any)
	sign      func(p *Provider, claims map[string]any) string
	info      map[string]any
	answer    func(url.Values)
	intercept http.HandlerFunc
	key       *rsa.PrivateKey
	kid       string
	codes     map[string]code
	asked     map[string]int
	last      url.Values
}

type code struct {
	redirect, nonce, challenge string
	fresh                      bool
	user                       map[string]any
}

// New starts a provider. Nobody is signed in there.
func New(t testing.TB, now func() time.Time) *Provider {
	t.Helper()
	p := &Provider{now: now, codes: map[string]code{}, asked: map[string]int{}}
	p.use(firstKey())
	s := httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(s.Close)
	p.URL = s.URL
	return p
}

// Set changes how a provider behaves while it runs.
func (p *Provider) Set(change func(b *Behaviour)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b := Behaviour{p.user, p.claims, p.document, p.sign, p.info, p.answer, p.intercept}
	change(&b)
	p.user, p.claims, p.document, p.sign, p.info, p.answer, p.intercept = b.User, b.Claims, b.Document, b.Sign, b.Info, b.Answer, b.Intercept
}

// A Behaviour is what can be changed. What is nil is as it should be.
type Behaviour struct {
	User      map[string]any                                  // claims of whoever is signed in; nil: a form asks
	Claims    func(map[string]any)                            // changes what a token says
	Document  func(map[string]any)                            // changes what discovery says
	Sign      func(p *Provider, claims map[string]any) string // makes the token
	Info      map[string]any                                  // what userinfo says; nil: the user
	Answer    func(url.Values)                                // changes what the browser brings back
	Intercept http.HandlerFunc                                // answers everything
}

// Rotate gives the provider a new key, and makes it forget the old one.
func (p *Provider) Rotate() { p.use(newKey()) }

// firstKey is the key of all providers at first: making one takes a while.
var firstKey = sync.OnceValue(newKey)

func newKey() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
}

func (p *Provider) use(key *rsa.PrivateKey) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.key, p.kid = key, fmt.Sprintf("key %x", key.N.Bytes()[:4])
}

// Key is the key that the provider signs with now.
func (p *Provider) Key() *rsa.PrivateKey {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.key
}

// Asked is how often a path was asked for.
func (p *Provider) Asked(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked[path]
}

// Last is what the last browser was sent with.
func (p *Provider) Last() url.Values {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}

func (p *Provider) serve(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.asked[r.URL.Path]++
	stop := p.intercept
	p.mu.Unlock()
	if stop != nil {
		stop(w, r)
		return
	}
	p.Serve(w, r)
}

// Serve answers as it should.
func (p *Provider) Serve(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		p.discovery(w)
	case "/keys":
		p.keys(w)
	case "/authorize":
		p.authorize(w, r)
	case "/token":
		p.token(w, r)
	case "/userinfo":
		p.userinfo(w, r)
	case "/favicon.ico":
		w.WriteHeader(http.StatusNoContent) // browsers ask, and complain of a 404
	default:
		http.NotFound(w, r)
	}
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // whoever asked has left
}

func (p *Provider) discovery(w http.ResponseWriter) {
	d := map[string]any{
		"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token",
		"jwks_uri": p.URL + "/keys", "userinfo_endpoint": p.URL + "/userinfo",
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
		"id_token_signing_alg_values_supported":          []string{"RS256"},
		"authorization_response_iss_parameter_supported": true,
	}
	p.mu.Lock()
	change := p.document
	p.mu.Unlock()
	if change != nil {
		change(d)
	}
	reply(w, http.StatusOK, d)
}

func (p *Provider) keys(w http.ResponseWriter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	reply(w, http.StatusOK, map[string]any{"keys": []any{map[string]any{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": p.kid,
		"n": base64.RawURLEncoding.EncodeToString(p.key.N.Bytes()),
		"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(p.key.E)).Bytes()),
	}}})
}

// authorize asks who is there, unless it knows, and sends the browser back.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	p.mu.Lock()
	p.last = q
	user, change := p.user, p.answer
	p.mu.Unlock()
	switch {
	case q.Get("client_id") != ClientID || q.Get("redirect_uri") != p.Redirect:
		http.Error(w, "unknown client or redirect_uri", http.StatusBadRequest)
		return
	case q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || q.Get("code_challenge") == "" || q.Get("state") == "" || q.Get("nonce") == "":
		http.Error(w, "no code, PKCE, state or nonce", http.StatusBadRequest)
		return
	case user == nil && r.Method == http.MethodGet:
		p.form(w, r)
		return
	}
	back := url.Values{"state": {q.Get("state")}, "iss": {p.URL}}
	if r.PostFormValue("do") == "cancel" {
		back.Set("error", "access_denied")
	} else {
		if user == nil {
			email := r.PostFormValue("email")
			user = map[string]any{"sub": "subject of " + email, "email": email, "email_verified": true}
		}
		name := rand.Text()
		p.mu.Lock()
		p.codes[name] = code{p.Redirect, q.Get("nonce"), q.Get("code_challenge"), q.Get("max_age") != "", user}
		p.mu.Unlock()
		back.Set("code", name)
	}
	if change != nil {
		change(back)
	}
	http.Redirect(w, r, p.Redirect+"?"+back.Encode(), http.StatusSeeOther)
}

// form is where somebody signs in.
func (p *Provider) form(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Provider</title><h1>Sign in at the provider</h1>
<form method="post" action="%s"><label>Address <input name="email" value="%s"></label>
<button name="do" value="sign-in">Sign in</button> <button name="do" value="cancel">Cancel</button></form>`,
		html.EscapeString(r.URL.RequestURI()), html.EscapeString(r.URL.Query().Get("login_hint")))
}

// token gives a token for a code, once, to the client that it was made for.
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	id, secret, basic := r.BasicAuth()
	if basic {
		id, _ = url.QueryUnescape(id)
		secret, _ = url.QueryUnescape(secret)
	} else {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	if id != ClientID || secret != Secret {
		reply(w, http.StatusUnauthorized, map[string]any{"error": "invalid_client"})
		return
	}
	name := r.PostFormValue("code")
	p.mu.Lock()
	c, ok := p.codes[name]
	delete(p.codes, name)
	change, sign := p.claims, p.sign
	p.mu.Unlock()
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if !ok || c.redirect != r.PostFormValue("redirect_uri") || c.challenge != base64.RawURLEncoding.EncodeToString(sum[:]) {
		reply(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant"})
		return
	}
	now := p.now()
	claims := map[string]any{"iss": p.URL, "aud": ClientID, "nonce": c.nonce, "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix()}
	if c.fresh {
		claims["auth_time"] = now.Unix()
	}
	maps.Copy(claims, c.user)
	if change != nil {
		change(claims)
	}
	if sign == nil {
		sign = (*Provider).Sign
	}
	answer := map[string]any{"access_token": "access to " + fmt.Sprint(c.user["sub"]), "token_type": "Bearer", "expires_in": 60}
	if t := sign(p, claims); t != "" {
		answer["id_token"] = t
	}
	p.mu.Lock()
	if p.info == nil {
		p.info = c.user
	}
	p.mu.Unlock()
	reply(w, http.StatusOK, answer)
}

func (p *Provider) userinfo(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	reply(w, http.StatusOK, p.info)
}

// Sign returns a token with these claims as it should be.
func (p *Provider) Sign(claims map[string]any) string {
	p.mu.Lock()
	key, kid := p.key, p.kid
	p.mu.Unlock()
	return SignWith(key, map[string]any{"alg": "RS256", "kid": kid}, claims)
}

// SignWith returns a token that a key has signed by RS256, whatever its header says.
func SignWith(key *rsa.PrivateKey, header, claims map[string]any) string {
	text := Unsigned(header, claims)
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(sig)
}

// Unsigned is header and claims of a token, without the signature.
func Unsigned(header, claims map[string]any) string {
	var parts []string
	for _, m := range []map[string]any{header, claims} {
		b, err := json.Marshal(m)
		if err != nil {
			panic(err)
		}
		parts = append(parts, base64.RawURLEncoding.EncodeToString(b))
	}
	return parts[0] + "." + parts[1]
}

// Visit goes where a browser is sent and returns what it brings back. Somebody has to be
// signed in.
func (p *Provider) Visit(t testing.TB, to string) url.Values {
	t.Helper()
	c := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := c.Get(to)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	back, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || !slices.Contains([]int{302, 303}, resp.StatusCode) {
		t.Fatalf("the provider answers %d, %v", resp.StatusCode, err)
	}
	return back.Query()
}
