package host

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Free returns how many bytes a process without privileges may still write to
// the disk that dir is on.
func Free(dir string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, fmt.Errorf("asking for the free space of %s: %w", dir, err)
	}
	return int64(s.Bavail) * int64(s.Bsize), nil
}

// remote are file systems on other machines, by the kernel's numbers: NFS, SMB,
// CIFS, SMB2, Ceph, AFS. FUSE is left out, for it may be either.
var remote = map[int64]string{0x6969: "NFS", 0x517b: "SMB", 0xff534d42: "CIFS", 0xfe534d42: "SMB", 0x00c36400: "Ceph", 0x5346414f: "AFS"}

// Local refuses a folder on a file system of another machine: locks and fsync do
// not hold there as a database needs them.
func Local(dir string) error {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return fmt.Errorf("asking for the file system of %s: %w", dir, err)
	}
	if name, ok := remote[int64(s.Type)&0xffffffff]; ok {
		return fmt.Errorf("%s is on %s: a database needs a disk of this machine", dir, name)
	}
	return nil
}

// SameDisk reports whether two folders are on the same file system. Two of them may
// still share a device: that is not for a program to know.
func SameDisk(a, b string) (bool, error) {
	var x, y unix.Stat_t
	if err := unix.Stat(a, &x); err != nil {
		return false, fmt.Errorf("asking for the file system of %s: %w", a, err)
	}
	if err := unix.Stat(b, &y); err != nil {
		return false, fmt.Errorf("asking for the file system of %s: %w", b, err)
	}
	return x.Dev == y.Dev, nil
}
