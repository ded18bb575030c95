package seal

import (
	"os"
	"path/filepath"
	"testing"
)

// started is an installation after its first start.
func started(t *testing.T) Files {
	t.Helper()
	f := Files{Master: filepath.Join(t.TempDir(), "master.key"), Data: t.TempDir()}
	if _, _, err := f.Start(false); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f Files) checkDKIM(t *testing.T, want string) {
	t.Helper()
	if b, err := f.DKIM(); err != nil || string(b) != want {
		t.Errorf("DKIM keys %q, %v; want %q", b, err, want)
	}
}

func TestDKIMKeysAreCopiedAndExportedWithTheOthers(t *testing.T) {
	f := started(t)
	f.checkDKIM(t, "")
	if b, err := f.Bundle(); err != nil || b.DKIM != nil {
		t.Errorf("without any: %q, %v", b.DKIM, err)
	}
	for _, text := range []string{"old", "new"} {
		if err := f.PutDKIM([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	copies := t.TempDir()
	if err := os.Chmod(copies, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := f.CopyKeys(copies); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(filepath.Join(copies, "dkim.key")); err != nil || string(b) != "new" {
		t.Errorf("the copy has %q, %v", b, err)
	}
	b, err := f.Bundle()
	if err != nil {
		t.Fatal(err)
	}
	// Keys that are there are newer than those of an export, and stay.
	if err := f.PutDKIM([]byte("newer")); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Import(b, ""); err != nil {
		t.Fatal(err)
	}
	f.checkDKIM(t, "newer")
	if err := os.Remove(f.dkim()); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Import(b, ""); err != nil {
		t.Fatal(err)
	}
	f.checkDKIM(t, "new")
}

func TestWhatIsTooLargeForTheFileIsNotWritten(t *testing.T) {
	f := started(t)
	if err := f.PutDKIM([]byte("few")); err != nil {
		t.Fatal(err)
	}
	if err := f.PutDKIM(make([]byte, maxKeyFile+1)); err == nil {
		t.Error("written")
	}
	f.checkDKIM(t, "few")
}
