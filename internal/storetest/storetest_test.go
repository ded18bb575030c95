package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

func open(t *testing.T, m *Template) *store.DB {
	t.Helper()
	dir := t.TempDir()
	m.Copy(t, dir)
	db, err := store.Open(t.Context(), dir, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func put(ctx context.Context, db *store.DB, a letterlock.Address) error {
	return db.Write(ctx, func(tx *store.Tx) error {
		return tx.PutAccount(store.Account{Mailbox: letterlock.Mailbox{Address: a}, PasswordHash: "x", Roles: []letterlock.Role{letterlock.Sender}})
	})
}

func TestCopiesHaveWhatTheTemplateHasAndShareNothing(t *testing.T) {
	made := 0
	m := &Template{Fill: func(ctx context.Context, db *store.DB) error { made++; return put(ctx, db, "ada@contoso.example") }}
	one, other := open(t, m), open(t, m)
	if err := put(t.Context(), one, "eve@contoso.example"); err != nil {
		t.Fatal(err)
	}
	has := func(db *store.DB, a letterlock.Address) error {
		return db.Read(t.Context(), func(tx *store.Tx) error { _, err := tx.Account(a); return err })
	}
	for _, db := range []*store.DB{one, other} {
		if err := has(db, "ada@contoso.example"); err != nil || db.Copied != "" {
			t.Errorf("the account of the template: %v; migrated: %q, want neither", err, db.Copied)
		}
	}
	if err := has(other, "eve@contoso.example"); !errors.Is(err, letterlock.NotFound) {
		t.Errorf("an account of the other copy: %v, want not found", err)
	}
	if made != 1 {
		t.Errorf("the template was made %d times, want once", made)
	}
}
