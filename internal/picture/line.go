package picture

import (
	"context"
	"sync"

	"letterlock/internal/letterlock"
)

// A line is where those wait whose pictures are to be made. It takes from each in
// turn, so that who opens a page full of pictures keeps nobody waiting for longer
// than one of them takes.
type line struct {
	mu     sync.Mutex
	busy   int                        // pictures that are being made
	order  []string                   // who waits, who is next first
	waits  map[string][]chan struct{} // of each, the first first; none is empty
	length int                        // of all together
}

// enter waits for a turn, which leave ends. It is Busy when too many wait already,
// or ctx ends first.
func (l *line) enter(ctx context.Context, who string) error {
	l.mu.Lock()
	if l.busy < atOnce {
		l.busy++
		l.mu.Unlock()
		return nil
	}
	if l.length >= waiting || len(l.waits[who]) >= waitingEach {
		l.mu.Unlock()
		return &letterlock.Error{Code: letterlock.Busy}
	}
	turn := make(chan struct{})
	if len(l.waits[who]) == 0 {
		l.order = append(l.order, who)
	}
	l.waits[who] = append(l.waits[who], turn)
	l.length++
	l.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		if !l.withdraw(who, turn) {
			l.leave() // the turn came at the same moment
		}
		return &letterlock.Error{Code: letterlock.Busy, Err: ctx.Err()}
	}
}

// leave gives the turn to the next.
func (l *line) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.order) == 0 {
		l.busy--
		return
	}
	who := l.order[0]
	turn := l.waits[who][0]
	l.order = l.order[1:]
	if l.drop(who, 0) {
		l.order = append(l.order, who) // with another one, behind all others
	}
	close(turn)
}

// withdraw takes somebody out of the line, and reports whether they were in it.
func (l *line) withdraw(who string, turn chan struct{}) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, t := range l.waits[who] {
		if t != turn {
			continue
		}
		if !l.drop(who, i) {
			for j, w := range l.order {
				if w == who {
					l.order = append(l.order[:j], l.order[j+1:]...)
					break
				}
			}
		}
		return true
	}
	return false
}

// drop takes one out of those that somebody waits for, and reports whether there
// are more.
func (l *line) drop(who string, i int) (more bool) {
	rest := append(l.waits[who][:i:i], l.waits[who][i+1:]...)
	l.length--
	if len(rest) == 0 {
		delete(l.waits, who)
		return false
	}
	l.waits[who] = rest
	return true
}
