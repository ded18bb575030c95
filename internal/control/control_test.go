package control

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"letterlock/internal/account"
	"letterlock/internal/api"
	"letterlock/internal/apid"
	"letterlock/internal/letterlock"
	"letterlock/internal/once"
	"letterlock/internal/ratelimit"
	"letterlock/internal/seal"
	"letterlock/internal/store"
)

const (
	ada      = "ada@contoso.example"
	password = "correct horse battery"
)

// A house is accounts on a real database, and what answers the operator.
type house struct {
	t       *testing.T
	dir     string
	db      *store.DB
	log     *lockedBuffer
	handler http.Handler
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
	h := &house{t: t, dir: t.TempDir(), log: &lockedBuffer{}}
	var err error
	if h.db, err = store.Open(t.Context(), h.dir, time.Now); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.db.Close() })
	log := slog.New(slog.NewTextHandler(h.log, nil))
	h.handler = apid.Handler(apid.Options{
		Accounts: account.New(h.db, seal.Pepper{}, ratelimit.IPKey, func() {}), Once: &once.Service{DB: h.db},
		Who: Who, Now: time.Now, Log: log,
	})
	return h
}

// serve serves on the socket of the house's folder until the test ends.
func (h *house) serve() {
	h.t.Helper()
	l, err := Listen(h.dir)
	if err != nil {
		h.t.Fatal(err)
	}
	s := NewServer(h.handler, slog.New(slog.NewTextHandler(h.log, nil)))
	done := make(chan error)
	go func() { done <- s.Serve(l) }()
	h.t.Cleanup(func() {
		if err := s.Shutdown(context.Background()); err != nil {
			h.t.Errorf("Shutdown: %v", err)
		}
		<-done
		if _, err := os.Lstat(filepath.Join(h.dir, File)); !errors.Is(err, fs.ErrNotExist) {
			h.t.Errorf("the socket is left: %v", err)
		}
	})
}

// client goes over the socket if somebody serves, and in this process otherwise.
func (h *house) client() *api.Client {
	h.t.Helper()
	over, err := Dial(h.t.Context(), h.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return api.NewClient("http://letterlock", InProcess(h.handler))
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return api.NewClient("http://letterlock", over)
}

func TestTheOperatorManagesAccountsOverTheSocketAndWithoutIt(t *testing.T) {
	for name, served := range map[string]bool{"over the socket": true, "in the process": false} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			if served {
				h.serve()
			}
			c := h.client()
			ctx := t.Context()
			if all, err := c.Accounts(ctx); err != nil || len(all) != 0 {
				t.Errorf("at first: %v, %v", all, err)
			}
			m, err := c.AddAccount(ctx, api.NewAccount{Address: "Ada@CONTOSO.example", Name: "Ada", Roles: []string{"sender"}})
			if err != nil || m.Address != "Ada@contoso.example" || time.Until(m.LinkExpires) < 71*time.Hour {
				t.Errorf("inviting: %+v, %v; want a link for three days", m, err)
			}
			m, err = c.AddAccount(ctx, api.NewAccount{Address: ada, Roles: []string{"sender", "admin"}, Password: password})
			if err != nil || !m.LinkExpires.IsZero() {
				t.Errorf("adding with a password: %+v, %v; want no link", m, err)
			}
			if err := c.DisableAccount(ctx, ada); !errors.Is(err, letterlock.Denied) || letterlock.KeyOf(err) != "last-administrator" || !strings.Contains(err.Error(), "last administrator") {
				t.Errorf("disabling the last administrator: %v", err)
			}
			_, err = c.ResetPassword(ctx, ada)
			if err := errors.Join(err, c.SetRoles(ctx, "Ada@contoso.example", []string{"auditor"}), c.DisableAccount(ctx, "Ada@contoso.example"),
				c.EnableAccount(ctx, "Ada@contoso.example"), c.DisableAccount(ctx, "Ada@contoso.example")); err != nil {
				t.Error(err)
			}
			all, err := c.Accounts(ctx)
			if err != nil || len(all) != 2 || all[0].Roles[0] != "auditor" || all[0].Disabled.IsZero() || all[1].PasswordSet || all[1].LinkExpires.IsZero() || !all[1].Disabled.IsZero() {
				t.Errorf("in the end: %+v, %v", all, err)
			}
			h.checkTraces()
		})
	}
}

// checkTraces looks at what the audit log and the log say of the operator.
func (h *house) checkTraces() {
	h.t.Helper()
	err := h.db.Read(h.t.Context(), func(tx *store.Tx) error {
		all, err := tx.Entries("")
		for _, e := range all {
			if e.Actor.Kind != letterlock.Operator || !strings.HasPrefix(e.Actor.Name, "uid ") {
				h.t.Errorf("entry %+v does not say which user acted", e)
			}
		}
		if len(all) != 8 {
			h.t.Errorf("%d entries, want one for each act and refusal", len(all))
		}
		return err
	})
	if err != nil {
		h.t.Error(err)
	}
	for _, secret := range []string{password, ada, "Ada@contoso.example"} {
		if strings.Contains(h.log.String(), secret) {
			h.t.Errorf("%q is in the log:\n%s", secret, h.log)
		}
	}
}

