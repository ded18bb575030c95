package seal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"letterlock/internal/host"
)

// maxKeyFile is more than any key file of ours has. The largest is that of the DKIM
// keys, of which there may be several.
const maxKeyFile = 32 << 10

// readKey reads a file that holds exactly n bytes; 0: any number up to
// maxKeyFile. What it is told of the file is of the file that it reads: nothing
// can be put in its place in between.
func readKey(path string, n int) ([]byte, error) {
	// A symbolic link would let the folder of the link decide which key is used,
	// and a pipe would be waited for.
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ELOOP) {
		return nil, fmt.Errorf("key file %s is a symbolic link: name the file itself", path)
	}
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	f := os.NewFile(uintptr(fd), path)
	defer f.Close() // it was only read
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	if why := unfit(&st, os.Geteuid()); why != "" {
		return nil, fmt.Errorf("key file %s %s", path, why)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	switch {
	case err != nil:
		return nil, err
	case n > 0 && len(b) != n:
		return nil, fmt.Errorf("key file %s has not the %d bytes of a key", path, n)
	case len(b) > maxKeyFile:
		return nil, fmt.Errorf("key file %s is too large to be a key", path)
	}
	return b, nil
}

// unfit says why a file cannot be a key file; "" if it can. A key that others
// may read is no key, and a key that somebody else may change is theirs.
func unfit(st *unix.Stat_t, self int) string {
	others := uint32(0o077)
	if st.Uid == 0 && st.Gid == 0 && self != 0 {
		// So systemd hands a credential to a service: root's, and readable by an
		// entry for the service's user, which shows in the mode as the group.
		others = 0o037
	}
	switch {
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		return "is not a file"
	case st.Uid != 0 && int(st.Uid) != self:
		return "belongs to another user: give it to the user who runs Letterlock"
	case uint32(st.Mode)&others != 0:
		return "may be read by others: set its mode to 0400"
	}
	return ""
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
	return host.Sync(dir)
}

// exists reports whether there is anything of that name.
func exists(path string) (bool, error) {
	_, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
