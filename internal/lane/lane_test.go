package lane

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"letterlock/internal/letterlock"
)

// fill takes all places of a lane, on a machine whose processor is no bound.
func fill(t *testing.T, s *Set, n Name) []*Pass {
	t.Helper()
	s.free += s.lanes[n].places
	s.most += s.lanes[n].places
	var all []*Pass
	for range s.lanes[n].places {
		p, err := s.Enter(t.Context(), n)
		if err != nil {
			t.Fatalf("%d are in, and the next is refused: %v", len(all), err)
		}
		all = append(all, p)
	}
	return all
}

func TestAFullLaneWaitsForAMomentAndRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(1)
		fill(t, s, Read)
		begun := time.Now()
		_, err := s.Enter(t.Context(), Read)
		if !errors.Is(err, letterlock.Busy) || letterlock.KeyOf(err) != "full" || letterlock.RetryAfterOf(err) < time.Second {
			t.Errorf("Enter = %v, to come back in %v", err, letterlock.RetryAfterOf(err))
		}
		if took := time.Since(begun); took != patience {
			t.Errorf("the refusal took %v, want %v", took, patience)
		}
		for _, n := range Names() {
			if n == Read || s.lanes[n].computes {
				continue // they share what is left of the processor
			}
			if _, err := s.Enter(t.Context(), n); err != nil {
				t.Errorf("%s, beside a full lane: %v", n, err)
			}
		}
	})
}

func TestNoLaneTakesTheLastShareOfTheProcessor(t *testing.T) {
	for _, cores := range []int{1, 2, 8} {
		for _, w := range New(cores).share {
			synctest.Test(t, func(t *testing.T) {
				s := New(cores)
				for range s.lanes[w.name].places + 1 {
					_, _ = s.Enter(t.Context(), w.name) // until it is refused
				}
				for _, other := range s.share {
					if other.name == w.name {
						continue
					}
					p, err := s.Enter(t.Context(), other.name)
					if err != nil {
						t.Errorf("%d cores: %s is crowded, and %s is refused: %v", cores, w.name, other.name, err)
					}
					p.Leave()
				}
			})
		}
	}
}

func TestTakingAccessAwayLeavesOneShareToOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(2)
		if s.free != 3 {
			t.Fatalf("%d may compute, want 3 of 2 cores", s.free)
		}
		revokes := []*Pass{}
		for range 4 {
			p, err := s.Enter(t.Context(), Revoke)
			if err != nil {
				t.Fatal(err)
			}
			p.GoFirst()
			p.GoFirst()                 // once is enough
			Waits(With(t.Context(), p)) // for the disk, which changes nothing
			revokes = append(revokes, p)
		}
		if _, err := s.Enter(t.Context(), Revoke); err != nil { // of whom nobody knows whether they may
			t.Fatal(err)
		}
		page, err := s.Enter(t.Context(), Read)
		if err != nil {
			t.Fatalf("beside revocations, the only page is refused: %v", err)
		}
		if _, err := s.Enter(t.Context(), List); letterlock.KeyOf(err) != "full" {
			t.Errorf("beside revocations and a page, Enter = %v", err)
		}
		came := make(chan error)
		go func() { _, err := s.Enter(t.Context(), List); came <- err }()
		synctest.Wait()
		for _, p := range revokes[:3] {
			p.Leave()
		}
		if err := <-came; err != nil {
			t.Errorf("one revocation is left, and a second page is refused: %v", err)
		}
		if _, err := s.Enter(t.Context(), Gate); letterlock.KeyOf(err) != "full" {
			t.Errorf("beside a revocation and two pages, Enter = %v", err)
		}
		page.Leave()
		if _, err := s.Enter(t.Context(), Gate); err != nil {
			t.Errorf("beside a revocation and one page, Enter = %v", err)
		}
	})
}

func TestWhoeverLeavesMakesRoomForOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(1)
		passes := fill(t, s, List)
		got := make(chan error)
		go func() { _, err := s.Enter(t.Context(), List); got <- err }()
		synctest.Wait()
		passes[0].Leave()
		passes[0].Leave() // the second time changes nothing
		if err := <-got; err != nil {
			t.Errorf("there is room, and Enter = %v", err)
		}
		if _, err := s.Enter(t.Context(), List); letterlock.KeyOf(err) != "full" {
			t.Errorf("one left twice and two came in: %v", err)
		}
	})
}

func TestTheMostImportantComesFirstWhenAllHaveHadAsMuch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(1)
		var in []*Pass
		for i := range s.free {
			p, err := s.Enter(t.Context(), []Name{Gate, Submit}[i%2])
			if err != nil {
				t.Fatal(err)
			}
			in = append(in, p)
		}
		came := make(chan Name, 8)
		for _, n := range []Name{Read, Gate, List, Passcode} {
			go func() {
				if p, err := s.Enter(t.Context(), n); err == nil {
					came <- n
					p.Leave()
				}
			}()
			synctest.Wait() // they stand in line in this order
		}
		in[0].Leave()
		var got []Name
		for range 4 {
			got = append(got, <-came)
		}
		if want := []Name{Passcode, Gate, Read, List}; !slices.Equal(got, want) {
			t.Errorf("let in are %v, want %v", got, want)
		}
	})
}

// work has many do the same work in a lane, again and again, until the time is over, and
// says how often it was done.
func work(t *testing.T, s *Set, n Name, takes time.Duration, until time.Time) *atomic.Int64 {
	done := new(atomic.Int64)
	for range 20 {
		go func() {
			for time.Now().Before(until) {
				p, err := s.Enter(t.Context(), n)
				if err != nil {
					continue
				}
				time.Sleep(takes)
				p.Leave()
				done.Add(1)
			}
		}()
	}
	return done
}

func TestLanesShareTheTimeOfTheProcessor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(1)
		end := time.Now().Add(10 * time.Second)
		lists := work(t, s, List, 10*time.Millisecond, end)
		for _, n := range []Name{Gate, Read, Submit} {
			short := work(t, s, n, time.Millisecond, end)
			defer func() {
				if ratio := float64(short.Load()) / float64(lists.Load()); ratio < 9 || ratio > 11 {
					t.Errorf("%s: %d are done, and %d lists, which take ten times as long: want as much time for each", n, short.Load(), lists.Load())
				}
			}()
		}
		time.Sleep(time.Until(end) + time.Second) // all have ended
	})
}

func TestALaneHoardsNoTimeWhileNobodyIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(1)
		end := time.Now().Add(10 * time.Second)
		pages := work(t, s, Read, time.Millisecond, end)
		work(t, s, Gate, time.Millisecond, end)
		work(t, s, Submit, time.Millisecond, end)
		time.Sleep(time.Until(end) - time.Second)
		before := pages.Load()
		lists := work(t, s, List, time.Millisecond, end)
		time.Sleep(time.Until(end) + time.Second)
		if during, listed := pages.Load()-before, lists.Load(); listed < during*9/10 || during < listed*9/10 {
			t.Errorf("when lists are asked for as well, %d of them are done and %d pages: want as many", listed, during)
		}
	})
}

func TestWorkThatWaitsForTheDiskKeepsItsPlaceOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(1)
		full := func(n Name, when string) {
			t.Helper()
			if _, err := s.Enter(t.Context(), n); letterlock.KeyOf(err) != "full" {
				t.Errorf("%s, and Enter = %v", when, err)
			}
		}
		enter := func(n Name) *Pass {
			t.Helper()
			p, err := s.Enter(t.Context(), n)
			if err != nil {
				t.Fatalf("Enter = %v", err)
			}
			return p
		}
		var pages []*Pass
		for i := range s.free {
			pages = append(pages, enter([]Name{Read, List}[i%2]))
		}
		full(Gate, "as many compute as may")
		ctx := With(t.Context(), pages[0])
		done := Waits(ctx)
		Waits(ctx) // once is enough
		gate := enter(Gate)
		full(Gate, "one waits for the disk, and another has come in")
		done()
		done()
		gate.Leave()
		full(Gate, "the one who waited goes on")
		done = Waits(ctx)
		pages[0].Leave()
		done()
		enter(Gate)
		full(Gate, "one has left, and another has come in")
	})
}

