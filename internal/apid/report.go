package apid

import (
	"context"
	"encoding/csv"
	"errors"
	"net/http"
	"time"

	"letterlock/internal/api"
	"letterlock/internal/letterlock"
	"letterlock/internal/table"
	"letterlock/internal/track"
)

func (s *server) report() {
	op := func(o operation) operation {
		o.method, o.scope, o.role = http.MethodGet, letterlock.ScopeReport, letterlock.Auditor
		return o
	}
	add(s, op(operation{id: "report", path: "/report", summary: "Encryption report",
		about: "How many messages were protected, a day at a time, and the five domains to which most recipients belong."}), s.figures)
	add(s, op(operation{id: "report-rows", path: "/report/rows", summary: "Details of the encryption report",
		about: "A row for each recipient of each message."}), s.rows)
	addStream(s, op(operation{id: "export-report", path: "/exports/report", summary: "Export the details",
		about: "All rows of a range of days.", streams: []string{"application/json", "text/csv"}}), s.exportReport)
}

// A Span is a range of days.
type Span struct {
	From  time.Time `query:"from" required:"true" doc:"In the first day."`
	Until time.Time `query:"until" required:"true" doc:"Every day of which something lies before it is part of the range."`
	Zone  string    `query:"zone" maxLength:"64" doc:"Whose days they are, like Europe/Berlin. Absent: of the offset that from has."`
}

// query is the range for the use case, or Invalid "zone".
func (q Span) query() (track.ReportQuery, error) {
	if q.Zone == "" {
		return track.ReportQuery{From: q.From, Until: q.Until}, nil
	}
	zone, err := time.LoadLocation(q.Zone)
	if err != nil || q.Zone == "Local" {
		return track.ReportQuery{}, &letterlock.Error{Code: letterlock.Invalid, Key: "zone", Err: err}
	}
	return track.ReportQuery{From: q.From.In(zone), Until: q.Until.In(zone)}, nil
}

func (s *server) figures(ctx context.Context, by letterlock.Actor, in *struct {
	Span
	By string `query:"by" enum:"method,template" default:"method" doc:"By what messages are told apart."`
}) (api.Report, error) {
	q, err := in.query()
	if err != nil {
		return api.Report{}, err
	}
	q.By = track.Breakdown(in.By)
	r, err := s.Track.Report(ctx, by, q)
	if err != nil {
		return api.Report{}, err
	}
	a := api.Report{Series: []api.Series{}, Days: []api.ReportDay{}, Total: r.Total, Domains: []api.DomainCount{}}
	for _, x := range r.Series {
		a.Series = append(a.Series, api.Series{Name: x.Name, Total: x.Total})
	}
	for _, d := range r.Days {
		a.Days = append(a.Days, api.ReportDay{Day: d.Day.Format(time.DateOnly), Counts: d.Counts, Total: d.Total})
	}
	for _, d := range r.Domains {
		a.Domains = append(a.Domains, api.DomainCount{Domain: d.Domain, Recipients: d.Recipients})
	}
	return a, nil
}

func (s *server) rows(ctx context.Context, by letterlock.Actor, in *struct {
	Span
	Page
}) (api.ReportPage, error) {
	q, err := in.query()
	if err != nil {
		return api.ReportPage{}, err
	}
	found, err := s.Track.ReportRows(ctx, by, q, in.Cursor, in.Limit)
	p := api.ReportPage{Rows: []api.ReportRow{}, Next: found.More}
	for _, r := range found.Rows {
		p.Rows = append(p.Rows, s.reportRow(r))
	}
	return p, err
}

func (s *server) reportRow(r track.ReportRow) api.ReportRow {
	m := r.Message
	return api.ReportRow{Date: m.Accepted, Sender: string(m.Sender.Address), Recipient: string(r.Recipient.Mailbox.Address), Subject: m.Subject,
		EncryptionTemplate: m.Brand, EncryptionMethod: string(m.Method), RevocationStatus: stateOf(m, r.Recipient, s.Now()), MessageID: m.MessageID}
}

// reportColumns are those of the export as a table.
var reportColumns = []string{
	"Date", "Sender address", "Recipient address", "Subject", "Encryption template", "Encryption method", "Revocation Status", "Message-ID",
}

func (s *server) exportReport(ctx context.Context, by letterlock.Actor, in *struct {
	Span
	As
}, out *stream) error {
	q, err := in.query()
	if err != nil {
		return err
	}
	if in.Format == "csv" {
		out.is("text/csv; charset=utf-8", "encryption-report.csv")
		w := csv.NewWriter(out)
		err := errors.Join(w.Write(reportColumns), s.Track.ReportEach(ctx, by, q, func(row track.ReportRow) error {
			r := s.reportRow(row)
			return w.Write(table.Cells([]string{exact(r.Date), r.Sender, r.Recipient, r.Subject, r.EncryptionTemplate, r.EncryptionMethod, r.RevocationStatus, r.MessageID}))
		}))
		w.Flush()
		return errors.Join(err, w.Error())
	}
	out.is("application/json", "encryption-report.json")
	l := list{out: out}
	if err := s.Track.ReportEach(ctx, by, q, func(row track.ReportRow) error { return l.add(s.reportRow(row)) }); err != nil {
		return err
	}
	return l.end()
}
