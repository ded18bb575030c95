// Package live tells open pages that something they show has changed.
//
// It carries no content: a page that is told asks the server again, and gets
// what it may see. A page that is slow is told once for many changes.
package live

import "sync"

// A Hub passes on changes by topic. The zero Hub is ready, and is safe for
// concurrent use.
type Hub struct {
	mu     sync.Mutex
	topics map[string]map[chan struct{}]struct{}
}

// Subscribe returns a channel on which a change of the topic is told, and what
// ends that. Changes that come before the last was received are told as one.
func (h *Hub) Subscribe(topic string) (changes <-chan struct{}, cancel func()) {
	c := make(chan struct{}, 1)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.topics == nil {
		h.topics = make(map[string]map[chan struct{}]struct{})
	}
	if h.topics[topic] == nil {
		h.topics[topic] = make(map[chan struct{}]struct{})
	}
	h.topics[topic][c] = struct{}{}
	return c, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.topics[topic], c)
		if len(h.topics[topic]) == 0 {
			delete(h.topics, topic)
		}
	}
}

// Publish tells everybody who subscribed to the topic. It never blocks.
func (h *Hub) Publish(topic string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.topics[topic] {
		select {
		case c <- struct{}{}:
		default: // has not seen the last one yet; that is enough
		}
	}
}

// Idle reports whether nobody has subscribed to anything.
func (h *Hub) Idle() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.topics) == 0
}
