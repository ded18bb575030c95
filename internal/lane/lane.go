// Package lane gives each kind of work room of its own, so that no kind can take
// what another needs.
//
// A lane lets in so many pieces of work at the same time. What comes while it is
// full waits for a moment, few at a time, and is refused then: whoever is refused
// knows it at once, and it costs us next to nothing, so that under ten times the
// load that we can bear we still do nearly all that we could. However full one
// lane is, the others are not: access can be taken away while everybody reads.
//
// Work that is little but computing shares the processor on top of that: together
// there is never much more of it than there are cores, for more at a time would
// make all of it slower and none of it done sooner, and least of all what waits for
// the one who writes. No lane may have the last share, so that work of one kind that
// is slow leaves something to all others; while access is taken away, one share is
// all that others have, see [Pass.GoFirst]. Lanes in which somebody waits
// for that get equal shares of its time, not equal turns: where a list takes as
// long as ten pages, ten pages are shown for one list, and not one. This is
// start-time fair queueing (Goyal, Vin, Cheng 1996) with the time that a place was
// held, which is known only afterwards.
package lane

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
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
	Preview  Name = "preview"  // a small picture is made of a large one
	Submit   Name = "submit"   // a mail comes in by SMTP
	Compose  Name = "compose"  // a message is written in the browser, with its files
	Judge    Name = "judge"    // rules are asked about what is written in the browser; see [Computes]
	List     Name = "list"     // lists, searches and settings
	Live     Name = "live"     // an open page asks whether it may stay
	Download Name = "download" // a file goes out
	Export   Name = "export"   // a list of any length goes out, or very many messages are looked for
)

// A size is the room of a lane: so many places, and so many more for each core.
// Work that waits for somebody's line, or for a disk, has much.
type size struct {
	name       Name
	base, each int
	computes   bool // it is little but computing, and shares the processor
	vital      bool // without it the server does not do what it is for
}

var sizes = []size{
	{Health, 8, 0, false, false},
	{Revoke, 16, 16, false, true},
	{Passcode, 2, 2, true, true},
	{SignIn, 1, 1, false, false},
	{Gate, 2, 1, true, true},
	{Read, 2, 1, true, true},
	{Preview, 17, 0, false, false}, // who makes them has a line of that length
	{Submit, 2, 2, true, true},
	{Compose, 32, 16, false, false},
	{Judge, 1, 1, true, false},
	{List, 1, 1, true, false},
	{Live, 10_000, 0, false, false}, // how many pages stay open has a bound of its own
	{Download, 128, 64, false, false},
	{Export, 2, 0, false, false},
}

// computing is how many pieces of work compute at the same time, in all such lanes
// together: one more than there are cores. Those that wait for the disk do not, see
// [Waits].
var computing = size{base: 1, each: 1}

func (z size) places(cores int) int { return z.base + z.each*max(1, cores) }

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
	// crowd is how many may wait for a lane: on a good day they have all had their
	// turn before anybody has waited for long.
	crowd = 128
	// long is after how long of refusals, with never more than a pause between
	// them, the server counts as overloaded: a short rush is none.
	long  = 5 * time.Second
	pause = 2 * time.Second
)

// A Set is all lanes of one server. The nil Set lets everything in.
type Set struct {
	mu    sync.Mutex
	lanes map[Name]*way
	share []*way        // lanes that share the processor, the most important first
	free  int           // how many more of theirs may compute
	most  int           // how many of one lane may
	first int           // passes that go first
	level time.Duration // what the lane had used from which one was let in last
}

// A way is one lane.
type way struct {
	name            Name
	computes, vital bool
	places          int
	in              int
	busy            int             // of those who are in: how many compute
	used            time.Duration   // how long its places were held, in all; see [Set.wake]
	line            []chan struct{} // of those who wait; closed: come in
	again           []chan struct{} // of those who have been in, and come before them
	refused         int64
	first, last     time.Time // of the refusals that go on
}

// New returns lanes for a machine with so many cores.
func New(cores int) *Set {
	s := &Set{lanes: map[Name]*way{}, free: computing.places(cores)}
	s.most = s.free - 1
	for _, z := range sizes {
		w := &way{name: z.name, computes: z.computes, vital: z.vital, places: z.places(cores)}
		s.lanes[z.name] = w
		if z.computes {
			s.share = append(s.share, w)
		}
	}
	return s
}

// Unbounded returns lanes that are never full, for measuring what the others are
// worth.
func Unbounded() *Set {
	s := New(1)
	s.free, s.most = 1<<24, 1<<24
	for _, w := range s.lanes {
		w.places = 1 << 24
	}
	return s
}

// A Pass is the right to work, of one goroutine. The nil Pass is one, too.
type Pass struct {
	set   *Set
	way   *way
	since time.Time // when it got its place
	waits bool      // has its place, and not its share of the processor
	first bool      // goes first
	left  bool
}

