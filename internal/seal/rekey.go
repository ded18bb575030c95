package seal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"letterlock/internal/host"
)

// next is where a new master key is until everything is encrypted under it, and
// former where the old one is afterwards.
func (f Files) next() string   { return f.Master + ".next" }
func (f Files) former() string { return f.Master + ".old" }

// Rekey makes a new master key and encrypts the keyring under it, and the copies of
// the keyring in another folder, which has to be there; "": there are none. The old one
// stays beside it under the name that is returned, because exports of before want it:
// while there is one from an earlier time, nothing is done. No server may run. What a
// crash has cut short, the next call finishes; until then there is no start, for each
// key is under one of the two.
func (f Files) Rekey(copies string) (former string, err error) {
	if err := f.mayRekey(copies); err != nil {
		return "", err
	}
	old, err := readSecret(f.Master)
	if err != nil {
		return "", fmt.Errorf("master key: %w", err)
	}
	paths, err := f.sealedUnder(copies)
	if err != nil {
		return "", err
	}
	f.step("make the new master key")
	fresh, err := createSecret(f.next())
	if errors.Is(err, fs.ErrExist) {
		fresh, err = readSecret(f.next())
	}
	if err != nil {
		return "", fmt.Errorf("new master key: %w", err)
	}
	if err := f.reseal(paths, Master{old}, Master{fresh}); err != nil {
		return "", err
	}
	f.step("keep the old master key")
	if err := f.keepFormer(); err != nil {
		return "", err
	}
	f.step("use the new master key")
	if err := os.Rename(f.next(), f.Master); err != nil {
		return "", err
	}
	f.step("sync the master key")
	return f.former(), host.Sync(filepath.Dir(f.Master))
}

// mayRekey refuses what would lose a key: the copies of a disk that is not mounted,
// which would stay under the old master key, or an older one than that.
func (f Files) mayRekey(copies string) error {
	if copies != "" {
		if _, err := os.Stat(copies); err != nil {
			return fmt.Errorf("copies of the keyring: %w", err)
		}
	}
	was, err := os.Lstat(f.former())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	now, err2 := os.Lstat(f.Master)
	if err := errors.Join(err, err2); err != nil || os.SameFile(now, was) { // a crash has cut it short
		return err
	}
	return fmt.Errorf("%s is there from an earlier time: move it to where the exports are kept that want it", f.former())
}

// sealedUnder returns the files that are encrypted under the master key, with the
// epochs that they are the keys of.
func (f Files) sealedUnder(copies string) (map[string]uint32, error) {
	paths := map[string]uint32{}
	for _, dir := range []string{f.ring(), copies} {
		if dir == "" {
			continue
		}
		names, err := epochFiles(dir)
		if err != nil {
			return nil, err
		}
		for number, name := range names {
			paths[filepath.Join(dir, name)] = number
		}
	}
	return paths, nil
}

// reseal encrypts files under the new key that are under the old one. It looks at
// all of them before it changes the first.
func (f Files) reseal(paths map[string]uint32, old, fresh Master) error {
	todo := map[string][]byte{}
	for path, number := range paths {
		if _, err := openEpoch(path, number, fresh); err == nil {
			continue // done before a crash
		}
		s, err := openEpoch(path, number, old)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		todo[path] = fresh.key.close(epochPurpose(number), s[:])
	}
	for path, sealed := range todo {
		f.step("encrypt a key anew")
		if err := replaceKey(path, sealed); err != nil {
			return err
		}
	}
	return nil
}

// keepFormer gives the old master key its other name, if a crash was not after that.
func (f Files) keepFormer() error {
	if err := os.Link(f.Master, f.former()); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return host.Sync(filepath.Dir(f.Master))
}

// halfRekeyed refuses to open keys while a change of the master key is not finished.
func (f Files) halfRekeyed() error {
	half, err := exists(f.next())
	if err == nil && half {
		err = fmt.Errorf("a change of the master key was cut short, and %s is still there: "+
			"'letterlock keys rekey-master' finishes it", f.next())
	}
	return err
}
