package apid

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"letterlock/internal/access"
	"letterlock/internal/account"
	"letterlock/internal/api"
	"letterlock/internal/auditlog"
	"letterlock/internal/brand"
	"letterlock/internal/brandbook"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/once"
	"letterlock/internal/policy"
	"letterlock/internal/ratelimit"
	"letterlock/internal/seal"
	"letterlock/internal/session"
	"letterlock/internal/store"
	"letterlock/internal/storetest"
	"letterlock/internal/track"
	"letterlock/internal/vault"
	"letterlock/internal/vouch"
)

const (
	ada   = "ada@contoso.example"   // sends
	nora  = "nora@contoso.example"  // auditor
	rita  = "rita@contoso.example"  // revoker
	olga  = "olga@contoso.example"  // administrator
	marta = "marta@kovacs.example"  // gets links
	jonas = "jonas@brandt.example"  // likewise
	carol = "carol@outlook.com"     // gets messages inline
	guard = "guard@contoso.example" // the second administrator
)

var (
	system = letterlock.Actor{Kind: letterlock.System}
	roles  = map[letterlock.Address]letterlock.Role{ada: letterlock.Sender, nora: letterlock.Auditor, rita: letterlock.Revoker, olga: letterlock.Admin, guard: letterlock.Admin}
)

// A house is the API over everything that it reaches, on a real database with a
// clock that is moved.
type house struct {
	t       *testing.T
	clock   *clock
	db      *store.DB
	intake  *intake.Service
	options Options
	server  *server
	log     *lockedBuffer
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, clock: &clock{now: time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)}, log: &lockedBuffer{}}
	dir := t.TempDir()
	var err error
	storetest.Empty(t, dir)
	if h.db, err = store.Open(t.Context(), dir, h.clock.Now); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.db.Close() })
	k, _, err := seal.Files{Master: filepath.Join(t.TempDir(), "master.key"), Data: dir}.Start(false)
	if err != nil {
		t.Fatal(err)
	}
	safe := &vault.Vault{DB: h.db, Keys: k.Ring}
	rules := policy.Settings{Domains: []string{"contoso.example"}, InlineTypes: policy.DefaultInlineTypes, InlineAssured: true, SenderScope: policy.SingleRecipient}
	wake := func() {}
	log := slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	h.intake = &intake.Service{DB: h.db, Vault: safe, Pepper: k.Pepper, Rules: rules, Domain: "contoso.example", Wake: wake}
	h.options = Options{
		Access:   &access.Service{DB: h.db, Vault: safe, Pepper: k.Pepper, Rules: rules, Wake: wake, Now: h.clock.Now, SecondPersonAbove: 1, Log: log},
		Track:    &track.Service{DB: h.db},
		Accounts: account.New(h.db, k.Pepper, ratelimit.IPKey, wake),
		Vouch:    &vouch.Service{DB: h.db, Pepper: k.Pepper},
		Browsers: &session.Browsers{DB: h.db, Lasts: time.Hour},
		Audit:    &auditlog.Service{DB: h.db, Signer: seal.NewSigner(), Host: "mail.contoso.example", Organization: "Contoso", Log: log},
		Once:     &once.Service{DB: h.db, Pepper: k.Pepper},
		Now:      h.clock.Now, Log: log,
	}
	if h.options.Brands, err = brandbook.New(h.db, brand.Settings{Name: "Contoso"}); err != nil {
		t.Fatal(err)
	}
	h.options.Who = Bearer(h.options.Accounts)
	h.server = newServer(h.options)
	h.addAccounts()
	return h
}

// addAccounts adds all of them at once; nobody signs in, so they have no password.
func (h *house) addAccounts() {
	h.t.Helper()
	err := h.db.Write(h.t.Context(), func(tx *store.Tx) error {
		for a, role := range roles {
			if err := tx.PutAccount(store.Account{Mailbox: letterlock.Mailbox{Address: a}, Roles: []letterlock.Role{role}}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// issue makes a token of somebody's account for a day, and returns its secret.
func (h *house) issue(of letterlock.Address, scopes ...letterlock.Scope) (letterlock.ID, string) {
	h.t.Helper()
	k, secret, err := h.options.Accounts.IssueToken(h.t.Context(), system, of, "test", scopes, 24*time.Hour)
	if err != nil {
		h.t.Fatal(err)
	}
	return k.ID, secret.Reveal()
}

// token is the secret of a token with every scope.
func (h *house) token(of letterlock.Address) string {
	_, secret := h.issue(of, letterlock.Scopes...)
	return secret
}

// send has Ada send a message, and returns its Message-ID.
func (h *house) send(subject string, to ...letterlock.Address) string {
	h.t.Helper()
	h.clock.move(time.Second)
	raw := fmt.Sprintf("From: %s\r\nTo: undisclosed:;\r\nSubject: %s\r\n\r\nSecret words.\r\n", ada, subject)
	by := letterlock.Actor{Kind: letterlock.Staff, Address: ada, Name: "Ada", Roles: []letterlock.Role{letterlock.Sender}}
	r, err := h.intake.Accept(h.t.Context(), by, intake.Envelope{Recipients: to, Via: letterlock.BySubmission, Protection: letterlock.EncryptOnly}, strings.NewReader(raw))
	if err != nil {
		h.t.Fatal(err)
	}
	var m letterlock.Message
	if err := h.db.Read(h.t.Context(), func(tx *store.Tx) (err error) { m, err = tx.Message(r.ID); return err }); err != nil {
		h.t.Fatal(err)
	}
	return m.MessageID
}

// An answered is what somebody got.
type answered struct {
	status int
	header http.Header
	body   string
}

// problem is the key of a problem, or what was said instead.
func (a answered) problem() string {
	var p api.Problem
	if a.header.Get("Content-Type") != api.ProblemType || json.Unmarshal([]byte(a.body), &p) != nil || p.Status != a.status || p.Detail == "" || p.Code == "" {
		return "no problem: " + a.body
	}
	return p.Key
}

// ask sends a request with a token, and headers in pairs.
func (h *house) ask(method, path, body, token string, headers ...string) answered {
	h.t.Helper()
	r := httptest.NewRequestWithContext(h.t.Context(), method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.server.ServeHTTP(w, r)
	return answered{w.Code, w.Header(), w.Body.String()}
}

// client asks as a program of ours does.
func (h *house) client(token string) *api.Client {
	return api.NewClient("http://x", over{h.server, token})
}

// over is a way to a handler, with a token.
type over struct {
	handler http.Handler
	token   string
}

func (o over) RoundTrip(r *http.Request) (*http.Response, error) {
	in := r.Clone(r.Context())
	if in.Body == nil {
		in.Body = http.NoBody
	}
	in.RemoteAddr = "192.0.2.7:1234"
	in.Header.Set("Authorization", "Bearer "+o.token)
	w := httptest.NewRecorder()
	o.handler.ServeHTTP(w, in)
	return w.Result(), nil
}

// audited are the entries of an action.
func (h *house) audited(action string) (list []letterlock.Entry) {
	h.t.Helper()
	auditor := letterlock.Actor{Kind: letterlock.Operator}
	for before := int64(0); ; {
		p, err := h.options.Audit.List(h.t.Context(), auditor, auditlog.Query{Action: action, Limit: 200, Before: before})
		if err != nil {
			h.t.Fatal(err)
		}
		for _, e := range p.Entries {
			list = append(list, e.Entry)
		}
		if before = p.More; before == 0 {
			return list
		}
	}
}
