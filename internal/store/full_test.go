package store

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// fullAt returns the product's migrations with a disk that is full from a statement
// on: the database gets no page more.
func fullAt(version, at int) fstest.MapFS {
	set, _ := asking()
	for _, f := range set {
		f.Data = bytes.ReplaceAll(f.Data, fmt.Appendf(nil, "SELECT boom('%d.%d')", version, at), []byte("PRAGMA max_page_count = 1"))
	}
	return set
}

// TestAMigrationWithoutRoomAtAnyStatementIsUndone has the disk be full from each
// statement of each migration on. The migration is undone or done, the error names
// the copy, and a start with room ends as one that nothing befell. The short form
// begins in the middle of each.
func TestAMigrationWithoutRoomAtAnyStatementIsUndone(t *testing.T) {
	t.Parallel() // it waits for the disk more than it works
	set, questions := asking()
	tries, refused := 0, 0
	for version, n := range questions {
		if version == 0 { // there is nothing yet that could be lost
			continue
		}
		from := ofVersion(t, set, version)
		before, want := dump(t, filepath.Join(from, File)), upgraded(t, set, twin(t, from))
		for at := range n {
			if os.Getenv("LETTERLOCK_STRESS") != "1" && at != n/2 {
				continue
			}
			tries++
			dir := twin(t, from)
			if full(t, product(dir, fullAt(version+1, at)), int64(version), before) {
				refused++
			}
			if got := upgraded(t, set, dir); !slices.Equal(got, want) {
				t.Errorf("full at %d.%d: %q\nwant %q", version+1, at, got, want)
			}
		}
	}
	t.Logf("%d upgrades on a full disk, %d of them refused, nothing lost", tries, refused)
	if refused == 0 {
		t.Error("every one had room: this test proves nothing")
	}
}

// full runs an upgrade that may find no room, and reports whether it found none.
func full(t *testing.T, u *upgrade, version int64, before []string) (refused bool) {
	t.Helper()
	_, err := u.run(t.Context())
	if err == nil {
		return false
	}
	kept := fmt.Sprintf("%s.before-%d", u.path, version+1)
	if text := err.Error(); !strings.Contains(text, kept) || !strings.Contains(text, "full") {
		t.Errorf("it says %q, want that the disk is full and where the copy is", text)
	}
	if got := dump(t, kept); !slices.Equal(got, before) {
		t.Errorf("the copy holds %q\nwant %q", got, before)
	}
	current, err := u.current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if current == version && !slices.Equal(dump(t, u.path), before) {
		t.Errorf("schema %d, but not as it was before", current)
	}
	return true
}
