package cuts

import (
	"fmt"
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
		a = amount{worlds: 21, cuts: 10, mails: 600}
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
	sender *revoker
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
		gone, away := make(chan struct{}), r.sender.begin()
		go func() { r.crowd.run(r.server.smtp); close(gone) }()
		r.wait(enough, f.out, gone)
		if !soon {
			f.light(r.random.IntN(100))
		}
		r.wait(f.out, gone)
		r.server.kill()
		<-gone
		<-away
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
		r.books.audit(r.t, r.server, r.crowd, r.sender, r.disk, i == a.cuts-1)
	}
}

func newTrial(t *testing.T, program string, seed uint64) *trial {
	t.Helper()
	s := newServer(t, program)
	d, session := s.seed(t)
	return &trial{t: t, server: s, disk: d, crowd: newCrowd(), books: newBooks(), sender: newRevoker(s.http, session), random: rand.New(rand.NewPCG(seed, 0))}
}

// A sum is what came of all trials.
type sum struct {
	mu                                                  sync.Mutex
	cuts, early, answered, lost, damaged, revoked, live int
}

func (s *sum) add(r *trial) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cuts, s.early = s.cuts+r.cuts, s.early+r.early
	s.answered += len(r.crowd.answered) + r.books.lost
	s.lost, s.damaged = s.lost+r.books.lost, s.damaged+r.books.damaged
	s.revoked, s.live = s.revoked+len(r.sender.answered), s.live+r.books.live
}

func (s *sum) String() string {
	return fmt.Sprintf("%d cuts (%d of them while starting); %d mails answered with 250, %d lost, %d damaged; %d revocations answered, %d live again",
		s.cuts, s.early, s.answered, s.lost, s.damaged, s.revoked, s.live)
}

func TestWhatWasAnsweredOutlivesEveryPowerCut(t *testing.T) {
	need(t)
	t.Parallel()
	a, file, began, all := wanted(), program(t, product), time.Now(), &sum{}
	t.Run("worlds", func(t *testing.T) { // it ends when all of them have
		for i := range a.worlds {
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				r := newTrial(t, file, uint64(i))
				r.run(a)
				all.add(r)
			})
		}
	})
	t.Logf("%v, %.0f s", all, time.Since(began).Seconds())
	if all.lost+all.damaged+all.live > 0 {
		t.Error("something that was answered is not there")
	}
	if all.answered < all.cuts*a.mails/4 || all.revoked == 0 {
		t.Error("too little was answered to prove anything")
	}
}

// TestABuildThatDoesNotWaitForTheDiskLoses proves that the other test can fail. What
// such a build loses of revocations a start finds in their journal again.
func TestABuildThatDoesNotWaitForTheDiskLoses(t *testing.T) {
	if !long() {
		t.Skip("building the program once more takes long: this is for make stress")
	}
	need(t)
	r, all := newTrial(t, program(t, control), 1), &sum{}
	r.round(cutfs.Whole, 100) // it leaves something to revoke
	r.books.audit(t, r.server, r.crowd, r.sender, r.disk, false)
	for range 5 {
		r.round(cutfs.Lost, 100)
		r.books.audit(t, r.server, r.crowd, r.sender, r.disk, true)
		if r.books.lost > 0 {
			break
		}
	}
	all.add(r)
	t.Logf("control: %v", all)
	if all.lost == 0 {
		t.Error("nothing is lost")
	}
}
