package web

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/live"
)

// liveWithin is how long a test waits for an event.
const liveWithin = 10 * time.Second

// serve has the world answer on a real connection, for as long as the test runs.
func (w *world) serve() *httptest.Server {
	w.t.Helper()
	ts := httptest.NewUnstartedServer(w.server.Handler())
	ts.Config.RegisterOnShutdown(w.server.Stop)
	ts.Start()
	w.t.Cleanup(ts.Close)
	return ts
}

// events opens a stream as the browser would. What comes is on the channel, which
// is closed when the stream ends.
func (b *browser) events(ts *httptest.Server, path string) (<-chan string, *http.Response, func()) {
	b.w.t.Helper()
	ctx, cancel := context.WithCancel(b.w.t.Context())
	b.w.t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, ts.URL+path, nil)
	if err != nil {
		b.w.t.Fatal(err)
	}
	r.Host = b.host
	r.Header.Set("Accept", "text/event-stream")
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	answer, err := ts.Client().Do(r)
	if err != nil {
		b.w.t.Fatal(err)
	}
	come := make(chan string, 1000)
	go func() {
		defer close(come)
		defer answer.Body.Close()
		for s := bufio.NewScanner(answer.Body); s.Scan(); {
			if name, ok := strings.CutPrefix(s.Text(), "event: "); ok {
				come <- name
			}
		}
	}()
	return come, answer, cancel
}

// wait waits for an event; before it, only signs of life may come. The event ""
// is the end of the stream.
func wait(t *testing.T, come <-chan string, want string) {
	t.Helper()
	late := time.NewTimer(liveWithin)
	defer late.Stop()
	for {
		select {
		case got := <-come:
			if got == want {
				return
			}
			if got != eventAlive {
				t.Fatalf("event %q, want %q", got, want)
			}
		case <-late.C:
			t.Fatalf("no event %q within %v", want, liveWithin)
		}
	}
}

func TestOpenPageIsToldTheMomentAccessIsTakenAway(t *testing.T) {
	w := newWorld(t) // its clock stands, so that no tick can be what tells
	id := w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser()
	path := b.prove(marta)
	ts := w.serve()
	first, answer, _ := b.events(ts, path+"/live")
	second, _, _ := b.events(ts, path+"/live")
	for name, want := range map[string]string{"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"} {
		if got := answer.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	wait(t, first, eventAlive)
	wait(t, second, eventAlive)
	if err := w.server.Access.Revoke(t.Context(), w.actors[ada], id, ""); err != nil {
		t.Fatal(err)
	}
	for _, come := range []<-chan string{first, second} {
		wait(t, come, eventEnded)
		wait(t, come, "")
	}
	if a := b.get(path + "/live"); a.status != 410 || a.heading() != revoked {
		t.Errorf("asked after the revocation: %d %q", a.status, a.heading())
	}
}

func TestOpenPageIsToldOfOtherEnds(t *testing.T) {
	tests := []struct {
		name string
		end  func(*world, *browser)
		want string
	}{
		{"expiry", func(w *world, _ *browser) { w.clock.advance(30 * time.Minute) }, eventEnded},
		{"sign-out in another tab", func(_ *world, b *browser) { b.post("/portal/sign-out", nil) }, eventEnded},
		{"idle session", func(w *world, _ *browser) { w.clock.advance(-time.Minute); w.clock.advance(62 * time.Minute) }, eventEnded},
		{"stop of the server", func(w *world, _ *browser) { w.server.Stop(); w.server.Stop() }, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.server.liveTick = 5 * time.Millisecond
			e := intake.Envelope{Recipients: []letterlock.Address{marta}}
			if tt.name == "expiry" {
				e.Expires = w.clock.Now().Add(20 * time.Minute)
			}
			w.submit(ada, e, mail(ada, marta))
			b := w.browser()
			path := b.prove(marta)
			come, _, _ := b.events(w.serve(), path+"/live")
			wait(t, come, eventAlive)
			wait(t, come, eventAlive) // and goes on
			tt.end(w, b)
			wait(t, come, tt.want)
		})
	}
}

