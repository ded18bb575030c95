package web

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"letterlock/internal/lane"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

func TestEveryRouteHasALane(t *testing.T) {
	w := newWorld(t, inDemo, liveSent, withAPI)
	known := map[lane.Name]bool{}
	for _, n := range lane.Names() {
		known[n] = true
	}
	seen := map[target]bool{}
	for _, route := range w.server.Routes() {
		at := target{route.Method, route.Path}
		e := w.server.rules[at]
		seen[target{asGet(route.Method), route.Path}] = true
		if e.rule != program && !known[e.lane] {
			t.Errorf("%s %s is in no lane: give it one in lanes.go", route.Method, route.Path)
		}
	}
	listed := 0
	for _, routes := range inLane {
		listed += len(strings.Split(routes, ", "))
	}
	if listed != len(lanes()) {
		t.Errorf("%d routes are listed, and %d are different", listed, len(lanes()))
	}
	for at := range lanes() {
		if !seen[at] {
			t.Errorf("%s %s has a lane and is no route", at.method, at.path)
		}
	}
}

// crowd fills a lane until the test ends or the returned function is called.
func crowd(t *testing.T, s *lane.Set, n lane.Name) (leave func()) {
	t.Helper()
	var in []*lane.Pass
	for {
		p, err := s.Enter(t.Context(), n)
		if err != nil {
			break
		}
		in = append(in, p)
	}
	return func() {
		for _, p := range in {
			p.Leave()
		}
	}
}

func TestAFullLaneIsAPageThatSaysWhenToTryAgain(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser().as(letterlock.Reader, marta)
	read := "/read/" + string(id)
	leave := crowd(t, w.server.Lanes, lane.Read)
	a := b.get(read)
	if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" {
		t.Fatalf("a full lane answers %d, Retry-After %q", a.status, a.header.Get("Retry-After"))
	}
	if h := a.heading(); h != "We cannot show the message right now" {
		t.Errorf("the heading is %q", h)
	}
	if strings.Contains(a.body, "revoked") || strings.Contains(a.body, string(marta)) {
		t.Errorf("the page says too much:\n%s", a.body)
	}
	if a := b.get("/messages"); a.status != http.StatusOK {
		t.Errorf("the list is answered by %d, and its lane is empty", a.status)
	}
	sender := w.browser().as(letterlock.Staff, ada)
	if a := sender.post("/sent/"+string(id)+"/remove", nil); a.status != http.StatusSeeOther {
		t.Errorf("access is taken away beside a full lane: %d", a.status)
	}
	leave()
	if a := b.get(read); a.status != http.StatusGone {
		t.Errorf("with room again the message is answered by %d", a.status)
	}
}

func TestAPageThatWaitsForTheDiskLeavesTheProcessorToOthers(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser().as(letterlock.Reader, marta)
	p, err := w.server.Lanes.Enter(t.Context(), lane.List) // all that may compute, but one
	if err != nil {
		t.Fatal(err)
	}
	defer p.Leave()
	held, free, answered := make(chan struct{}), make(chan struct{}), make(chan int)
	go func() {
		_ = w.db.Write(context.Background(), func(*store.Tx) error { close(held); <-free; return nil })
	}()
	<-held
	go func() { answered <- b.get("/read/" + string(id)).status }() // which is to be written down first
	for !slices.ContainsFunc(w.server.Lanes.Counts(), func(c lane.Count) bool { return c.Name == lane.Read && c.InFlight == 1 }) {
		time.Sleep(time.Millisecond)
	}
	status := 0
	for range 50 { // until it has come as far as that
		if status = w.browser().get("/sign-in").status; status == http.StatusOK {
			break
		}
	}
	if status != http.StatusOK {
		t.Errorf("while a page waits for the disk, another is answered by %d", status)
	}
	close(free)
	if status := <-answered; status != http.StatusOK {
		t.Errorf("the page that waited is answered by %d", status)
	}
}

