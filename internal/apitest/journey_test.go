package apitest

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"letterlock/internal/access"
	"letterlock/internal/account"
	"letterlock/internal/apid"
	"letterlock/internal/auditlog"
	"letterlock/internal/letterlock"
	"letterlock/internal/once"
	"letterlock/internal/ratelimit"
	"letterlock/internal/seal"
	"letterlock/internal/store"
	"letterlock/internal/track"
	"letterlock/internal/vault"
)

const (
	rita  = "rita@contoso.example"
	marta = "marta@kovacs.example"
	id    = "<1/2?3@contoso.example>"
)

// serve serves the API over a database with one account and one message, and
// returns its address and a token.
func serve(t *testing.T) (string, letterlock.Token) {
	t.Helper()
	dir := t.TempDir()
	db, err := store.Open(t.Context(), dir, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	k, _, err := seal.Files{Master: filepath.Join(t.TempDir(), "master.key"), Data: dir}.Start(false)
	if err != nil {
		t.Fatal(err)
	}
	m := letterlock.Message{ID: letterlock.NewID(), MessageID: id, Subject: "Draft", Sender: letterlock.Mailbox{Address: "ada@contoso.example"},
		Protection: letterlock.EncryptOnly, Method: letterlock.ByUser}
	r := letterlock.Recipient{ID: letterlock.NewID(), Message: m.ID, Mailbox: letterlock.Mailbox{Address: marta}, Field: letterlock.To,
		Identity: letterlock.Other, Experience: letterlock.Link}
	err = db.Write(t.Context(), func(tx *store.Tx) error {
		return errors.Join(tx.PutAccount(store.Account{Mailbox: letterlock.Mailbox{Address: rita}, Roles: []letterlock.Role{letterlock.Revoker}}),
			tx.AddMessage(m, nil, store.Sealed{}), tx.AddRecipient(r, 0, []byte("token")))
	})
	if err != nil {
		t.Fatal(err)
	}
	accounts := account.New(db, k.Pepper, ratelimit.IPKey, func() {})
	_, secret, err := accounts.IssueToken(t.Context(), letterlock.Actor{Kind: letterlock.System}, rita, "test",
		[]letterlock.Scope{letterlock.ScopeTrace, letterlock.ScopeRevoke}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(apid.Handler(apid.Options{
		Access: &access.Service{DB: db, Vault: &vault.Vault{DB: db, Keys: k.Ring}, Pepper: k.Pepper, Wake: func() {}, Now: time.Now},
		Track:  &track.Service{DB: db}, Accounts: accounts, Audit: &auditlog.Service{DB: db}, Once: &once.Service{DB: db, Pepper: k.Pepper},
		Who: apid.Bearer(accounts), Now: time.Now, Log: slog.New(slog.DiscardHandler),
	}))
	t.Cleanup(s.Close)
	return s.URL, secret
}

func TestAClientMadeFromTheDocumentRevokes(t *testing.T) {
	at, secret := serve(t)
	ctx := t.Context()
	c, err := NewClientWithResponses(at, WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+secret.Reveal())
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	words := "draft"
	found, err := c.SearchMessagesWithResponse(ctx, &SearchMessagesParams{Subject: &words})
	if err != nil || found.JSON200 == nil || found.JSON200.Total != 1 || found.JSON200.Messages[0].MessageId != id {
		t.Fatalf("searching: %s, %v", found.Body, err)
	}
	reason, key := "wrong file", "k"
	var first string
	for range 2 {
		a, err := c.RevokeMessageWithResponse(ctx, id, &RevokeMessageParams{IdempotencyKey: &key}, Revoke{Reason: &reason})
		if err != nil || a.JSON200 == nil || !a.JSON200.Revoked || a.JSON200.Recipients[0].State != RecipientStateRevoked || *a.JSON200.Recipients[0].RevokedBy != rita {
			t.Fatalf("revoking: %s, %v", a.Body, err)
		}
		if first == "" {
			first = string(a.Body)
		}
		if string(a.Body) != first {
			t.Errorf("asked again: %s, want %s", a.Body, first)
		}
	}
	status, err := c.MessageStatusWithResponse(ctx, id)
	if err != nil || status.JSON200 == nil || status.JSON200.IsRevocable || status.JSON200.State != MessageStateRevoked {
		t.Errorf("status: %s, %v", status.Body, err)
	}
	refused, err := c.DestroyMessageWithResponse(ctx, id, nil, Destroy{Confirm: id})
	if err != nil || refused.StatusCode() != 403 || refused.ApplicationproblemJSONDefault == nil || *refused.ApplicationproblemJSONDefault.Key != "scope" {
		t.Errorf("destroying: %s, %v", refused.Body, err)
	}
}
