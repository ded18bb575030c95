package demo

import (
	"sync"
	"time"
)

// A clock stands still where it is put while the seeds are laid, and then runs
// with the real one.
type clock struct {
	mu    sync.Mutex
	fixed time.Time // zero: the real time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fixed.IsZero() {
		return time.Now()
	}
	return c.fixed
}

func (c *clock) put(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fixed = t
}

func (c *clock) release() { c.put(time.Time{}) }
