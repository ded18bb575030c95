package host

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// dumpable asks the kernel what it would do with a core_pattern that is a pipe,
// for which the limit does not count.
func dumpable() int {
	n, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	if err != nil {
		return -1
	}
	return n
}

func TestACrashLeavesNoCoreDump(t *testing.T) {
	dumped := func(what, dumpable string) bool {
		cmd, out := other(t, what)
		if line, err := out.ReadString('\n'); err != nil || line != dumpable+"\n" {
			t.Fatalf("%s: it says %q, %v, want %q", what, line, err, dumpable)
		}
		var exit *exec.ExitError
		if err := cmd.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGABRT {
			t.Fatalf("%s: it ended with %v, not with a crash", what, err)
		}
		return exit.Sys().(syscall.WaitStatus).CoreDump()
	}
	if dumped("abort", "dumpable: 0") {
		t.Error("the kernel wrote a core dump")
	}
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &old); err != nil || old.Max == 0 {
		t.Skip("no process may dump here: that it did not proves nothing")
	}
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{Cur: old.Max, Max: old.Max}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Setrlimit(unix.RLIMIT_CORE, &old) }) // what was allowed is still
	if dumped("abort", "dumpable: 0") {
		t.Error("the kernel wrote a core dump where the limit allows them")
	}
	if !dumped("abort with core", "dumpable: 1") {
		t.Log("without NoCoreDumps there was none, either: this machine writes no core dumps")
	}
}

func TestFreeSpaceShrinksByWhatIsWritten(t *testing.T) {
	dir := t.TempDir()
	if os.Getuid() != 0 {
		t.Skip("only root may mount a disk of known size")
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("cannot mount here: %v", err)
	}
	defer unix.Unmount(dir, 0)
	before, err := Free(dir)
	if err != nil || before != 1<<20 {
		t.Fatalf("Free of an empty disk = %d, %v, want 1 MiB", before, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "x"), make([]byte, 256<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	if after, err := Free(dir); err != nil || after != before-256<<10 {
		t.Errorf("Free after 256 KiB = %d, %v, want %d", after, err, before-256<<10)
	}
}

func TestTheClockIsAskedForAndNotSet(t *testing.T) {
	yes, known := ClockSynchronized()
	if yes && !known {
		t.Error("a clock of which nothing is known is synchronized")
	}
	var x unix.Timex
	state, err := unix.Adjtimex(&x)
	if known != (err == nil) || known && yes != (state != unix.TIME_ERROR && x.Status&unix.STA_UNSYNC == 0) {
		t.Errorf("ClockSynchronized = %v, %v; the kernel says %d, %#x, %v", yes, known, state, x.Status, err)
	}
}
