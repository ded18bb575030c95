// Package lane gives each kind of work room of its own, so that no kind can take
// what another needs.
//
// A lane lets in so many pieces of work at the same time. What comes while it is
// full waits for a moment, few at a time, and is refused then: whoever is refused
// knows it at once, and it costs us next to nothing, so that under ten times the
// load that we can bear we still do nearly all that we could. However full one
// lane is, the others are not: access can be taken away while everybody reads.
package lane

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"letterlock/internal/letterlock"
)

// A Name is a kind of work.
type Name string

// The lanes, the most important first.
const (
	Health   Name = "health"   // load balancers ask whether we are well
	Revoke   Name = "revoke"   // access is taken away, or given back; somebody signs out
	Passcode Name = "passcode" // a recipient asks for a passcode, or types one
	SignIn   Name = "sign-in"  // somebody of the organisation types a password
	Gate     Name = "gate"     // what anybody may see: where a link leads, and what pages are dressed in
	Read     Name = "read"     // a message is shown
	Submit   Name = "submit"   // a mail comes in by SMTP
	Compose  Name = "compose"  // a message is written in the browser, with its files
	List     Name = "list"     // lists, searches and settings
	Live     Name = "live"     // an open page asks whether it may stay
	Download Name = "download" // a file goes out
	Export   Name = "export"   // a list of any length goes out
)

// A size is the room of a lane: so many, and so many more for each core. Work that
// takes the processor has little, for more at a time would make nothing faster;
// work that waits for somebody's line has much.
type size struct {
	name       Name
	base, each int
	vital      bool // without it the server does not do what it is for
}

var sizes = []size{
	{Health, 8, 0, false},
	{Revoke, 16, 16, true},
	{Passcode, 8, 8, true},
	{SignIn, 2, 2, false},
	{Gate, 8, 8, true},
	{Read, 8, 8, true},
	{Submit, 16, 16, true},
	{Compose, 32, 16, false},
	{List, 4, 4, false},
	{Live, 10_000, 0, false}, // how many pages stay open has a bound of its own
	{Download, 128, 64, false},
	{Export, 2, 0, false},
}

// Names are all lanes, the most important first.
func Names() (list []Name) {
	for _, s := range sizes {
		list = append(list, s.name)
	}
	return list
}

const (
	// patience is how long whoever comes to a full lane waits.
	patience = 100 * time.Millisecond
	// crowd is how many may wait, for each that is let in.
	crowd = 2
	// long is after how long of refusals, with never more than a pause between
	// them, the server counts as overloaded: a short rush is none.
	long  = 5 * time.Second
	pause = 2 * time.Second
)

// A Set is all lanes of one server. The nil Set lets everything in.
type Set struct{ lanes map[Name]*way }

// A way is one lane.
type way struct {
	vital    bool
	patience time.Duration
	places   chan struct{} // holds a token for each piece of work
	waiting  atomic.Int64
	refused  atomic.Int64

	mu          sync.Mutex
	first, last time.Time // of the refusals that go on
}

// New returns lanes for a machine with so many cores.
func New(cores int) *Set {
	s := &Set{lanes: map[Name]*way{}}
	for _, z := range sizes {
		s.lanes[z.name] = &way{vital: z.vital, patience: patience, places: make(chan struct{}, z.base+z.each*max(1, cores))}
	}
	return s
}

// Unbounded returns lanes that are never full, for measuring what the others are
// worth.
func Unbounded() *Set {
	s := New(1)
	for _, w := range s.lanes {
		w.places = make(chan struct{}, 1<<24) // a place takes no memory
	}
	return s
}

// A Pass is the right to work. The nil Pass is one, too.
type Pass struct {
	way  *way
	left atomic.Bool
}

// Leave gives the place to whoever waits for it. It may be called more than once.
func (p *Pass) Leave() {
	if p != nil && !p.left.Swap(true) {
		<-p.way.places
	}
}

// Enter lets one piece of work into a lane. When there is no place, and none becomes
// free within a moment, its error is Busy "full", and says when to try again.
func (s *Set) Enter(ctx context.Context, n Name) (*Pass, error) {
	if s == nil {
		return nil, nil
	}
	w := s.way(n)
	select {
	case w.places <- struct{}{}:
		return &Pass{way: w}, nil
	default:
	}
	if err := w.wait(ctx); err != nil {
		return nil, err
	}
	return &Pass{way: w}, nil
}

// way is the lane of that name. Work that has none shares the narrowest.
func (s *Set) way(n Name) *way {
	if w, ok := s.lanes[n]; ok {
		return w
	}
	return s.lanes[Export]
}

// wait waits for a place and takes it. Places are given in the order in which they
// were asked for.
func (w *way) wait(ctx context.Context) error {
	defer w.waiting.Add(-1)
	if w.waiting.Add(1) > int64(crowd*cap(w.places)) {
		return w.refuse()
	}
	late := time.NewTimer(w.patience)
	defer late.Stop()
	select {
	case w.places <- struct{}{}:
		return nil
	case <-late.C:
		return w.refuse()
	case <-ctx.Done():
		return &letterlock.Error{Code: letterlock.Busy, Err: ctx.Err()}
	}
}

// refuse counts a refusal and says when to come back: not everybody at the same
// moment.
func (w *way) refuse() error {
	w.refused.Add(1)
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	if now.Sub(w.last) > pause {
		w.first = now
	}
	w.last = now
	return &letterlock.Error{Code: letterlock.Busy, Key: "full", RetryAfter: 5*time.Second + rand.N(10*time.Second)}
}

// Overloaded reports whether a lane that matters has been full for so long, and
// still is, that others should be asked instead of this server.
func (s *Set) Overloaded() bool {
	if s == nil {
		return false
	}
	for _, w := range s.lanes {
		if w.vital && w.overloaded(time.Now()) {
			return true
		}
	}
	return false
}

func (w *way) overloaded(now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return now.Sub(w.last) <= pause && w.last.Sub(w.first) >= long
}

// A Count is what a lane says of itself.
type Count struct {
	Name                      Name
	Places, InFlight, Waiting int
	Refused                   int64 // since the start
}

// Counts are those of all lanes.
func (s *Set) Counts() (list []Count) {
	if s == nil {
		return nil
	}
	for _, z := range sizes {
		w := s.lanes[z.name]
		list = append(list, Count{z.name, cap(w.places), len(w.places), int(w.waiting.Load()), w.refused.Load()})
	}
	return list
}
