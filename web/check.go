package web

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"letterlock/internal/letterlock"
	"letterlock/internal/ratelimit"
	"letterlock/views"
)

// References that one network may look up: as many as passcodes it may ask for. It keeps
// work away, and makes guessing slow that would tell nothing; so it may forget with the
// program, as a limit of passcodes may not.
const (
	checksAtOnce = 20
	checksEvery  = 2 * time.Minute
	checkers     = 10_000
)

// checkPage asks for the reference of a notification.
func (s *Server) checkPage(c echo.Context) error {
	return s.showCheck(c, http.StatusOK, views.Check{})
}

// check tells whether a message with a reference was sent, and on which day. That is all
// that can be learned here, and what was destroyed is as unknown as what never was.
func (s *Server) check(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	p := s.speaker(c)
	v := views.Check{Reference: bounded(f.Get("reference"), 40)}
	if ok, wait := s.checks.Allow(ratelimit.IPKey(c.RealIP())); !ok {
		setRetryAfter(c, wait)
		v.Error = p.Text("check.tooMany", "Wait", p.wait(wait))
		return s.showCheck(c, http.StatusTooManyRequests, v)
	}
	at, err := s.Access.Sent(c.Request().Context(), f.Get("reference"))
	switch letterlock.CodeOf(err) {
	case letterlock.NotFound:
		v.Unknown = true
	case letterlock.Invalid:
		v.Error = p.Text("check.invalid")
		return s.showCheck(c, http.StatusUnprocessableEntity, v)
	default:
		if err != nil {
			return err
		}
		// The day, for machines too: a second would tell one message from another.
		at = at.In(s.Location)
		v.Sent = views.Time{ISO: at.Format(time.DateOnly), Text: p.WeekdayDate(at)}
	}
	return s.showCheck(c, http.StatusOK, v)
}

func (s *Server) showCheck(c echo.Context, status int, v views.Check) error {
	v.Page, v.NoTLS = s.page(c), !s.secure
	return s.show(c, status, views.CheckPage(v))
}
