package web

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"letterlock/internal/letterlock"
	"letterlock/internal/track"
)

// traceColumns are those of the export, a row for each recipient.
var traceColumns = []string{
	"Date", "Message-ID", "Sender", "Recipient", "Field", "Subject", "State", "First read", "Revoked", "Revoked by",
	"Revocable", "Identity type", "Experience", "Encryption template", "Encryption method", "Protection", "Expires",
}

// traceCSV sends all that a search finds, as a table for other programs.
func (s *Server) traceCSV(c echo.Context) error {
	return s.traceExport(c, "csv", "text/csv; charset=utf-8", func(out *chunked, each func(func(track.Sent) error) error) error {
		w := csv.NewWriter(out)
		err := errors.Join(w.Write(traceColumns), each(func(m track.Sent) error {
			for _, r := range m.Recipients {
				if err := w.Write(cells(s.exported(m, r))); err != nil {
					return err
				}
			}
			return nil
		}))
		w.Flush()
		return errors.Join(err, w.Error())
	})
}

// traceJSON sends all that a search finds, as an array of objects.
func (s *Server) traceJSON(c echo.Context) error {
	return s.traceExport(c, "json", "application/json", func(out *chunked, each func(func(track.Sent) error) error) error {
		separator := "[\n"
		err := each(func(m track.Sent) error {
			for _, r := range m.Recipients {
				row := map[string]string{}
				for i, value := range s.exported(m, r) {
					row[jsonName(traceColumns[i])] = value
				}
				line, err := json.Marshal(row)
				if err != nil {
					return err
				}
				if _, err := io.WriteString(out, separator+string(line)); err != nil {
					return err
				}
				separator = ",\n"
			}
			return nil
		})
		end := "\n]\n"
		if separator == "[\n" {
			end = "[]\n"
		}
		_, endErr := io.WriteString(out, end)
		return errors.Join(err, endErr)
	})
}

// jsonName is the name of a column in JSON: "first_read".
func jsonName(column string) string {
	return strings.ToLower(strings.NewReplacer(" ", "_", "-", "_").Replace(column))
}

// traceExport sends a file that is written while it is read from the database: it
// may have any number of rows. What fails after the first byte cuts the connection,
// so that a file that is not whole never looks as if it were.
func (s *Server) traceExport(c echo.Context, kind, contentType string, write func(*chunked, func(func(track.Sent) error) error) error) error {
	l := lookupOf(c.QueryParams())
	search, wrong := l.search(s.Location)
	if len(wrong) > 0 {
		return &letterlock.Error{Code: letterlock.Invalid, Key: "search"}
	}
	h := c.Response().Header()
	setPolicy(c, policyDownload)
	h.Set(echo.HeaderContentDisposition, disposition("message-trace-"+s.Now().In(s.Location).Format(time.DateOnly)+"."+kind))
	h.Set(echo.HeaderContentType, contentType)
	if c.Request().Method == http.MethodHead {
		return c.NoContent(http.StatusOK)
	}
	out := &chunked{c: c, control: http.NewResponseController(c.Response())}
	err := write(out, func(each func(track.Sent) error) error {
		return s.Track.TraceEach(c.Request().Context(), actor(c), search, each)
	})
	if err == nil {
		err = out.flush()
	}
	if err != nil && c.Response().Committed {
		c.Set(errorKey, fmt.Errorf("exporting the trace: %w", err))
		panic(http.ErrAbortHandler)
	}
	return err
}

// exported is one recipient of a message, in the order of traceColumns.
func (s *Server) exported(m track.Sent, r letterlock.Recipient) []string {
	exact := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format(time.RFC3339)
	}
	revocable := "no"
	if r.Experience == letterlock.Link && !r.Revocation.Revoked() && !m.Message.Destroyed {
		revocable = "yes"
	}
	state := string(letterlock.Inline)
	if r.Experience == letterlock.Link || m.Message.Destroyed {
		state = string(r.State(m.Message, s.Now()))
	}
	if !r.Bounced.IsZero() && state == string(letterlock.Live) {
		state = string(letterlock.Bounced)
	}
	return []string{
		exact(m.Message.Accepted), m.Message.MessageID, string(m.Message.Sender.Address), string(r.Mailbox.Address), string(r.Field),
		m.Message.Subject, state, exact(r.FirstRead), exact(r.Revocation.At), string(r.Revocation.By.Address),
		revocable, string(r.Identity), string(r.Experience), m.Message.Brand, string(m.Message.Method), string(m.Message.Protection), exact(m.Message.Expires),
	}
}

// cells makes a row safe for programs that take what begins in certain ways for a
// formula and run it: an apostrophe before it makes it text.
func cells(row []string) []string {
	safe := make([]string, len(row))
	for i, cell := range row {
		if cell != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(cell)[0]) {
			cell = "'" + cell
		}
		safe[i] = cell
	}
	return safe
}

// chunked gathers what is written and sends it a chunk at a time, each with a time
// of its own for the client to take it.
type chunked struct {
	c       echo.Context
	control *http.ResponseController
	held    []byte
}

func (w *chunked) Write(p []byte) (int, error) {
	w.held = append(w.held, p...)
	if len(w.held) < chunk {
		return len(p), nil
	}
	return len(p), w.flush()
}

func (w *chunked) flush() error {
	if !w.c.Response().Committed {
		w.c.Response().WriteHeader(http.StatusOK)
	}
	err := writeFlushed(w.c, w.control, w.held)
	w.held = w.held[:0]
	return err
}
