package web

import (
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"letterlock/internal/api"
	"letterlock/internal/letterlock"
)

const (
	programLimit = 2 << 20        // the API keeps a narrower limit itself
	programTime  = 24 * time.Hour // likewise; an export may take long
)

// asks is for requests of programs: the API bounds their times itself.
func asks(_ *Server, e *entry) { e.limit, e.deadline, e.lasting = programLimit, programTime, true }

// programRoutes are those of the API. Every method leads there, so that it is the
// API that refuses those that it does not know, in words for programs.
func (s *Server) programRoutes() {
	if s.API == nil {
		return
	}
	for _, path := range []string{"/api/openapi.json", "/api/v1/*"} {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			s.add(program, method, path, s.askAPI, []option{asks})
		}
	}
}

// askAPI has the API answer. It learns from where the request comes as we do, who
// know which proxy to believe, and looks at no cookie.
func (s *Server) askAPI(c echo.Context) error {
	setPolicy(c, policyDownload)
	r := c.Request().Clone(c.Request().Context())
	r.RemoteAddr = net.JoinHostPort(c.RealIP(), "0")
	r.Header.Del("Cookie")
	s.API.ServeHTTP(c.Response(), r)
	return nil
}

// failProgram tells a program why its request did not come as far as the API.
func (s *Server) failProgram(err error, c echo.Context) {
	p := api.ProblemOf(err)
	if theirs := (*echo.HTTPError)(nil); errors.As(err, &theirs) {
		p = api.ProblemOf(&letterlock.Error{Code: letterlock.NotFound})
		p.Status, p.Title = theirs.Code, http.StatusText(theirs.Code)
	}
	p.Write(c.Response())
}
