package mx

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"letterlock/internal/policy"
)

var quiet = slog.New(slog.DiscardHandler)

// A teller is a DNS made of a function.
type teller struct {
	asked atomic.Int64
	most  atomic.Int64 // questions at the same time
	now   atomic.Int64
	say   func(ctx context.Context, domain string) (Records, error)
}

func (d *teller) MX(ctx context.Context, domain string) (Records, error) {
	d.asked.Add(1)
	n := d.now.Add(1)
	defer d.now.Add(-1)
	for most := d.most.Load(); n > most && !d.most.CompareAndSwap(most, n); most = d.most.Load() {
	}
	return d.say(ctx, domain)
}

func microsoft(ttl time.Duration) func(context.Context, string) (Records, error) {
	return func(context.Context, string) (Records, error) {
		return Records{Hosts: []string{"x.mail.protection.outlook.com."}, TTL: ttl}, nil
	}
}

// mute waits until nobody waits any more.
func mute(ctx context.Context, _ string) (Records, error) {
	<-ctx.Done()
	return Records{}, ctx.Err()
}

func TestAnswersAreKeptAsLongAsTheyAreGood(t *testing.T) {
	tests := []struct {
		name string
		say  func(context.Context, string) (Records, error)
		want policy.Hosting
		keep time.Duration
	}{
		{"records", microsoft(10 * time.Minute), policy.AtMicrosoft365, 10 * time.Minute},
		{"records that live a second", microsoft(time.Second), policy.AtMicrosoft365, shortest},
		{"records that live a week", microsoft(7 * 24 * time.Hour), policy.AtMicrosoft365, longest},
		{"no such domain", func(context.Context, string) (Records, error) { return Records{None: true, TTL: 5 * time.Minute}, nil }, policy.NoMail, 5 * time.Minute},
		{"no records", func(context.Context, string) (Records, error) { return Records{TTL: 5 * time.Minute}, nil }, policy.Elsewhere, 5 * time.Minute},
		{"no answer", func(context.Context, string) (Records, error) { return Records{TTL: longest}, errDown }, policy.NoAnswer, noAnswer},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			d := &teller{say: tt.say}
			f := New(d, time.Now, quiet)
			defer f.Close()
			find := func() policy.Hosting { return f.Find(t.Context(), []string{"a.example"})["a.example"] }
			if got := find(); got != tt.want {
				t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
			}
			time.Sleep(tt.keep - time.Second)
			if got := find(); got != tt.want || d.asked.Load() != 1 {
				t.Errorf("%s, before its end: %q after %d questions", tt.name, got, d.asked.Load())
			}
			time.Sleep(time.Second)
			if find(); d.asked.Load() != 2 {
				t.Errorf("%s, at its end: %d questions, want another", tt.name, d.asked.Load())
			}
		})
	}
}

func TestADNSThatIsDownTakesNoLongerThanIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := New(&teller{say: mute}, time.Now, quiet)
		defer f.Close()
		var domains []string
		for i := range 100 {
			domains = append(domains, fmt.Sprintf("d%d.example", i))
		}
		begun := time.Now()
		got := f.Find(t.Context(), domains)
		if took := time.Since(begun); took > Patience || took < time.Second {
			t.Errorf("it took %v, want at most %v", took, Patience)
		}
		for _, d := range domains {
			if got[d] != policy.NoAnswer {
				t.Errorf("%s: %q, want no answer", d, got[d])
			}
		}
		begun = time.Now()
		if f.Find(t.Context(), domains[:atOnce/2]); time.Since(begun) > 0 {
			t.Errorf("asked again at once: it took %v", time.Since(begun))
		}
	})
}

func TestWhoHasGoneIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := New(&teller{say: mute}, time.Now, quiet)
		defer f.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begun := time.Now()
		if got := f.Find(ctx, []string{"a.example"})["a.example"]; got != policy.NoAnswer || time.Since(begun) != time.Second {
			t.Errorf("%q after %v", got, time.Since(begun))
		}
	})
}

func TestManyWhoAskTheSameAskOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &teller{say: func(ctx context.Context, domain string) (Records, error) {
			time.Sleep(time.Second)
			return microsoft(time.Hour)(ctx, domain)
		}}
		f := New(d, time.Now, quiet)
		defer f.Close()
		var wg sync.WaitGroup
		for range 200 {
			wg.Go(func() {
				if got := f.Find(t.Context(), []string{"a.example", "a.example"}); len(got) != 1 || got["a.example"] != policy.AtMicrosoft365 {
					t.Errorf("%v", got)
				}
			})
		}
		wg.Wait()
		if d.asked.Load() != 1 {
			t.Errorf("%d questions, want 1", d.asked.Load())
		}
	})
}

func TestWhatIsUnderWayAndWhatIsKeptIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &teller{say: func(ctx context.Context, domain string) (Records, error) {
			time.Sleep(time.Millisecond)
			return microsoft(time.Hour)(ctx, domain)
		}}
		f := New(d, time.Now, quiet)
		defer f.Close()
		for i := range mostKept/100 + 10 {
			var domains []string
			for j := range 100 {
				domains = append(domains, fmt.Sprintf("d%d.example", 100*i+j))
			}
			f.Find(t.Context(), domains)
		}
		if d.most.Load() > atOnce || d.most.Load() < 2 {
			t.Errorf("%d questions at the same time, want at most %d", d.most.Load(), atOnce)
		}
		if len(f.kept) != mostKept || len(f.asked) != 0 {
			t.Errorf("%d answers are kept, %d questions under way; want %d, 0", len(f.kept), len(f.asked), mostKept)
		}
	})
}

func TestAfterTheEndNothingIsAsked(t *testing.T) {
	d := &teller{say: microsoft(time.Hour)}
	f := New(d, time.Now, quiet)
	f.Close()
	if got := f.Find(t.Context(), []string{long})[long]; got != policy.NoAnswer || d.asked.Load() != 0 {
		t.Errorf("%q after %d questions", got, d.asked.Load())
	}
}
