package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"letterlock/internal/host"
)

// A Bundle is the keys of a data folder, to be kept elsewhere. It prints as a mask.
type Bundle struct {
	Epochs map[uint32][]byte `json:"epochs"` // encrypted under the master key
	Pepper []byte            `json:"pepper"`
	Audit  []byte            `json:"audit"`
	DKIM   []byte            `json:"dkim,omitempty"` // see package dkim; none: there were none
}

func (Bundle) String() string   { return "[keys]" }
func (Bundle) GoString() string { return "[keys]" }

// Bundle reads the keys of the data folder.
func (f Files) Bundle() (Bundle, error) {
	b := Bundle{Epochs: map[uint32][]byte{}}
	names, err := epochFiles(f.ring())
	if err != nil {
		return b, err
	}
	for number, name := range names {
		if b.Epochs[number], err = readKey(filepath.Join(f.ring(), name), 0); err != nil {
			return b, err
		}
	}
	if b.Pepper, err = readKey(f.pepper(), 0); err != nil {
		return b, err
	}
	b.Audit, err = readKey(f.audit(), 0)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil // an installation that is older than its audit key
	}
	if err == nil {
		b.DKIM, err = f.DKIM()
	}
	return b, err
}

// Import puts the keys of a bundle into the data folder that are not there, and
// returns the epochs among them. Nothing is ever replaced: if one is there that is
// another, nothing is imported. former is the file of the master key that the bundle
// is from; "": the present one.
func (f Files) Import(b Bundle, former string) (epochs []uint32, err error) {
	now, err := readSecret(f.Master)
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	then := now
	if former != "" {
		if then, err = readSecret(former); err != nil {
			return nil, fmt.Errorf("former master key: %w", err)
		}
	}
	missing := map[string][]byte{}
	for number, sealed := range b.Epochs {
		path := epochFile(f.ring(), number)
		s, err := then.open(epochPurpose(number), sealed)
		if err != nil {
			return nil, fmt.Errorf("epoch %d is encrypted under another master key: name the file of that one", number)
		}
		there, err := openEpoch(path, number, Master{now})
		switch {
		case errors.Is(err, fs.ErrNotExist):
			missing[path] = now.close(epochPurpose(number), s)
			epochs = append(epochs, number)
		case err != nil:
			return nil, fmt.Errorf("epoch %d in the keyring: %w", number, err)
		case !bytes.Equal(there[:], s):
			return nil, fmt.Errorf("epoch %d in the keyring is another: nothing was imported", number)
		}
	}
	for path, key := range map[string][]byte{f.pepper(): b.Pepper, f.audit(): b.Audit} {
		there, err := readKey(path, 0)
		switch {
		case len(key) == 0:
		case errors.Is(err, fs.ErrNotExist):
			missing[path] = key
		case err != nil:
			return nil, err
		case !bytes.Equal(there, key):
			return nil, fmt.Errorf("%s is another, of another installation: nothing was imported", path)
		}
	}
	// DKIM keys change while the installation stays the same: those that are there are
	// the newer ones, and it is no mistake that they differ.
	if there, err := exists(f.dkim()); err != nil {
		return nil, err
	} else if !there && len(b.DKIM) > 0 {
		missing[f.dkim()] = b.DKIM
	}
	slices.Sort(epochs)
	return epochs, f.putMissing(missing)
}

func (f Files) putMissing(missing map[string][]byte) error {
	if err := host.MakeFolder(f.ring()); err != nil {
		return err
	}
	for path, key := range missing {
		f.step("import a key")
		if err := writeKey(path, key); err != nil {
			return err
		}
	}
	return nil
}
