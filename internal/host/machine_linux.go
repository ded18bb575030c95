package host

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// NoCoreDumps makes sure that the memory of this process, with its keys and the
// mail being read, never lands on a disk when it crashes.
func NoCoreDumps() error {
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("setting the limit of core dumps: %w", err)
	}
	// The limit does not bind a kernel that pipes core dumps into a program; that
	// a process is not dumpable does. Other processes of the same user cannot read
	// its memory any more, either.
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("forbidding core dumps: %w", err)
	}
	return coreDumpsForbidden()
}

// coreDumpsForbidden reads back what NoCoreDumps has set.
func coreDumpsForbidden() error {
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &l); err != nil {
		return fmt.Errorf("asking for the limit of core dumps: %w", err)
	}
	dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	if err != nil {
		return fmt.Errorf("asking whether core dumps are forbidden: %w", err)
	}
	if l.Cur != 0 || l.Max != 0 || dumpable != 0 {
		return errors.New("core dumps are still possible")
	}
	return nil
}

// ClockSynchronized reports whether something keeps the system's clock right, as
// the kernel was told. known is false where it may not be asked, as in some
// containers.
func ClockSynchronized() (yes, known bool) {
	var t unix.Timex // nothing to set: this only asks
	state, err := unix.Adjtimex(&t)
	if err != nil {
		return false, false
	}
	return state != unix.TIME_ERROR && t.Status&unix.STA_UNSYNC == 0, true
}
