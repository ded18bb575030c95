package intake_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"letterlock/internal/eml"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

var errDisk = &letterlock.Error{Code: letterlock.Busy, Key: "disk"}

func TestMailWithoutRoomIsNotRead(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	h.intake.Room = func() error { return errDisk }
	mail := strings.NewReader(simple("<1@contoso.example>", "Hi"))
	if _, err := h.intake.Accept(t.Context(), ada, to(marta), mail); !errors.Is(err, letterlock.Busy) || letterlock.KeyOf(err) != "disk" {
		t.Errorf("Accept = %v, want Busy \"disk\"", err)
	}
	if mail.Len() == 0 {
		t.Error("the mail was read")
	}
	h.intake.Room = func() error { return nil }
	h.mustAccept(ada, to(marta), simple("<1@contoso.example>", "Hi"))
}

func TestMailThatUsesTheLastRoomIsNotAccepted(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	full := false
	h.intake.Room = func() error {
		if full {
			return errDisk
		}
		return nil
	}
	text := simple("<1@contoso.example>", strings.Repeat("a line of a large mail\r\n", 20_000))
	// What comes last says that meanwhile there is no room any more.
	mail := io.MultiReader(strings.NewReader(text), onRead(func() { full = true }))
	if _, err := h.intake.Accept(t.Context(), ada, to(marta), mail); !errors.Is(err, letterlock.Busy) || letterlock.KeyOf(err) != "disk" {
		t.Errorf("Accept = %v, want Busy \"disk\"", err)
	}
	if !full {
		t.Fatal("the mail was not read to its end: this test would prove nothing")
	}
	h.read(func(tx *store.Tx) error {
		if _, err := tx.MessageByMessageID("<1@contoso.example>"); !errors.Is(err, letterlock.NotFound) {
			t.Errorf("a refused mail became a message: %v", err)
		}
		return nil
	})
	if h.woken.Load() != 0 {
		t.Error("the outbox was woken for a refused mail")
	}
}

// onRead is an empty reader that tells when it is read.
type onRead func()

func (f onRead) Read([]byte) (int, error) { f(); return 0, io.EOF }

func TestMailThatFillsTheDiskIsNotAccepted(t *testing.T) {
	dir := smallDisk(t)
	filler := filepath.Join(dir, "filler") // of somebody else
	if err := os.WriteFile(filler, make([]byte, 24<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	h := newHouseIn(t, dir, eml.Limits{})
	small := h.mustAccept(ada, to(marta), simple("<0@contoso.example>", "Hi"))
	large := simple("<1@contoso.example>", strings.Repeat("a line of a large mail\r\n", 400_000))
	_, err := h.accept(ada, to(jonas), large)
	if !errors.Is(err, letterlock.Busy) || letterlock.KeyOf(err) != "disk" {
		t.Errorf("Accept = %v, want Busy \"disk\"", err)
	}
	h.read(func(tx *store.Tx) error {
		if _, err := tx.MessageByMessageID("<1@contoso.example>"); !errors.Is(err, letterlock.NotFound) {
			t.Errorf("a refused mail became a message: %v", err)
		}
		return nil
	})
	if err := h.db.Fault(); err != nil {
		t.Errorf("a full disk is taken for a broken one: %v", err)
	}
	if m, _ := h.message(small.ID); m.MessageID != "<0@contoso.example>" {
		t.Errorf("the mail before it: %+v", m)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	h.mustAccept(ada, to(jonas), large) // the next try of the client
}

// smallDisk mounts a disk with room for a database and little mail.
func smallDisk(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if os.Getuid() != 0 {
		t.Skip("only root may mount a small disk")
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=32m"); err != nil {
		t.Skipf("cannot mount here: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, 0) }) // the folder is the test's own
	return dir
}
