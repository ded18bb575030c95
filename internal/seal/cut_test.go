package seal

import (
	"errors"
	"path/filepath"
	"testing"

	"letterlock/internal/cutfs"
	"letterlock/internal/host"
	"letterlock/internal/letterlock"
)

// Everything that a start makes must be there after a power cut, the names of its
// folders included: a database without its keys opens nothing.
func TestTheKeysOfAFirstStartOutliveAPowerCut(t *testing.T) {
	if err := cutfs.Missing(); err != nil {
		t.Skip(err)
	}
	filesIn := func(dir string) Files {
		return Files{Master: filepath.Join(dir, "etc", "letterlock", "keys", "master.key"), Data: filepath.Join(dir, "var", "lib", "letterlock")}
	}
	var wrap []byte
	disk := cutfs.New(64 << 20)
	err := disk.Within(func(dir string) error {
		f := filesIn(dir)
		if err := host.MakeFolder(f.Data); err != nil {
			return err
		}
		k, first, err := f.Start(false)
		if err != nil || !first {
			return errors.Join(err, errors.New("this is not a first start"))
		}
		wrap = k.Ring.Wrap(NewDataKey(), "m", "r")
		return f.Started()
	})
	if err != nil {
		t.Fatal(err)
	}
	err = disk.Cut(cutfs.Lost, 1).Within(func(dir string) error {
		k, _, err := filesIn(dir).Start(true)
		if err != nil {
			return err
		}
		_, err = k.Ring.Unwrap(wrap, letterlock.ID("m"), "r")
		return err
	})
	if err != nil {
		t.Errorf("after the cut: %v", err)
	}
}
