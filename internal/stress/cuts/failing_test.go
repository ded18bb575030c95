package cuts

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/smtp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"letterlock/internal/cutfs"
)

// A failure is which call on the database fails, and how.
type failure struct {
	kind  cutfs.Kind
	n     int // the n-th of its kind from when the server serves, the first is 0
	errno syscall.Errno
	on    bool // and all later ones of its kind
}

func (f failure) String() string {
	how := "alone"
	if f.on {
		how = "and all later ones"
	}
	return fmt.Sprintf("%s %d: %v, %s", f.kind, f.n, f.errno, how)
}

// A failer counts the calls on the database and makes one fail.
type failer struct {
	mu      sync.Mutex
	failure failure
	armed   bool
	seen    map[cutfs.Kind]int
	failed  int
}

func newFailer(d *cutfs.Disk, f failure) *failer {
	x := &failer{failure: f, seen: map[cutfs.Kind]int{}}
	d.Refuse(x.refuse)
	return x
}

func (x *failer) refuse(c cutfs.Call) syscall.Errno {
	// The index of the log need not outlive the process, and is no file to SQLite
	// but memory.
	if !strings.HasPrefix(c.Name, "letterlock.db") || strings.HasSuffix(c.Name, "-shm") {
		return 0
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.armed {
		return 0
	}
	n := x.seen[c.Kind]
	x.seen[c.Kind]++
	f := x.failure
	if c.Kind != f.kind || n < f.n || n > f.n && !f.on {
		return 0
	}
	x.failed++
	return f.errno
}

// arm counts from now on, or lets everything through.
func (x *failer) arm(on bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.armed = on
}

func (x *failer) count(kind cutfs.Kind) (seen, failed int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.seen[kind], x.failed
}

// deliver sends one mail over a connection of its own and returns the code of the
// last answer; 0: there was none.
func (c *crowd) deliver(address string) int {
	m, h := c.mail()
	s, err := smtp.Dial(address)
	if err != nil {
		return 0
	}
	defer s.Close() // everything was answered, or will not be
	err = s.Auth(smtp.PlainAuth("", "ada@contoso.example", password, "127.0.0.1"))
	if err == nil {
		err = submit(s, m)
	}
	var code int
	switch {
	case err == nil:
		c.answer(h)
		return 250
	case len(err.Error()) > 3:
		_, _ = fmt.Sscan(err.Error()[:3], &code) // an error without a code is none
	}
	return code
}

// says asks the server as a load balancer does, until it gives the answer that is
// wanted: it looks once a second at most. It returns the last answer.
func (s *server) says(want int) (code int, text string) {
	s.t.Helper()
	client := &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	for deadline := time.Now().Add(10 * time.Second); code != want && time.Now().Before(deadline); {
		a, err := client.Get("http://" + s.metrics + "/readyz")
		if err != nil {
			return 0, err.Error()
		}
		b, err := io.ReadAll(a.Body)
		if err := errors.Join(err, a.Body.Close()); err != nil {
			s.t.Fatal(err)
		}
		code, text = a.StatusCode, string(b)
	}
	return code, text
}

// What became of a call that was to fail.
type outcome int

const (
	unmet   outcome = iota // there was no such call
	unseen                 // it failed, and the server has not noticed
	noticed                // and the server has stopped taking mail, until there is room again
)

// attempt sends so many mails while one call fails, and checks what is answered
// then and what is left when the power goes as well. It returns how many calls of
// the kind there were.
//
// A kernel may make several calls of one write of the program. When but one of them
// fails, it says that less was written, SQLite writes the rest once more, and nobody
// has seen an error. Then all mail must be answered as if nothing had been, and be
// there.
func attempt(t *testing.T, program string, seed *cutfs.Disk, f failure, first uint64, mails int) (calls int, came outcome) {
	t.Helper()
	s := newServer(t, program)
	d := seed.Copy()
	x := newFailer(d, f)
	if !s.start(d) {
		t.Fatalf("the server does not start:\n%s", s.said)
	}
	c := newCrowd()
	c.next = first
	if code := c.deliver(s.smtp); code != 250 {
		t.Fatalf("before anything fails a mail is answered with %d:\n%s", code, s.said)
	}
	x.arm(true)
	refused := 0
	for range mails {
		switch code := c.deliver(s.smtp); {
		case code/100 == 4:
			refused++
		case code != 250:
			t.Errorf("%v: a mail is answered with %d, want 250 or try again later\n%s", f, code, s.said)
		}
	}
	calls, failed := x.count(f.kind)
	switch {
	case failed == 0:
	case f.errno == syscall.ENOSPC:
		came = noticed
		checkFull(t, s, x, c, f)
	case refused == 0 && f.kind == cutfs.Write && !f.on:
		came = unseen
	default:
		came = noticed
		checkBroken(t, s, c, f)
	}
	s.kill()
	b := newBooks()
	b.audit(t, s, c, newRevoker("", ""), d.Cut(cutfs.Lost, 1), true)
	if b.lost > 0 {
		t.Errorf("%v: %d mails that were answered with 250 are lost", f, b.lost)
	}
	return calls, came
}

// checkBroken requires that a server whose disk has failed takes no mail and says so.
func checkBroken(t *testing.T, s *server, c *crowd, f failure) {
	t.Helper()
	if code := c.deliver(s.smtp); code/100 != 4 {
		t.Errorf("%v: the next mail is answered with %d, want try again later", f, code)
	}
	if code, text := s.says(http.StatusServiceUnavailable); code != http.StatusServiceUnavailable {
		t.Errorf("%v: /readyz says %d %q, want 503", f, code, text)
	}
}

// checkFull requires that a server whose disk was full takes mail as soon as it is
// not, without a new start.
func checkFull(t *testing.T, s *server, x *failer, c *crowd, f failure) {
	t.Helper()
	x.arm(false)
	if code := c.deliver(s.smtp); code != 250 {
		t.Errorf("%v: with room again a mail is answered with %d, want 250\n%s", f, code, s.said)
	}
}

// sampled returns how far apart the calls are that fail, for so few of them, or for
// so many where time is no object.
func sampled(total, few, many int) int {
	if long() {
		few = many
	}
	return max(1, total/few)
}

func TestNoCallThatFailsLosesMailThatWasAnswered(t *testing.T) {
	need(t)
	t.Parallel()
	file, began := program(t, product), time.Now()
	seed, _ := newServer(t, file).seed(t)
	came := map[outcome]int{}
	for _, f := range []failure{
		{kind: cutfs.Write, errno: syscall.EIO}, {kind: cutfs.Write, errno: syscall.EIO, on: true},
		{kind: cutfs.Sync, errno: syscall.EIO}, {kind: cutfs.Sync, errno: syscall.EIO, on: true},
		{kind: cutfs.Write, errno: syscall.ENOSPC, on: true},
	} {
		none := f
		none.n = 1 << 30
		total, _ := attempt(t, file, seed, none, 0, 2)
		step := sampled(total, 1, total)
		for f.n = step / 2; f.n < total; f.n += step {
			_, o := attempt(t, file, seed, f, 0, 2)
			came[o]++
		}
	}
	t.Logf("%d failing calls, %d more of which the server saw nothing, %.0f s", came[noticed], came[unseen], time.Since(began).Seconds())
	if came[noticed] == 0 {
		t.Error("no call failed that the server noticed: this test would prove nothing")
	}
}