func TestStreamIsGivenBackWhenTheBrowserGoes(t *testing.T) {
	w := newWorld(t, liveSent)
	w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser().signIn(ada)
	path := b.prove(marta)
	ts := w.serve()
	var streams []<-chan string
	var leave []func()
	for _, url := range []string{path + "/live", "/sent/live"} {
		come, _, cancel := b.events(ts, url)
		wait(t, come, eventAlive)
		streams, leave = append(streams, come), append(leave, cancel)
	}
	if n := w.server.streams.open(); n != 2 {
		t.Errorf("%d streams open, want 2", n)
	}
	for i, come := range streams {
		leave[i]()
		for range come {
		}
	}
	ts.Close() // waits for the handlers
	if n := w.server.streams.open(); n != 0 || !w.server.Live.Idle() {
		t.Errorf("%d streams are still open, or somebody still listens", n)
	}
}

func TestStreamsAreBounded(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.MaxLive = maxLiveByOne + 1 })
	w.send(ada, letterlock.EncryptOnly, marta)
	w.send(ada, letterlock.EncryptOnly, jonas)
	ts := w.serve()
	one, other := w.browser(), w.browser()
	path, otherPath := one.prove(marta), other.prove(jonas)
	open := func(b *browser, path string, want int) {
		t.Helper()
		if _, answer, _ := b.events(ts, path+"/live"); answer.StatusCode != want {
			t.Errorf("stream: %d, want %d", answer.StatusCode, want)
		}
	}
	for range maxLiveByOne {
		open(one, path, 200)
	}
	open(one, path, 503)
	open(other, otherPath, 200)
	open(other, otherPath, 503)
	if a := other.get(otherPath + "/live"); a.status != 204 {
		t.Errorf("a page without a stream asks: %d, want 204", a.status)
	}
}

func TestSentFolderHearsOfChangesOnce(t *testing.T) {
	hub := &live.Hub{}
	w := newWorld(t, func(o *Options) { o.Live = hub })
	ts := w.serve()
	come, _, _ := w.browser().signIn(ada).events(ts, "/sent/live")
	others, _, _ := w.browser().signIn(eve).events(ts, "/sent/live")
	wait(t, come, eventAlive)
	wait(t, others, eventAlive)
	start := time.Now()
	for range 100 {
		hub.Publish(string(ada))
	}
	wait(t, come, eventChanged)
	hub.Publish(string(ada))
	wait(t, come, eventChanged)
	if took := time.Since(start); took < changedEvery {
		t.Errorf("two words of change within %v, want %v between them", took, changedEvery)
	}
	hub.Publish(string(eve))
	wait(t, others, eventChanged)
	select {
	case got := <-come:
		t.Errorf("another %q, though there was no other change", got)
	default:
	}
}

func TestSentFolderIsNotLiveWithoutAHub(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(ada)
	if a := b.get("/sent/live"); a.status != 404 {
		t.Errorf("GET /sent/live: %d, want 404", a.status)
	}
	if a := b.get("/sent"); strings.Contains(a.body, "/sent/live") || strings.Contains(a.body, "sent.js") {
		t.Error("the page would ask for what is not there")
	}
}

func TestOpenPageKeepsNoSessionFromEnding(t *testing.T) {
	w := newWorld(t, liveSent)
	w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser().signIn(ada)
	path := b.prove(marta)
	for range 4 {
		w.clock.advance(20 * time.Minute)
		for _, p := range []string{path + "/live", path + "?refresh=1", path + "/body?refresh=1"} {
			b.get(p)
		}
	}
	if a := b.get(path); a.status != 403 {
		t.Errorf("message after 80 minutes in which only the page asked: %d, want 403", a.status)
	}
	b.header.Set(liveHeader, "1")
	for range 13 {
		w.clock.advance(time.Hour)
		b.get("/sent")
	}
	if a := b.get("/sent"); a.status != http.StatusSeeOther {
		t.Errorf("Sent after 13 hours in which only the page asked: %d, want 303", a.status)
	}
}

func TestRequestWhoseClientHasLeftIsNoFault(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser()
	path := b.prove(marta)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, path+"/live", nil)
	r.Host = b.host
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w.server.Handler().ServeHTTP(httptest.NewRecorder(), r)
	log := w.log.String()
	if !strings.Contains(log, "left=true") || strings.Contains(log, "level=WARN") || strings.Contains(log, "level=ERROR") {
		t.Errorf("the log says:\n%s", log)
	}
}
