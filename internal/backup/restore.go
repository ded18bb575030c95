package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"filippo.io/age"

	"letterlock/internal/host"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// Restore makes a data folder of a backup. dir must not be there yet, or be empty:
// Invalid "restore-folder" otherwise. Nobody is signed in in it. When it returns nil
// everything is on the disk; when it fails nothing stays of it. A crash in its middle
// leaves no database of that name.
//
// It does not bring keys, and no revocation: a start does, with the journal.
func Restore(ctx context.Context, dir string, from io.Reader, ids []age.Identity) (m Manifest, err error) {
	made, err := empty(dir)
	if err != nil {
		return m, err
	}
	half := filepath.Join(dir, databaseName+".restoring")
	defer func() {
		if err != nil {
			err = errors.Join(err, discard(half))
			if made {
				err = errors.Join(err, os.Remove(dir))
			}
		}
	}()
	m, err = unpack(from, ids, func(r io.Reader) error { return writeFile(ctx, half, r) })
	if err != nil {
		return m, err
	}
	if err := fit(ctx, half, m); err != nil {
		return m, err
	}
	if err := store.EndVisits(ctx, half); err != nil {
		return m, err
	}
	if err := errors.Join(host.Sync(half), os.Rename(half, filepath.Join(dir, databaseName))); err != nil {
		return m, err
	}
	return m, errors.Join(host.Sync(dir), host.Sync(filepath.Dir(dir)))
}

// empty makes the folder, if it is not there, and says whether it did.
func empty(dir string) (made bool, err error) {
	err = os.Mkdir(dir, 0o700)
	if err == nil {
		return true, nil
	}
	if !errors.Is(err, fs.ErrExist) {
		return false, &letterlock.Error{Code: letterlock.Invalid, Key: "restore-folder", Err: err}
	}
	list, err := os.ReadDir(dir)
	if err == nil && len(list) > 0 {
		err = fmt.Errorf("%s is not empty: a backup is restored into a folder of its own", dir)
	}
	if err != nil {
		return false, &letterlock.Error{Code: letterlock.Invalid, Key: "restore-folder", Err: err}
	}
	return false, os.Chmod(dir, 0o700)
}

// discard removes what a restore has begun.
func discard(half string) error {
	var errs []error
	for _, end := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(half + end); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func writeFile(ctx context.Context, path string, from io.Reader) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, &until{ctx, from})
	return errors.Join(err, f.Close()) // it is synced when it is known to be whole
}

// fit looks at every page of the database, and whether it is what the manifest says.
func fit(ctx context.Context, path string, m Manifest) error {
	if err := store.CheckFile(ctx, path); err != nil {
		return errBroken("%w", err)
	}
	facts, err := store.FactsOf(ctx, path)
	if err != nil {
		return errBroken("%w", err)
	}
	if fmt.Sprint(facts) != fmt.Sprint(m.Facts) {
		return errBroken("its database says %v, and its manifest %v", facts, m.Facts)
	}
	return nil
}
