package metrics

import (
	"context"
	"errors"
	"testing"
	"time"
)

// slowly is a queue that takes its time and counts how often it was asked.
type slowly struct {
	clock *clock
	takes time.Duration
	asked int
	err   error
}

func (s *slowly) queue(context.Context) ([]Queued, error) {
	s.asked++
	s.clock.now = s.clock.now.Add(s.takes)
	return []Queued{{"passcode", s.asked, morning}}, s.err
}

func TestASourceRestsInProportionToWhatItCosts(t *testing.T) {
	tests := []struct {
		name        string
		takes, rest time.Duration
	}{
		{name: "quick", takes: time.Millisecond, rest: 5 * time.Second},
		{name: "slow", takes: 2 * time.Second, rest: 40 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := &clock{morning}
			s := &slowly{clock: c, takes: tt.takes}
			m := New(Options{Now: c.Now})
			m.Watch(Sources{Queue: s.queue})
			look := func(after time.Duration, want int) {
				t.Helper()
				c.now = c.now.Add(after)
				if got := value(t, m, "letterlock_outbox_waiting", "kind", "passcode"); got != float64(want) {
					t.Errorf("after %v more the answer is the one of question %v, want %d", after, got, want)
				}
			}
			look(0, 1)
			look(tt.rest-time.Millisecond, 1)
			look(time.Millisecond, 2)
		})
	}
}

func TestASourceThatFailsLeavesItsNumbersOut(t *testing.T) {
	c := &clock{morning}
	s := &slowly{clock: c}
	m := New(Options{Now: c.Now})
	m.Watch(Sources{Queue: s.queue, Probe: func(context.Context) error { return s.err }, Expiry: func() (time.Time, bool) { return time.Time{}, false }})
	check := func(readable, writable float64) {
		t.Helper()
		if got := value(t, m, "letterlock_state_readable", "of", "queue"); got != readable {
			t.Errorf("readable is %v, want %v", got, readable)
		}
		if got := value(t, m, "letterlock_store_writable"); got != writable {
			t.Errorf("writable is %v, want %v", got, writable)
		}
		there := false
		for _, f := range families(t, m) {
			there = there || f.GetName() == "letterlock_outbox_waiting"
		}
		if there != (readable == 1) {
			t.Errorf("readable is %v, and the queue is there: %v", readable, there)
		}
	}
	check(1, 1)
	s.err = errors.New("disk I/O error")
	c.now = c.now.Add(fresh)
	check(0, 0)
	s.err = nil
	c.now = c.now.Add(fresh)
	check(1, 1)
}
