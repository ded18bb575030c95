package seal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// readKey reads a file that holds exactly n bytes. Files that others may read
// are refused: a key that leaked is no key.
func readKey(path string, n int) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("key file %s may be read by others: set its mode to 0400", path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if n > 0 && len(b) != n {
		return nil, fmt.Errorf("key file %s has %d bytes, not %d", path, len(b), n)
	}
	return b, nil
}

// writeKey creates a file that only its owner can read, durably: it is on the
// disk under its name when writeKey returns, or it is not there at all. An
// existing file is never overwritten.
func writeKey(path string, b []byte) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone already when all went well
	_, err = f.Write(b)
	err = errors.Join(err, f.Chmod(0o400), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	// Link, unlike Rename, fails when the name is taken.
	if err := os.Link(f.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// loadOrCreate reads a 32-byte key, making it first when there is none.
func loadOrCreate(path string) (secret, error) {
	b, err := readKey(path, len(secret{}))
	if errors.Is(err, fs.ErrNotExist) {
		s := newSecret()
		if err := writeKey(path, s[:]); err != nil {
			return secret{}, err
		}
		return s, nil
	}
	if err != nil {
		return secret{}, err
	}
	return secret(b), nil
}
