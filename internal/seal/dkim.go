package seal

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// dkim is the file of all keys that mail is signed with when it leaves, and of what
// each is for. What is in it is for package dkim to say.
func (f Files) dkim() string { return filepath.Join(f.Data, "dkim.key") }

// DKIM returns what is in the file of the DKIM keys; nil if there is none. Without it
// everything works, and mail leaves unsigned: it is no reason not to start.
func (f Files) DKIM() ([]byte, error) {
	b, err := readKey(f.dkim(), 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("DKIM keys: %w", err)
	}
	return b, nil
}

// PutDKIM puts other contents into the file of the DKIM keys, in one step: after a
// crash either the old ones are there or the new ones. It returns when they are on the
// disk, and what was there before is overwritten.
func (f Files) PutDKIM(b []byte) error {
	if len(b) > maxKeyFile {
		return errors.New("DKIM keys: too many to fit into their file")
	}
	if err := putKey(f.dkim(), b); err != nil {
		return fmt.Errorf("DKIM keys: %w", err)
	}
	return nil
}
