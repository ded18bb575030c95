package keys

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
)

// exported exports the keys, and opens the export again.
func (h *house) exported(t *testing.T) seal.Bundle {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := h.keys.Export(t.Context(), operator, id.Recipient().String(), &out); err != nil {
		t.Fatal(err)
	}
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Opened(bytes.NewReader(out.Bytes()), []age.Identity{other}); err == nil {
		t.Error("another identity opens the export")
	}
	b, err := Opened(&out, []age.Identity{id})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAnEpochComesBackFromAnExport(t *testing.T) {
	h := newHouse(t)
	id, reader, err := h.put("text")
	if err != nil {
		t.Fatal(err)
	}
	b, old := h.exported(t), h.wrapped(t, id, string(reader))
	h.rotate(t)
	if _, err := h.keys.Ring.Unwrap(old, id, string(reader)); err == nil {
		t.Fatal("the old epoch is not over: this test would prove nothing")
	}
	for _, want := range []string{"1", ""} { // the second time it is there
		epochs, err := h.keys.Files.Import(b, "")
		if err != nil || len(epochs) != len(want) {
			t.Fatalf("importing: %v, %v", epochs, err)
		}
	}
	k, _, err := h.keys.Files.Start(true)
	if err != nil || k.Ring.Epoch() != 2 {
		t.Fatalf("epoch %d, %v", k.Ring.Epoch(), err)
	}
	if _, err := k.Ring.Unwrap(old, id, string(reader)); err != nil {
		t.Errorf("what a restored database holds: %v", err)
	}
	h.keys.Ring, h.vault.Keys = k.Ring, k.Ring
	if p := h.rotate(t); p.Ended != 2 || p.Epoch != 3 {
		t.Errorf("the next rotation: %+v", p)
	}
	if got := folder(t, h.keys.Files.Data, "keyring"); got != "epoch-3.key" {
		t.Errorf("the keyring has %s", got)
	}
}

func TestAnImportReplacesNothing(t *testing.T) {
	h, foreign := newHouse(t), newHouse(t)
	b := h.exported(t)
	pepper := h.exported(t)
	pepper.Pepper = bytes.Repeat([]byte{1}, 32)
	for name, bad := range map[string]seal.Bundle{"of another installation": foreign.exported(t), "with another pepper": pepper} {
		if _, err := h.keys.Files.Import(bad, ""); err == nil {
			t.Errorf("a bundle %s is imported", name)
		}
	}
	// The same number under the same master key, and another key: the epochs of two
	// lives of one installation.
	dir := filepath.Join(h.keys.Files.Data, "keyring")
	if err := os.Remove(filepath.Join(dir, "epoch-1.key")); err != nil {
		t.Fatal(err)
	}
	if _, err := h.keys.Files.AddEpoch(h.keys.Ring, 0); err == nil {
		t.Error("an epoch is added to a keyring that is not the one that was opened")
	}
	if epochs, err := h.keys.Files.Import(b, ""); err != nil || len(epochs) != 1 {
		t.Errorf("importing what is missing: %v, %v", epochs, err)
	}
}

func TestAnExportOfBeforeWantsTheFormerMasterKey(t *testing.T) {
	h := newHouse(t)
	b := h.exported(t)
	former, err := h.keys.Files.Rekey("")
	if err != nil {
		t.Fatal(err)
	}
	h.rotate(t)
	if _, err := h.keys.Files.Import(b, ""); err == nil || !strings.Contains(err.Error(), "another master key") {
		t.Errorf("without it: %v", err)
	}
	if epochs, err := h.keys.Files.Import(b, former); err != nil || len(epochs) != 1 {
		t.Errorf("with it: %v, %v", epochs, err)
	}
	if _, _, err := h.keys.Files.Start(true); err != nil {
		t.Error(err)
	}
}

func TestKeysLeaveForARecipientOfAgeAlone(t *testing.T) {
	h := newHouse(t)
	var out bytes.Buffer
	if err := h.keys.Export(t.Context(), operator, "age1nobody", &out); letterlock.KeyOf(err) != "recipient-key" || out.Len() > 0 {
		t.Errorf("a wrong recipient: %v, %d bytes", err, out.Len())
	}
	if err := h.keys.Export(t.Context(), letterlock.Actor{Kind: letterlock.Staff}, "age1nobody", &out); !errors.Is(err, letterlock.Denied) {
		t.Errorf("who may not: %v", err)
	}
}
