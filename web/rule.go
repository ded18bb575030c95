package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"letterlock/internal/account"
	"letterlock/internal/lane"
	"letterlock/internal/letterlock"
)

// errSignIn stops a request for a page of the staff from somebody who has not
// signed in.
var errSignIn = &letterlock.Error{Code: letterlock.Denied, Key: "sign-in"}

// errSignedOut stops a request for a recipient's page from somebody who has proved
// no mailbox, or whose session has ended. It is the same whatever was asked for:
// whoever has proved nothing learns nothing.
var errSignedOut = &letterlock.Error{Code: letterlock.Denied, Key: "signed-out"}

// errNoMethod stops a request with a method that its path does not have.
var errNoMethod = echo.NewHTTPError(http.StatusMethodNotAllowed)

// errNoPage stops a request for a path that does not exist.
var errNoPage = echo.NewHTTPError(http.StatusNotFound)

// errRole stops a request for a page of the staff from somebody whose account has
// no role for it.
var errRole = &letterlock.Error{Code: letterlock.Denied, Key: "role"}

// roles are what the rules for people of the organisation ask of an account.
var roles = map[rule]letterlock.Role{
	sender: letterlock.Sender, auditor: letterlock.Auditor, revoker: letterlock.Revoker, admin: letterlock.Admin,
}

// ofStaff reports whether a rule is for people of the organisation.
func (r rule) ofStaff() bool { return r == staff || r == securing || roles[r] != "" }

const ruleKey = "rule"

// ruleOf returns the rule of the route that was asked for.
func ruleOf(c echo.Context) rule {
	r, _ := c.Get(ruleKey).(rule)
	return r
}

// checkRule lets a request through to its handler when the route has a rule and
// the visitor is whom it wants. A route that Echo knows and the rules do not,
// however it came to be, is answered as if it did not exist.
func (s *Server) checkRule(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		e, ok := s.rules[target{r.Method, c.Path()}]
		if !ok {
			return s.unknown(c)
		}
		c.Set(ruleKey, e.rule)
		pass, err := s.enter(c, e) // first: whoever is refused is to cost nothing
		if err != nil {
			return err
		}
		defer pass.Leave()
		if e.rule == reader || e.rule.ofStaff() || e.rule == demo {
			setPolicy(c, policyPage)
		}
		ctx, cancel := context.WithTimeout(lane.With(r.Context(), pass), e.deadline)
		defer cancel()
		if e.byItself || isRefresh(c) || r.Header.Get(liveHeader) != "" {
			ctx = context.WithValue(ctx, byItselfKey{}, true)
		}
		allowTime(c, e.deadline)
		c.SetRequest(r.WithContext(ctx))
		by, err := s.visitor(c, e.rule)
		if err != nil {
			return err
		}
		c.Set(actorKey, by)
		if e.lane == lane.Revoke && r.Method == http.MethodPost && by.Kind != letterlock.Nobody {
			pass.GoFirst()
		}
		if who := lineOf(e, by); who != "" {
			if !s.lines.enter(who) {
				return errLines
			}
			defer s.lines.leave(who)
		}
		if by.Kind == letterlock.Reader {
			s.refreshCookie(c)
		}
		return next(c)
	}
}

// unknown answers a method or a path that nobody registered with a rule.
func (s *Server) unknown(c echo.Context) error {
	var methods []string
	for _, m := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPatch, http.MethodDelete} {
		if _, ok := s.rules[target{m, c.Path()}]; ok {
			methods = append(methods, m)
		}
	}
	if len(methods) == 0 {
		return errNoPage
	}
	c.Response().Header().Set(echo.HeaderAllow, strings.Join(methods, ", "))
	return errNoMethod
}

