package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"letterlock/internal/access"
	"letterlock/internal/letterlock"
)

// download sends a part of the message that the request is about, or all of it
// for access.WholeMail. It serves readers and senders alike: who may have what,
// access decides.
func (s *Server) download(c echo.Context, part int) error {
	id, err := letterlock.ParseID(c.Param("id"))
	if err != nil {
		return err
	}
	if c.Request().Method == http.MethodHead {
		return s.headOfFile(c, id)
	}
	l, a, content, err := s.Access.Download(c.Request().Context(), actor(c), id, part)
	if err != nil {
		return err
	}
	defer l.Close()
	// A download is broken at once: much of it may lie unsent in the connection.
	l.Lease.OnCut(breaker(c), true)
	f := file{name: a.Name, kind: a.Type, size: a.Size}
	if part == access.WholeMail {
		f = file{name: s.speaker(c).namedBy(l.Message.Subject, "file.message", ".eml"), kind: "message/rfc822", size: -1}
	}
	return send(c, f, content, l.Lease.Send)
}

// headOfFile answers HEAD. Headers alone are no download; nobody needs them, and
// nothing is noted.
func (s *Server) headOfFile(c echo.Context, id letterlock.ID) error {
	l, err := s.Access.Open(c.Request().Context(), actor(c), id)
	if err != nil {
		return err
	}
	l.Close()
	setPolicy(c, policyDownload)
	return c.NoContent(http.StatusOK)
}

// A file is what is said of a download before it comes.
type file struct {
	name string
	kind string // as its sender labelled it
	size int64  // -1: not known
}

// chunk is how much is read before it is written. A chunk is the unit in which
// access to a message can end.
const chunk = 64 << 10

// chunkTime is how long a client may take over one chunk.
const chunkTime = time.Minute

// send sends a file to be saved, never to be shown. The first chunk is read
// before anything is promised; what fails later cuts the connection, so that a
// file that is not whole never looks as if it were.
//
// Each chunk is written by way of under, which is a lease's Send for content that
// can be taken away.
func send(c echo.Context, f file, content io.Reader, under func(write func() error) error) error {
	buffer := make([]byte, chunk)
	n, err := io.ReadFull(content, buffer)
	if err != nil && !ended(err) {
		return err
	}
	h := c.Response().Header()
	setPolicy(c, policyDownload)
	h.Set(echo.HeaderContentDisposition, disposition(f.name))
	h.Set(echo.HeaderContentType, safeType(f.kind))
	if f.size >= 0 {
		h.Set(echo.HeaderContentLength, strconv.FormatInt(f.size, 10))
	}
	control := http.NewResponseController(c.Response())
	for {
		writeErr := under(func() error {
			if !c.Response().Committed {
				c.Response().WriteHeader(http.StatusOK)
			}
			return writeFlushed(c, control, buffer[:n])
		})
		if writeErr != nil && !c.Response().Committed {
			clearFileHeaders(h)
			return writeErr // access ended before the first byte
		}
		if writeErr != nil {
			abort(c, writeErr) // access ended, or the client went away
		}
		if ended(err) {
			return nil
		}
		if err != nil {
			abort(c, fmt.Errorf("sending a file: %w", err))
		}
		n, err = io.ReadFull(content, buffer)
	}
}

// clearFileHeaders takes back what was said of a file that does not come.
func clearFileHeaders(h http.Header) {
	h.Del(echo.HeaderContentDisposition)
	h.Del(echo.HeaderContentType)
	h.Del(echo.HeaderContentLength)
}

// freely is the way of content that nobody can take away.
func freely(write func() error) error { return write() }

// ended reports whether io.ReadFull met the end of what it read.
func ended(err error) bool { return err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) }

// safeTypes are the types a file may be sent as: those that no browser takes for
// a document of ours, even one that ignores that it is to be saved.
var safeTypes = map[string]bool{
	"application/pdf": true, "application/zip": true, "application/msword": true, "application/vnd.ms-excel": true,
	"application/vnd.ms-powerpoint":                                             true,
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document":   true,
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":         true,
	"application/vnd.openxmlformats-officedocument.presentationml.presentation": true,
	"application/vnd.oasis.opendocument.text":                                   true,
	"application/vnd.oasis.opendocument.spreadsheet":                            true,
	"image/png": true, "image/jpeg": true, "image/gif": true, "image/webp": true,
	"text/plain": true, "text/csv": true, "text/calendar": true, "message/rfc822": true,
}

func safeType(kind string) string {
	if safeTypes[kind] {
		return kind
	}
	return "application/octet-stream"
}
