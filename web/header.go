package web

import (
	"strings"

	"github.com/labstack/echo/v4"

	"letterlock/internal/sanitize"
)

// A csp is a Content-Security-Policy. Which one a page has depends on what it
// shows: our own words, our own words with scripts, many or few, a stranger's words, or a
// stranger's file.
type csp string

const (
	// policyEnd is for pages that somebody who proved nothing may see: no script.
	policyEnd csp = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	// policyDoor is for the pages on which people of the organisation show a passkey: it
	// takes a script of ours, which asks for nothing but a question.
	policyDoor csp = policyEnd + "; script-src 'self'; connect-src 'self'"
	// policyPage is for readers and staff.
	policyPage csp = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; script-src 'self'; connect-src 'self'; frame-src 'self'"
	// policyBody is for a document made of somebody's mail, wherever it is shown.
	policyBody csp = sanitize.CSP
	// policyDownload is for a file.
	policyDownload csp = "sandbox; default-src 'none'"
)

const policyKey = "policy"

// setPolicy puts the answer under a policy.
//
// A document in a sandbox must not carry Cross-Origin-Opener-Policy: a browser
// refuses to show such a page at the top, where the body of a message is opened
// to be read alone or printed. Without it nothing is lost: it is opened with
// noopener, and cannot run anything.
func setPolicy(c echo.Context, p csp) {
	c.Set(policyKey, p)
	h := c.Response().Header()
	h.Set("Content-Security-Policy", string(p))
	if strings.Contains(string(p), "sandbox") {
		h.Del("Cross-Origin-Opener-Policy")
	} else {
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
	}
}

// policyOf returns the policy that the answer is under.
func policyOf(c echo.Context) csp {
	p, _ := c.Get(policyKey).(csp)
	return p
}

// setHeaders gives every answer what all of them have, and the strictest of
// everything else until a route says otherwise.
func (s *Server) setHeaders(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		// Not no-referrer: browsers would send "Origin: null" with our own forms,
		// and the check of their origin would refuse them.
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("X-Robots-Tag", "noindex")
		if s.secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		setPolicy(c, policyEnd)
		return next(c)
	}
}
