package web

import "sync"

// Bounds of how many streams are open: of everybody, unless the options say
// otherwise, and in one session, where they are as many tabs.
const (
	maxLive      = 10_000
	maxLiveByOne = 20
)

// maxLinesByOne is how many files one person may send, and take, at the same time:
// each has a place in its lane for as long as their line is slow, and nobody may take
// what everybody needs.
const maxLinesByOne = 8

// A streamCount knows how many streams are open.
type streamCount struct {
	most, byOne int

	mu  sync.Mutex
	all int
	by  map[string]int // of a session, or of somebody in a lane
}

// enter reports whether one more may be opened. If so, it is to be left.
func (n *streamCount) enter(session string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.all >= n.most || n.by[session] >= n.byOne {
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
