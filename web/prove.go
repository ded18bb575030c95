package web

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"letterlock/internal/access"
	"letterlock/internal/letterlock"
	"letterlock/internal/passcode"
	"letterlock/views"
)

// namedQuery marks the page that a browser is sent to with its first cookie: one
// that comes there without the cookie does not keep any.
const namedQuery = "cookie=given"

// askPasscode mails a passcode, or leaves alone the one that is on its way. The
// browser gets a name first: the passcode will work in this one only.
func (s *Server) askPasscode(c echo.Context) error {
	g, done, err := s.link(c)
	if done || err != nil {
		return err
	}
	_, anew, err := s.asksAnew(c, g)
	switch {
	case err != nil:
		return err
	case anew && s.Access.Asks(g.Message).Vouched(), !s.Brands.Passcode(g.Message.Brand):
		return c.Redirect(http.StatusSeeOther, linkOf(c)) // where it is said why
	}
	known := s.browser(c) != ""
	_, err = s.Passcodes.In(s.words(c).Tag()).Ask(c.Request().Context(), g.Recipient.ID, s.nameBrowser(c), c.RealIP())
	if err != nil {
		return err
	}
	to := linkOf(c) + "/passcode"
	if !known {
		to += "?" + namedQuery
	}
	return c.Redirect(http.StatusSeeOther, to)
}

// passcodePage is where the passcode is entered. A browser that waits for none
// begins at the gate.
func (s *Server) passcodePage(c echo.Context) error {
	g, done, err := s.link(c)
	if done || err != nil {
		return err
	}
	if s.browser(c) == "" && c.QueryParam("cookie") == "given" {
		return c.Redirect(http.StatusSeeOther, linkOf(c)+"?"+cookiesOff)
	}
	asked, err := s.pending(c, g)
	if startsOver(err) || !s.Brands.Passcode(g.Message.Brand) {
		return c.Redirect(http.StatusSeeOther, linkOf(c))
	}
	if err != nil {
		return err
	}
	page, err := s.entry(c, g, asked)
	if err != nil {
		return err
	}
	s.addMail(c, g, asked, &page)
	if wait := asked.AgainAt.Sub(s.Now()); wait > 0 {
		switch c.QueryParam("again") {
		case "sent":
			page.SentAgain = true
		case "early":
			page.AgainIn = s.words(c).Length(wait)
		}
	}
	return s.show(c, http.StatusOK, views.PasscodePage(page))
}

// pending returns the passcode that this browser waits for.
func (s *Server) pending(c echo.Context, g access.Gate) (passcode.Asked, error) {
	browser := s.browser(c)
	if browser == "" {
		return passcode.Asked{}, &letterlock.Error{Code: letterlock.NotFound}
	}
	return s.Passcodes.Pending(c.Request().Context(), g.Recipient.ID, browser)
}

// startsOver reports whether there is nothing to enter, and nothing to wait for
// either: this browser never asked, has used its passcode, or used up its tries
// so long ago that it may ask again.
func startsOver(err error) bool {
	return err != nil && (letterlock.CodeOf(err) == letterlock.NotFound ||
		letterlock.KeyOf(err) == "too-many-tries" && letterlock.RetryAfterOf(err) <= 0)
}

// entry is the page for entering a passcode.
func (s *Server) entry(c echo.Context, g access.Gate, asked passcode.Asked) (views.Passcode, error) {
	p := s.speaker(c)
	url, err := s.releaseURL(c, g)
	return views.Passcode{
		Page:      s.page(c),
		To:        p.masked(asked.Address),
		Reference: asked.Reference,
		Left:      p.left(asked.Expires),
		EnterURL:  linkOf(c) + "/verify",
		AgainURL:  linkOf(c) + "/passcode/again",
		Remember:  s.rememberFor(c),

		ReleaseURL: url,
	}, err
}

// resendPasscode mails the living passcode once more. Who is too early sees on
// the page how long to wait.
func (s *Server) resendPasscode(c echo.Context) error {
	g, done, err := s.link(c)
	if done || err != nil {
		return err
	}
	browser := s.browser(c)
	if browser == "" {
		return c.Redirect(http.StatusSeeOther, linkOf(c)+"?"+askHere)
	}
	_, err = s.Passcodes.In(s.words(c).Tag()).Resend(c.Request().Context(), g.Recipient.ID, browser, c.RealIP())
	switch letterlock.KeyOf(err) {
	case "too-soon":
		return c.Redirect(http.StatusSeeOther, linkOf(c)+"/passcode?again=early")
	case passcode.Off:
		return c.Redirect(http.StatusSeeOther, linkOf(c)) // where it is said why
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, linkOf(c)+"/passcode?again=sent")
}

// verifyPasscode checks what was typed and signs the browser in as a reader.
func (s *Server) verifyPasscode(c echo.Context) error {
	g, done, err := s.link(c)
	if done || err != nil {
		return err
	}
	fields, err := form(c)
	if err != nil {
		return err
	}
	browser := s.browser(c)
	if browser == "" {
		return c.Redirect(http.StatusSeeOther, linkOf(c)+"?"+askHere)
	}
	code := fields.Get("code")
	address, err := s.Passcodes.Verify(c.Request().Context(), g.Recipient.ID, browser, code, actor(c))
	switch {
	case letterlock.KeyOf(err) == passcode.Off:
		return c.Redirect(http.StatusSeeOther, linkOf(c)) // where it is said why
	case startsOver(err):
		return c.Redirect(http.StatusSeeOther, linkOf(c)+"?"+askHere)
	case errors.Is(err, letterlock.Invalid):
		return s.wrongPasscode(c, g, code)
	case err != nil:
		return err
	}
	by := letterlock.Actor{Kind: letterlock.Reader, Address: address, Proof: letterlock.ByPasscode, ProvedFor: g.Message.ID}
	if err := s.startSession(c, by); err != nil {
		return err
	}
	if fields.Get("remember") == "yes" {
		if err := s.remember(c, address, letterlock.ByPasscode); err != nil {
			return err
		}
	}
	return toMessage(c, g)
}

// wrongPasscode shows the page again, with what was typed and the tries left.
func (s *Server) wrongPasscode(c echo.Context, g access.Gate, typed string) error {
	asked, err := s.pending(c, g)
	if err != nil {
		return err
	}
	page, err := s.entry(c, g, asked)
	if err != nil {
		return err
	}
	page.Code = typedCode(typed)
	page.Error = s.words(c).Count("passcode.wrong", max(0, asked.TriesLeft))
	return s.show(c, http.StatusUnprocessableEntity, views.PasscodePage(page))
}

// typedCode keeps of what was typed what could have been meant as a passcode.
func typedCode(s string) string {
	if len(s) > 9 || strings.Trim(s, "0123456789 ") != "" {
		return ""
	}
	return s
}

// portalSignOut ends a reader's session. The form may name the link to go back
// to, for whoever goes on with another address.
func (s *Server) portalSignOut(c echo.Context) error {
	if err := s.endSession(c, letterlock.Reader); err != nil {
		return err
	}
	token, ok := strings.CutPrefix(c.QueryParam("return"), "/m/")
	if ok && isSecret(token) {
		return c.Redirect(http.StatusSeeOther, "/m/"+token)
	}
	return c.Redirect(http.StatusSeeOther, "/portal/signed-out")
}

// signedOut is where a reader ends who signed out and goes nowhere in particular.
func (s *Server) signedOut(c echo.Context) error {
	setPolicy(c, policyEnd)
	return s.show(c, http.StatusOK, views.EndPage(views.End{Page: s.page(c), Kind: views.EndSignedOut}))
}
