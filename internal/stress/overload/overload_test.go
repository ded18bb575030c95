package overload

import (
	"database/sql"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	_ "modernc.org/sqlite" // to look at what the server has kept, when it is gone
)

// A plan is how long everything takes, and what is asked for.
type plan struct {
	messages        int // that there are before
	mailers         int // SMTP connections; each signs in, which takes long
	peak, each      time.Duration
	times           []float64 // of the peak
	goodput         float64   // of the peak, at the most that comes
	recovers        time.Duration
	revokes         time.Duration // p99
	control, strict bool          // strict: what is asked for in figures counts
}

func planOf() plan {
	if os.Getenv("LETTERLOCK_STRESS") == "1" {
		return plan{messages: 4000, mailers: 152, peak: 15 * time.Second, each: 60 * time.Second, times: []float64{1, 2, 5, 10},
			goodput: .8, recovers: 30 * time.Second, revokes: time.Second, control: true, strict: true}
	}
	// Beside all other tests on the same machine a time says nothing: this is for
	// what must never be, mail that is lost and a page that says revoked.
	return plan{messages: 100, mailers: 8, peak: time.Second, each: 2 * time.Second, times: []float64{1, 10}}
}

func TestUnderTenTimesTheLoadTheServerDoesWhatItCan(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("how much of the processor a process takes is known on Linux only")
	}
	pl := planOf()
	folder := t.TempDir()
	p := start(t, folder, pl, false)
	t.Logf("server: %s, of %d cores", holdTo(t, p.pid), runtime.NumCPU())
	p.closed("warm-up", 16, pl.peak/2)
	peak := p.closed("peak, 16 at once", 16, pl.peak)
	t.Log(peak)
	var first, worst *leg
	for _, n := range pl.times {
		worst = p.leg(peak.goodput(), n, pl.each)
		if first == nil {
			first = worst
		}
		if got := worst.quantile(.99, ofRevoke); pl.strict && got > pl.revokes {
			t.Errorf("under %v times the peak a revocation takes %v (p99), want %v", n, round(got), pl.revokes)
		}
	}
	after := p.leg(peak.goodput(), 1, max(pl.each, pl.recovers))
	if pl.strict {
		if got := worst.goodput() / peak.goodput(); got < pl.goodput {
			t.Errorf("under the most load %.0f %% of the peak is done, want %.0f %%", 100*got, 100*pl.goodput)
		}
		recovery(t, first, after, pl.recovers)
	}
	p.judge(folder)
	if pl.control {
		control(t, peak.goodput(), worst, pl)
	}
}

// leg has so many times the peak come.
func (p *people) leg(peak, times float64, d time.Duration) *leg {
	p.t.Helper()
	name := map[float64]string{1: "the peak", 2: "twice the peak", 5: "5 times the peak", 10: "10 times the peak"}[times]
	l := p.open(name, peak*times, d)
	p.t.Log(l)
	p.t.Log("    good: " + l.byKind())
	return l
}

// recovery says when times were again as they were before the rush.
func recovery(t *testing.T, first, after *leg, within time.Duration) {
	t.Helper()
	p50, p99 := first.quantile(.5, ofOthers), first.quantile(.99, ofOthers)
	const step = 5 * time.Second
	for from := time.Duration(0); from+step <= within; from += step {
		part := after.within(from, from+step)
		if part.quantile(.5, ofOthers) <= 2*p50 && part.quantile(.99, ofOthers) <= 2*p99 && part.goodput() >= .9*first.goodput() {
			t.Logf("everything is as before the rush within %v after it", from+step)
			return
		}
	}
	t.Errorf("%v after the rush the server is not as before: p50 %s, p99 %s, and now %s", within, round(p50), round(p99), after)
}

// judge looks, when the server is gone, for what must never be.
func (p *people) judge(folder string) {
	p.t.Helper()
	p.leave()
	p.end()
	kept := map[string]bool{}
	db, err := sql.Open("sqlite", filepath.Join(folder, "data", "letterlock.db"))
	check(p.t, err)
	defer db.Close()
	rows, err := db.Query("SELECT message_id FROM messages WHERE status = 'accepted'")
	check(p.t, err)
	defer rows.Close()
	for rows.Next() {
		var id string
		check(p.t, rows.Scan(&id))
		kept[id] = true
	}
	check(p.t, rows.Err())
	lost := 0
	for _, id := range p.accepted {
		if !kept[id] {
			lost++
		}
	}
	p.t.Logf("%d mails were accepted, %d of them are lost; %d pages said wrongly that a message was revoked", len(p.accepted), lost, p.wrong)
	if lost > 0 || p.wrong > 0 || len(p.accepted) == 0 {
		p.t.Error("none may be lost, and no page may say so")
	}
	if p.unlike != nil {
		p.t.Errorf("an answer that nobody should get: %v", p.unlike)
	}
}

// control shows that the figures are the lanes' doing.
func control(t *testing.T, peak float64, with *leg, pl plan) {
	t.Helper()
	p := start(t, t.TempDir(), pl, true)
	t.Logf("control, without lanes: %s", holdTo(t, p.pid))
	p.closed("warm-up", 16, pl.peak/2)
	l := p.leg(peak, pl.times[len(pl.times)-1], pl.each)
	if l.goodput() > .8*with.goodput() && l.quantile(.99, ofRevoke) < pl.revokes {
		t.Errorf("without lanes nearly as much is done, and revocations are as fast: this test proves nothing")
	}
	p.leave()
	p.end()
}
