package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"letterlock/internal/host"
)

// CopyKeys copies the keys of the data folder to another folder, which exists and is
// its owner's alone, and returns when they are on the disk there. What is there
// already stays; a file of a key that has changed is replaced in one step. What a copy
// that was cut short has left is destroyed: nobody would do it when its epoch ends. The
// keys of epochs are encrypted under the master key, there as here.
func (f Files) CopyKeys(dir string) error {
	if _, err := epochFiles(dir); err != nil {
		return err
	}
	if there, err := exists(dir); err != nil || !there {
		return errors.Join(fmt.Errorf("there is no folder %s", dir), err)
	}
	if err := f.sweep(dir); err != nil {
		return err
	}
	names, err := f.names()
	if err != nil {
		return err
	}
	for _, name := range names {
		from := filepath.Join(f.Data, name)
		b, err := readKey(from, 0)
		if err != nil {
			return err
		}
		f.step("copy a key")
		if err := putKey(filepath.Join(dir, filepath.Base(name)), b); err != nil {
			return err
		}
	}
	return nil
}

// CopyDKIM is CopyKeys for the DKIM keys alone, as they change by themselves.
func (f Files) CopyDKIM(dir string) error {
	if there, err := exists(dir); err != nil || !there {
		return errors.Join(fmt.Errorf("there is no folder %s", dir), err)
	}
	b, err := readKey(f.dkim(), 0)
	if err != nil {
		return err
	}
	f.step("copy the DKIM keys")
	return putKey(filepath.Join(dir, filepath.Base(f.dkim())), b)
}

// names are the files with keys in the data folder.
func (f Files) names() (list []string, err error) {
	epochs, err := epochFiles(f.ring())
	if err != nil {
		return nil, err
	}
	for _, name := range epochs {
		list = append(list, filepath.Join("keyring", name))
	}
	for _, path := range []string{f.pepper(), f.audit(), f.dkim()} {
		if there, err := exists(path); err != nil {
			return nil, err
		} else if there {
			list = append(list, filepath.Base(path))
		}
	}
	return list, nil
}

// putKey has path hold a key, durably.
func putKey(path string, b []byte) error {
	old, err := readKey(path, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return writeKey(path, b)
	case err != nil:
		return err
	case bytes.Equal(old, b):
		return nil
	}
	return replaceKey(path, b)
}

// replaceKey puts a key in the place of another, in one step, and overwrites what
// was there.
func replaceKey(path string, b []byte) error {
	if err := os.Chmod(path, 0o600); err != nil {
		return err
	}
	old, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer old.Close() // it is synced before
	next := path + ".next"
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := writeKey(next, b); err != nil {
		return err
	}
	if err := os.Rename(next, path); err != nil {
		return err
	}
	if err := host.Sync(filepath.Dir(path)); err != nil {
		return err
	}
	return fill(old)
}

// CopiedEpochs returns the epochs of which there is a copy in a folder.
func CopiedEpochs(dir string) (list []uint32, err error) {
	names, err := epochFiles(dir)
	for number := range names {
		list = append(list, number)
	}
	return list, err
}

// EndCopy destroys the copy of an epoch's key in a folder.
func EndCopy(dir string, number uint32) error {
	path := epochFile(dir, number)
	if err := overwrite(path); err != nil {
		return err
	}
	return errors.Join(os.Remove(path), host.Sync(dir))
}
