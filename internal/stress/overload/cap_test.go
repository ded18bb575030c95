package overload

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// share is how much of one core the server has, in percent, in every leg: the load
// needs the rest. It is sure to get that much, whatever else the machine does.
const share = 30

// window is how often it is given its share. A long one would be seen in the times
// of answers.
const window = 10 * time.Millisecond

// holdTo holds a process to its share until the test ends, and says by what.
func holdTo(t *testing.T, pid int) string {
	t.Helper()
	quota := strconv.FormatInt(share*window.Microseconds()/100, 10)
	period := strconv.FormatInt(window.Microseconds(), 10)
	name := "letterlock-overload-" + strconv.Itoa(pid)
	for _, g := range []struct {
		kind, folder string
		limits       [][2]string // file and value
	}{
		{"cgroup v2, cpu.max", "/sys/fs/cgroup", [][2]string{{"cpu.weight", "10000"}, {"cpu.max", quota + " " + period}}},
		{"cgroup v1, cpu.cfs_quota_us", "/sys/fs/cgroup/cpu", [][2]string{{"cpu.shares", "100000"}, {"cpu.cfs_period_us", period}, {"cpu.cfs_quota_us", quota}}},
	} {
		folder := filepath.Join(g.folder, name)
		if err := group(folder, g.limits, pid); err != nil {
			_ = os.Remove(folder) // if it was made at all
			continue
		}
		t.Cleanup(func() {
			if err := os.Remove(folder); err != nil {
				t.Error(err)
			}
		})
		return fmt.Sprintf("%d %% of a core by %s", share, g.kind)
	}
	t.Cleanup(stopAndGo(pid))
	return fmt.Sprintf("%d %% of the time by stopping it, for want of a control group", share)
}

// group makes a control group with the process in it.
func group(folder string, limits [][2]string, pid int) error {
	if err := os.Mkdir(folder, 0o755); err != nil {
		return err
	}
	for _, l := range append(limits, [2]string{"cgroup.procs", strconv.Itoa(pid)}) {
		f, err := os.OpenFile(filepath.Join(folder, l[0]), os.O_WRONLY, 0) // never makes one
		if err != nil {
			return err
		}
		_, err = f.WriteString(l[1])
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// stopAndGo lets a process run for its share of each window only.
func stopAndGo(pid int) (end func()) {
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		defer syscall.Kill(pid, syscall.SIGCONT) // it may have ended by itself
		for {
			for _, step := range []struct {
				signal syscall.Signal
				lasts  time.Duration
			}{{syscall.SIGCONT, window * share / 100}, {syscall.SIGSTOP, window * (100 - share) / 100}} {
				if syscall.Kill(pid, step.signal) != nil {
					return
				}
				select {
				case <-time.After(step.lasts):
				case <-stop:
					return
				}
			}
		}
	}()
	return func() { close(stop); <-ended }
}

// usage is how much of the processor a process has had.
func usage(pid int) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11]) // 0 is as good as any other nonsense
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}
