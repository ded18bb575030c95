package ratelimit

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A clock moves only when told to.
type clock struct{ t time.Time }

func newClock() *clock                   { return &clock{t: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)} }
func (c *clock) now() time.Time          { return c.t }
func (c *clock) advance(d time.Duration) { c.t = c.t.Add(d) }

// use asks n times for key and returns how often the answer was yes.
func use(l *Limiter, key string, n int) int {
	yes := 0
	for range n {
		if ok, _ := l.Allow(key); ok {
			yes++
		}
	}
	return yes
}

func TestAKeyMayActInABurstAndThenAtItsRate(t *testing.T) {
	c := newClock()
	l := New(time.Minute, 3, 10, c.now)
	if got := use(l, "a", 10); got != 3 {
		t.Errorf("at once: %d allowed, want 3", got)
	}
	c.advance(59 * time.Second)
	if got := use(l, "a", 1); got != 0 {
		t.Errorf("after 59 s: allowed, want refused")
	}
	c.advance(time.Second)
	if got := use(l, "a", 5); got != 1 {
		t.Errorf("after a minute: %d allowed, want 1", got)
	}
	c.advance(time.Hour)
	if got := use(l, "a", 10); got != 3 {
		t.Errorf("after an hour: %d allowed, want the burst of 3", got)
	}
}

func TestKeysDoNotShareABucket(t *testing.T) {
	l := New(time.Minute, 2, 10, newClock().now)
	use(l, "a", 5)
	if got := use(l, "b", 5); got != 2 {
		t.Errorf("b after a was blocked: %d allowed, want 2", got)
	}
}

func TestAllowSaysHowLongToWait(t *testing.T) {
	c := newClock()
	l := New(3*time.Minute, 1, 10, c.now)
	use(l, "a", 1)
	c.advance(time.Minute)
	for range 3 { // asking early must not make the wait longer
		if _, got := l.Allow("a"); got != 2*time.Minute {
			t.Errorf("retryAfter = %v, want 2m", got)
		}
	}
	if _, got := l.Allow("b"); got != 0 {
		t.Errorf("retryAfter of an allowed key = %v, want 0", got)
	}
}

func TestAKeyMayActWhenItsWaitIsOver(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := newClock()
		every := time.Duration(rapid.Int64Range(int64(time.Millisecond), int64(time.Hour)).Draw(t, "every"))
		l := New(every, rapid.IntRange(1, 20).Draw(t, "burst"), 4, c.now)
		for range 100 {
			ok, wait := l.Allow("a")
			if ok {
				continue
			}
			if wait <= 0 || wait > every+time.Millisecond {
				t.Fatalf("wait = %v, want more than 0 and at most %v, rounded up", wait, every)
			}
			c.advance(wait)
			if ok, more := l.Allow("a"); !ok {
				t.Fatalf("after waiting %v still refused, for %v", wait, more)
			}
			c.advance(time.Duration(rapid.Int64Range(0, int64(every)).Draw(t, "pause")))
		}
	})
}

func TestTheTableNeverGrowsBeyondMaxKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := newClock()
		l := New(time.Second, 2, 8, c.now)
		for range 200 {
			l.Allow(fmt.Sprint(rapid.IntRange(0, 30).Draw(t, "key")))
			c.advance(time.Duration(rapid.IntRange(0, 900).Draw(t, "ms")) * time.Millisecond)
			if len(l.rows) > 8 || l.free.Len()+l.blocked.Len() != len(l.rows) {
				t.Fatalf("%d keys, %d free, %d blocked; want at most 8, each filed once",
					len(l.rows), l.free.Len(), l.blocked.Len())
			}
		}
	})
}

func TestTheKeyUnusedLongestGivesWay(t *testing.T) {
	l := New(time.Hour, 3, 3, newClock().now)
	for _, k := range []string{"a", "b", "c", "a", "d"} { // d takes the row of b
		l.Allow(k)
	}
	for _, k := range []string{"a", "c", "d"} {
		if _, ok := l.rows[k]; !ok {
			t.Errorf("%s was forgotten, want b", k)
		}
	}
}

func TestManyNewKeysDoNotFreeABlockedOne(t *testing.T) {
	l := New(time.Hour, 2, 50, newClock().now)
	use(l, "blocked", 3)
	for i := range 10_000 {
		l.Allow(fmt.Sprint("other", i))
	}
	if got := use(l, "blocked", 1); got != 0 {
		t.Error("a blocked key was freed by 10,000 other keys")
	}
}

func TestABlockedKeyGivesWayOnlyWhenAllAreBlocked(t *testing.T) {
	l := New(time.Hour, 2, 3, newClock().now)
	for _, k := range []string{"a", "b", "c"} {
		use(l, k, 2)
	}
	if got := use(l, "new", 1); got != 1 {
		t.Error("a new key was refused because the others are blocked")
	}
	if _, ok := l.rows["a"]; ok {
		t.Error("a still has its row, want the key blocked longest to give way")
	}
	if got := use(l, "b", 1) + use(l, "c", 1); got != 0 {
		t.Errorf("%d of the other blocked keys were freed, want 0", got)
	}
}

func TestAKeyWhoseWaitHasPassedGivesWayFirst(t *testing.T) {
	c := newClock()
	l := New(time.Minute, 1, 2, c.now)
	use(l, "old", 1)
	c.advance(2 * time.Minute)
	use(l, "fresh", 1)
	use(l, "new", 1)
	if _, ok := l.rows["old"]; ok {
		t.Error("old kept its row though it no longer had to wait")
	}
	if got := use(l, "fresh", 1); got != 0 {
		t.Error("fresh was freed")
	}
}

func TestAClockSetBackFreesNobody(t *testing.T) {
	c := newClock()
	l := New(time.Minute, 1, 2, c.now)
	use(l, "a", 1)
	c.advance(-time.Hour)
	if got := use(l, "a", 1); got != 0 {
		t.Error("allowed after the clock was set back")
	}
}

func TestConcurrentCallersShareOneBudget(t *testing.T) {
	l := New(time.Hour, 50, 4, newClock().now)
	var (
		wg  sync.WaitGroup
		mu  sync.Mutex
		yes int
	)
	for range 8 {
		wg.Go(func() {
			n := use(l, "a", 25)
			mu.Lock()
			yes += n
			mu.Unlock()
		})
	}
	wg.Wait()
	if yes != 50 {
		t.Errorf("%d allowed, want 50", yes)
	}
}

func TestIPKey(t *testing.T) {
	tests := []struct{ name, ip, want string }{
		{"IPv4", "192.0.2.7", "192.0.2.7"},
		{"IPv4 written as IPv6", "::ffff:192.0.2.7", "192.0.2.7"},
		{"IPv6", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		{"the same network", "2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"},
		{"another network", "2001:db8:1:3::1", "2001:db8:1:3::/64"},
		{"zone", "fe80::1%eth0", "fe80::/64"},
		{"loopback", "::1", "::/64"},
		{"empty", "", "unknown"},
		{"with a port", "192.0.2.7:25", "unknown"},
		{"no address", "somebody", "unknown"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := IPKey(tt.ip); got != tt.want {
				t.Errorf("IPKey(%q) = %q, want %q", tt.ip, got, tt.want)
			}
		})
	}
}
