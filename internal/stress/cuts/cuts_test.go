package cuts

import (
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"letterlock/internal/cutfs"
)

// How much is done: in everybody's tests, and where time is no object. A world is
// one installation that is cut so many times.
type amount struct{ worlds, cuts, mails int }

func wanted() amount {
	a := amount{worlds: 1, cuts: 3, mails: 40}
	if long() {
		a = amount{worlds: 10, cuts: 21, mails: 490}
	}
	for name, to := range map[string]*int{"WORLDS": &a.worlds, "CUTS": &a.cuts, "MAILS": &a.mails} {
		if n, err := strconv.Atoi(os.Getenv("LETTERLOCK_STRESS_" + name)); err == nil {
			*to = n
		}
	}
	return a
}

// A fuse cuts the power of a disk at the n-th call from when it was lit.
type fuse struct {
	mu   sync.Mutex
	left int // calls; -1: it is not lit
	out  chan struct{}
	off  func()
}

func newFuse(d *cutfs.Disk) *fuse {
	f := &fuse{left: -1, out: make(chan struct{}), off: d.Off}
	d.Refuse(func(cutfs.Call) syscall.Errno {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.left == 0 {
			f.off()
			close(f.out)
		}
		f.left = max(-1, f.left-1)
		return 0
	})
	return f
}

func (f *fuse) light(calls int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left = calls
}

// A trial is one installation and everybody who uses it.
type trial struct {
	t      *testing.T
	server *server
	disk   *cutfs.Disk
	crowd  *crowd
	books  *books
	random *rand.Rand
	cuts   int
	early  int // cuts before the server served
}

// round starts the server, lets everybody send, cuts the power, and looks at what is
// left.
func (r *trial) round(how cutfs.How, mails int) {
	r.t.Helper()
	f := newFuse(r.disk)
	soon := r.random.IntN(8) == 0 // while it starts
	if soon {
		f.light(r.random.IntN(100))
	}
	if r.server.start(r.disk) {
		enough := r.crowd.begin(int64(mails/2 + r.random.IntN(mails+1)))
		gone := make(chan struct{})
		go func() { r.crowd.run(r.server.smtp); close(gone) }()
		r.wait(enough, f.out, gone)
		if !soon {
			f.light(r.random.IntN(100))
		}
		r.wait(f.out, gone)
		r.server.kill()
		<-gone
	} else {
		r.early++
		r.mustBeOut(f)
	}
	r.server.kill()
	r.disk = r.disk.Cut(how, r.random.Uint64())
	r.cuts++
}

// mustBeOut requires that a server which has ended did so because of a cut.
func (r *trial) mustBeOut(f *fuse) {
	r.t.Helper()
	select {
	case <-f.out:
	default:
		r.t.Fatalf("the server ended by itself:\n%s", r.server.said)
	}
}

// wait waits for the first of several things.
func (r *trial) wait(first ...chan struct{}) {
	r.t.Helper()
	deadline := time.After(patience)
	any := make(chan struct{}, len(first))
	for _, c := range first {
		go func() {
			select {
			case <-c:
			case <-r.t.Context().Done():
			}
			any <- struct{}{}
		}()
	}
	select {
	case <-any:
	case <-deadline:
		r.t.Fatalf("nothing happens:\n%s", r.server.said)
	}
}

// run cuts one installation so many times.
func (r *trial) run(a amount) {
	r.t.Helper()
	hows := []cutfs.How{cutfs.Torn, cutfs.Lost, cutfs.Torn, cutfs.Whole}
	for i := range a.cuts {
		r.round(hows[i%len(hows)], a.mails)
		r.books.audit(r.t, r.server, r.crowd, r.disk, i == a.cuts-1)
	}
}

func newTrial(t *testing.T, program string, seed uint64) *trial {
	t.Helper()
	s := newServer(t, program)
	d, _ := s.seed(t)
	return &trial{t: t, server: s, disk: d, crowd: newCrowd(), books: newBooks(), random: rand.New(rand.NewPCG(seed, 0))}
}

func TestAcceptedMailOutlivesEveryPowerCut(t *testing.T) {
	need(t)
	a, file, began := wanted(), program(t, product), time.Now()
	cuts, early, answered, lost, damaged := 0, 0, 0, 0, 0
	for i := range a.worlds {
		t.Run("world "+strconv.Itoa(i), func(t *testing.T) {
			r := newTrial(t, file, uint64(i))
			r.run(a)
			cuts, early = cuts+r.cuts, early+r.early
			answered += len(r.crowd.answered) + r.books.lost
			lost, damaged = lost+r.books.lost, damaged+r.books.damaged
		})
	}
	t.Logf("%d cuts (%d of them while starting), %d mails answered with 250, %d lost, %d damaged, %.0f s", cuts, early, answered, lost, damaged, time.Since(began).Seconds())
	if lost+damaged > 0 {
		t.Errorf("%d of %d mails are lost, %d are damaged", lost, answered, damaged)
	}
	if answered < cuts*a.mails/4 {
		t.Errorf("only %d mails were answered: this test would prove too little", answered)
	}
}

// TestABuildThatDoesNotWaitForTheDiskLoses proves that the other test can fail.
func TestABuildThatDoesNotWaitForTheDiskLoses(t *testing.T) {
	if !long() {
		t.Skip("building the program once more takes long: this is for make stress")
	}
	need(t)
	r := newTrial(t, program(t, control), 1)
	r.round(cutfs.Lost, 40)
	r.books.audit(t, r.server, r.crowd, r.disk, true)
	answered := len(r.crowd.answered) + r.books.lost
	t.Logf("control: %d of %d mails answered with 250 are lost after one cut", r.books.lost, answered)
	if r.books.lost == 0 {
		t.Errorf("none of %d mails is lost after a cut", answered)
	}
}
