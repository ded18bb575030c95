// Package storetest has databases ready for tests: one is made once, with all
// that every test of a package finds in it, and each test gets a copy.
//
// Making the schema and hashing the passwords of some accounts takes longer than
// most tests, and comes out the same each time. Only test files may import it.
package storetest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"letterlock/internal/store"
)

// A Template is a database to be copied. It may be used by parallel tests.
type Template struct {
	// Now is what the clock shows while the template is made; zero: noon of a day
	// in 2026.
	Now time.Time
	// Fill puts into it what is in every copy; nil: there is nothing but the schema.
	Fill func(ctx context.Context, db *store.DB) error

	once sync.Once
	file []byte
	err  error
}

// Copy leaves a copy in folder dir, where [store.Open] finds it.
func (m *Template) Copy(t testing.TB, dir string) {
	t.Helper()
	m.once.Do(func() { m.file, m.err = m.make() })
	if m.err != nil {
		t.Fatalf("making the template of databases: %v", m.err)
	}
	// Only its owner may read a database, and store.Open insists on that.
	if err := os.WriteFile(filepath.Join(dir, store.File), m.file, 0o600); err != nil {
		t.Fatal(err)
	}
}

// make makes the template in a folder of its own, which no test owns: the first of
// them ends long before the last.
func (m *Template) make() (file []byte, err error) {
	dir, err := os.MkdirTemp("", "letterlock-template-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	now := m.Now
	if now.IsZero() {
		now = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	}
	db, err := store.Open(context.Background(), dir, func() time.Time { return now })
	if err != nil {
		return nil, err
	}
	if m.Fill != nil {
		err = m.Fill(context.Background(), db)
	}
	// Closing brings everything from the log of the database into its one file.
	if err = errors.Join(err, db.Close()); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, store.File))
}

var empty Template

// Empty leaves a database with the schema and nothing else in folder dir, where
// [store.Open] finds it.
func Empty(t testing.TB, dir string) {
	t.Helper()
	empty.Copy(t, dir)
}
