package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestALookSaysWhetherTheDatabaseIsWhole(t *testing.T) {
	for name, tt := range map[string]struct {
		plant func(t *testing.T, dir string)
		want  string // empty: it is whole
	}{
		"as it was left": {func(*testing.T, string) {}, ""},
		"of a newer program": {func(t *testing.T, dir string) {
			db := raw(t, filepath.Join(dir, File))
			if _, err := db.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`); err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}, "a newer Letterlock (schema 9999"},
		"a page is lost": {func(t *testing.T, dir string) {
			path := filepath.Join(dir, File)
			var page int
			db := raw(t, path)
			err := db.QueryRow(`SELECT rootpage FROM sqlite_schema WHERE name = 'messages'`).Scan(&page)
			if err := errors.Join(err, db.Close()); err != nil {
				t.Fatal(err)
			}
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			clear(b[(page-1)*4096:][:4096])
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}, "the database is damaged"},
		"none": {func(t *testing.T, dir string) {
			if err := os.WriteFile(filepath.Join(dir, File), []byte(strings.Repeat("x", 4096)), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			db, err := Open(t.Context(), dir, func() time.Time { return start })
			if err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			tt.plant(t, dir)
			before := hashes(t, dir)
			defer func() {
				if after := hashes(t, dir); !slices.Equal(after, before) {
					t.Errorf("it changed %q to %q", before, after)
				}
			}()
			closed, err := Look(t.Context(), dir)
			if !closed || tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("Look = %v, %v, want %q", closed, err, tt.want)
			}
		})
	}
}

func TestALookThatIsCutOffSaysNothingOfTheDatabase(t *testing.T) {
	dir := t.TempDir()
	db, err := Open(t.Context(), dir, func() time.Time { return start })
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	if _, err := Look(ctx, dir); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Look = %v", err)
	}
}

func TestALookLeavesADatabaseAloneThatWasNotClosed(t *testing.T) {
	db, left := open(t), t.TempDir()
	message(t, db, start)
	if err := os.CopyFS(left, os.DirFS(filepath.Dir(db.path))); err != nil { // as a crash leaves it
		t.Fatal(err)
	}
	before := hashes(t, left)
	if closed, err := Look(t.Context(), left); closed || err != nil {
		t.Errorf("Look = %v, %v", closed, err)
	}
	if after := hashes(t, left); !slices.Equal(after, before) {
		t.Errorf("it changed %q to %q", before, after)
	}
}
