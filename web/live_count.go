package web

import "sync"

// Bounds of how many streams are open: of everybody, unless the options say
// otherwise, and in one session, where they are as many tabs.
const (
	maxLive      = 10_000
	maxLiveByOne = 20
)

// A streamCount knows how many streams are open.
type streamCount struct {
	most int

	mu  sync.Mutex
	all int
	by  map[string]int // session id
}

// enter reports whether one more may be opened. If so, it is to be left.
func (n *streamCount) enter(session string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.all >= n.most || n.by[session] >= maxLiveByOne {
		return false
	}
	if n.by == nil {
		n.by = map[string]int{}
	}
	n.all++
	n.by[session]++
	return true
}

func (n *streamCount) leave(session string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all--
	if n.by[session]--; n.by[session] <= 0 {
		delete(n.by, session)
	}
}

// open returns how many are open.
func (n *streamCount) open() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.all
}
