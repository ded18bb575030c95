package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"letterlock/internal/letterlock"
	"letterlock/internal/track"
	"letterlock/views"
)

// reportRoutes are the encryption report.
func (s *Server) reportRoutes() {
	s.get(auditor, "/report", s.report)
	s.get(auditor, "/report/export.csv", s.reportCSV, streams)
	s.get(auditor, "/report/export.json", s.reportJSON, streams)
	s.post(auditor, "/report/chosen.csv", s.reportChosen)
}

// reportRanges are the ranges that one click shows, in days up to today. The
// first is what the report begins with.
var reportRanges = []int{7, 30, 90}

// A span is what somebody wants the report of, as far as it was understood.
type span struct {
	from, until time.Time // midnights; both days belong to it
	days        int       // one of reportRanges; 0: the days were chosen
	by          track.Breakdown
	typed       [2]string // from and until as they were typed, when they were
	before      string    // cursor of the details
	all         bool      // each row of the page is ticked
	wrong       []views.FieldError
}

// spanOf reads what the report is wanted of. What cannot be understood is said,
// and never left out: other days would look like those that were asked for.
func (s speaker) spanOf(q url.Values) span {
	p := span{by: track.ByMethod, days: reportRanges[0], before: q.Get("before"), all: q.Get("all") == "1"}
	today := letterlock.BeginningOfDay(s.Now().In(s.Location))
	for _, n := range reportRanges {
		if q.Get("days") == strconv.Itoa(n) {
			p.days = n
		}
	}
	p.from, p.until = daysUntil(today, p.days), today
	add := func(field, text string) { p.wrong = append(p.wrong, views.FieldError{Field: field, Text: text}) }
	for i, name := range []string{fieldFrom, fieldUntil} {
		if p.typed[i] = bounded(q.Get(name), 40); p.typed[i] == "" {
			continue
		}
		p.days = 0
		day, ok := dayOf(p.typed[i], s.Location)
		if !ok {
			add(name, s.Text("report.typeADateAs"))
		} else if i == 0 {
			p.from = day
		} else {
			p.until = day
		}
	}
	if p.typed[0] == "" && p.typed[1] != "" {
		p.from = daysUntil(p.until, reportRanges[0])
	}
	switch by := track.Breakdown(q.Get("by")); by {
	case track.ByMethod, track.ByTemplate:
		p.by = by
	case "":
	default:
		add("by", s.Text("report.chooseTheEncryptionMethodOr"))
	}
	if len(p.wrong) == 0 && p.from.After(p.until) {
		add(fieldFrom, s.Text("report.fromIsAfterUntil"))
	}
	return p
}

// daysUntil is the first of so many days of which the last is day.
func daysUntil(day time.Time, many int) time.Time {
	y, m, d := day.Date()
	return letterlock.Day(y, m, d+1-many, day.Location())
}

// query is what the use case is asked for.
func (p span) query() track.ReportQuery {
	return track.ReportQuery{From: p.from, Until: letterlock.NextDay(p.until), By: p.by}
}

// url is where a path has this span with it, at the cursor before.
func (p span) url(path, before string) string {
	q := url.Values{}
	if p.days > 0 {
		q.Set("days", strconv.Itoa(p.days))
	} else {
		q.Set(fieldFrom, p.from.Format(time.DateOnly))
		q.Set(fieldUntil, p.until.Format(time.DateOnly))
	}
	if p.by != track.ByMethod {
		q.Set("by", string(p.by))
	}
	if before != "" {
		q.Set("before", before)
	}
	return withQuery(path, q)
}

// withAll is the page of a report with each of its rows ticked.
func withAll(page string) string {
	path, query, _ := strings.Cut(page, "?")
	return path + "?all=1&" + query
}

// report shows how many messages were protected, and which.
func (s *Server) report(c echo.Context) error {
	p := s.speaker(c).spanOf(c.QueryParams())
	v, err := s.reportOf(c, &p)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if len(p.wrong) > 0 {
		status = http.StatusUnprocessableEntity
		v = views.Report{}
	}
	s.speaker(c).reportForm(&v, p)
	v.Page = s.page(c)
	return s.show(c, status, views.ReportPage(v))
}

// reportForm fills the form.
func (s speaker) reportForm(v *views.Report, p span) {
	v.Errors = p.wrong
	v.From, v.Until = p.from.Format(time.DateOnly), p.until.Format(time.DateOnly)
	if len(p.wrong) > 0 {
		v.From, v.Until = p.typed[0], p.typed[1]
	}
	for _, n := range reportRanges {
		r := span{days: n, by: p.by}
		v.Ranges = append(v.Ranges, views.Filter{
			Name: s.Text("report.lastDays", "N", strconv.Itoa(n)), URL: r.url("/report", ""), Current: n == p.days && len(p.wrong) == 0,
		})
	}
	v.By = []views.Option{
		{Value: string(track.ByMethod), Text: s.Text("report.encryptionMethod"), Selected: p.by == track.ByMethod},
		{Value: string(track.ByTemplate), Text: s.Text("report.encryptionTemplate"), Selected: p.by == track.ByTemplate},
	}
}

// reportOf fills all but the form. A range that is too long is noted in p.
func (s *Server) reportOf(c echo.Context, p *span) (v views.Report, err error) {
	say := s.words(c)
	if len(p.wrong) > 0 {
		return v, nil
	}
	ctx, by := c.Request().Context(), actor(c)
	r, err := s.Track.Report(ctx, by, p.query())
	if letterlock.KeyOf(err) == "range" {
		p.wrong = []views.FieldError{{Field: fieldFrom, Text: say.Text("report.theReportCoversDaysAt", "MaxReportDays", grouped(track.MaxReportDays))}}
		return v, nil
	}
	if err != nil {
		return v, err
	}
	page, err := s.Track.ReportRows(ctx, by, p.query(), p.before, 50)
	if err != nil {
		return v, err
	}
	v.CSVURL, v.JSONURL, v.ExportChosenURL = p.url("/report/export.csv", ""), p.url("/report/export.json", ""), "/report/chosen.csv"
	if by.Is(letterlock.Revoker) {
		v.RevokeChosenURL = "/bulk/chosen"
	}
	v.Chart, v.Domains = s.speaker(c).chartOf(r, p.by), domainBars(r.Domains)
	v.Heading = say.Text("report.messagesNewestFirstARow", "Total", grouped(r.Total))
	if r.Total == 1 {
		v.Heading = say.Text("report.messageARowForEach")
	}
	v.Shown = say.Text("report.showing", "Rows", say.Count("count.row", len(page.Rows)))
	if v.SelectURL, v.AllSelected = p.url("/report", p.before), p.all; !p.all {
		v.SelectURL = withAll(v.SelectURL)
	}
	if page.More != "" {
		v.OlderURL = p.url("/report", page.More)
	}
	if p.before != "" {
		v.NewestURL = p.url("/report", "")
	}
	var times []time.Time
	for _, row := range page.Rows {
		v.Rows = append(v.Rows, s.speaker(c).reportRow(by, row))
		times = append(times, row.Message.Accepted)
	}
	v.Zone = s.speaker(c).zones(times)
	return v, nil
}
