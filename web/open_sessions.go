package web

import (
	"net/http"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"letterlock/internal/letterlock"
	"letterlock/views"
)

// ownSessions is the part about sessions of whoever looks after their account.
func (s *Server) ownSessions(c echo.Context) (templ.Component, error) {
	v, err := s.openSessions(c, actor(c).Address, "/account")
	if len(v.Rows) > 1 {
		v.EndOthersURL = "/account/sessions/end-others"
	}
	return views.OpenSessionsSection(s.words(c), v), err
}

// openSessions lists those of an account, whose page is at to.
func (s *Server) openSessions(c echo.Context, of letterlock.Address, to string) (v views.OpenSessions, err error) {
	here, err := s.sessionID(c)
	if err != nil {
		return v, err
	}
	list, err := s.Sessions.Open(c.Request().Context(), actor(c), of, here)
	for _, o := range list {
		row := views.OpenSession{Agent: o.Agent, From: o.IP, Here: o.Here, Begun: s.speaker(c).when(o.Begun), Seen: s.speaker(c).when(o.Seen)}
		if !o.Here {
			row.EndURL = to + "/sessions/" + string(o.ID) + "/end"
		}
		v.Rows = append(v.Rows, row)
	}
	return v, err
}

// endOwnSession ends a session of one's own.
func (s *Server) endOwnSession(c echo.Context) error {
	return s.endNamed(c, actor(c).Address, "/account/security")
}

// endOneSession does it for an administrator.
func (s *Server) endOneSession(c echo.Context) error {
	of, err := ownerOf(c)
	if err != nil {
		return err
	}
	return s.endNamed(c, of, accountURL(of))
}

func (s *Server) endNamed(c echo.Context, of letterlock.Address, back string) error {
	id, err := letterlock.ParseID(c.Param("id"))
	if err == nil {
		err = s.Sessions.EndNamed(c.Request().Context(), actor(c), of, id)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, back+"?done=session")
}

// endOtherSessions ends all sessions of whoever asks but this one.
func (s *Server) endOtherSessions(c echo.Context) error {
	here, err := s.sessionID(c)
	if err == nil {
		err = s.Sessions.EndOthers(c.Request().Context(), actor(c), here)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/account/security?done=sessions")
}
