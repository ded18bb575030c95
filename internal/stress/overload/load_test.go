package overload

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"
)

// A leg is what one stretch of load measured.
type leg struct {
	name string
	rate float64 // that was to come, a second; 0: as much as is answered
	took time.Duration
	cpu  time.Duration // of the server

	mu      sync.Mutex
	all     []answer
	started time.Time
}

// An answer is what became of a request.
type answer struct {
	kind kind
	due  time.Duration // from the beginning of the leg: when it was to come
	took time.Duration // from then on
	err  error
}

func (l *leg) add(k kind, due time.Time, err error) {
	a := answer{k, due.Sub(l.started), time.Since(due), err}
	if err == nil && a.took > givenUp {
		a.err = errLate
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, a)
}

// closed has workers ask as fast as they are answered.
func (p *people) closed(name string, workers int, d time.Duration) *leg {
	l := &leg{name: name, started: time.Now()}
	before := usage(p.pid)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for time.Since(l.started) < d {
				k, due := draw(), time.Now()
				l.add(k, due, p.do(k, due.Add(givenUp)))
			}
		})
	}
	all.Wait()
	l.took, l.cpu = time.Since(l.started), usage(p.pid)-before
	return l
}

// open has requests come when their time has come. A moment at which this program
// could not send is no excuse for the server, nor for the figures: each counts
// from when it was due.
func (p *people) open(name string, rate float64, d time.Duration) *leg {
	l := &leg{name: name, rate: rate, started: time.Now(), took: d}
	before := usage(p.pid)
	var all sync.WaitGroup
	for due := l.started; ; {
		due = due.Add(time.Duration(rand.ExpFloat64() / rate * float64(time.Second)))
		if due.Sub(l.started) > d {
			break
		}
		time.Sleep(time.Until(due))
		k := draw()
		all.Go(func() { l.add(k, due, p.do(k, due.Add(givenUp))) })
	}
	l.cpu = usage(p.pid) - before
	all.Wait()
	return l
}

// goodput is how many requests a second were answered as they should be, in time.
func (l *leg) goodput() float64 { return float64(l.count(nil)) / l.took.Seconds() }

// count is how many ended with that error.
func (l *leg) count(want error) (n int) {
	for _, a := range l.all {
		if a.err == nil && want == nil || want != nil && errors.Is(a.err, want) {
			n++
		}
	}
	return n
}

// quantile is how long answers took, of a kind or of all but revocations. For a revocation
// one that was refused or late counts as the longest there is: it has to be done.
func (l *leg) quantile(q float64, want func(answer) bool) time.Duration {
	var took []time.Duration
	for _, a := range l.all {
		switch {
		case !want(a):
		case a.err == nil:
			took = append(took, a.took)
		case a.kind == revoke:
			took = append(took, time.Hour)
		}
	}
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return took[int(q*float64(len(took)-1))]
}

func ofRevoke(a answer) bool { return a.kind == revoke }
func ofOthers(a answer) bool { return a.kind != revoke }

// within returns what of a leg was due in a part of it.
func (l *leg) within(from, until time.Duration) *leg {
	part := &leg{name: l.name, rate: l.rate, took: until - from}
	for _, a := range l.all {
		if from <= a.due && a.due < until {
			part.all = append(part.all, a)
		}
	}
	return part
}

func (l *leg) String() string {
	return fmt.Sprintf("%-22s %7.0f due/s %7.0f good/s %6d refused %6d late %4d wrong   p50 %6s p99 %6s   revoke p50 %6s p99 %6s   CPU %3.0f %%",
		l.name, float64(len(l.all))/l.took.Seconds(), l.goodput(), l.count(errRefused), l.count(errLate), l.count(errWrong),
		round(l.quantile(.5, ofOthers)), round(l.quantile(.99, ofOthers)), round(l.quantile(.5, ofRevoke)), round(l.quantile(.99, ofRevoke)),
		100*l.cpu.Seconds()/l.took.Seconds())
}

// byKind says how many of each kind were good.
func (l *leg) byKind() string {
	var good, due [kinds]int
	for _, a := range l.all {
		due[a.kind]++
		if a.err == nil {
			good[a.kind]++
		}
	}
	var parts []string
	for k, name := range kindNames {
		parts = append(parts, fmt.Sprintf("%s %d of %d", name, good[k], due[k]))
	}
	return strings.Join(parts, ", ")
}

func round(d time.Duration) string {
	if d >= time.Hour {
		return "never"
	}
	return d.Round(100 * time.Microsecond).Truncate(100 * time.Microsecond).String()
}