// Leave gives the place to whoever waits for it. It may be called more than once.
func (p *Pass) Leave() {
	if p == nil {
		return
	}
	p.set.mu.Lock()
	defer p.set.mu.Unlock()
	if p.left {
		return
	}
	p.left = true
	p.giveBack()
	p.set.leave(p.way)
	if p.first {
		p.first = false
		p.set.first--
		p.set.callAny()
	}
}

// GoFirst keeps a share of the processor from the work of other lanes until the pass is
// left, also while the work under it waits for the disk: whoever writes for it is to be
// kept from nothing. One share is left to the others, however many go first. It is for
// taking access away, when it is known that whoever asks may: strangers are not to keep
// anything from anybody.
func (p *Pass) GoFirst() {
	if p == nil {
		return
	}
	p.set.mu.Lock()
	defer p.set.mu.Unlock()
	if !p.left && !p.first {
		p.first = true
		p.set.first++
	}
}

type passKey struct{}

// With returns a context with the pass of the work that is done under it, for [Waits].
func With(ctx context.Context, p *Pass) context.Context {
	return context.WithValue(ctx, passKey{}, p)
}

// Waits gives the processor to others while the work under ctx waits for the disk; it
// keeps its place. The work goes on with done, which waits for nobody: what has begun
// is to end.
func Waits(ctx context.Context) (done func()) {
	p, _ := ctx.Value(passKey{}).(*Pass)
	if p == nil {
		return func() {}
	}
	p.set.mu.Lock()
	defer p.set.mu.Unlock()
	if !p.left && p.way.computes {
		p.giveBack()
		p.set.callAny()
	}
	return p.goOn
}

// goOn takes the share of the processor again, whether or not there is one.
func (p *Pass) goOn() {
	p.set.mu.Lock()
	defer p.set.mu.Unlock()
	if p.waits && !p.left {
		p.waits, p.since = false, time.Now()
		p.set.compute(p.way, 1)
	}
}

// giveBack ends the share of the processor, if it is still held. The caller holds the
// set's mu.
func (p *Pass) giveBack() {
	if p.waits || !p.way.computes {
		return
	}
	p.waits = true
	p.way.used += time.Since(p.since)
	p.set.compute(p.way, -1)
}

// Computes has work that is to compute for a while take a place in lane n until done,
// if the lane of its pass, under ctx, is none that computes. It waits for the place as
// long as ctx lasts, for what has begun is to end; its only error is that of ctx. Those
// who wait are no more than there are places in the lane of the pass.
func Computes(ctx context.Context, n Name) (done func(), err error) {
	p, _ := ctx.Value(passKey{}).(*Pass)
	if p == nil || p.way.computes {
		return func() {}, nil
	}
	w, turn := p.set.queue(n)
	if turn != nil {
		if err := p.set.wait(ctx, &w.line, turn, nil); err != nil {
			return nil, &letterlock.Error{Code: letterlock.Busy, Err: err}
		}
	}
	place := &Pass{set: p.set, way: w, since: time.Now()}
	return place.Leave, nil
}

// Pause gives the place away for as long as the work waits for what is not ours: a
// client may take as long as it likes with the next bytes, and keeps nobody out.
func (p *Pass) Pause() { p.Leave() }

// Outside gives the place away while the work under ctx waits for somebody else's
// server. The work goes on with back, as with Resume.
func Outside(ctx context.Context) (back func() error) {
	p, _ := ctx.Value(passKey{}).(*Pass)
	p.Pause()
	return func() error { return p.Resume(ctx) }
}

// mostAway bounds how many wait for one kind of servers at the same time: one that is slow
// is to cost no more than this.
const mostAway = 200

// An Away counts those who wait for somebody else's servers. The zero Away is ready, and
// safe for concurrent use.
type Away struct{ waiting atomic.Int32 }

// Ask runs ask [Outside] the lane of ctx. Busy, with that key: so many wait already that
// nothing was asked.
func (a *Away) Ask(ctx context.Context, key string, ask func() error) error {
	defer a.waiting.Add(-1)
	if a.waiting.Add(1) > mostAway {
		return &letterlock.Error{Code: letterlock.Busy, Key: key, Err: errors.New("too many wait already")}
	}
	back := Outside(ctx)
	err := ask()
	return errors.Join(err, back())
}

// Resume takes a place again after Pause, however long that takes, and before all
// who have not begun: what has begun is to end. Its only error is that of ctx.
func (p *Pass) Resume(ctx context.Context) error {
	if p == nil {
		return nil
	}
	if turn := p.set.askAgain(p.way); turn != nil {
		if err := p.set.wait(ctx, &p.way.again, turn, nil); err != nil {
			return &letterlock.Error{Code: letterlock.Busy, Err: err}
		}
	}
	p.set.mu.Lock()
	defer p.set.mu.Unlock()
	p.left, p.waits, p.since = false, false, time.Now()
	return nil
}

