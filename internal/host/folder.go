package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// MakeFolder makes a folder for its owner alone, and those above it that are
// missing. When it returns nil they outlive a power cut: a folder whose name is not
// on the disk takes with it whatever was synced inside.
func MakeFolder(dir string) error {
	info, err := os.Stat(dir)
	there := err == nil
	if there && !info.IsDir() {
		return &fs.PathError{Op: "mkdir", Path: dir, Err: syscall.ENOTDIR}
	}
	above := filepath.Dir(dir)
	if !there && above != dir {
		if err := MakeFolder(above); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	// One that is there already may be from a start that was cut short before this.
	err = Sync(above)
	if there && (errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EINVAL)) {
		return nil // it is not ours, and no start of ours has made what lies in it
	}
	return err
}

// Sync returns when what a file holds, or the names that a folder holds, are on the
// disk.
func Sync(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("keeping what is in %s: %w", path, err)
	}
	return nil
}
