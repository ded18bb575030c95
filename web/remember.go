package web

import (
	"net/http"
	"time"

	"github.com/gorilla/sessions"
	"github.com/labstack/echo/v4"

	"letterlock/internal/letterlock"
	"letterlock/internal/session"
	"letterlock/views"
)

// remembered returns the id by which the browser may be remembered, or "".
func (s *Server) remembered(c echo.Context) string {
	cookie, err := c.Cookie(s.sessions.name(rememberedCookie))
	if err != nil || !isSecret(cookie.Value) {
		return ""
	}
	return cookie.Value
}

// rememberFor is how long a browser can be remembered; empty: it cannot.
func (s *Server) rememberFor(c echo.Context) string {
	if s.Browsers.Lasts <= 0 {
		return ""
	}
	return s.words(c).Length(s.Browsers.Lasts)
}

// remember remembers the browser in which a mailbox has just been proved, if that
// can be asked for. Its cookie outlives the closing of the browser.
func (s *Server) remember(c echo.Context, a letterlock.Address, proof letterlock.Proof) error {
	if s.Browsers.Lasts <= 0 {
		return nil
	}
	by := actor(c)
	by.Kind, by.Address, by.Proof = letterlock.Reader, a, proof
	id, err := s.Browsers.Remember(c.Request().Context(), by, s.remembered(c))
	if err != nil {
		return err
	}
	options := s.sessions.options()
	options.MaxAge = int(s.Browsers.Lasts / time.Second)
	c.SetCookie(sessions.NewCookie(s.sessions.name(rememberedCookie), id, options))
	return nil
}

// continueRemembered signs in as the recipient of a link who has proved their
// mailbox in this browser before. It proves no more than a passcode does: what they
// may read is decided behind it.
func (s *Server) continueRemembered(c echo.Context) error {
	g, done, err := s.link(c)
	if done || err != nil {
		return err
	}
	if s.Access.Asks(g.Message).Proofs() != letterlock.NoDemand {
		return c.Redirect(http.StatusSeeOther, linkOf(c)) // where it is said why
	}
	a := g.Recipient.Mailbox.Address
	proof, err := s.Browsers.Prove(c.Request().Context(), s.remembered(c), a, g.Message.ID, actor(c))
	if err != nil && letterlock.CodeOf(err) == letterlock.NotFound {
		return c.Redirect(http.StatusSeeOther, linkOf(c)+"?"+forgotten)
	}
	if err != nil {
		return err
	}
	if err := s.startSession(c, letterlock.Actor{Kind: letterlock.Reader, Address: a, Proof: proof}); err != nil {
		return err
	}
	return toMessage(c, g)
}

// readerSession is the id of the reader's session in this browser.
func (s *Server) readerSession(c echo.Context) string {
	cookie, err := c.Cookie(s.sessions.name(readerCookie))
	if err != nil {
		return ""
	}
	return cookie.Value
}

// forgetBrowser forgets one browser of the reader.
func (s *Server) forgetBrowser(c echo.Context) error {
	id, err := letterlock.ParseID(c.Param("browser"))
	if err != nil {
		return err
	}
	if err := s.Browsers.Forget(c.Request().Context(), actor(c), s.readerSession(c), id); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/messages")
}

// forgetBrowsers forgets all of them.
func (s *Server) forgetBrowsers(c echo.Context) error {
	if err := s.Browsers.ForgetAll(c.Request().Context(), actor(c), s.readerSession(c)); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/messages")
}

// myBrowsers are the browsers that are remembered for the reader.
func (s *Server) myBrowsers(c echo.Context) ([]views.MyBrowser, error) {
	list, err := s.Browsers.List(c.Request().Context(), actor(c), s.remembered(c))
	if err != nil {
		return nil, err
	}
	var rows []views.MyBrowser
	for _, b := range list {
		rows = append(rows, s.speaker(c).myBrowser(b))
	}
	return rows, nil
}

func (p speaker) myBrowser(b session.Browser) views.MyBrowser {
	row := views.MyBrowser{
		Name: b.Agent, Here: b.Here, First: p.brief(b.Created), Last: p.brief(b.Seen), Until: p.day(b.Expires),
		ForgetURL: "/messages/browsers/" + string(b.ID) + "/forget",
	}
	if row.Name == "" {
		row.Name = p.Text("browsers.unknown")
	}
	return row
}
