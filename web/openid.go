package web

import (
	"net/http"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"letterlock/internal/access"
	"letterlock/internal/letterlock"
	"letterlock/internal/vouch"
	"letterlock/views"
)

// openIDRoutes are how recipients prove a mailbox by the word of an OpenID provider.
func (s *Server) openIDRoutes() {
	s.post(holder, "/m/:token/openid", s.askProvider)
	s.post(reader, "/read/:id/prove/openid", s.askProvider)
	// Open: it is what the browser brings that says whose link it belongs to.
	s.get(open, "/portal/openid/:provider", s.fromProvider)
}

// providersFor are the providers that could vouch for whom a link belongs to. The brand of
// the message may want none.
func (s *Server) providersFor(c echo.Context, g access.Gate) views.Providers {
	v := views.Providers{URL: linkOf(c) + "/openid", Remember: s.rememberFor(c)}
	if !s.Brands.Provider(g.Message.Brand) {
		return v
	}
	for _, o := range s.Vouch.For(g.Recipient.Mailbox.Address) {
		v.List = append(v.List, views.Provider{ID: o.ID, Name: o.Name})
	}
	return v
}

// askProvider sends the browser to a provider. Where none can be asked, the gate says so.
func (s *Server) askProvider(c echo.Context) error {
	g, done, err := s.link(c)
	if done || err != nil {
		return err
	}
	fields, err := form(c)
	if err != nil {
		return err
	}
	known, anew, err := s.asksAnew(c, g)
	if err != nil {
		return err
	}
	id := fields.Get("provider")
	to, err := s.Vouch.Begin(c.Request().Context(), vouch.Ask{
		Provider: id, Recipient: g.Recipient.ID, Browser: s.nameBrowser(c), Link: linkOf(c),
		Fresh: anew && s.Access.Asks(g.Message).Fresh(), Hint: known || proved(c), Remember: fields.Get("remember") == "yes", IP: c.RealIP(),
	})
	if says := s.speaker(c).openIDSays(vouch.Outcome{Key: letterlock.KeyOf(err), Provider: s.Vouch.Name(id)}, ""); err != nil && says != "" {
		c.Set(errorKey, err)
		setPolicy(c, policyEnd)
		setRetryAfter(c, tryAgain)
		return s.showGate(c, g, http.StatusServiceUnavailable, says)
	}
	if err != nil {
		return err
	}
	return s.leaveFor(c, views.LeavingPage(views.Leaving{Page: s.page(c), Name: s.Vouch.Name(id), URL: to, BackURL: linkOf(c)}), to)
}

// leaveFor shows the page from which the browser goes on to a provider. A redirect would
// not do: to Chromium it is where the form leads, and our policy lets forms lead to us
// alone, however many hosts a provider has behind its first one.
func (s *Server) leaveFor(c echo.Context, page templ.Component, to string) error {
	setPolicy(c, policyEnd)
	c.Response().Header().Set("Refresh", "0; url="+to)
	return s.show(c, http.StatusOK, page)
}

// fromProvider takes what a browser brings back from a provider, and signs it in if that
// proves the mailbox. Nothing that was brought stays in the address bar.
func (s *Server) fromProvider(c echo.Context) error {
	if c.Request().Method == http.MethodHead {
		return &letterlock.Error{Code: letterlock.NotFound} // a question has one answer, and this is none
	}
	by := actor(c)
	by.IP = s.ReaderIP.Of(c.RealIP())
	c.Set(actorKey, by)
	r, err := s.Vouch.Finish(c.Request().Context(), c.Param("provider"), s.browser(c), c.QueryParams(), by)
	if err != nil {
		return err
	}
	if r.Link == "" {
		return c.Redirect(http.StatusSeeOther, providersURL+"?"+triedQuery+string(r.ID))
	}
	if r.Reader == nil {
		return c.Redirect(http.StatusSeeOther, r.Link+"?"+openIDQuery+string(r.ID))
	}
	if err := s.startSession(c, *r.Reader); err != nil {
		return err
	}
	if r.Remember {
		if err := s.remember(c, r.Reader.Address, r.Reader.Proof); err != nil {
			return err
		}
	}
	return c.Redirect(http.StatusSeeOther, "/read/"+string(r.Message))
}

// cameOf is what the gate says of a sign-in at a provider. It says it to the browser
// that was there, and to no other.
func (s *Server) cameOf(c echo.Context, g access.Gate) (string, error) {
	id, err := letterlock.ParseID(c.QueryString()[len(openIDQuery):])
	if err != nil {
		return "", nil // anybody can type an address
	}
	o, err := s.Vouch.Outcome(c.Request().Context(), id, g.Recipient.ID, s.browser(c))
	if err != nil && letterlock.CodeOf(err) == letterlock.NotFound {
		return "", nil
	}
	return s.speaker(c).openIDSays(o, g.Recipient.Mailbox.Address.Masked()), err
}
