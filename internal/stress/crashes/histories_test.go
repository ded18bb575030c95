package crashes

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"letterlock/internal/store"
)

// How many histories are made: in everybody's tests, and where time is no object.
const (
	few  = 100
	many = 10_000
)

// worlds is how many data folders are worked on at the same time, and perWorld how
// many histories each sees before another takes its place.
const (
	worlds   = 2
	perWorld = 1000
)

// told is how many violations are shown in full.
const told = 3

func wanted(t *testing.T) int {
	if s := os.Getenv("LETTERLOCK_STRESS_HISTORIES"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if os.Getenv("LETTERLOCK_STRESS") == "1" {
		return many
	}
	return few
}

// A tally is what came of all histories.
type tally struct {
	silent bool // violations are what is wanted

	mu         sync.Mutex
	histories  int
	operations int
	broken     int
	wrong      []string
	kinds      map[kind]int
	ends       map[saw]int
	deaths     map[store.Step]int
	losses     int
}

func newTally() *tally {
	return &tally{kinds: map[kind]int{}, ends: map[saw]int{}, deaths: map[store.Step]int{}}
}

func TestARevocationOutlivesTheProcessTheProxyAndTheClock(t *testing.T) {
	n := wanted(t)
	began := time.Now()
	result := newTally()
	result.all(t, n)
	t.Logf("%d histories, %d operations, %d violations, %.1f s", result.histories, result.operations, result.broken, time.Since(began).Seconds())
	t.Logf("operations %v, answers %v, ends of the process %v, disks lost %d", result.kinds, result.ends, result.deaths, result.losses)
	if result.broken > 0 {
		t.Errorf("%d of %d histories are violations", result.broken, result.histories)
	}
	for i, w := range result.wrong {
		if i < told {
			t.Error(w)
		}
	}
	for _, k := range []kind{revoked, restored, expired, looked, listed} {
		if result.kinds[k] == 0 {
			t.Errorf("no %q in any history: this test would prove too little", k)
		}
	}
	if result.ends[unanswered] == 0 || result.losses == 0 {
		t.Error("nothing died unanswered, or no disk was lost: this test would prove too little")
	}
}

// TestACarelessProxyIsCaught proves that the test can fail: behind a proxy that keeps
// what it must not, it must.
func TestACarelessProxyIsCaught(t *testing.T) {
	result := newTally()
	result.silent = true
	result.make(newWorld(t, true), seedsOf(perRound))
	t.Logf("control: %d of %d histories behind a careless proxy are violations", result.broken, result.histories)
	if result.broken == 0 {
		t.Error("no history is a violation")
	}
}

// all makes n histories.
func (r *tally) all(t *testing.T, n int) {
	batches := make(chan []uint64)
	var all sync.WaitGroup
	for range worlds {
		all.Go(func() {
			for seeds := range batches {
				t.Run(fmt.Sprintf("seeds from %d", seeds[0]), func(t *testing.T) { r.make(newWorld(t, false), seeds) })
			}
		})
	}
	for batch := range slices.Chunk(seedsOf(n), min(perWorld, (n+worlds-1)/worlds)) {
		batches <- batch
	}
	close(batches)
	all.Wait()
}

func seedsOf(n int) []uint64 {
	seeds := make([]uint64, n)
	for i := range seeds {
		seeds[i] = uint64(i)
	}
	return seeds
}

// make makes histories in a world, round by round.
func (r *tally) make(w *world, seeds []uint64) {
	for some := range slices.Chunk(seeds, perRound) {
		round := newRound(w, some)
		round.run()
		r.mu.Lock()
		r.deaths[round.death]++
		if round.lost {
			r.losses++
		}
		r.mu.Unlock()
		said := round.said()
		for i, h := range round.histories {
			r.judge(w.t, h, some[i], said)
		}
	}
}

// judge checks one history. said is what the servers said.
func (r *tally) judge(t *testing.T, h *history, seed uint64, said string) {
	var broken []porcupine.Operation
	for _, part := range h.parts() {
		if !porcupine.CheckOperations(model, part) {
			broken = part
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.histories++
	r.operations += len(h.ops)
	for _, op := range h.ops {
		r.kinds[op.Input.(input).kind]++
		r.ends[op.Output.(saw)]++
	}
	for _, w := range h.wrong {
		r.wrong = append(r.wrong, fmt.Sprintf("seed %d: %s; the servers said:\n%s", seed, w, said))
	}
	if broken == nil {
		return
	}
	if r.broken++; r.broken <= told && !r.silent {
		t.Errorf("the history with seed %d is a violation; the process died at %d, step %q, disk lost %v:\n%s", seed, h.round.died/1000, h.round.death, h.round.lost, tell(broken))
	}
}

// parts are what must be linearizable, each for itself. Where the disk was lost with
// the process, what somebody saw of an unanswered revocation before may be undone by
// the backup: then what was seen before the death, and what after it, are two.
func (h *history) parts() [][]porcupine.Operation {
	if !h.round.lost {
		return [][]porcupine.Operation{h.ops}
	}
	var before, after []porcupine.Operation
	for _, op := range h.ops {
		k := op.Input.(input).kind
		early := op.Call <= h.round.died
		if early {
			before = append(before, op)
		}
		if !early || k != looked && k != listed {
			after = append(after, op)
		}
	}
	return [][]porcupine.Operation{before, after}
}
