// Package cputime measures how long work takes on a processor, for limits on what
// somebody's mail may cost and for tests of what must stay fast: the clock on the
// wall also counts what else a machine does.
package cputime

import (
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// Of returns how long f keeps its thread on a processor. What f starts in other
// goroutines, and what the collector does on other threads, is not counted.
func Of(f func()) time.Duration {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	begun := now()
	f()
	return now() - begun
}

// now is how long this thread has been on a processor (clock_gettime(2)).
func now() time.Duration {
	var at unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &at); err != nil {
		panic(fmt.Sprintf("cputime: %v", err)) // every Linux since 2.6.12 has this clock
	}
	return time.Duration(at.Nano())
}
