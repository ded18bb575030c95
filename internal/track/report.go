package track

import (
	"context"
	"time"

	"letterlock/internal/letterlock"
)

// A Breakdown says by what the report tells messages apart.
type Breakdown string

const (
	ByMethod   Breakdown = "method"
	ByTemplate Breakdown = "template"
)

// A ReportQuery asks for the encryption report.
type ReportQuery struct {
	From, Until time.Time // from the beginning of a day to that of another, in their zone; not Until itself
	By          Breakdown // empty: ByMethod
}

// A Report is how many messages were protected, a day at a time.
type Report struct {
	Series  []Series // one for each method or template, the greatest first
	Days    []ReportDay
	Total   int
	Domains []DomainCount // the five to which most recipients belong
}

// A Series is what one line of the chart shows.
type Series struct {
	Name  string // method, or name of a template; empty: the default template
	Total int
}

// A ReportDay is one day in the zone of the query.
type ReportDay struct {
	Day    time.Time // its beginning
	Counts []int     // in the order of Report.Series
	Total  int
}

// A DomainCount is how many recipients of messages had an address of a domain.
type DomainCount struct {
	Domain     string
	Recipients int
}

// Report returns the encryption report: Denied "role" for whoever is no auditor,
// Invalid "range" for a range that is empty, or longer than 1,100 days.
func (s *Service) Report(ctx context.Context, by letterlock.Actor, q ReportQuery) (Report, error) {
	panic("track: to be built")
}

// A ReportRow is one recipient of one message: a row of the report's details.
type ReportRow = Received

// A ReportPage is a part of the details, newest first.
type ReportPage struct {
	Rows []ReportRow
	More string // for the next page; empty: this was the last
}

// ReportRows returns a page of the details of a range, from the newest when before
// is empty.
func (s *Service) ReportRows(ctx context.Context, by letterlock.Actor, q ReportQuery, before string, limit int) (ReportPage, error) {
	panic("track: to be built")
}

// ReportEach calls each for every row of the details, newest first, with no
// transaction open meanwhile. It records in the audit log that it was asked.
func (s *Service) ReportEach(ctx context.Context, by letterlock.Actor, q ReportQuery, each func(ReportRow) error) error {
	panic("track: to be built")
}
