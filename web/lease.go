package web

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"letterlock/internal/access"
)

// connKey is under which a request's context holds its connection.
type connKey struct{}

// sendBuffer bounds how much of an answer may lie in the connection, sent by us
// and not yet by the machine, in bytes. Linux doubles it.
const sendBuffer = 64 << 10

// ConnContext keeps a connection where the handlers find it that may have to
// break it. It belongs into http.Server.ConnContext.
func ConnContext(ctx context.Context, conn net.Conn) context.Context {
	if t, ok := tcpOf(conn); ok {
		_ = t.SetWriteBuffer(sendBuffer) // without it only more lies in the buffer
	}
	return context.WithValue(ctx, connKey{}, conn)
}

func tcpOf(conn net.Conn) (*net.TCPConn, bool) {
	if w, ok := conn.(interface{ NetConn() net.Conn }); ok { // TLS, or somebody who counts
		conn = w.NetConn()
	}
	t, ok := conn.(*net.TCPConn)
	return t, ok
}

// breaker returns what breaks the connection of a request at once, so that bytes
// which were written and have not left are dropped.
func breaker(c echo.Context) func() {
	conn, ok := c.Request().Context().Value(connKey{}).(net.Conn)
	if !ok {
		return func() {} // not a real connection
	}
	return func() {
		if t, ok := tcpOf(conn); ok {
			_ = t.SetLinger(0) // reset instead of sending the rest
			_ = t.Close()
			return
		}
		_ = conn.Close()
	}
}

// abort breaks an answer with content off. Whoever writes it may see that access ended, or
// fail because it did, before the lease breaks the connection, and an orderly close would
// send what lies in it.
func abort(c echo.Context, err error) {
	c.Set(errorKey, err)
	breaker(c)()
	panic(http.ErrAbortHandler)
}

// sendUnder writes an answer with content under its lease: after a revocation
// has been answered nothing more of it is written. What was written is flushed
// inside the lease too, for a buffer would send it later. An answer that access
// ends before its first byte becomes an end page; one that is cut later breaks
// off.
func sendUnder(c echo.Context, l *access.Lease, status int, content []byte) error {
	l.OnCut(breaker(c), false)
	c.Response().Header().Set(echo.HeaderContentLength, strconv.Itoa(len(content)))
	control := http.NewResponseController(c.Response())
	for first := true; first || len(content) > 0; first = false {
		part := content[:min(len(content), chunk)]
		err := l.Send(func() error {
			if first {
				c.Response().WriteHeader(status)
			}
			return writeFlushed(c, control, part)
		})
		if err != nil && !c.Response().Committed {
			clearFileHeaders(c.Response().Header())
			return err
		}
		if err != nil {
			abort(c, fmt.Errorf("sending content: %w", err))
		}
		content = content[len(part):]
	}
	return nil
}

// writeFlushed writes one chunk through to the connection.
func writeFlushed(c echo.Context, control *http.ResponseController, p []byte) error {
	_ = control.SetWriteDeadline(time.Now().Add(chunkTime)) // see allowTime
	if _, err := c.Response().Write(p); err != nil {
		return err
	}
	return control.Flush()
}

// showUnder answers with a page that holds content.
func (s *Server) showUnder(c echo.Context, l *access.Lease, page templ.Component) error {
	return s.showUnderStatus(c, l, http.StatusOK, page)
}

func (s *Server) showUnderStatus(c echo.Context, l *access.Lease, status int, page templ.Component) error {
	var b bytes.Buffer
	if err := page.Render(c.Request().Context(), &b); err != nil {
		return fmt.Errorf("rendering %s: %w", c.Path(), err)
	}
	c.Response().Header().Set(echo.HeaderContentType, echo.MIMETextHTMLCharsetUTF8)
	return sendUnder(c, l, status, b.Bytes())
}
