package access

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"letterlock/internal/letterlock"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// database/sql keeps one for each open database; Close ends it a moment later.
		goleak.IgnoreTopFunction("database/sql.(*DB).connectionOpener"))
}

var (
	martas = leaseKey{message: "m", address: "marta@quillfeather.example"}
	jonass = leaseKey{message: "m", address: "jonas@riverside.example"}
)

// needsChecks skips a test of what the control build leaves out.
func needsChecks(t *testing.T) {
	t.Helper()
	if !checked {
		t.Skip("this build looks at access only when a request begins")
	}
}

func TestACutLeaseSendsNothing(t *testing.T) {
	needsChecks(t)
	var all leases
	l, other := all.take(martas), all.take(jonass)
	written := 0
	write := func() error { written++; return nil }
	if err := l.Send(write); err != nil || !l.Live() {
		t.Fatalf("before the cut: %v, live %v", err, l.Live())
	}
	all.cut(martas)
	if err := l.Send(write); !errors.Is(err, letterlock.Gone) || l.Live() {
		t.Errorf("after the cut: %v, live %v; want Gone", err, l.Live())
	}
	select {
	case <-l.Cut():
	default:
		t.Error("the lease does not say that it was cut")
	}
	if written != 1 {
		t.Errorf("written %d times, want once", written)
	}
	all.cut(martas) // again: changes nothing
	if err := other.Send(write); err != nil {
		t.Errorf("another recipient's lease: %v", err)
	}
	if err := all.take(martas).Send(write); err != nil {
		t.Errorf("a lease that was taken after the cut: %v", err)
	}
}

// A writer is a lease whose write is under way until it ends by itself or some
// time after it was broken.
type writer struct {
	byItself time.Duration // 0: never
	toBreak  time.Duration // how long it still takes when broken; negative: for good
	eager    bool

	lease         *Lease
	broken, ended chan time.Duration // since the beginning
}

// begin takes a lease and has it write.
func (w *writer) begin(all *leases, start time.Time, stop <-chan struct{}) {
	w.lease, w.broken, w.ended = all.take(martas), make(chan time.Duration, 1), make(chan time.Duration, 1)
	unstick := make(chan struct{})
	w.lease.OnCut(func() {
		w.broken <- time.Since(start)
		close(unstick)
	}, w.eager)
	writing := make(chan struct{})
	go func() {
		_ = w.lease.Send(func() error {
			close(writing)
			var itself <-chan time.Time
			if w.byItself > 0 {
				itself = time.After(w.byItself)
			}
			select {
			case <-itself:
			case <-unstick:
				if w.toBreak < 0 {
					<-stop
				}
				time.Sleep(w.toBreak) // in the bubble's time
			case <-stop:
			}
			w.ended <- time.Since(start)
			return nil
		})
	}()
	<-writing
}

// never stands for what does not happen before the cut has returned.
const never time.Duration = -1

func happened(c <-chan time.Duration) time.Duration {
	select {
	case d := <-c:
		return d
	default:
		return never
	}
}

