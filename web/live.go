package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"letterlock/internal/letterlock"
)

// How open pages are kept live.
const (
	liveTick     = 5 * time.Second        // between two looks at whether the page may stay
	liveBeats    = 3                      // ticks from one sign of life to the next
	liveTime     = time.Hour              // that one stream lasts; the page then opens another
	liveWrite    = 10 * time.Second       // that a browser may take over one event
	changedEvery = 500 * time.Millisecond // between two words of change
)

// Events that pages are sent. They carry nothing: a page that is told asks.
const (
	eventAlive   = "alive"   // what the page shows, its reader may still see
	eventEnded   = "ended"   // they may not, or are no longer signed in
	eventChanged = "changed" // something of what it shows is different now
)

// readLive tells the page of a message for how long its reader may see it: as a
// stream of events, or for whoever does not take one by the status of the answer,
// which is that of the page.
func (s *Server) readLive(c echo.Context) error {
	id, err := letterlock.ParseID(c.Param("id"))
	if err != nil {
		return err
	}
	lease, err := s.Access.Watch(c.Request().Context(), actor(c), id)
	if err != nil {
		return err
	}
	defer lease.Release()
	quote, err := s.watchQuote(c)
	if err != nil {
		return err
	}
	if quote == nil {
		return s.keepLive(c, subject{cut: lease.Cut(), lasts: lease.Live})
	}
	defer quote.Release()
	lasts := func() bool { return lease.Live() && quote.Live() }
	return s.keepLive(c, subject{cut: either(c.Request().Context(), lease.Cut(), quote.Cut()), lasts: lasts})
}

// sentLive tells the Sent folder when one of its messages has changed.
func (s *Server) sentLive(c echo.Context) error {
	if s.Live == nil {
		return &letterlock.Error{Code: letterlock.NotFound}
	}
	changes, cancel := s.Live.Subscribe(string(actor(c).Address))
	defer cancel()
	return s.keepLive(c, subject{lasts: func() bool { return true }, changes: changes})
}

// sentLiveURL is where the Sent folder hears of changes, if it does.
func (s *Server) sentLiveURL() string {
	if s.Live == nil {
		return ""
	}
	return "/sent/live"
}

// A subject is what a stream tells of.
type subject struct {
	cut     <-chan struct{} // closed: the page may no longer be seen; may be nil
	lasts   func() bool     // whether it may still be seen
	changes <-chan struct{} // may be nil
}

// keepLive answers with a stream of events about the subject, or says once that
// all is well.
func (s *Server) keepLive(c echo.Context, about subject) error {
	if r := c.Request(); r.Method == http.MethodHead || !strings.Contains(r.Header.Get("Accept"), "text/event-stream") {
		return c.NoContent(http.StatusNoContent)
	}
	session, err := s.sessionID(c)
	if err != nil {
		return err
	}
	if !s.streams.enter(session) {
		return &letterlock.Error{Code: letterlock.Busy} // the page asks instead
	}
	defer s.streams.leave(session)
	st := &stream{c: c, control: http.NewResponseController(c.Response())}
	st.begin()
	s.run(st, session, about)
	return nil
}

// run tells of the subject until it ends, the browser goes away or the server
// stops. Whatever goes wrong ends the stream without a word: a page that has lost
// it asks, and is answered by those who can say why.
func (s *Server) run(st *stream, session string, about subject) {
	ctx := st.c.Request().Context()
	tick := time.NewTicker(s.liveTick)
	defer tick.Stop()
	var pause <-chan time.Time // until the next word of change
	changes := about.changes
	err := st.send(eventAlive)
	for n := 0; err == nil; {
		select {
		case <-ctx.Done():
			return
		case <-s.stopping:
			return
		case <-about.cut:
			_ = st.send(eventEnded) // if the browser is gone, all the better
			return
		case <-changes:
			err = st.send(eventChanged)
			changes, pause = nil, time.After(changedEvery)
		case <-pause:
			changes, pause = about.changes, nil
		case <-tick.C:
			if !about.lasts() {
				_ = st.send(eventEnded)
				return
			}
			if n++; n%liveBeats == 0 {
				err = s.beat(ctx, st, session)
			}
		}
	}
}

// errEnded ends a stream whose page has been told.
var errEnded = errors.New("the session has ended")

// beat gives a sign of life, if whoever opened the page is still signed in.
func (s *Server) beat(ctx context.Context, st *stream, session string) error {
	who, err := s.Sessions.Peek(ctx, session)
	if r := ruleOf(st.c); err == nil && r.ofStaff() {
		var by letterlock.Actor
		if by, err = s.Accounts.Actor(ctx, who.Address); err == nil && !by.Is(roles[r]) {
			err = errRole
		}
	}
	switch letterlock.CodeOf(err) {
	case letterlock.NotFound, letterlock.Denied:
		_ = st.send(eventEnded)
		return errEnded
	}
	if err != nil {
		return err
	}
	return st.send(eventAlive)
}

// sessionID is the session in which the page was opened.
func (s *Server) sessionID(c echo.Context) (string, error) {
	cookie := readerCookie
	if ruleOf(c).ofStaff() {
		cookie = staffCookie
	}
	sess, err := s.sessions.Get(c.Request(), s.sessions.name(cookie))
	if err != nil {
		return "", err
	}
	return sess.ID, nil
}

// A stream is one answer that consists of events as they happen.
type stream struct {
	c       echo.Context
	control *http.ResponseController
}

func (st *stream) begin() {
	h := st.c.Response().Header()
	h.Set(echo.HeaderContentType, "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // proxies would otherwise collect events before they pass them on
	st.c.Response().WriteHeader(http.StatusOK)
}

// send writes one event through to the browser. Events without data are not
// passed on to scripts.
func (st *stream) send(event string) error {
	_ = st.control.SetWriteDeadline(time.Now().Add(liveWrite)) // see allowTime
	if _, err := io.WriteString(st.c.Response(), "event: "+event+"\ndata: 1\n\n"); err != nil {
		return err
	}
	return st.control.Flush()
}