// visitor returns who asks, or why they may not reach a route with this rule.
func (s *Server) visitor(c echo.Context, r rule) (letterlock.Actor, error) {
	nobody := letterlock.Actor{IP: c.RealIP(), Agent: agent(c.Request().UserAgent())}
	switch r {
	case open, demo, program:
		return nobody, nil
	case holder:
		nobody.IP = s.ReaderIP.Of(c.RealIP())
		by, err := s.readerActor(c)
		if letterlock.CodeOf(err) == letterlock.NotFound {
			return nobody, nil
		}
		return by, err
	case reader:
		by, err := s.readerActor(c)
		if letterlock.CodeOf(err) == letterlock.NotFound {
			return by, errSignedOut
		}
		return by, err
	}
	if r.ofStaff() {
		return s.staffWith(c, r)
	}
	return letterlock.Actor{}, errNoPage
}

// errLacksFactor stops a request of somebody who has to set up a second factor first.
var errLacksFactor = &letterlock.Error{Code: letterlock.Denied, Key: "lacks-factor"}

// staffWith returns the account whose session the request bears, if a rule lets it
// through. If it lacks the role, that is in the audit log before anybody is told so. If
// it lacks a second factor that it needs, nothing opens but where one is set up.
func (s *Server) staffWith(c echo.Context, r rule) (letterlock.Actor, error) {
	by, err := s.staffActor(c)
	if err != nil || r == securing {
		return by, err
	}
	if lacks, err := s.Accounts.LacksFactor(c.Request().Context(), by); err != nil {
		return letterlock.Actor{}, err
	} else if lacks {
		return letterlock.Actor{}, errLacksFactor
	}
	if r == staff || by.Is(roles[r]) {
		return by, nil
	}
	c.Set(actorKey, by) // the refusal is a page of theirs
	act := "visit "
	if c.Request().Method == http.MethodPost {
		act = "submit "
	}
	named, _ := ownerOf(c) // what is no address names nobody
	about := account.About{ID: c.Param("id"), Address: string(named)}
	if err := s.Accounts.Refused(c.Request().Context(), by, act+c.Path(), about); err != nil {
		return letterlock.Actor{}, err
	}
	return letterlock.Actor{}, errRole
}

// readerActor returns the recipient whose session the request bears, or NotFound.
func (s *Server) readerActor(c echo.Context) (letterlock.Actor, error) {
	by, err := s.signedIn(c, letterlock.Reader)
	if err != nil {
		return letterlock.Actor{}, err
	}
	by.IP, by.Agent = s.ReaderIP.Of(c.RealIP()), agent(c.Request().UserAgent())
	return by, nil
}

// staffActor returns the account whose session the request bears, as it is now:
// an account that has been disabled since it signed in is nobody.
func (s *Server) staffActor(c echo.Context) (letterlock.Actor, error) {
	in, err := s.signedIn(c, letterlock.Staff)
	if err == nil {
		var by letterlock.Actor
		if by, err = s.Accounts.Actor(c.Request().Context(), in.Address); err == nil {
			by.Proof, by.Proved = in.Proof, in.Proved
			by.IP, by.Agent = c.RealIP(), agent(c.Request().UserAgent())
			return by, nil
		}
	}
	switch letterlock.CodeOf(err) {
	case letterlock.NotFound, letterlock.Denied:
		return letterlock.Actor{}, errSignIn
	}
	return letterlock.Actor{}, err
}

// agents are names to look for in a User-Agent, the more particular first:
// nearly all of them claim to be several others.
var agents = []string{"Edg/", "OPR/", "Firefox/", "CriOS/", "Chrome/", "Safari/", "curl/", "Go-http-client/"}

// agent returns the family of a browser, for the audit log: enough to recognise
// one's own, and too little to follow anybody.
func agent(header string) string {
	for _, name := range agents {
		if strings.Contains(header, name) {
			switch name {
			case "Edg/":
				return "Edge"
			case "OPR/":
				return "Opera"
			case "CriOS/":
				return "Chrome"
			}
			return strings.TrimSuffix(name, "/")
		}
	}
	if header == "" {
		return ""
	}
	return "other"
}