func TestACutWaitsForTheWritesUnderWay(t *testing.T) {
	needsChecks(t)
	const ms = time.Millisecond
	tests := []struct {
		name    string
		writers []writer
		want    time.Duration   // how long the cut takes
		broken  []time.Duration // when each writer was broken
		ended   []time.Duration // when its write had ended
	}{
		{"a short write", []writer{{byItself: 50 * ms}}, 50 * ms, []time.Duration{never}, []time.Duration{50 * ms}},
		{"a stuck write", []writer{{}}, cutGently, []time.Duration{cutGently}, []time.Duration{cutGently}},
		{"a download", []writer{{eager: true}}, 0, []time.Duration{0}, []time.Duration{0}},
		{"a short write of a download", []writer{{eager: true, byItself: 50 * ms, toBreak: 20 * ms}}, 20 * ms, []time.Duration{0}, []time.Duration{20 * ms}},
		{"a write that nothing ends", []writer{{toBreak: -1}}, cutWithin, []time.Duration{cutGently}, []time.Duration{never}},
		{"several that nothing ends", []writer{{toBreak: -1}, {toBreak: -1}, {toBreak: -1}}, cutWithin,
			[]time.Duration{cutGently, cutGently, cutGently}, []time.Duration{never, never, never}},
		{"others beside one that nothing ends", []writer{{toBreak: -1}, {toBreak: 10 * ms}, {eager: true}, {byItself: ms}, {toBreak: 10 * ms}}, cutWithin,
			[]time.Duration{cutGently, cutGently, 0, never, cutGently}, []time.Duration{never, cutGently + 10*ms, 0, ms, cutGently + 10*ms}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var all leases
				start, stop := time.Now(), make(chan struct{})
				defer close(stop)
				for i := range tt.writers {
					tt.writers[i].begin(&all, start, stop)
				}
				all.cut(martas)
				if got := time.Since(start); got != tt.want {
					t.Errorf("the cut took %v, want %v", got, tt.want)
				}
				for i, w := range tt.writers {
					if got := happened(w.broken); got != tt.broken[i] {
						t.Errorf("writer %d was broken after %v, want %v", i, got, tt.broken[i])
					}
					if got := happened(w.ended); got != tt.ended[i] {
						t.Errorf("writer %d had ended after %v, want %v", i, got, tt.ended[i])
					}
				}
			})
		})
	}
}

func TestASecondRevocationWaitsAsWell(t *testing.T) {
	needsChecks(t)
	synctest.Test(t, func(t *testing.T) {
		var all leases
		start, stop := time.Now(), make(chan struct{})
		defer close(stop)
		w := writer{byItself: 80 * time.Millisecond}
		w.begin(&all, start, stop)
		took := make(chan time.Duration, 2)
		for range 2 {
			go func() {
				all.cut(martas)
				took <- time.Since(start)
			}()
		}
		for range 2 {
			if got := <-took; got != 80*time.Millisecond {
				t.Errorf("a cut took %v, want 80ms", got)
			}
		}
	})
}

func TestALeaseEndsWithItsMessage(t *testing.T) {
	needsChecks(t)
	var all leases
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	l := all.take(martas)
	l.expires(now.Add(time.Hour), func() time.Time { return now })
	now = now.Add(time.Hour - time.Nanosecond)
	if !l.Live() || len(all.overdue()) > 0 {
		t.Error("it has ended before its time")
	}
	now = now.Add(time.Nanosecond)
	all.take(jonass) // of a message without an end
	if got := all.overdue(); len(got) != 1 || got[0] != martas {
		t.Errorf("overdue at its time: %v, want its key", got)
	}
	if err := l.Send(func() error { return nil }); !errors.Is(err, letterlock.Gone) || l.Live() {
		t.Errorf("at its time: %v, live %v; want Gone", err, l.Live())
	}
}

func TestALeaseGivenBackIsNotBroken(t *testing.T) {
	needsChecks(t)
	for _, eager := range []bool{true, false} {
		var all leases
		l := all.take(martas)
		broken := 0
		l.OnCut(func() { broken++ }, eager)
		l.Release()
		l.breakNow() // a cut that has found the lease before
		if broken > 0 {
			t.Errorf("eager %v: what it was for has been broken", eager)
		}
	}
}

func TestLeasesGivenBackAreForgotten(t *testing.T) {
	var all leases
	a, b, c := all.take(martas), all.take(martas), all.take(jonass)
	if n := all.out(); n != 3 {
		t.Fatalf("%d leases out, want 3", n)
	}
	a.Release()
	a.Release()
	if n := all.out(); n != 2 {
		t.Errorf("%d leases out after one was given back twice, want 2", n)
	}
	all.cut(martas)
	b.Release() // a cut lease is given back as any other
	c.Release()
	if n := all.out(); n != 0 || len(all.open) != 0 {
		t.Errorf("%d leases and %d keys out at the end, want none", n, len(all.open))
	}
}
