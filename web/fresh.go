package web

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"strings"
	"time"

	"github.com/gorilla/sessions"
	"github.com/labstack/echo/v4"

	"letterlock/internal/access"
	"letterlock/internal/letterlock"
)

// freshCookie changes with every answer to a reader and means nothing. A browser
// that keeps pages in memory for its Back button throws away those that must not
// be stored as soon as a cookie of theirs, which no script may see, has changed.
const freshCookie = "letterlock-fresh"

// refreshCookie gives the reader's browser a new one.
func (s *Server) refreshCookie(c echo.Context) {
	var b [8]byte
	rand.Read(b[:]) // never fails
	c.SetCookie(sessions.NewCookie(s.sessions.name(freshCookie), hex.EncodeToString(b[:]), s.sessions.options()))
}

// byItselfKey is under which a request's context says that an open page asked by
// itself. That keeps no session from ending: nobody may be sitting there.
type byItselfKey struct{}

func askedByItself(ctx context.Context) bool { return ctx.Value(byItselfKey{}) != nil }

// liveHeader comes with what a page's script asks by itself.
const liveHeader = "Letterlock-Live"

// refreshQuery marks what a page without scripts asks by itself, every
// refreshSeconds.
const (
	refreshQuery   = "refresh=1"
	refreshSeconds = "10"
)

// isRefresh reports whether a page without scripts asks for itself again.
func isRefresh(c echo.Context) bool { return c.QueryParam("refresh") == "1" }

// again is where a page without scripts asks for itself again.
func again(url string) string {
	if strings.Contains(url, "?") {
		return url + "&" + refreshQuery
	}
	return url + "?" + refreshQuery
}

// sameRead is how long after a read a page may refresh itself without being read
// again: no session of a reader lasts longer. The mark is in an address that
// anybody can type, and must not be a way to read without a note.
const sameRead = 12 * time.Hour

// refreshed opens the message for a page that refreshes itself. Access is looked
// at as ever; it is noted only when no read is there that this could belong to.
func (s *Server) refreshed(c echo.Context, id letterlock.ID) (*access.Letter, error) {
	ctx, by := c.Request().Context(), actor(c)
	l, err := s.Access.Open(ctx, by, id)
	if err != nil {
		return nil, err
	}
	noted, err := s.Access.Noted(ctx, by, l, sameRead)
	if noted {
		return l, nil
	}
	l.Close()
	if err != nil {
		return nil, err
	}
	return s.Access.Read(ctx, by, id)
}
