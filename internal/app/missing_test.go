package app_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// TestAJournalIsReplayedWhereAKeyIsMissing has the data come back from before a
// rotation, and not the key that was destroyed by it: what was under that key is lost,
// and nothing else may be.
func TestAJournalIsReplayedWhereAKeyIsMissing(t *testing.T) {
	m := newMachine(t)
	given, longer, gone := m.send(time.Time{}), m.send(m.now().Add(time.Hour)), m.send(time.Time{})
	m.must(m.revoke(given))
	m.stop()
	backup := filepath.Join(t.TempDir(), store.File)
	m.copyTree(m.cfg.DataDir, filepath.Dir(backup))
	m.start()
	m.must(m.restore(given))
	m.must(m.Access.SetExpiry(t.Context(), operator, longer, m.now().Add(24*time.Hour)))
	m.must(m.revoke(gone))
	if p, err := m.Keys.Rotate(t.Context(), operator, time.Minute); err != nil || p.Ended != 1 {
		t.Fatalf("rotating: %+v, %v", p, err)
	}
	fate(t, "before", m.read(given), nil)
	m.stop()

	m.late.Store(int64(2 * time.Hour))
	m.putBack(backup)
	m.start()
	if got, err := m.Keys.Missing(t.Context()); err != nil || len(got) != 1 {
		t.Errorf("missing keys: %v, %v", got, err)
	}
	if err := m.read(given); err == nil {
		t.Error("what nobody has a key for can be read")
	}
	fate(t, "revoked since", m.read(gone), letterlock.Gone)
	fate(t, "new", m.read(m.send(time.Time{})), nil)
	if m.entries("replay journal") == "" {
		t.Error("the audit log does not know that the journal was replayed")
	}
}

// putBack has the database be one of before, and leaves everything else.
func (m *machine) putBack(file string) {
	m.t.Helper()
	text, err := os.ReadFile(file)
	m.must(err)
	for _, end := range []string{"-wal", "-shm"} {
		if err := os.Remove(filepath.Join(m.cfg.DataDir, store.File+end)); !errors.Is(err, fs.ErrNotExist) {
			m.must(err)
		}
	}
	m.must(os.WriteFile(filepath.Join(m.cfg.DataDir, store.File), text, 0o600))
}
