package web

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"letterlock/internal/letterlock"
)

// Keys under which fail leaves, for the log, what it does not show.
const (
	errorKey  = "error"
	numberKey = "number"
)

// observe writes one line for each request: its route, never its path, which
// may hold the token of a link. A panic becomes an error page, or cuts the
// connection when the answer has begun, so that half of it never looks whole.
func (s *Server) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start, client := time.Now(), c.Request().Context()
		asked, route := c.Request().Method, c.Path()
		defer func() {
			took := time.Since(start)
			s.Metrics.Answered(asked, route, c.Response().Status, took)
			s.logRequest(c, took, client.Err() != nil)
		}()
		allowTime(c, pageTime)
		if err := s.recovered(next, c); err != nil {
			c.Error(err)
		}
		return nil
	}
}

// allowTime bounds how long a client may take to send its request and to take
// the answer. A context ends handlers; only this ends a read or a write that a
// client keeps waiting.
func allowTime(c echo.Context, d time.Duration) {
	control := http.NewResponseController(c.Response())
	end := time.Now().Add(d + failTime)
	// Not every writer has deadlines; the one of a connection does.
	_ = control.SetReadDeadline(end)
	_ = control.SetWriteDeadline(end)
}

// recovered calls next and turns a panic of ours into an error. To cut a
// connection on purpose is no fault.
func (s *Server) recovered(next echo.HandlerFunc, c echo.Context) (err error) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if cause, ok := p.(error); ok && errors.Is(cause, http.ErrAbortHandler) {
			panic(p)
		}
		err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		if c.Response().Committed {
			s.Log.Error("request", "route", c.Path(), "error", err.Error())
			panic(http.ErrAbortHandler)
		}
	}()
	return next(c)
}

// logRequest notes a request. One whose client has left before its answer is no
// fault of ours, whatever became of it: pages that ask while they are closed do so
// all the time.
func (s *Server) logRequest(c echo.Context, took time.Duration, left bool) {
	status := c.Response().Status
	facts := []slog.Attr{
		slog.String("method", method(c.Request().Method)),
		slog.String("route", c.Path()),
		slog.Int("status", status),
		slog.Duration("took", took),
		slog.String("from", network(c.RealIP())),
	}
	level := slog.LevelInfo
	if number, ok := c.Get(numberKey).(string); ok {
		facts = append(facts, slog.String("number", number))
		level = slog.LevelError
		if status == http.StatusServiceUnavailable {
			level = slog.LevelWarn // there will be many
		}
	}
	err, ok := c.Get(errorKey).(error)
	if isFull(err) {
		s.logFull(c)
		return
	}
	if ok && status >= 500 {
		facts = append(facts, slog.String("error", err.Error()))
	}
	if left {
		facts = append(facts, slog.Bool("left", true))
		level = slog.LevelInfo
	}
	if ruleOf(c) == program && level == slog.LevelInfo {
		return // the API has noted it, with more to say
	}
	s.Log.LogAttrs(c.Request().Context(), level, "request", facts...)
}

// method keeps what a stranger calls a method out of the log.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPatch, http.MethodDelete:
		return m
	}
	return "other"
}

// network says from what kind of network a request came, which is all that the
// log needs to know.
func network(ip string) string {
	a, err := netip.ParseAddr(ip)
	switch {
	case err != nil:
		return "unknown"
	case a.IsLoopback():
		return "loopback"
	case a.IsPrivate() || a.IsLinkLocalUnicast():
		return "private"
	case a.Unmap().Is4():
		return "IPv4"
	}
	return "IPv6"
}

// ipExtractor returns how to tell who asks: from the connection, unless that
// comes from a proxy that we were told to believe.
func ipExtractor(proxies []netip.Prefix) echo.IPExtractor {
	if len(proxies) == 0 {
		return echo.ExtractIPDirect()
	}
	trust := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range proxies {
		p = p.Masked()
		trust = append(trust, echo.TrustIPRange(&net.IPNet{
			IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen()),
		}))
	}
	return echo.ExtractIPFromXFFHeader(trust...)
}

var (
	errWrongHost = echo.NewHTTPError(http.StatusMisdirectedRequest)
	errCrossSite = &letterlock.Error{Code: letterlock.Denied, Key: "cross-site"}
)

// checkHost answers for our public host only: what else leads here may be a
// name that somebody else controls. "localhost" is what people type when the
// public URL is this machine, and leads them there.
func (s *Server) checkHost(next echo.HandlerFunc) echo.HandlerFunc {
	want := s.hostOf(s.PublicURL.Host)
	return func(c echo.Context) error {
		r := c.Request()
		if c.Path() == "/healthz" || c.Path() == "/readyz" || s.hostOf(r.Host) == want {
			return next(c)
		}
		name, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			name = r.Host
		}
		if strings.ToLower(name) == "localhost" && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
			return c.Redirect(http.StatusPermanentRedirect, s.PublicURL.Scheme+"://"+s.PublicURL.Host+r.URL.RequestURI())
		}
		return errWrongHost
	}
}

// hostOf is a host as it is compared: in lower case, without the port that goes
// without saying.
func (s *Server) hostOf(host string) string {
	port := ":80"
	if s.secure {
		port = ":443"
	}
	return strings.TrimSuffix(strings.ToLower(host), port)
}

// checkOrigin refuses a form that another site had the browser send.
func (s *Server) checkOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if err := s.foreign.Check(c.Request()); err != nil {
			return errCrossSite
		}
		return next(c)
	}
}
