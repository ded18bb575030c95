package web

import (
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
	t, err := s.traceTable(c)
	if err != nil {
		return err
	}
	return s.sendCSV(c, t)
}

// traceJSON sends all that a search finds, as an array of objects.
func (s *Server) traceJSON(c echo.Context) error {
	t, err := s.traceTable(c)
	if err != nil {
		return err
	}
	return s.sendJSON(c, t)
}

// traceTable is all that a search finds.
func (s *Server) traceTable(c echo.Context) (listing, error) {
	search, wrong := lookupOf(c.QueryParams()).search(s.words(c), s.Location)
	if len(wrong) > 0 {
		return listing{}, &letterlock.Error{Code: letterlock.Invalid, Key: "search"}
	}
	each := func(row func([]string) error) error {
		return s.Track.TraceEach(c.Request().Context(), actor(c), search, func(m track.Sent) error {
			for _, r := range m.Recipients {
				if err := row(s.exported(m, r)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return listing{"message-trace", traceColumns, each}, nil
}

// exported is one recipient of a message, in the order of traceColumns. It is in English,
// as the report is.
func (s *Server) exported(m track.Sent, r letterlock.Recipient) []string {
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
		revocable, string(r.Identity), string(r.Experience), speaker{Server: s}.templateOf(m.Message.Brand), string(m.Message.Method), string(m.Message.Protection), exact(m.Message.Expires),
	}
}

// exact is a time as programs read it; empty: there is none.
func exact(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
