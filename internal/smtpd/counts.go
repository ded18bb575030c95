package smtpd

import "sync"

// counts says how many connections each key has now. It holds no key that has none.
type counts struct {
	mu sync.Mutex
	of map[string]int
}

func newCounts() *counts { return &counts{of: map[string]int{}} }

// add counts one more for key, unless that would be more than most.
func (c *counts) add(key string, most int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of[key] >= most {
		return false
	}
	c.of[key]++
	return true
}

func (c *counts) remove(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of[key]--; c.of[key] <= 0 {
		delete(c.of, key)
	}
}
