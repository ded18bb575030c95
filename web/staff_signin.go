package web

import (
	"net/http"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"letterlock/internal/letterlock"
	"letterlock/internal/metrics"
	"letterlock/views"
)

// signInPage asks people of the organisation who they are.
func (s *Server) signInPage(c echo.Context) error {
	problem, err := s.ssoCame(c)
	if err != nil {
		return err
	}
	v := s.signInView(c, localPath(c.QueryParam("next"), ""))
	v.SSO.Problem = problem
	if c.QueryString() == passwordSetQuery {
		v.Note = s.words(c).Text("signIn.passwordIsSet")
	}
	return s.show(c, http.StatusOK, views.SignInPage(v))
}

// signInView is the page with all ways in there are. Whoever shows it again adds to it.
func (s *Server) signInView(c echo.Context, next string) views.SignIn {
	ways := s.door(c, next)
	return views.SignIn{Page: s.page(c), Next: next, SSO: s.ssoOffer(""), Ways: ways}
}

// door lists the ways in beside the password, and has the page allow what they need.
func (s *Server) door(c echo.Context, next string) (ways []templ.Component) {
	if s.Accounts.Passkeys != nil {
		setPolicy(c, policyDoor)
		problem, _ := c.Get(passkeyKey).(string)
		ways = append(ways, views.PasskeyWaySection(s.words(c), views.PasskeyWay{Next: next, Error: problem}))
	}
	return ways
}

// signIn begins a session under a new id, and leads on to where the visitor was
// going.
func (s *Server) signIn(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	v := s.signInView(c, localPath(f.Get("next"), ""))
	v.Address = bounded(f.Get("address"), 320)
	by, err := s.authenticate(c, v.Address, f.Get("password"))
	switch letterlock.CodeOf(err) {
	case letterlock.Denied:
		// It says the same whatever was wrong: an address that has no account must not be
		// told from one that has.
		v.Error = s.words(c).Text("signIn.wrong")
		return s.show(c, http.StatusUnprocessableEntity, views.SignInPage(v))
	case letterlock.Throttled:
		wait := letterlock.RetryAfterOf(err)
		setRetryAfter(c, wait)
		v.Error = s.speaker(c).tryAgainIn(wait)
		return s.show(c, http.StatusTooManyRequests, views.SignInPage(v))
	}
	if err != nil {
		return err
	}
	more, err := s.Accounts.HasSecondFactor(c.Request().Context(), by.Address)
	if err != nil {
		return err
	}
	if more {
		return s.toSecondFactor(c, by, nil, v.Next)
	}
	if err := s.startSession(c, letterlock.Actor{Kind: letterlock.Staff, Address: by.Address}); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, localPath(v.Next, homeOf(by)))
}

// tryAgainIn says to whoever has tried too often when they may again.
func (p speaker) tryAgainIn(wait time.Duration) string {
	return p.Text("signIn.tooManyTries", "Wait", p.wait(wait))
}

// authenticate asks for the account. What is no address is asked for all the
// same: it takes as long as a wrong password, and counts as one.
func (s *Server) authenticate(c echo.Context, typed, password string) (letterlock.Actor, error) {
	a, err := letterlock.ParseAddress(typed)
	if err != nil {
		a = "nobody@invalid.invalid"
	}
	by, err := s.Accounts.Authenticate(c.Request().Context(), a, password, c.RealIP())
	s.SignIns.Tried(metrics.ByWeb, err)
	return by, err
}

// signOut ends the session, if there is one.
func (s *Server) signOut(c echo.Context) error {
	if err := s.endSession(c, letterlock.Staff); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/sign-in")
}