func TestRefusalsAreProblems(t *testing.T) {
	h := newHouse(t)
	do := func(method, path, body string) *http.Response {
		r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
		answer, err := InProcess(h.handler).RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	tests := []struct {
		name, method, path, body string
		want                     int
	}{
		{"no JSON", "POST", "/api/v1/accounts", "address=x", 400},
		{"a field that is misspelt", "POST", "/api/v1/accounts", `{"adress":"ada@contoso.example"}`, 422},
		{"two values", "POST", "/api/v1/accounts", `{} {}`, 400},
		{"no address", "POST", "/api/v1/accounts", `{"address":"ada","roles":["sender"]}`, 422},
		{"no role", "POST", "/api/v1/accounts", `{"address":"ada@contoso.example"}`, 422},
		{"an unknown role", "POST", "/api/v1/accounts", `{"address":"ada@contoso.example","roles":["owner"]}`, 422},
		{"a short password", "POST", "/api/v1/accounts", `{"address":"ada@contoso.example","roles":["sender"],"password":"x"}`, 422},
		{"an endless body", "POST", "/api/v1/accounts", `{"name":"` + strings.Repeat("x", 1<<20) + `"}`, 413},
		{"nobody", "POST", "/api/v1/accounts/bob@contoso.example/reset", "", 404},
		{"no mail address", "POST", "/api/v1/accounts/bob/disable", "", 422},
		{"another path", "GET", "/api/v1/", "", 404},
		{"another method", "DELETE", "/api/v1/accounts", "", 405},
	}
	for _, tt := range tests {
		if a := do(tt.method, tt.path, tt.body); a.StatusCode != tt.want || a.Header.Get("Content-Type") != api.ProblemType {
			t.Errorf("%s: %d %s, want a problem with %d", tt.name, a.StatusCode, a.Header.Get("Content-Type"), tt.want)
		}
	}
}

func TestOnlyTheOperatorIsLetIn(t *testing.T) {
	h := newHouse(t)
	stranger := os.Geteuid() + 1
	for name, tt := range map[string]struct {
		ctx  context.Context
		want int
	}{
		"nobody knows who": {t.Context(), 403},
		"a stranger":       {withUser(t.Context(), stranger), 403},
		"the server's own": {withUser(t.Context(), os.Geteuid()), 200},
		"root":             {withUser(t.Context(), 0), 200},
	} {
		w := httptest.NewRecorder()
		h.handler.ServeHTTP(w, httptest.NewRequestWithContext(tt.ctx, "GET", "/api/v1/accounts", nil))
		if w.Code != tt.want {
			t.Errorf("%s: %d, want %d", name, w.Code, tt.want)
		}
	}
}

func TestTheSocketIsItsOwnersAlone(t *testing.T) {
	h := newHouse(t)
	if err := os.Chmod(h.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	h.serve()
	info, err := os.Lstat(filepath.Join(h.dir, File))
	if err != nil || info.Mode() != fs.ModeSocket|0o600 {
		t.Errorf("the socket is %v, %v; want 0600", info.Mode(), err)
	}
	if left, err := filepath.Glob(filepath.Join(h.dir, ".control-*")); err != nil || len(left) > 0 {
		t.Errorf("left in the data folder: %v, %v", left, err)
	}
}

func TestALongPathIsNoObstacle(t *testing.T) {
	h := newHouse(t)
	h.dir = filepath.Join(t.TempDir(), strings.Repeat("long/", 40))
	if err := os.MkdirAll(h.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	h.serve()
	if _, err := Listen(h.dir); err == nil {
		t.Error("a socket that answers was replaced")
	}
	over, err := Dial(t.Context(), h.dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := api.NewClient("http://letterlock", over).Accounts(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestASocketIsReplacedWhenNobodyAnswers(t *testing.T) {
	h := newHouse(t)
	path := filepath.Join(h.dir, File)
	dead, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	dead.(*net.UnixListener).SetUnlinkOnClose(false)
	if _, err := Listen(h.dir); err == nil {
		t.Fatal("a socket that answers was replaced")
	}
	dead.Close()
	if _, err := Dial(t.Context(), h.dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Dial with nobody there: %v, want ErrNotExist", err)
	}
	h.serve()
	if _, err := h.client().Accounts(t.Context()); err != nil {
		t.Errorf("after a crash: %v", err)
	}
	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, File), []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(other); err == nil || !strings.Contains(err.Error(), "is no socket") {
		t.Errorf("in the place of a file: %v", err)
	}
	if _, err := Listen(filepath.Join(t.TempDir(), strings.Repeat("x", 100))); err == nil {
		t.Error("made a socket in a folder that is not there")
	}
}
