package apid

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"letterlock/internal/api"
	"letterlock/internal/keys"
	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
	"letterlock/internal/vault"
)

func TestATraceSaysWhatHasBecomeOfTheKeys(t *testing.T) {
	h := newHouse(t)
	c := h.client(h.token(olga))
	dir := t.TempDir()
	files := seal.Files{Master: filepath.Join(dir, "master.key"), Data: t.TempDir()}
	k, _, err := files.Start(false)
	if err != nil {
		t.Fatal(err)
	}
	safe := &vault.Vault{DB: h.db, Keys: k.Ring}
	h.intake.Vault, h.options.Access.Vault = safe, safe
	rotating := &keys.Service{DB: h.db, Ring: k.Ring, Files: files, Log: slog.New(slog.DiscardHandler)}
	id := h.send("Offer", marta)
	keyOf := func() api.Key {
		t.Helper()
		tr, err := c.Trace(t.Context(), id)
		if err != nil || tr.Key.State != "live" {
			t.Fatalf("%+v, %v", tr, err)
		}
		return tr.History[0].Key
	}
	if got := keyOf(); got.State != "live" || got.Epoch != 1 {
		t.Errorf("live: %+v", got)
	}
	if _, err := c.Revoke(t.Context(), id, api.Revoke{}, false); err != nil {
		t.Fatal(err)
	}
	if got := keyOf(); got.State != "deleted" || got.Epoch != 1 {
		t.Errorf("revoked: %+v", got)
	}
	if _, err := rotating.Rotate(t.Context(), letterlock.Actor{Kind: letterlock.System}, rotateTime); err != nil {
		t.Fatal(err)
	}
	if got := keyOf(); got.State != "destroyed" || got.Epoch != 1 || !got.Since.Equal(h.clock.Now()) {
		t.Errorf("after the rotation: %+v", got)
	}
}

func TestKeysAreNotToBeReachedOverTheNetwork(t *testing.T) {
	h := newHouse(t)
	for _, what := range []string{"GET /api/v1/keys", "POST /api/v1/keys/rotate", "GET /api/v1/exports/keys?recipient=x", "GET /api/v1/dkim", "POST /api/v1/dkim", "POST /api/v1/dkim/x/activate", "POST /api/v1/dkim/x/retire"} {
		method, path, _ := strings.Cut(what, " ")
		if a := h.ask(method, path, "{}", h.token(olga)); a.status != http.StatusNotFound {
			t.Errorf("%s: %d", what, a.status)
		}
	}
	h.options.Keys = &keys.Service{DB: h.db}
	h.options.Who = func(*http.Request) (letterlock.Actor, []letterlock.Scope, error) {
		return letterlock.Actor{Kind: letterlock.Staff, Roles: []letterlock.Role{letterlock.Revoker}}, letterlock.Scopes, nil
	}
	w := httptest.NewRecorder()
	Handler(h.options).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/v1/keys", nil))
	if w.Code != http.StatusForbidden {
		t.Errorf("who is no administrator: %d", w.Code)
	}
}
