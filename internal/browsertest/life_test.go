package browsertest

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

func TestTabSharesCookiesAndAPageDoesNot(t *testing.T) {
	t.Parallel()
	at := site(t)
	b := New(t)
	first := b.Page(t)
	first.Goto(at + "/cookie")
	second, stranger := first.Tab(t), b.Page(t)
	second.Goto(at + "/cookie")
	stranger.Goto(at + "/cookie")
	if got := second.H1(); got != "again" {
		t.Errorf("the second tab has the cookie %q, want the first one's", got)
	}
	if got := stranger.H1(); got != "none" {
		t.Errorf("another page has the cookie %q, want none", got)
	}
}

func TestLaterMovesThePagesClock(t *testing.T) {
	t.Parallel()
	at := site(t)
	p := New(t).Page(t)
	p.Goto(at + "/")
	var before, after int64
	p.Eval("Date.now()", &before)
	p.Later(time.Hour)
	p.Later(time.Hour)
	p.Eval("Date.now()", &after)
	if moved := time.Duration(after-before) * time.Millisecond; moved < 2*time.Hour || moved > 2*time.Hour+Patience {
		t.Errorf("the clock moved by %v, want two hours", moved)
	}
}

func TestFrozenTabIsToldThatItSlept(t *testing.T) {
	t.Parallel()
	at := site(t)
	p := New(t).Page(t)
	p.Goto(at + "/")
	p.Eval(`window.told = [];
		for (const e of ["freeze", "resume"]) document.addEventListener(e, () => told.push(e));
		document.addEventListener("visibilitychange", () => told.push(document.visibilityState))`, nil)
	p.Freeze(true)
	p.Freeze(false)
	want := []string{"freeze", "hidden", "resume", "visible"}
	var told []string
	p.Eval(fmt.Sprintf(`new Promise(done => { const t = setInterval(() => { if (told.length >= %d) { clearInterval(t); done(told) } }, 20) })`, len(want)), &told)
	slices.Sort(told) // hiding and sleeping come in no order
	if !slices.Equal(told, want) {
		t.Errorf("the page was told %q, want %q", told, want)
	}
}
