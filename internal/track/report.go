package track

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// A Breakdown says by what the report tells messages apart.
type Breakdown string

const (
	ByMethod   Breakdown = "method"
	ByTemplate Breakdown = "template"
)

// A ReportQuery asks for the encryption report. Its days are those of From's zone.
type ReportQuery struct {
	From, Until time.Time // every day of which something lies between them, Until itself not counted
	By          Breakdown // empty: ByMethod
}

// A Report is how many messages were protected, a day at a time.
type Report struct {
	Series  []Series // one for each method or template that there is, the greatest first
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
type DomainCount = store.DomainCount

// MaxReportDays is how many days a report covers at most.
const MaxReportDays = 1100

// topDomains is how many domains the report names.
const topDomains = 5

// Report returns the encryption report: Denied "role" for whoever is no auditor,
// Invalid "range" for a range that is empty, or longer than MaxReportDays, Invalid
// "breakdown" for one that is not known. Destroyed messages are part of it: they
// were protected.
func (s *Service) Report(ctx context.Context, by letterlock.Actor, q ReportQuery) (Report, error) {
	if err := s.admit(ctx, by, "read report"); err != nil {
		return Report{}, err
	}
	days, err := q.days()
	if err != nil {
		return Report{}, err
	}
	count := (*store.Tx).CountMethods
	switch q.By {
	case "", ByMethod:
	case ByTemplate:
		count = (*store.Tx).CountBrands
	default:
		return Report{}, &letterlock.Error{Code: letterlock.Invalid, Key: "breakdown"}
	}
	if err := s.DB.CatchUp(ctx); err != nil {
		return Report{}, err
	}
	r := Report{}
	counts := make([]map[string]int, len(days)-1)
	err = s.DB.Read(ctx, func(tx *store.Tx) (err error) {
		for i := range counts {
			if counts[i], err = count(tx, days[i], days[i+1]); err != nil {
				return err
			}
		}
		r.Domains, err = tx.TopDomains(days[0], days[len(days)-1], topDomains)
		return err
	})
	if err != nil {
		return Report{}, err
	}
	r.chart(days, counts)
	return r, nil
}

// chart turns what was counted on each day into series.
func (r *Report) chart(days []time.Time, counts []map[string]int) {
	totals := make(map[string]int)
	for _, byName := range counts {
		for name, n := range byName {
			totals[name] += n
			r.Total += n
		}
	}
	for name, n := range totals {
		r.Series = append(r.Series, Series{name, n})
	}
	slices.SortFunc(r.Series, func(a, b Series) int {
		return cmp.Or(cmp.Compare(b.Total, a.Total), strings.Compare(a.Name, b.Name))
	})
	for i, byName := range counts {
		day := ReportDay{Day: days[i], Counts: make([]int, len(r.Series))}
		for j, series := range r.Series {
			day.Counts[j] = byName[series.Name]
			day.Total += byName[series.Name]
		}
		r.Days = append(r.Days, day)
	}
}

// A ReportRow is one recipient of one message: a row of the report's details.
type ReportRow = Received

// A ReportPage is a part of the details, newest first.
type ReportPage struct {
	Rows []ReportRow
	More string // for the next page; empty: this was the last
}

// ReportRows returns a page of the details of a range, from the newest when before
// is empty. Its errors are those of Report.
func (s *Service) ReportRows(ctx context.Context, by letterlock.Actor, q ReportQuery, before string, limit int) (ReportPage, error) {
	if err := s.admit(ctx, by, "read report"); err != nil {
		return ReportPage{}, err
	}
	days, err := q.days()
	if err != nil {
		return ReportPage{}, err
	}
	if limit < 1 || limit > 200 {
		limit = 50
	}
	rows, last, err := s.reportPage(ctx, days, parsePlace(before), limit)
	if err != nil {
		return ReportPage{}, err
	}
	return ReportPage{Rows: rows, More: writePlace(last)}, nil
}

// exportPage is how many rows of an export are read at a time.
const exportPage = 500

// ReportEach calls each for every row of the details, newest first, with no
// transaction open meanwhile. It records in the audit log that it was asked. Its
// errors are those of Report, and those of each.
func (s *Service) ReportEach(ctx context.Context, by letterlock.Actor, q ReportQuery, each func(ReportRow) error) error {
	if err := s.admit(ctx, by, "export report"); err != nil {
		return err
	}
	days, err := q.days()
	if err != nil {
		return err
	}
	end := days[len(days)-1].Add(-time.Second) // of the last day, in its words
	span := days[0].Format(time.DateOnly) + " to " + end.Format(time.DateOnly)
	if err := s.record(ctx, by, "export report", span); err != nil {
		return err
	}
	return s.eachRow(ctx, days, each)
}

func (s *Service) eachRow(ctx context.Context, days []time.Time, each func(ReportRow) error) error {
	for at := (store.Place{}); ; {
		rows, last, err := s.reportPage(ctx, days, at, exportPage)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := each(row); err != nil {
				return err
			}
		}
		if at = last; at == (store.Place{}) {
			return nil
		}
	}
}

