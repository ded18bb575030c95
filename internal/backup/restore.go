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

	"letterlock/internal/audit"
	"letterlock/internal/host"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// Restore makes a data folder of a backup. dir must not be there yet, or be empty:
// Invalid "restore-folder" otherwise. Nobody is signed in in it. When it returns nil
// everything is on the disk; when it fails nothing stays of it. A crash in its middle
// leaves no database of that name.
//
// The key of the audit log in the backup must have signed it: anybody can encrypt to
// its recipient. A start wants the same key, so that nothing that others have made is
// ever served. Busy "disk": there is no room.
//
// It does not bring keys, and no revocation: a start does, with the journal.
func Restore(ctx context.Context, dir string, from io.Reader, ids []age.Identity) (Manifest, error) {
	return restore(ctx, dir, 0, from, ids)
}

// restore is Restore that leaves so many bytes of the disk free.
func restore(ctx context.Context, dir string, spare int64, from io.Reader, ids []age.Identity) (m Manifest, err error) {
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
	m, err = unpack(from, ids, func(size int64, r io.Reader) error {
		if err := room(dir, size, spare); err != nil {
			return err
		}
		return writeFile(ctx, half, r)
	})
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

// room refuses to begin what the disk has no room for: a backup is as large as it
// says, and it may have been made by somebody who wants the disk full.
func room(dir string, size, spare int64) error {
	free, err := host.Free(dir)
	if err == nil && free-spare < size {
		err = &letterlock.Error{Code: letterlock.Busy, Key: "disk",
			Err: fmt.Errorf("what is in the backup takes %d MiB in %s, the reserve is %d, and %d are free", size>>20, dir, spare>>20, free>>20)}
	}
	return err
}

func writeFile(ctx context.Context, path string, from io.Reader) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, &until{ctx, from})
	return errors.Join(err, f.Close()) // it is synced when it is known to be whole
}

// fit looks at every page of the database, whether it is what the manifest says, and
// who says so.
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
	signer, err := store.SignerOf(ctx, path)
	if err != nil || !m.SignedBy(audit.KeysOf(signer)) {
		return errBroken("it was not signed with the audit key of the database in it: somebody else has made it, or changed it")
	}
	return nil
}
