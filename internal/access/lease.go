package access

import (
	"context"
	"sync"
	"time"

	"letterlock/internal/letterlock"
)

// A Lease is the permission to send content of one message to one reader. It is
// taken before the reader's access is looked at, so that a revocation either
// finds it and cuts it, or is found by the look: there is no moment between.
//
// Content leaves inside [Lease.Send] only. A revocation that has cut a lease and
// waited for the write under way can say that nothing is sent after it.
type Lease struct {
	all  *leases
	key  leaseKey
	ends chan struct{} // closed: cut
	turn chan struct{} // holds one token; whoever has it may write

	mu       sync.Mutex
	until    time.Time // access ends by itself; zero: never
	now      func() time.Time
	breakOff func() // breaks a write under way
	eager    bool   // break off at once
	released bool
}

// leaseKey is whose access to what a lease is for. The sender's own copy has the
// empty address, and a reader's list of messages the empty message.
type leaseKey struct {
	message letterlock.ID
	address letterlock.Address
}

var errCut = &letterlock.Error{Code: letterlock.Gone}

// Cut is closed when access has been taken away.
func (l *Lease) Cut() <-chan struct{} { return l.ends }

// Live reports whether the lease still permits anything.
func (l *Lease) Live() bool {
	select {
	case <-l.ends:
		return false
	default:
	}
	return !l.over()
}

// over reports whether access has ended by itself.
func (l *Lease) over() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.until.IsZero() && !l.now().Before(l.until)
}

// OnCut says how to break a write that is under way when access is taken away:
// f must make it return soon, must not use the lease, and is called once at most
// and never after Release. For eager leases it is called at once, so that what
// lies unsent in the connection's buffer is dropped with it; for others only when
// a write does not end by itself.
func (l *Lease) OnCut(f func(), eager bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.breakOff, l.eager = f, eager
}

// Send runs write, which sends content, if access still lasts, and returns Gone
// without running it otherwise. It is for one goroutine at a time.
func (l *Lease) Send(write func() error) error {
	<-l.turn
	defer func() { l.turn <- struct{}{} }()
	if checked && !l.Live() {
		return errCut
	}
	return write()
}

// Release gives the lease back: nothing of it is broken off any more, for what it
// was for, such as a connection, may serve something else next. It may be called
// more than once.
func (l *Lease) Release() {
	l.mu.Lock()
	l.breakOff = nil
	l.mu.Unlock()
	l.all.mu.Lock()
	defer l.all.mu.Unlock()
	if l.released {
		return
	}
	l.released = true
	delete(l.all.open[l.key], l)
	if len(l.all.open[l.key]) == 0 {
		delete(l.all.open, l.key)
	}
}

// expires bounds the lease by the message's own end.
func (l *Lease) expires(at time.Time, now func() time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.until, l.now = at, now
}

// breakNow breaks the write under way, once.
func (l *Lease) breakNow() {
	l.mu.Lock()
	defer l.mu.Unlock() // held meanwhile, so that it has happened when Release returns
	if f := l.breakOff; f != nil {
		l.breakOff = nil
		f()
	}
}

func (l *Lease) isEager() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.eager
}

// leases are all leases that are out. The zero value is ready.
type leases struct {
	mu   sync.Mutex
	open map[leaseKey]map[*Lease]struct{}
}

func (a *leases) take(key leaseKey) *Lease {
	l := &Lease{all: a, key: key, ends: make(chan struct{}), turn: make(chan struct{}, 1)}
	l.turn <- struct{}{}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.open == nil {
		a.open = make(map[leaseKey]map[*Lease]struct{})
	}
	if a.open[key] == nil {
		a.open[key] = make(map[*Lease]struct{})
	}
	a.open[key][l] = struct{}{}
	return l
}

// Bounds of a cut: how long a write may take to end by itself, and how long in
// all before the cut answers even so. Its connection is broken by then.
const (
	cutGently = 100 * time.Millisecond
	cutWithin = 2 * time.Second
)

// cut ends all leases of the keys and returns when none of them is writing any
// more. It must be called after the commit that took access away, and before
// that is answered.
func (a *leases) cut(keys ...leaseKey) {
	if !checked {
		return
	}
	var found []*Lease
	a.mu.Lock()
	for _, k := range keys {
		for l := range a.open[k] {
			select {
			case <-l.ends: // another revocation was first; it waits, and so do we
			default:
				close(l.ends)
			}
			found = append(found, l)
		}
	}
	a.mu.Unlock()
	for _, l := range found {
		if l.isEager() {
			l.breakNow()
		}
	}
	gently, stopGently := context.WithTimeout(context.Background(), cutGently)
	defer stopGently()
	within, stop := context.WithTimeout(context.Background(), cutWithin)
	defer stop()
	var late []*Lease
	for _, l := range found {
		if !l.quiet(gently) {
			late = append(late, l)
		}
	}
	// All are broken before any is waited for: one that does not end must not use
	// up the others' time.
	for _, l := range late {
		l.breakNow()
	}
	for _, l := range late {
		l.quiet(within)
	}
}

// overdue returns the keys of the leases whose message has expired.
func (a *leases) overdue() (keys []leaseKey) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for k, set := range a.open {
		for l := range set {
			if l.over() {
				keys = append(keys, k)
				break
			}
		}
	}
	return keys
}

// quiet waits until the lease is not writing. Afterwards it never writes again,
// because Send looks at the cut first.
func (l *Lease) quiet(ctx context.Context) bool {
	select {
	case <-l.turn:
		l.turn <- struct{}{} // another revocation may be waiting, too
		return true
	default:
	}
	select {
	case <-l.turn:
		l.turn <- struct{}{}
		return true
	case <-ctx.Done():
		return false
	}
}

// out returns how many leases are out.
func (a *leases) out() (n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, set := range a.open {
		n += len(set)
	}
	return n
}