func TestWorkThatWaitsForTheDiskKeepsOthersOfItsLaneOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(1)
		for range s.lanes[Read].places {
			p, err := s.Enter(t.Context(), Read)
			if err != nil {
				t.Fatal(err)
			}
			Waits(With(t.Context(), p))
		}
		if _, err := s.Enter(t.Context(), Read); letterlock.KeyOf(err) != "full" {
			t.Errorf("all places of the lane are taken, and Enter = %v", err)
		}
		if _, err := s.Enter(t.Context(), Gate); err != nil {
			t.Errorf("nobody computes, and Enter = %v", err)
		}
	})
}

func TestWorkThatWaitsForItsClientKeepsNobodyOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(1)
		passes := fill(t, s, Submit)
		passes[0].Pause()
		other, err := s.Enter(t.Context(), Submit)
		if err != nil {
			t.Fatalf("one pauses, and another is refused: %v", err)
		}
		came := make(chan string, 2)
		go func() {
			if _, err := s.Enter(t.Context(), Submit); err == nil {
				came <- "one who has not begun"
			}
		}()
		synctest.Wait() // stands in line first
		go func() {
			if err := passes[0].Resume(t.Context()); err == nil {
				came <- "one who has begun"
			}
		}()
		synctest.Wait()
		other.Leave()
		if got := <-came; got != "one who has begun" {
			t.Errorf("the place went to %s", got)
		}
		passes[0].Leave()
		if got := <-came; got != "one who has not begun" {
			t.Errorf("then the place went to %s", got)
		}
	})
}

func TestASlowServerKeepsNoMoreThanSoManyWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a Away
		answers := make(chan struct{})
		for range mostAway {
			go func() {
				if err := a.Ask(t.Context(), "slow", func() error { <-answers; return nil }); err != nil {
					t.Errorf("one of those who may wait: %v", err)
				}
			}()
		}
		synctest.Wait()
		err := a.Ask(t.Context(), "slow", func() error { t.Error("one more was asked"); return nil })
		if !errors.Is(err, letterlock.Busy) || letterlock.KeyOf(err) != "slow" {
			t.Errorf("one more: %v, want busy with its key", err)
		}
		close(answers)
		synctest.Wait()
		failed := errors.New("failed")
		if err := a.Ask(t.Context(), "slow", func() error { return failed }); !errors.Is(err, failed) {
			t.Errorf("when all have their answers: %v, want what was asked to say", err)
		}
	})
}

func TestWhatHasBegunWaitsForItsPlaceAsLongAsItMay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(1)
		paused, err := s.Enter(t.Context(), Submit)
		if err != nil {
			t.Fatal(err)
		}
		paused.Pause()
		fill(t, s, Submit)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		begun := time.Now()
		if err := paused.Resume(ctx); !errors.Is(err, letterlock.Busy) || time.Since(begun) != time.Hour {
			t.Errorf("Resume = %v after %v", err, time.Since(begun))
		}
		paused.Leave() // holds none
		if c := s.lanes[Submit]; c.in != c.places || len(c.again) != 0 {
			t.Errorf("%d are in and %d wait", c.in, len(c.again))
		}
	})
}

func TestACrowdIsRefusedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(1)
		fill(t, s, List)
		const most = crowd
		done := make(chan error, most)
		for range most {
			go func() { _, err := s.Enter(t.Context(), List); done <- err }()
		}
		synctest.Wait()
		begun := time.Now()
		if _, err := s.Enter(t.Context(), List); letterlock.KeyOf(err) != "full" || time.Since(begun) != 0 {
			t.Errorf("Enter = %v after %v", err, time.Since(begun))
		}
		for range most {
			<-done
		}
		if c := s.Counts()[10]; c.Name != List || c.Refused != int64(most)+1 || c.Waiting != 0 || c.InFlight != c.Places {
			t.Errorf("the lane says %+v", c)
		}
	})
}

func TestWaitingEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(1)
		fill(t, s, Export)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := s.Enter(ctx, Export); !errors.Is(err, letterlock.Busy) || letterlock.KeyOf(err) != "" {
			t.Errorf("Enter = %v", err)
		}
	})
}

func TestOnlyALastingRushIsAnOverload(t *testing.T) {
	tests := []struct {
		name string
		lane Name
		rush time.Duration // that refusals go on
		rest time.Duration // after them
		want bool
	}{
		{name: "a short rush", lane: Read, rush: 4 * time.Second},
		{name: "a long rush", lane: Read, rush: 6 * time.Second, want: true},
		{name: "a long rush that is over", lane: Read, rush: 6 * time.Second, rest: 3 * time.Second},
		{name: "many exports", lane: Export, rush: time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := New(1)
				fill(t, s, tt.lane)
				for begun := time.Now(); time.Since(begun) < tt.rush; {
					_, _ = s.Enter(t.Context(), tt.lane) // refused, which is what this is about
				}
				time.Sleep(tt.rest)
				if got := s.Overloaded(); got != tt.want {
					t.Errorf("Overloaded = %v, want %v", got, tt.want)
				}
			})
		})
	}
}

func TestNoLanesAreNeverFull(t *testing.T) {
	for _, s := range []*Set{nil, Unbounded()} {
		for range 10_000 {
			p, err := s.Enter(t.Context(), Export)
			if err != nil {
				t.Fatal(err)
			}
			defer p.Leave()
		}
		if s.Overloaded() {
			t.Error("what has no bounds is overloaded")
		}
	}
}

// TestWorkOfAWideLaneComputesInOneOfItsOwn has what is written in the browser be judged:
// there is room for many who write, and none of them computes beside the lanes.
func TestWorkOfAWideLaneComputesInOneOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(2)
		var judging, most atomic.Int64
		var lasts []func()
		for range s.lanes[Compose].places {
			p, err := s.Enter(t.Context(), Compose)
			if err != nil {
				t.Fatal(err)
			}
			lasts = append(lasts, p.Leave)
			go func() {
				done, err := Computes(With(t.Context(), p), Judge)
				if err != nil {
					t.Error(err)
					return
				}
				most.Store(max(most.Load(), judging.Add(1)))
				time.Sleep(time.Second)
				judging.Add(-1)
				done()
			}()
		}
		synctest.Wait()
		if got := s.lanes[Judge].in; got != 2 || s.free != 1 {
			t.Errorf("%d are judged at the same time, and %d shares are left; want 2 and 1", got, s.free)
		}
		p, err := s.Enter(t.Context(), Read)
		if err != nil {
			t.Errorf("while many are judged, nobody reads: %v", err)
		}
		p.Leave()
		ctx, cancel := context.WithCancel(With(t.Context(), &Pass{set: s, way: s.lanes[Compose]}))
		cancel()
		if _, err := Computes(ctx, Judge); letterlock.CodeOf(err) != letterlock.Busy || !errors.Is(err, context.Canceled) {
			t.Errorf("who has gone: %v", err)
		}
		time.Sleep(time.Hour)
		if most.Load() != 2 || judging.Load() != 0 || s.free != 3 || len(s.lanes[Judge].line) != 0 {
			t.Errorf("%d at most, %d still, %d shares, %d wait", most.Load(), judging.Load(), s.free, len(s.lanes[Judge].line))
		}
		for _, leave := range lasts {
			leave()
		}
	})
}

func TestWhoComputesAlreadyTakesNoSecondShare(t *testing.T) {
	s := New(1)
	p, err := s.Enter(t.Context(), Submit)
	if err != nil {
		t.Fatal(err)
	}
	for name, ctx := range map[string]context.Context{"a mail program": With(t.Context(), p), "no lane": t.Context()} {
		free := s.free
		done, err := Computes(ctx, Judge)
		if err != nil || s.free != free || s.lanes[Judge].in != 0 {
			t.Errorf("%s: %v, %d of %d shares are left", name, err, s.free, free)
		}
		done()
	}
}
