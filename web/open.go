package web

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"letterlock/internal/letterlock"
	"letterlock/static"
)

// staticFile serves the fixed set of files that are in the program. A page may
// keep them for ever.
func (s *Server) staticFile(c echo.Context) error {
	static.Handler().ServeHTTP(c.Response(), c.Request())
	return nil
}

func (s *Server) favicon(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", aDay)
	return c.Redirect(http.StatusFound, static.Path("img/logo.svg"))
}

// robots keeps search engines away from everything: no link is theirs to follow.
func (s *Server) robots(c echo.Context) error {
	return c.String(http.StatusOK, "User-agent: *\nDisallow: /\n")
}

// health says that the process answers, to whoever watches it.
func (s *Server) health(c echo.Context) error {
	return c.String(http.StatusOK, "ok\n")
}

// readiness says whether mail would be accepted and served now, to a load balancer,
// and if not one word why. More of it is for the operator, where metrics are.
func (s *Server) readiness(c echo.Context) error {
	if s.Ready == nil {
		return c.String(http.StatusOK, "ready\n")
	}
	err := s.Ready(c.Request().Context())
	if err == nil {
		return c.String(http.StatusOK, "ready\n")
	}
	text := "not ready\n"
	if word := letterlock.KeyOf(err); word != "" {
		text = "not ready: " + word + "\n"
	}
	return c.String(http.StatusServiceUnavailable, text)
}

// Redirect leads who came by plain http to the same page under https.
func Redirect(to *url.URL) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		switch {
		case !strings.EqualFold(host, to.Hostname()): // both are ASCII: what is not, is another
			http.Error(w, "this host is not served here", http.StatusMisdirectedRequest)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			http.Error(w, "use https", http.StatusBadRequest)
		default:
			http.Redirect(w, r, to.Scheme+"://"+to.Host+r.URL.RequestURI(), http.StatusPermanentRedirect)
		}
	})
}

// home leads people of the organisation to what they have; recipients come by
// their links.
func (s *Server) home(c echo.Context) error {
	by, err := s.staffActor(c)
	switch {
	case errors.Is(err, errSignIn):
		return c.Redirect(http.StatusSeeOther, "/sign-in")
	case err != nil:
		return err
	}
	return c.Redirect(http.StatusSeeOther, homeOf(by))
}

// homeOf is the first page of an account: of whoever sends, the Sent folder.
func homeOf(by letterlock.Actor) string {
	if by.Is(letterlock.Auditor) && !by.Is(letterlock.Sender) {
		return "/trace"
	}
	return "/sent"
}
