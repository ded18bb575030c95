package web

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"letterlock/internal/api"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// ask sends a request of a program, changed as it needs to be.
func (w *world) ask(method, path, body string, change func(*http.Request)) *http.Response {
	w.t.Helper()
	r := httptest.NewRequestWithContext(w.t.Context(), method, publicURL+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if change != nil {
		change(r)
	}
	rec := httptest.NewRecorder()
	w.server.Handler().ServeHTTP(rec, r)
	return rec.Result()
}

// issue makes a token of somebody's account.
func (w *world) issue(of letterlock.Address, scopes ...letterlock.Scope) func(*http.Request) {
	w.t.Helper()
	_, secret, err := w.server.Accounts.IssueToken(w.t.Context(), letterlock.Actor{Kind: letterlock.System}, of, "test", scopes, 24*time.Hour)
	if err != nil {
		w.t.Fatal(err)
	}
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+secret.Reveal()) }
}

func TestAProgramRevokesOverTheWeb(t *testing.T) {
	w := newWorld(t, withAPI, func(o *Options) { o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} })
	id := w.send(ada, letterlock.EncryptOnly, marta)
	shown := w.issue(rita, letterlock.ScopeRevoke)
	a := w.ask("POST", "/api/v1/messages/"+string(id)+"/revoke", `{"reason":"wrong file"}`, func(r *http.Request) {
		shown(r)
		r.RemoteAddr = "192.0.2.1:1234"
		r.Header.Set("X-Forwarded-For", "203.0.113.9")
	})
	var m api.Message
	if err := json.NewDecoder(a.Body).Decode(&m); err != nil || a.StatusCode != 200 || !m.Revoked || m.IsRevocable || m.Recipients[0].RevokedBy != string(rita) {
		t.Fatalf("%d %+v, %v", a.StatusCode, m, err)
	}
	if got := a.Header.Get("Content-Security-Policy"); got != string(policyDownload) || a.Header.Get("Cache-Control") != "no-store" || len(a.Cookies()) > 0 {
		t.Errorf("headers %v", a.Header)
	}
	var entries []letterlock.Entry
	if err := w.db.Read(t.Context(), func(tx *store.Tx) (err error) { entries, err = tx.Entries(id); return err }); err != nil {
		t.Fatal(err)
	}
	last := entries[len(entries)-1]
	if last.Action != "revoke" || last.Actor.Address != rita || last.Actor.IP != "203.0.113.9" || last.Actor.Token == "" || last.Reason != "wrong file" {
		t.Errorf("audited as %+v", last)
	}
}

func TestProgramsAreRefusedInTheirOwnWords(t *testing.T) {
	w := newWorld(t, withAPI)
	shown := w.issue(grace, letterlock.Scopes...)
	session, _, err := w.server.Sessions.Start(t.Context(), letterlock.Actor{Kind: letterlock.Staff, Address: grace})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, method, path string
		change             func(*http.Request)
		want               int
	}{
		{"a session and no token", "GET", "/api/v1/accounts", func(r *http.Request) {
			r.AddCookie(&http.Cookie{Name: hostPrefix + cookieNames[letterlock.Staff], Value: session})
		}, 401},
		{"another host", "GET", "/api/v1/accounts", func(r *http.Request) { shown(r); r.Host = "evil.example" }, 421},
		{"another site's page", "POST", "/api/v1/accounts", func(r *http.Request) { shown(r); r.Header.Set("Sec-Fetch-Site", "cross-site") }, 403},
		{"a path that does not exist", "GET", "/api/v1/nothing", shown, 404},
		{"a method that does not exist", "DELETE", "/api/v1/accounts", shown, 405},
		{"a method that nobody knows", "HEAD", "/api/v1/accounts", shown, 405},
		{"a body without an end", "POST", "/api/v1/accounts", func(r *http.Request) { shown(r); r.Body = io.NopCloser(endless{}) }, 413},
	}
	for _, tt := range tests {
		if a := w.ask(tt.method, tt.path, "", tt.change); a.StatusCode != tt.want || a.Header.Get("Content-Type") != api.ProblemType {
			t.Errorf("%s: %d %s, want a problem with %d", tt.name, a.StatusCode, a.Header.Get("Content-Type"), tt.want)
		}
	}
}

// endless is a body.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}
