package picture

import (
	"context"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"letterlock/internal/letterlock"
)

// A queue is a maker that is at work until it is told to go on.
type queue struct {
	*Maker
	hold  chan struct{}
	began chan string // who is at work
	ends  sync.WaitGroup
}

func newQueue() *queue {
	q := &queue{Maker: NewMaker(), hold: make(chan struct{}), began: make(chan string, atOnce+waiting+1)}
	q.within = time.Minute
	return q
}

// ask asks for a preview, and returns when it is at work, or its asker waits.
func (q *queue) ask(ctx context.Context, who string, done func(error)) {
	was := q.waits()
	q.ends.Go(func() {
		_, _, err := q.Preview(ctx, who, "image/png", q.open(who))
		done(err)
	})
	for q.waits() == was {
		runtime.Gosched()
	}
}

// open begins with a word of who is at work, and goes on when it may.
func (q *queue) open(who string) func() io.Reader {
	return func() io.Reader {
		q.began <- who
		<-q.hold
		return strings.NewReader("no picture")
	}
}

// waits is how many are in the line and at work.
func (q *queue) waits() int {
	q.line.mu.Lock()
	defer q.line.mu.Unlock()
	return q.line.length + q.line.busy
}

func TestFewAreMadeAtOnceAndFewWait(t *testing.T) {
	q := newQueue()
	ctx, cancel := context.WithCancel(t.Context())
	for range atOnce {
		q.ask(t.Context(), "marta", func(error) {})
		<-q.began
	}
	for i := range waiting {
		q.ask(ctx, strings.Repeat("x", 1+i/waitingEach), func(err error) {
			if !errors.Is(err, letterlock.Busy) {
				t.Errorf("who waited in vain: %v, want Busy", err)
			}
		})
	}
	for _, who := range []string{"x", "somebody new"} {
		if _, _, err := q.Preview(t.Context(), who, "image/png", q.open(who)); !errors.Is(err, letterlock.Busy) {
			t.Errorf("one too many for %s: %v, want Busy", who, err)
		}
	}
	cancel()
	for q.waits() > atOnce {
		runtime.Gosched()
	}
	close(q.hold)
	q.ends.Wait()
	if q.waits() != 0 || len(q.line.waits) != 0 || len(q.line.order) != 0 || len(q.began) != 0 {
		t.Errorf("%d are left in the line, %d began out of turn", q.waits(), len(q.began))
	}
}

func TestWhoAsksForMuchKeepsNobodyWaiting(t *testing.T) {
	q := newQueue()
	for range waitingEach + 1 {
		q.ask(t.Context(), "marta", func(error) {})
	}
	if _, _, err := q.Preview(t.Context(), "marta", "image/png", q.open("marta")); !errors.Is(err, letterlock.Busy) {
		t.Errorf("one too many: %v, want Busy", err)
	}
	q.ask(t.Context(), "omar", func(error) {})
	q.ask(t.Context(), "nina", func(error) {})
	close(q.hold)
	q.ends.Wait()
	close(q.began)
	var order []string
	for who := range q.began {
		order = append(order, who)
	}
	if got := order[:4]; !slices.Equal(got, []string{"marta", "marta", "omar", "nina"}) {
		t.Errorf("the turns are %v", got)
	}
}
