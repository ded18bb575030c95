package upload_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
	"letterlock/internal/store"
)

func TestNothingOfAnUploadIsOnDiskInTheClearAndNothingIsLeftOfIt(t *testing.T) {
	h := newHouse(t)
	secret := []byte("the buyer offers 4.2 million")
	content := bytes.Repeat(secret, 10_000)
	f, err := h.Begin(t.Context(), ada, "offer-to-quillfeather.pdf", "application/x-secret", int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Append(t.Context(), ada, f.ID, 0, bytes.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	if !h.onDisk([]byte(f.ID)) {
		t.Fatal("the upload is not on disk: this test would prove nothing")
	}
	for _, plain := range [][]byte{secret, []byte("offer-to-quill"), []byte("x-secret")} {
		if h.onDisk(plain) {
			t.Errorf("%q is on disk in the clear", plain)
		}
	}
	if err := h.Discard(t.Context(), ada, f.ID, f.ID, letterlock.NewID()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.Open(t.Context(), ada, f.ID); !errors.Is(err, letterlock.NotFound) {
		t.Errorf("opening what was discarded: %v", err)
	}
	if h.swept() {
		t.Fatal("nothing waits to be swept: this test would prove nothing")
	}
	if err := h.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !h.swept() {
		t.Error("pieces are left")
	}
}

// swept reports whether nothing waits to be removed.
func (h *house) swept() bool {
	h.t.Helper()
	more := true
	err := h.DB.Write(h.t.Context(), func(tx *store.Tx) (err error) { more, err = tx.RemoveReleased(1); return err })
	if err != nil {
		h.t.Fatal(err)
	}
	return !more
}

// onDisk looks for bytes in every file of the data folder.
func (h *house) onDisk(what []byte) bool {
	h.t.Helper()
	found := false
	err := filepath.WalkDir(h.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		found = found || bytes.Contains(b, what)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return found
}

func TestWhatIsLeftAloneForADayIsSweptAndNothingElse(t *testing.T) {
	h := newHouse(t)
	old, used := h.begin(3), h.begin(3)
	h.now = h.now.Add(20 * time.Hour)
	if _, err := h.Append(t.Context(), ada, used.ID, 0, strings.NewReader("a")); err != nil {
		t.Fatal(err)
	}
	h.now = h.now.Add(4*time.Hour + time.Second)
	if err := h.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Find(t.Context(), ada, old.ID); !errors.Is(err, letterlock.NotFound) {
		t.Errorf("the old one: %v", err)
	}
	if _, err := h.Append(t.Context(), ada, old.ID, 0, strings.NewReader("a")); !errors.Is(err, letterlock.NotFound) {
		t.Errorf("adding to the old one: %v", err)
	}
	if got, err := h.Append(t.Context(), ada, used.ID, 1, strings.NewReader("bc")); err != nil || got != 3 {
		t.Errorf("the other: %d, %v", got, err)
	}
}

// take is a piece as it is stored.
func (h *house) take(id letterlock.ID, seq int64) (data []byte) {
	h.t.Helper()
	err := h.DB.Read(h.t.Context(), func(tx *store.Tx) (err error) { data, err = tx.UploadPiece(id, ada.Address, seq); return err })
	if err != nil {
		h.t.Fatal(err)
	}
	return data
}

// What somebody does to the database must not pass for a file.
func TestMovedPiecesAreFound(t *testing.T) {
	h := newHouse(t)
	content := random(3 * piece)
	f, other := h.begin(len(content)), h.begin(len(content))
	for _, id := range []letterlock.ID{f.ID, other.ID} {
		if _, err := h.Append(t.Context(), ada, id, 0, bytes.NewReader(content)); err != nil {
			t.Fatal(err)
		}
	}
	original := h.take(f.ID, 1)
	for name, put := range map[string][]byte{"from another place": h.take(f.ID, 2), "from another file": h.take(other.ID, 1), "cut": original[:piece/2]} {
		replace := func(data []byte) {
			t.Helper()
			if err := h.DB.Write(t.Context(), func(tx *store.Tx) error { return tx.PutUploadPiece(f.ID, 1, data) }); err != nil {
				t.Fatal(err)
			}
		}
		replace(put)
		_, r, err := h.Open(t.Context(), ada, f.ID)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, r); !errors.Is(err, seal.ErrTampered) || n != piece {
			t.Errorf("%s: %d bytes, %v; want one piece and ErrTampered", name, n, err)
		}
		replace(original)
	}
	if !bytes.Equal(h.whole(f.ID), content) {
		t.Error("put back, it is not the file")
	}
}

func TestLastPieceAsItWasBeforeItGrewIsFound(t *testing.T) {
	h := newHouse(t)
	last := h.begin(100)
	if _, err := h.Append(t.Context(), ada, last.ID, 0, strings.NewReader(strings.Repeat("a", 40))); err != nil {
		t.Fatal(err)
	}
	short := h.take(last.ID, 0)
	if _, err := h.Append(t.Context(), ada, last.ID, 40, strings.NewReader(strings.Repeat("b", 60))); err != nil {
		t.Fatal(err)
	}
	if err := h.DB.Write(t.Context(), func(tx *store.Tx) error { return tx.PutUploadPiece(last.ID, 0, short) }); err != nil {
		t.Fatal(err)
	}
	_, r, err := h.Open(t.Context(), ada, last.ID)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, r); !errors.Is(err, seal.ErrTampered) || n != 0 {
		t.Errorf("an older last piece: %d bytes, %v", n, err)
	}
}