// TestTakingAccessAwayGoesFirst has a sender remove access, and wait for the disk, while
// another page has the share of the processor that is left to others.
func TestTakingAccessAwayGoesFirst(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	sender := w.browser().as(letterlock.Staff, ada)
	p, err := w.server.Lanes.Enter(t.Context(), lane.List)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Leave()
	if a := w.browser().get("/sign-in"); a.status != http.StatusOK {
		t.Fatalf("beside one other page, a page is answered by %d", a.status)
	}
	held, free, answered := make(chan struct{}), make(chan struct{}), make(chan int)
	go func() {
		_ = w.db.Write(context.Background(), func(*store.Tx) error { close(held); <-free; return nil })
	}()
	<-held
	go func() { answered <- sender.post("/sent/"+string(id)+"/remove", nil).status }()
	status := 0
	for range 50 { // until it has come as far as that
		if status = w.browser().get("/sign-in").status; status == http.StatusServiceUnavailable {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if status != http.StatusServiceUnavailable {
		t.Errorf("while access is taken away, and beside one other page, a page is answered by %d", status)
	}
	close(free)
	if status := <-answered; status != http.StatusSeeOther {
		t.Errorf("taking access away is answered by %d", status)
	}
}

func TestTheLogSaysOnceThatLanesAreFull(t *testing.T) {
	w := newWorld(t)
	crowd(t, w.server.Lanes, lane.Gate)
	for range 5 {
		w.browser().get("/sign-in")
	}
	if n := strings.Count(w.log.String(), "requests are refused"); n != 1 {
		t.Errorf("%d lines for 5 refusals within a second:\n%s", n, w.log)
	}
}

// TestASlowLineHoldsNoPlace holds a form back half-way: nobody waits for it.
func TestASlowLineHoldsNoPlace(t *testing.T) {
	w := newWorld(t)
	begun, rest := make(chan struct{}), make(chan struct{})
	answered := make(chan int)
	go func() {
		body := &halfway{text: "address=x&password=y", begun: begun, rest: rest}
		answered <- w.browser().do(http.MethodPost, "/sign-in", body, "application/x-www-form-urlencoded").status
	}()
	<-begun
	for _, c := range w.server.Lanes.Counts() {
		if c.InFlight != 0 {
			t.Errorf("%d places of %s are taken by who has not sent anything yet", c.InFlight, c.Name)
		}
	}
	close(rest)
	if got := <-answered; got != http.StatusUnprocessableEntity {
		t.Errorf("the form is answered by %d", got)
	}
}

// A halfway is a body whose second half comes when rest is closed.
type halfway struct {
	text        string
	begun, rest chan struct{}
	half        bool
}

func (h *halfway) Read(p []byte) (int, error) {
	if !h.half {
		h.half = true
		return copy(p, h.text[:4]), nil
	}
	if h.begun != nil {
		close(h.begun)
		h.begun = nil
	}
	<-h.rest
	n := copy(p, h.text[4:])
	return n, io.EOF
}

// TestNobodyTakesAllPlacesOfALane has somebody send many files over lines that stand
// still: a recipient could keep everybody from writing otherwise.
func TestNobodyTakesAllPlacesOfALane(t *testing.T) {
	w := newWorld(t)
	compose := func(by letterlock.Address, body io.Reader) func() answer {
		b := w.browser().as(letterlock.Staff, by)
		return func() answer { return b.do(http.MethodPost, "/compose", body, "multipart/form-data; boundary=x") }
	}
	rest, answered := make(chan struct{}), make(chan int)
	for range maxLinesByOne {
		begun := make(chan struct{})
		slow := compose(ada, &halfway{text: "--x--\r\n", begun: begun, rest: rest})
		go func() { answered <- slow().status }()
		<-begun
	}
	if a := compose(ada, strings.NewReader("--x--\r\n"))(); a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") == "" || a.heading() != "Too many files at the same time" {
		t.Errorf("one more is answered by %d, %q", a.status, a.heading())
	}
	if got := compose(eve, strings.NewReader("--x--\r\n"))().status; got != http.StatusUnprocessableEntity {
		t.Errorf("somebody else is answered by %d", got)
	}
	close(rest)
	for range maxLinesByOne {
		<-answered
	}
	if got := compose(ada, strings.NewReader("--x--\r\n"))().status; got != http.StatusUnprocessableEntity {
		t.Errorf("afterwards it is answered by %d", got)
	}
	if n := w.server.lines.open(); n != 0 {
		t.Errorf("%d are counted still", n)
	}
}
