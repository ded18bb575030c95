package stress

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"letterlock/internal/letterlock"
)

// The downloads of the promise: a large file over slow lines, a hundred at once.
const (
	downloads = 100
	largeFile = 50 << 20
	lineRate  = 64 << 10 // bytes a second
	warm      = 128 << 10
	// onward is how much more a client takes before the test believes that nothing
	// stops it: more than can lie in the buffers when access ends.
	onward   = 2 << 20
	rateStep = 8 << 10
)

// goal is the p99 of a cut, from posting the form to its answer. Beside all other
// tests on the same machine only what a cut may take at most can be asked for.
func goal() time.Duration {
	if os.Getenv("LETTERLOCK_STRESS") == "1" {
		return 250 * time.Millisecond * slower
	}
	return 2 * time.Second * slower
}

// A download is one recipient's, over a slow line.
type download struct {
	c        *client
	person   letterlock.Recipient
	warm     chan struct{} // closed: it is under way, and slow
	answered chan struct{} // closed: the revocation was answered, and at when
	when     int64
	got      int64 // bytes that the client has
	x        exchange
}

var errNotStopped = errors.New("the download goes on")

// run takes the file at the rate of the line until access has been taken away.
// What comes after that it takes as fast as it can: all of it would be too much.
func (d *download) run(path string) {
	d.x = d.c.do(http.MethodGet, path, func(body io.Reader) (string, error) {
		err := d.take(body, warm)
		close(d.warm)
		if err != nil {
			return "", err
		}
		tick := time.NewTicker(time.Second * rateStep / lineRate)
		defer tick.Stop()
		for {
			select {
			case <-d.answered:
				if err := d.take(body, onward); err != nil {
					return "", err
				}
				return "", errNotStopped
			case <-tick.C:
				if err := d.take(body, rateStep); err != nil {
					return "", err
				}
			}
		}
	})
}

func (d *download) take(body io.Reader, n int64) error {
	k, err := io.CopyN(io.Discard, body, n)
	d.got += k
	return err
}

// check says what was wrong with how a download ended.
func (d *download) check(t *testing.T) (late int) {
	t.Helper()
	if d.x.line == nil || d.x.status != http.StatusOK {
		t.Errorf("%s: status %d, %v", d.person.Mailbox.Address, d.x.status, d.x.err)
		return 0
	}
	switch late = d.x.line.after(d.when); {
	case late > 0:
		t.Errorf("%s: %d bytes were written after the revocation was answered", d.person.Mailbox.Address, late)
	case !errors.Is(d.x.err, syscall.ECONNRESET):
		t.Errorf("%s: the download ended with %v, want a reset connection", d.person.Mailbox.Address, d.x.err)
	case d.got > largeFile/4 || d.got < warm:
		t.Errorf("%s: the client has %d bytes of %d", d.person.Mailbox.Address, d.got, largeFile)
	}
	return late
}

func TestSlowDownloadsAreCutWhenTheRevocationIsAnswered(t *testing.T) {
	w := newWorld(t)
	var to []letterlock.Address
	for i := range downloads / slower {
		to = append(to, letterlock.Address(fmt.Sprintf("reader%d@riverside.example", i)))
	}
	id, people := w.send("Large figures", largeFile, time.Time{}, to...)
	path := fmt.Sprintf("/read/%s/part/%d", id, w.filePart(id))
	var all sync.WaitGroup
	var list []*download
	for _, p := range people {
		d := &download{
			c:      &client{wire: w.wire, cookie: w.reader(p.Mailbox.Address), narrow: true},
			person: p, warm: make(chan struct{}), answered: make(chan struct{}),
		}
		t.Cleanup(d.c.close)
		list = append(list, d)
		all.Go(func() { d.run(path) })
	}
	for _, d := range list {
		<-d.warm
	}
	var took []time.Duration
	for _, d := range list {
		x := w.ada.post(fmt.Sprintf("/sent/%s/remove?recipient=%s", id, d.person.Mailbox.Address))
		if x.status != http.StatusSeeOther {
			t.Errorf("removing access: status %d, %v", x.status, x.err)
			d.when = x.back
		} else {
			d.when = x.first()
			took = append(took, time.Duration(x.first()-x.call))
		}
		close(d.answered)
	}
	all.Wait()
	late, most := 0, int64(0)
	for _, d := range list {
		late += d.check(t)
		most = max(most, d.got)
	}
	slices.Sort(took)
	if len(took) == 0 {
		t.Fatal("nothing was revoked")
	}
	p99 := took[len(took)*99/100]
	t.Logf("%d downloads cut: p50 %v, p99 %v, longest %v; %d bytes after the answer; no client has more than %d KiB of %d MiB",
		len(took), took[len(took)/2], p99, took[len(took)-1], late, most>>10, largeFile>>20)
	if want := goal(); p99 > want {
		t.Errorf("p99 of a cut is %v, want at most %v", p99, want)
	}
}