// reportPage reads a page of the details, and where it ends if there are more.
func (s *Service) reportPage(ctx context.Context, days []time.Time, after store.Place, limit int) (rows []ReportRow, last store.Place, err error) {
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		rows, last, err = tx.Reported(days[0], days[len(days)-1], after, limit)
		return err
	})
	return rows, last, err
}

// writePlace makes what a page's More is: empty where nothing follows.
func writePlace(p store.Place) string {
	if p == (store.Place{}) {
		return ""
	}
	return fmt.Sprintf("%d-%d", p.Seq, p.Position)
}

// parsePlace reads what writePlace wrote; anything else means from the newest.
func parsePlace(s string) store.Place {
	seq, position, _ := strings.Cut(s, "-")
	n, err := strconv.ParseInt(seq, 10, 64)
	p, err2 := strconv.Atoi(position)
	if err != nil || err2 != nil || n <= 0 || p < 0 {
		return store.Place{}
	}
	return store.Place{Seq: n, Position: p}
}

// days returns the beginnings of the days of the range, and its end.
func (q ReportQuery) days() ([]time.Time, error) {
	errRange := &letterlock.Error{Code: letterlock.Invalid, Key: "range"}
	if q.From.Year() < 1970 || q.Until.Year() > 9999 || !q.From.Before(q.Until) || q.Until.Sub(q.From) > (MaxReportDays+1)*24*time.Hour {
		return nil, errRange
	}
	list := []time.Time{letterlock.BeginningOfDay(q.From)}
	for day := list[0]; day.Before(q.Until); {
		day = letterlock.NextDay(day)
		list = append(list, day)
	}
	if len(list) > MaxReportDays+1 {
		return nil, errRange
	}
	return list, nil
}

// A Chosen names one row of the details.
type Chosen struct{ Message, Recipient letterlock.ID }

// MaxChosen is how many rows can be chosen one by one.
const MaxChosen = 1000

// ReportChosen returns the rows that were chosen, in that order. It records in the
// audit log that it was asked. Denied "role" for whoever is no auditor; Invalid
// "chosen" if there are none or more than MaxChosen, or one of them does not exist.
func (s *Service) ReportChosen(ctx context.Context, by letterlock.Actor, chosen []Chosen) (rows []ReportRow, err error) {
	if err := s.admit(ctx, by, "export report"); err != nil {
		return nil, err
	}
	if len(chosen) == 0 || len(chosen) > MaxChosen {
		return nil, &letterlock.Error{Code: letterlock.Invalid, Key: "chosen"}
	}
	err = s.DB.Write(ctx, func(tx *store.Tx) error {
		for _, c := range chosen {
			row, err := chosenRow(tx, c)
			if err != nil {
				return err
			}
			rows = append(rows, row)
		}
		return tx.Audit(letterlock.Entry{Actor: by, Action: "export report", Target: fmt.Sprintf("%d chosen rows", len(chosen)), Allowed: true})
	})
	if errors.Is(err, letterlock.NotFound) {
		err = &letterlock.Error{Code: letterlock.Invalid, Key: "chosen", Err: err}
	}
	if err != nil {
		return nil, err
	}
	return rows, nil
}

func chosenRow(tx *store.Tx, c Chosen) (row ReportRow, err error) {
	if row.Message, err = tx.Message(c.Message); err != nil {
		return row, err
	}
	if row.Recipient, err = tx.Recipient(c.Recipient); err != nil {
		return row, err
	}
	if row.Recipient.Message != c.Message {
		return row, &letterlock.Error{Code: letterlock.NotFound}
	}
	return row, nil
}
