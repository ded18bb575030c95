package stress

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// How many histories are made: in everybody's tests, and where time is no object.
const (
	few  = 300
	many = 10_000
)

// worlds is how many histories are under way at the same time. Each has a world
// of its own, because the clock is the world's, and a world is for so many
// histories one after another: then its folder goes.
const (
	worlds   = 4
	perWorld = 100
)

// told is how many violations are shown in full.
const told = 3

// firstSeed is that of the first history; the others follow it.
const firstSeed = 1

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
	return few / slower
}

// A tally is what came of all histories.
type tally struct {
	mu         sync.Mutex
	operations int
	broken     int
	kinds      map[kind]int
	ends       map[saw]int
}

func TestNothingIsServedAfterARevocationIsAnswered(t *testing.T) {
	n := wanted(t)
	began := time.Now()
	batches := make(chan []uint64)
	result := &tally{kinds: map[kind]int{}, ends: map[saw]int{}}
	var all sync.WaitGroup
	for range worlds {
		all.Go(func() {
			for seeds := range batches {
				t.Run(fmt.Sprintf("seeds from %d", seeds[0]), func(t *testing.T) { result.make(t, seeds) })
			}
		})
	}
	for batch := range slices.Chunk(seedsOf(n), min(perWorld, (n+worlds-1)/worlds)) {
		batches <- batch
	}
	close(batches)
	all.Wait()
	t.Logf("%d histories from seed %d, %d operations, %d violations, %.1f s", n, firstSeed, result.operations, result.broken, time.Since(began).Seconds())
	t.Logf("operations %v, answers %v", result.kinds, result.ends)
	if result.broken > 0 {
		t.Errorf("%d of %d histories are violations", result.broken, n)
	}
	for _, k := range []kind{revoked, restored, expired, looked, listed, wrote, showed, notified} {
		if result.kinds[k] == 0 {
			t.Errorf("no %q in any history: this test would prove too little", k)
		}
	}
}

func seedsOf(n int) []uint64 {
	seeds := make([]uint64, n)
	for i := range seeds {
		seeds[i] = firstSeed + uint64(i)
	}
	return seeds
}

// make makes histories in a world of their own.
func (r *tally) make(t *testing.T, seeds []uint64) {
	w := newWorld(t)
	for _, seed := range seeds {
		h := newHistory(w, seed)
		h.run(seed)
		r.judge(t, h, seed)
	}
}

// judge checks one history.
func (r *tally) judge(t *testing.T, h *history, seed uint64) {
	ok := porcupine.CheckOperations(model, h.ops)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.operations += len(h.ops)
	for _, op := range h.ops {
		r.kinds[op.Input.(input).kind]++
		r.ends[op.Output.(saw)]++
	}
	if !ok {
		r.broken++
		if r.broken <= told {
			t.Errorf("the history with seed %d is a violation:\n%s", seed, tell(h.ops))
		}
	}
	for _, w := range h.wrong {
		t.Errorf("seed %d: %s", seed, w)
	}
}
