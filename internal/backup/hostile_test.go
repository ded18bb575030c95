package backup

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"filippo.io/age"

	"letterlock/internal/host"
	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
)

// pack encrypts a backup of a database that somebody else has made, who knows no more
// than the recipient.
func (s *site) pack(database []byte, m Manifest) []byte {
	s.t.Helper()
	text, err := json.Marshal(m)
	s.must(err)
	var b bytes.Buffer
	secret, err := age.Encrypt(&b, s.id.Recipient())
	s.must(err)
	out := tar.NewWriter(secret)
	_, err1 := put(out, databaseName, int64(len(database)), bytes.NewReader(database))
	_, err2 := put(out, manifestName, int64(len(text)), bytes.NewReader(text))
	s.must(errors.Join(err1, err2, out.Close(), secret.Close()))
	return b.Bytes()
}

func TestABackupThatSomebodyElseHasMadeIsRefused(t *testing.T) {
	s := newSite(t)
	s.send()
	var database []byte
	whole, err := unpack(bytes.NewReader(s.make()), []age.Identity{s.id}, func(_ int64, r io.Reader) (err error) { database, err = io.ReadAll(r); return err })
	s.must(err)
	stranger, err := whole.signed(seal.NewSigner())
	s.must(err)
	change := func(f func(*Manifest)) Manifest { m := whole; f(&m); return m }
	tests := []struct {
		name string
		m    Manifest
		want string
	}{
		{"as it was made", whole, ""},
		{"signed by nobody", change(func(m *Manifest) { m.Signature = nil }), "backup-broken"},
		{"signed by a stranger", stranger, "backup-broken"},
		{"a stranger under our name", change(func(m *Manifest) { m.Signature = stranger.Signature }), "backup-broken"},
		{"dated anew", change(func(m *Manifest) { m.Made = m.Made.Add(time.Hour) }), "backup-broken"},
	}
	for _, tt := range tests {
		if _, _, err := s.restore(s.pack(database, tt.m)); letterlock.KeyOf(err) != tt.want {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestARestoreThatHasNoRoomBeginsNothing(t *testing.T) {
	s := newSite(t)
	s.send()
	b, dir := s.make(), filepath.Join(t.TempDir(), "data")
	if _, err := restore(t.Context(), dir, 1<<60, bytes.NewReader(b), []age.Identity{s.id}); letterlock.KeyOf(err) != "disk" {
		t.Errorf("without room: %v", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder stays: %v", err)
	}
}

func TestWhatAKilledVerifyHasLeftIsRemoved(t *testing.T) {
	s := newSite(t)
	s.send()
	in := t.TempDir()
	folder := func(name string, since time.Duration) string {
		dir := filepath.Join(in, name)
		_, err := Restore(t.Context(), dir, bytes.NewReader(s.make()), []age.Identity{s.id})
		s.must(err)
		then := time.Now().Add(-since)
		s.must(os.Chtimes(dir, then, then))
		return dir
	}
	killed, busy, fresh, other := folder("restored-1", time.Hour), folder("restored-2", time.Hour), folder("restored-3", 0), folder("restore", time.Hour)
	lock, err := host.LockFolder(busy)
	s.must(err)
	defer lock.Release() // it was only held
	then := time.Now().Add(-time.Hour)
	s.must(os.Chtimes(busy, then, then))
	_, err = Verify(t.Context(), in, 0, bytes.NewReader(s.make()), []age.Identity{s.id}, s.keys)
	s.must(err)
	list, err := filepath.Glob(filepath.Join(in, "*"))
	s.must(err)
	if want := []string{other, busy, fresh}; !slices.Equal(list, want) {
		t.Errorf("%v is left, want %v and not %s", list, want, killed)
	}
}
