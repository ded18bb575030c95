package seal

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"letterlock/internal/host"
)

// dead is what the name of a key's file ends with once the key counts no more.
const dead = ".dead"

func (f Files) step(name string) {
	if f.Step != nil {
		f.Step(name)
	}
}

// AddEpoch makes the key of a new epoch, which everything is wrapped under from
// then on, and returns its number, which is greater than above. The key is on the disk before anything is
// wrapped under it: a crash before leaves the epochs as they were, a crash after
// one more.
//
// The master key is read anew. One that does not open the keyring is refused, for
// the next start could open only half of it then.
func (f Files) AddEpoch(k *Keyring, above uint32) (uint32, error) {
	master, err := readSecret(f.Master)
	if err != nil {
		return 0, fmt.Errorf("master key: %w", err)
	}
	now := k.Epoch()
	if _, err := openEpoch(epochFile(f.ring(), now), now, Master{master}); err != nil {
		return 0, fmt.Errorf("key of epoch %d: %w", now, err)
	}
	next := max(now, above) + 1
	f.step("make the new epoch")
	s, err := createEpoch(f.ring(), next, Master{master})
	if err != nil {
		return 0, fmt.Errorf("key of epoch %d: %w", next, err)
	}
	f.step("wrap under the new epoch")
	k.mu.Lock()
	defer k.mu.Unlock()
	k.epochs[next], k.current = s, next
	return next, nil
}

// EndEpoch destroys the key of an epoch that is over: nothing that was wrapped
// under it can be opened any more, in whatever page, log or copy of the database
// it is found. The key takes another name first, in one step: a file that was
// overwritten by half would keep the next start from opening the keyring. A crash
// leaves the key alive, or a dead file that SweepKeys removes.
func (f Files) EndEpoch(k *Keyring, number uint32) error {
	if number >= k.Epoch() {
		panic(fmt.Sprintf("seal: internal error: epoch %d is not over", number))
	}
	name := epochFile(f.ring(), number)
	f.step("bury the old epoch")
	if err := os.Rename(name, name+dead); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := host.Sync(f.ring()); err != nil {
		return err
	}
	k.mu.Lock()
	delete(k.epochs, number)
	k.mu.Unlock()
	return f.SweepKeys()
}

// SweepKeys removes what interrupted changes of the keyring have left: overwritten,
// if it is a key that counts no more.
func (f Files) SweepKeys() error { return f.sweep(f.ring()) }

func (f Files) sweep(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	swept := false
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch {
		case strings.HasSuffix(e.Name(), dead):
			f.step("overwrite the old epoch")
			if err := overwrite(path); err != nil {
				return err
			}
			f.step("remove the old epoch")
		case strings.HasPrefix(e.Name(), ".new-"), strings.HasSuffix(e.Name(), ".key.next"):
			if err := overwriteOnly(path); err != nil {
				return err
			}
		default:
			continue
		}
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		swept = true
	}
	if !swept {
		return nil
	}
	f.step("sync the keyring")
	return host.Sync(dir)
}

// overwriteOnly is overwrite for a file that has no other name. One that has may be
// alive under it, and is left as it is.
func overwriteOnly(path string) error {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil || st.Nlink > 1 {
		return err
	}
	return overwrite(path)
}

// overwrite puts other bytes in the place of a file's, on the disk.
func overwrite(path string) error {
	if err := os.Chmod(path, 0o600); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	return errors.Join(fill(file), file.Close())
}

func fill(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	b := make([]byte, info.Size())
	rand.Read(b) // never fails
	_, err = file.WriteAt(b, 0)
	return errors.Join(err, file.Sync())
}

// Made returns when the key of an epoch was written, as far as its file says.
func (f Files) Made(number uint32) (time.Time, error) {
	info, err := os.Lstat(epochFile(f.ring(), number))
	if err != nil {
		return time.Time{}, err
	}
	return info.ModTime(), nil
}
