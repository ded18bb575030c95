package web

import (
	"context"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/internal/track"
	"letterlock/views"
)

// reportRow is one recipient of one message, with what the actor may do about it.
func (s speaker) reportRow(by letterlock.Actor, row track.ReportRow) views.ReportRow {
	m, r := row.Message, row.Recipient
	v := views.ReportRow{
		Value: string(m.ID) + ":" + string(r.ID), URL: "/trace/" + string(m.ID),
		Date: s.said(m.Accepted, s.short), Clock: s.clock(m.Accepted).Text,
		Sender: string(m.Sender.Address), Recipient: string(r.Mailbox.Address), Subject: tracedSubject(s.Words, m),
		Template: s.templateOf(m.Brand), Method: string(m.Method), MessageID: m.MessageID, Status: s.revocationStatus(row),
	}
	if !m.Destroyed && r.State(m, s.Now()) == letterlock.Revoked {
		v.State = views.State{Kind: views.StateRevoked}
	}
	if by.Is(letterlock.Revoker) && r.Experience == letterlock.Link && !m.Destroyed && !r.Revocation.Revoked() {
		v.RevokeURL = tracedURL(m.ID, "revoke", lookup{}, r.Mailbox.Address)
	}
	return v
}

// templateOf is what an encryption template is called.
func (s speaker) templateOf(brand string) string {
	if brand == "" {
		return s.Text("report.default", "House", s.house())
	}
	return brand
}

// revocationStatus says of one recipient whether their access can be taken away,
// or was, or has ended otherwise.
func (s speaker) revocationStatus(row track.ReportRow) string {
	switch {
	case row.Message.Destroyed:
		return s.Text("report.notRevocableDestroyed")
	case row.Recipient.Experience != letterlock.Link:
		return s.Text("report.notRevocableInline", "CameBack", cameBack(s.Words, row.Recipient))
	}
	switch row.Recipient.State(row.Message, s.Now()) {
	case letterlock.Revoked:
		return s.Text("report.revoked")
	case letterlock.Expired:
		return s.Text("report.expired")
	}
	return s.Text("report.revocable", "CameBack", cameBack(s.Words, row.Recipient))
}

// cameBack adds to a status that the recipient was not reached.
func cameBack(say language.Words, r letterlock.Recipient) string {
	if r.Bounced.IsZero() {
		return ""
	}
	return ", " + say.Text("report.bounced")
}

// reportColumns are those of the export.
var reportColumns = []string{
	"Date", "Sender address", "Recipient address", "Subject", "Encryption template", "Encryption method", "Revocation Status", "Message-ID",
}

// reported is one recipient of one message, in the order of reportColumns. It is in
// English: programs read it.
func (s *Server) reported(row track.ReportRow) []string {
	m, english := row.Message, speaker{Server: s}
	return []string{
		m.Accepted.UTC().Format(time.RFC3339), string(m.Sender.Address), string(row.Recipient.Mailbox.Address), m.Subject,
		english.templateOf(m.Brand), string(m.Method), english.revocationStatus(row), m.MessageID,
	}
}

// reportCSV sends all rows of the days that were asked for.
func (s *Server) reportCSV(c echo.Context) error {
	t, err := s.reportTable(c)
	if err != nil {
		return err
	}
	return s.sendCSV(c, t)
}

// reportJSON sends the same as an array of objects.
func (s *Server) reportJSON(c echo.Context) error {
	t, err := s.reportTable(c)
	if err != nil {
		return err
	}
	return s.sendJSON(c, t)
}

func (s *Server) reportTable(c echo.Context) (listing, error) {
	p := s.speaker(c).spanOf(c.QueryParams())
	if len(p.wrong) > 0 {
		return listing{}, &letterlock.Error{Code: letterlock.Invalid, Key: "range"}
	}
	each := func(row func([]string) error) error {
		return s.reportEach(c.Request().Context(), actor(c), p.query(), row)
	}
	return listing{"encryption-report", reportColumns, each}, nil
}

func (s *Server) reportEach(ctx context.Context, by letterlock.Actor, q track.ReportQuery, row func([]string) error) error {
	return s.Track.ReportEach(ctx, by, q, func(r track.ReportRow) error { return row(s.reported(r)) })
}

// reportChosen sends the rows that were ticked. That there are none, or one that
// does not exist, is said in the report's own frame.
func (s *Server) reportChosen(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	var chosen []track.Chosen
	for _, row := range f["row"] {
		m, r, _ := strings.Cut(row, ":")
		message, wrongMessage := letterlock.ParseID(m)
		recipient, wrongRecipient := letterlock.ParseID(r)
		if wrongMessage != nil || wrongRecipient != nil {
			return &letterlock.Error{Code: letterlock.Invalid, Key: "chosen"}
		}
		chosen = append(chosen, track.Chosen{Message: message, Recipient: recipient})
	}
	rows, err := s.Track.ReportChosen(c.Request().Context(), actor(c), chosen)
	if err != nil {
		return err
	}
	return s.sendCSV(c, listing{"encryption-report-selection", reportColumns, func(each func([]string) error) error {
		for _, row := range rows {
			if err := each(s.reported(row)); err != nil {
				return err
			}
		}
		return nil
	}})
}
