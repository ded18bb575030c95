package web

import (
	"net/http"
	"net/url"

	"github.com/gorilla/sessions"
	"github.com/labstack/echo/v4"

	"letterlock/internal/access"
	"letterlock/internal/letterlock"
	"letterlock/views"
)

// askNameField is that of the tick in Compose, and in the form of a rule, by which each
// reader is asked for a name.
const askNameField = "ask-name"

// askingName adds to a demand the name of each reader, if that is ticked.
func askingName(d letterlock.Demand, ticked string) letterlock.Demand {
	if ticked == "" {
		return d
	}
	return d.And(letterlock.ByName)
}

// nameRoutes are where a recipient who has proved all else says who reads, where the sender
// asks for it.
func (s *Server) nameRoutes() {
	s.get(reader, "/read/:id/name", s.namePage)
	s.post(reader, "/read/:id/name", s.giveName)
}

func nameURL(id letterlock.ID) string { return "/read/" + url.PathEscape(string(id)) + "/name" }

// unnamed finds the message that asks who reads, whether that was said already or not:
// another may sit there now. Where nothing is asked the browser goes on to the message, and
// done is true.
func (s *Server) unnamed(c echo.Context) (g access.Gate, done bool, err error) {
	by := actor(c)
	by.Called = ""
	return s.awaiting(c, by, letterlock.GiveName)
}

func (s *Server) namePage(c echo.Context) error {
	g, done, err := s.unnamed(c)
	if done || err != nil {
		return err
	}
	name := ""
	if by := actor(c); by.Called == "" && by.Within("") {
		if name, err = s.Browsers.Called(c.Request().Context(), s.remembered(c), by.Address); err != nil {
			return err
		}
	}
	return s.askName(c, http.StatusOK, g, name, "")
}

// askName shows the page, with what was typed and what is wrong with it.
func (s *Server) askName(c echo.Context, status int, g access.Gate, typed, wrong string) error {
	setPolicy(c, policyEnd)
	return s.show(c, status, views.ReaderNamePage(views.ReaderName{
		Page: s.page(c), From: personOf(g.Message.Writer()), Name: typed, Error: wrong, URL: nameURL(g.Message.ID),
	}))
}

// giveName keeps for the session what was typed, and with the browser if it is remembered.
// It proves nothing, and opens nothing that is not open to the mailbox anyhow.
func (s *Server) giveName(c echo.Context) error {
	g, done, err := s.unnamed(c)
	if done || err != nil {
		return err
	}
	fields, err := form(c)
	if err != nil {
		return err
	}
	p, typed := s.speaker(c), fields.Get("name")
	called, err := letterlock.ParseCalled(typed)
	switch letterlock.KeyOf(err) {
	case letterlock.NoName:
		return s.askName(c, http.StatusUnprocessableEntity, g, "", p.Text("name.missing"))
	case letterlock.LongName:
		return s.askName(c, http.StatusUnprocessableEntity, g, bounded(typed, 4*letterlock.MaxCalled), p.Text("name.long"))
	}
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	err = s.renewSession(c, func(id string) (string, error) { return s.Sessions.Call(ctx, id, called) })
	if err != nil {
		return err
	}
	if err := s.Browsers.Call(ctx, actor(c), s.remembered(c), called); err != nil {
		return err
	}
	return toMessage(c, g)
}

// renewSession notes something in the reader's session, which gets a new id from that.
func (s *Server) renewSession(c echo.Context, note func(id string) (next string, err error)) error {
	name := s.sessions.name(readerCookie)
	sess, err := s.sessions.Get(c.Request(), name)
	if err != nil {
		return err
	}
	if sess.ID, err = note(sess.ID); err != nil {
		return err
	}
	c.SetCookie(sessions.NewCookie(name, sess.ID, sess.Options))
	return nil
}
