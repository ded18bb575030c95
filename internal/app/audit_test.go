package app_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"letterlock/internal/app"
	"letterlock/internal/audit"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// open builds the server as it starts, and closes it with the test at the latest.
func (s *site) open() (*app.App, error) {
	s.t.Helper()
	return app.New(s.t.Context(), s.cfg, app.Options{Now: time.Now, Log: silent})
}

func TestAStartMakesTheAuditKeyOnceAndMissesItAfterwards(t *testing.T) {
	s := newSite(t)
	s.started()
	key := filepath.Join(s.cfg.DataDir, "audit.key")
	first, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	s.started()
	if again, err := os.ReadFile(key); err != nil || !bytes.Equal(again, first) {
		t.Errorf("after another start the key is another one, %v", err)
	}
	s.remove("data/audit.key")
	if _, err := s.open(); err == nil || !strings.Contains(err.Error(), "audit.key is missing: restore it") {
		t.Errorf("a start without the key: %v", err)
	}
	if _, err := os.Stat(key); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("there is a key again: %v", err)
	}
	s.file("data/audit.key", strings.Repeat("k", 32), 0o400)
	if _, err := s.open(); err == nil || !strings.Contains(err.Error(), "restore audit.key from the backup") {
		t.Errorf("a start with another key: %v", err)
	}
}

// TestAnInstallationFromBeforeTheAuditKeyGetsOne stands for the first start after an
// upgrade: there are a database and the other keys.
func TestAnInstallationFromBeforeTheAuditKeyGetsOne(t *testing.T) {
	s := newSite(t)
	s.started()
	s.remove("data/audit.key")
	db, err := sql.Open("sqlite", filepath.Join(s.cfg.DataDir, store.File))
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec(`DELETE FROM audit_keys`)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	s.started()
	s.started()
}

func TestTheAuditLogIsSignedUpToTheEnd(t *testing.T) {
	s := newSite(t)
	a, err := s.open()
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	on, err := app.Listen(s.cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- a.Run(ctx, *on) }()
	by := letterlock.Actor{Kind: letterlock.Operator, Name: "uid 1"}
	if _, err := a.Accounts.List(t.Context(), letterlock.Actor{}); !errors.Is(err, letterlock.Denied) {
		t.Fatalf("List by nobody = %v", err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	points, err := os.ReadFile(s.cfg.CheckpointFile())
	if err != nil {
		t.Fatal(err)
	}
	keys, err := audit.ParseKeys([]byte(a.Audit.PublicKey()))
	if err != nil {
		t.Fatal(err)
	}
	var export bytes.Buffer
	if err := a.Audit.Export(t.Context(), by, &export); err != nil {
		t.Fatal(err)
	}
	report, err := audit.Verify(&export, bytes.NewReader(points), keys, nil)
	if err != nil || report.Covered != report.Rows-1 {
		t.Errorf("Verify = %+v, %v, want all rows covered but the export's own", report, err)
	}
}
