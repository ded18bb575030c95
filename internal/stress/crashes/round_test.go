package crashes

import (
	"math/rand/v2"
	"net/url"
	"slices"
	"sync"
	"time"

	"letterlock/internal/store"
)

// perRound is how many histories one death ends.
const perRound = 25

// deaths are the ways in which the process dies: at a random moment, or when a
// change of access has come to that step.
var deaths = []store.Step{"", store.Changed, store.Committed, store.Settled, quiet}

// A round is some histories in one process, its death, and what comes after it.
type round struct {
	w         *world
	random    *rand.Rand
	death     store.Step
	lost      bool // the disk is lost with the process, and a backup restored
	jumps     []time.Duration
	histories []*history
	died      int64

	mu    sync.Mutex
	ended int // operations
	waits map[int]chan struct{}
}

// lifetime is how long a message of the rounds lives in which messages expire.
const lifetime = 2 * time.Hour

// newRound sends the messages. In every other round the clock jumps forward past
// their end; in the others it jumps back as well, and nothing ends by itself.
func newRound(w *world, seeds []uint64) *round {
	seed := seeds[0]
	r := &round{w: w, random: rand.New(rand.NewPCG(seed, 0)), waits: map[int]chan struct{}{}}
	n := int(seed / perRound)
	r.death, r.lost = deaths[n%len(deaths)], n/len(deaths)%3 == 0
	ends := time.Duration(0)
	if n%2 == 0 {
		ends, r.jumps = lifetime, []time.Duration{lifetime + time.Minute, 3 * time.Hour}
	} else {
		r.jumps = []time.Duration{5 * time.Hour, -5 * time.Hour}
	}
	if r.random.IntN(2) == 0 { // the first jump comes after the death
		r.jumps = []time.Duration{0, r.jumps[0]}
	}
	r.histories = make([]*history, len(seeds))
	var all sync.WaitGroup // together, for they share what waits for the disk
	for i, s := range seeds {
		all.Go(func() { r.histories[i] = newHistory(r, s, ends) })
	}
	all.Wait()
	if slices.Contains(r.histories, nil) {
		w.t.FailNow() // it was said why
	}
	return r
}

// run has everybody act, the process die, and everybody act again with the next.
func (r *round) run() {
	keep := ""
	if r.lost {
		r.w.kill()
		keep = r.w.save()
		r.w.start()
	}
	r.act(r.jumps[0], true)
	r.died = r.w.kill()
	for _, h := range r.histories {
		h.died(r.died)
	}
	if r.lost {
		r.w.lose(keep)
	}
	r.w.start()
	r.act(r.jumps[1], false)
	var last sync.WaitGroup
	for _, h := range r.histories {
		ways := [readers]way{}
		for who := range readers {
			ways[who] = r.w.ways[r.random.IntN(len(r.w.ways))]
		}
		last.Go(func() {
			for who, w := range ways {
				h.look(w, who, "")
			}
			h.died(at()) // nothing, if nobody was let down
		})
	}
	last.Wait()
	r.w.sender = r.histories[len(r.histories)-1].sender
}

// said is what the servers of a round said in which something was wrong. The last one
// has to end for it.
func (r *round) said() string {
	if !slices.ContainsFunc(r.histories, func(h *history) bool { return len(h.wrong) > 0 }) {
		return ""
	}
	before := r.w.last
	r.w.kill()
	said := before + "and the next:\n" + r.w.last
	r.w.start()
	return said
}

// act has all clients act, until they have done all or the process is gone.
func (r *round) act(jump time.Duration, mortal bool) {
	var clients, house sync.WaitGroup
	done := make(chan struct{})
	all := acts * 3 * len(r.histories)
	if mortal {
		moment := r.after(1 + r.random.IntN(all*3/4))
		house.Go(func() { r.end(moment, done) })
	}
	if jump != 0 {
		moment := r.after(1 + r.random.IntN(all/2))
		house.Go(func() { r.jump(jump, moment, done) })
	}
	for _, h := range r.histories {
		for _, f := range []func(*rand.Rand, int) bool{h.read, h.read, h.change} {
			random := rand.New(rand.NewPCG(r.random.Uint64(), 0))
			clients.Go(func() { h.client(random, f) })
		}
	}
	clients.Wait()
	close(done)
	house.Wait()
}

// after returns a channel that is closed when so many more operations have ended.
func (r *round) after(n int) chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, ok := r.waits[r.ended+n]
	if !ok {
		c = make(chan struct{})
		r.waits[r.ended+n] = c
	}
	return c
}

// beat says that an operation has ended.
func (r *round) beat() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended++
	if c, ok := r.waits[r.ended]; ok {
		close(c)
		delete(r.waits, r.ended)
	}
}

// end kills the process at its moment, or has it die at the next step of its kind.
func (r *round) end(moment, done chan struct{}) {
	select {
	case <-moment:
	case <-done:
		return
	}
	if r.death == "" {
		r.w.kill()
		return
	}
	_, _ = r.w.order("/die", url.Values{"at": {string(r.death)}}) // it dies meanwhile, or at the end of the round
}

// jump moves the clock.
func (r *round) jump(by time.Duration, moment, done chan struct{}) {
	select {
	case <-moment:
	case <-done:
	}
	call, back := at(), never
	if r.w.turn(by) {
		back = at()
	}
	if by == lifetime+time.Minute { // where the messages end
		for _, h := range r.histories {
			h.add(input{kind: expired}, "", call, back)
		}
	}
}
