package host

import (
	"fmt"
	"math"

	"golang.org/x/sys/unix"
)

// FewOpenFiles is the limit of open files under which a server should not start
// without a warning: every connection is one, and so are the database's own.
const FewOpenFiles = 4096

// OpenFiles raises the limit of open files as far as this process may, and
// returns it.
func OpenFiles() (int64, error) {
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
		return 0, fmt.Errorf("asking for the limit of open files: %w", err)
	}
	if l.Cur < l.Max {
		raised := unix.Rlimit{Cur: l.Max, Max: l.Max}
		// Where that is refused, the limit that holds is the answer.
		if unix.Setrlimit(unix.RLIMIT_NOFILE, &raised) == nil {
			l = raised
		}
	}
	return int64(min(uint64(l.Cur), math.MaxInt64)), nil
}
