package cuts

import (
	"math/rand/v2"
	"net/http"
	"sync"
	"syscall"
	"testing"

	"letterlock/internal/cutfs"
)

// atCall runs f at the n-th call of a disk from now on, and returns a function that
// says how many calls there were.
func atCall(d *cutfs.Disk, n int, f func() syscall.Errno) (seen func() int) {
	var mu sync.Mutex
	calls := 0
	d.Refuse(func(cutfs.Call) syscall.Errno {
		mu.Lock()
		defer mu.Unlock()
		calls++
		if calls-1 == n {
			return f()
		}
		return 0
	})
	return func() int {
		mu.Lock()
		defer mu.Unlock()
		return calls
	}
}

// begin starts the program on an empty disk, with something happening at the n-th
// call, and returns the disk and how many calls there were.
func begin(t *testing.T, s *server, n int, happens func(*cutfs.Disk) syscall.Errno) (*cutfs.Disk, int) {
	t.Helper()
	d := cutfs.New(cutfs.Plenty)
	seen := atCall(d, n, func() syscall.Errno { return happens(d) })
	s.start(d)
	s.kill()
	return d, seen()
}

// TestAFirstStartMayEndAnywhere covers the keys: they are made on a first start, and
// what was sealed with one that is gone could never be opened.
func TestAFirstStartMayEndAnywhere(t *testing.T) {
	need(t)
	t.Parallel()
	s, random := newServer(t, program(t, product)), rand.New(rand.NewPCG(1, 0))
	nothing := func(*cutfs.Disk) syscall.Errno { return 0 }
	off := func(d *cutfs.Disk) syscall.Errno { d.Off(); return 0 }
	eio := func(*cutfs.Disk) syscall.Errno { return syscall.EIO }
	_, total := begin(t, s, -1, nothing)
	tried := 0
	step := sampled(total, 3, 100)
	for n := random.IntN(step); n < total; n += step {
		for name, happens := range map[string]func(*cutfs.Disk) syscall.Errno{"the power goes": off, "a call fails": eio} {
			for _, how := range []cutfs.How{cutfs.Lost, cutfs.Torn} {
				d, _ := begin(t, s, n, happens)
				checkStarts(t, s, d.Cut(how, uint64(n)), name, n)
				tried++
			}
		}
	}
	t.Logf("a first start has %d calls; it was ended by a cut or a failure %d times", total, tried)
}

// checkStarts requires that the program starts on a disk, serves, and does so again
// when the power goes after that.
func checkStarts(t *testing.T, s *server, d *cutfs.Disk, what string, n int) {
	t.Helper()
	for _, time := range []string{"first", "second"} {
		if !s.start(d) {
			t.Errorf("%s at call %d: the %s start after it fails:\n%s", what, n, time, s.said)
			s.kill()
			return
		}
		if code, text := s.says(http.StatusOK); code != http.StatusOK {
			t.Errorf("%s at call %d: after the %s start /readyz says %d %q", what, n, time, code, text)
		}
		s.kill()
		d = d.Cut(cutfs.Lost, 1)
	}
}