// Enter lets one piece of work into a lane. When there is no place, and none becomes
// free within a moment, its error is Busy "full", and says when to try again.
func (s *Set) Enter(ctx context.Context, n Name) (*Pass, error) {
	if s == nil {
		return nil, nil
	}
	w, turn, err := s.ask(n)
	if err != nil {
		return nil, err
	}
	if turn != nil {
		late := time.NewTimer(patience)
		defer late.Stop()
		switch err := s.wait(ctx, &w.line, turn, late.C); {
		case err == errLate:
			return nil, s.refuse(w)
		case err != nil:
			return nil, &letterlock.Error{Code: letterlock.Busy, Err: err}
		}
	}
	return &Pass{set: s, way: w, since: time.Now()}, nil
}

// ask takes a place, or one in the line for it. Work that has no lane shares the
// narrowest.
func (s *Set) ask(n Name) (w *way, turn chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, ok := s.lanes[n]
	if !ok {
		w = s.lanes[Export]
	}
	s.wake(w)
	switch {
	case !w.waits() && s.room(w):
		s.take(w)
		return w, nil, nil
	case len(w.line) >= crowd:
		return w, nil, w.refuse()
	}
	turn = make(chan struct{})
	w.line = append(w.line, turn)
	return w, turn, nil
}

// queue is ask for whoever is not to be refused.
func (s *Set) queue(n Name) (w *way, turn chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w = s.lanes[n]
	s.wake(w)
	if !w.waits() && s.room(w) {
		s.take(w)
		return w, nil
	}
	turn = make(chan struct{})
	w.line = append(w.line, turn)
	return w, turn
}

// askAgain is ask for whoever has been in.
func (s *Set) askAgain(w *way) (turn chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wake(w)
	if len(w.again) == 0 && s.room(w) {
		s.take(w)
		return nil
	}
	turn = make(chan struct{})
	w.again = append(w.again, turn)
	return turn
}

// room reports whether one more may work in a lane.
func (s *Set) room(w *way) bool {
	return w.in < w.places && (!w.computes || s.free > min(s.first, s.most) && w.busy < s.most)
}

// compute counts n more, or fewer, of a lane that compute.
func (s *Set) compute(w *way, n int) {
	w.busy += n
	s.free -= n
}

func (s *Set) take(w *way) {
	w.in++
	if w.computes {
		s.compute(w, 1)
		s.level = max(s.level, w.used)
	}
}

// wake has a lane in which nobody waits begin level with who was let in last: what it
// did not use before is gone, or it would keep all others out for as long.
func (s *Set) wake(w *way) {
	if w.computes && !w.waits() {
		w.used = max(w.used, s.level)
	}
}

// leave frees a place and lets others in: of the same lane, or of those that share
// the processor the one that has had least of it.
func (s *Set) leave(w *way) {
	w.in--
	if w.computes {
		s.callAny()
		return
	}
	s.call(w)
}

// callAny lets in one who waits for the processor.
func (s *Set) callAny() {
	var next *way
	for _, other := range s.share {
		if other.waits() && s.room(other) && (next == nil || other.used < next.used) {
			next = other
		}
	}
	if next != nil {
		s.call(next)
	}
}

// waits reports whether somebody waits for a lane.
func (w *way) waits() bool { return len(w.line)+len(w.again) > 0 }

// call lets in who waits longest in a lane, if there is room.
func (s *Set) call(w *way) {
	if !w.waits() || !s.room(w) {
		return
	}
	line := &w.again
	if len(*line) == 0 {
		line = &w.line
	}
	s.take(w)
	close((*line)[0])
	*line = (*line)[1:]
}

// errLate ends the wait of one who has waited for long enough.
var errLate = errors.New("waited for long enough")

// wait waits until it is the turn of one who stands in a line.
func (s *Set) wait(ctx context.Context, line *[]chan struct{}, turn chan struct{}, late <-chan time.Time) (err error) {
	select {
	case <-turn:
		return nil
	case <-late:
		err = errLate
	case <-ctx.Done():
		err = ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at := slices.Index(*line, turn)
	if at < 0 {
		return nil // called at this very moment
	}
	*line = slices.Delete(*line, at, at+1)
	return err
}

func (s *Set) refuse(w *way) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return w.refuse()
}

// refuse counts a refusal and says when to come back: not everybody at the same
// moment.
func (w *way) refuse() error {
	w.refused++
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
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for _, w := range s.lanes {
		if w.vital && now.Sub(w.last) <= pause && w.last.Sub(w.first) >= long {
			return true
		}
	}
	return false
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
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, z := range sizes {
		w := s.lanes[z.name]
		list = append(list, Count{w.name, w.places, w.in, len(w.line) + len(w.again), w.refused})
	}
	return list
}
