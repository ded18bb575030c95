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
