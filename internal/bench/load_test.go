package bench

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A figure is what one round of load measured.
type figure struct {
	ops   int
	errs  int
	first error         // of the errors
	rate  float64       // operations per second
	p50   time.Duration // of one operation
	p99   time.Duration
	cpu   time.Duration // of the server, for one operation
}

// A task is one operation of a worker.
type task func(worker int) error

// load has workers do a task again and again for a while.
func load(s *side, workers int, d time.Duration, do task) figure {
	end := time.Now().Add(d)
	return loadWhile(s, workers, func() bool { return time.Now().Before(end) }, do)
}

// loadTimes has workers do a task n times in all.
func loadTimes(s *side, workers, n int, do task) figure {
	var begun atomic.Int64
	return loadWhile(s, workers, func() bool { return begun.Add(1) <= int64(n) }, do)
}

func loadWhile(s *side, workers int, more func() bool, do task) figure {
	s.t.Helper()
	took := make([][]time.Duration, workers)
	failed := make([][]error, workers)
	before := s.ask("usage", "").CPU
	start := time.Now()
	var all sync.WaitGroup
	for i := range workers {
		all.Go(func() {
			for more() {
				began := time.Now()
				if err := do(i); err != nil {
					failed[i] = append(failed[i], err)
					continue
				}
				took[i] = append(took[i], time.Since(began))
			}
		})
	}
	all.Wait()
	return summary(slices.Concat(took...), slices.Concat(failed...), time.Since(start), s.ask("usage", "").CPU-before)
}

func summary(took []time.Duration, failed []error, all, cpu time.Duration) figure {
	f := figure{ops: len(took), errs: len(failed)}
	if f.errs > 0 {
		f.first = failed[0]
	}
	if f.ops == 0 {
		return f
	}
	slices.Sort(took)
	f.rate = float64(f.ops) / all.Seconds()
	f.p50, f.p99 = took[f.ops/2], took[f.ops*99/100]
	f.cpu = cpu / time.Duration(f.ops)
	return f
}

// A duel is a figure of both sides, measured in turns.
type duel struct {
	product, limit figure  // medians
	ratio          float64 // of the rates: median of the pairs
	cpuRatio       float64 // of the CPU: median of the pairs
}

// duel measures both sides in turns, the other one first each time.
func (b *bench) duel(product, limit func() figure) duel {
	b.t.Helper()
	var ps, ls []figure
	var ratios, cpus []float64
	for i := range b.sizes.pairs {
		var p, l figure
		if i%2 == 0 {
			p, l = product(), limit()
		} else {
			l, p = limit(), product()
		}
		ps, ls = append(ps, p), append(ls, l)
		ratios = append(ratios, p.rate/l.rate)
		cpus = append(cpus, float64(p.cpu)/float64(l.cpu))
	}
	return duel{product: b.median(ps), limit: b.median(ls), ratio: middle(ratios), cpuRatio: middle(cpus)}
}

// median is the median of each figure by itself; errors add up.
func (b *bench) median(list []figure) figure {
	b.t.Helper()
	m := figure{
		rate: middle(each(list, func(f figure) float64 { return f.rate })),
		p50:  middle(each(list, func(f figure) time.Duration { return f.p50 })),
		p99:  middle(each(list, func(f figure) time.Duration { return f.p99 })),
		cpu:  middle(each(list, func(f figure) time.Duration { return f.cpu })),
	}
	for _, f := range list {
		m.ops += f.ops
		m.errs += f.errs
		if f.first != nil {
			m.first = f.first
		}
	}
	if m.errs > 0 {
		b.t.Errorf("%d of %d operations failed, as in: %v", m.errs, m.errs+m.ops, m.first)
	}
	return m
}

func each[T any](list []figure, of func(figure) T) []T {
	var out []T
	for _, f := range list {
		out = append(out, of(f))
	}
	return out
}

func middle[T float64 | time.Duration](list []T) T {
	slices.Sort(list)
	return list[len(list)/2]
}
