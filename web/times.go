package web

import (
	"strconv"
	"strings"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/views"
)

// Forms of a moment. Times are shown in the organisation's zone, and say which
// it is wherever the reader may be in another.
const (
	longForm  = "Monday 2 January 2006, 15:04 MST"
	whenForm  = "2 January 2006, 15:04 MST"
	dayForm   = "2 January 2006"
	shortDay  = "2 January"
	clockForm = "15:04"
)

// moment returns t in words of one form, and for machines. The zero time is
// nothing.
func (s *Server) moment(t time.Time, form string) views.Time {
	if t.IsZero() {
		return views.Time{}
	}
	t = t.In(s.Location)
	return views.Time{ISO: t.Format(time.RFC3339), Text: t.Format(form)}
}

// when is a moment in full: "20 November 2026, 11:52 CET".
func (s *Server) when(t time.Time) views.Time { return s.moment(t, whenForm) }

// weekday is a moment in full with its day: "Friday 20 November 2026, 10:42 CET".
func (s *Server) weekday(t time.Time) views.Time { return s.moment(t, longForm) }

// clock is the time of a day: "10:42".
func (s *Server) clock(t time.Time) views.Time { return s.moment(t, clockForm) }

// day is a date: "20 November", and with its year when that is not this one.
func (s *Server) day(t time.Time) views.Time {
	if t.In(s.Location).Year() == s.Now().In(s.Location).Year() {
		return s.moment(t, shortDay)
	}
	return s.moment(t, dayForm)
}

// brief is a moment as a list shows it: the clock on the same day, else the date.
func (s *Server) brief(t time.Time) views.Time {
	if s.daysAgo(t) == 0 {
		return s.clock(t)
	}
	return s.day(t)
}

// daysAgo counts midnights between t and now; negative: t is on a later day.
func (s *Server) daysAgo(t time.Time) int {
	return int(s.midnight(s.Now()).Sub(s.midnight(t)).Hours() / 24)
}

// midnight returns the date of t, as midnight of a zone that has no summer time,
// so that dates can be subtracted.
func (s *Server) midnight(t time.Time) time.Time {
	y, m, d := t.In(s.Location).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// dayHeading is what a list writes above the messages of a day or a longer time.
func (s *Server) dayHeading(t time.Time) string {
	now := s.midnight(s.Now())
	monday := now.AddDate(0, 0, -(int(now.Weekday())+6)%7)
	switch ago := s.daysAgo(t); {
	case ago <= 0:
		return "Today"
	case ago == 1:
		return "Yesterday"
	case !s.midnight(t).Before(monday):
		return "Earlier this week"
	case !s.midnight(t).Before(monday.AddDate(0, 0, -7)):
		return "Last week"
	case s.midnight(t).Year() == now.Year():
		return s.midnight(t).Format("January")
	}
	return s.midnight(t).Format("January 2006")
}

// left says how long something lasts, begun minutes included: "10 minutes left,
// until 11:28 CET".
func (s *Server) left(until time.Time) views.Time {
	return views.Time{
		ISO:  until.In(s.Location).Format(time.RFC3339),
		Text: length(roundUp(until.Sub(s.Now()))) + " left, until " + until.In(s.Location).Format(clockForm+" MST"),
	}
}

// wait says how long to wait, and from when on it is over: "4 minutes, at 11:36
// CET". Neither is too early.
func (s *Server) wait(d time.Duration) string {
	d = roundUp(d)
	at := s.Now().Add(d)
	if whole := at.Truncate(time.Minute); whole.Before(at) {
		at = whole.Add(time.Minute)
	}
	form := ", at " + clockForm + " MST"
	if s.daysAgo(at) != 0 {
		form = ", on " + shortDay + " at " + clockForm + " MST"
	}
	return length(d) + at.In(s.Location).Format(form)
}

// roundUp makes whole minutes of what lasts longer than one.
func roundUp(d time.Duration) time.Duration {
	if d <= time.Minute {
		return d
	}
	return (d + time.Minute - 1).Truncate(time.Minute)
}

// length is a duration in one unit, rounded down, but never to nothing: whoever
// is told that a minute is left has at least that.
func length(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return countOf(int(d/(24*time.Hour)), "day")
	case d >= 2*time.Hour:
		return countOf(int(d/time.Hour), "hour")
	case d >= time.Minute:
		return countOf(int(d/time.Minute), "minute")
	}
	return countOf(max(1, int((d+time.Second-1)/time.Second)), "second")
}

// countOf is a number and its noun: "1 attachment", "2 attachments".
func countOf(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// size is a number of bytes for people: "482 KB".
func size(n int64) string {
	switch {
	case n < 1000:
		return countOf(int(n), "byte")
	case n < 999_500:
		return strconv.FormatInt((n+500)/1000, 10) + " KB"
	case n < 9_950_000:
		return strconv.FormatFloat(float64(n)/1e6, 'f', 1, 64) + " MB"
	}
	return strconv.FormatInt((n+500_000)/1_000_000, 10) + " MB"
}

// kinds of file by the end of a name, as people call them.
var kinds = map[string]string{
	"pdf": "PDF", "doc": "Word", "docx": "Word", "xls": "Excel", "xlsx": "Excel", "ppt": "PowerPoint", "pptx": "PowerPoint",
	"odt": "Text document", "ods": "Spreadsheet", "txt": "Text", "csv": "CSV", "zip": "ZIP", "png": "PNG picture",
	"jpg": "JPEG picture", "jpeg": "JPEG picture", "gif": "GIF picture", "webp": "WebP picture", "eml": "Message",
	"html": "HTML", "htm": "HTML", "ics": "Calendar",
}

// fileNote says what a file is and how large: "PDF, 482 KB".
func fileNote(name string, n int64) string {
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		if kind := kinds[strings.ToLower(name[i+1:])]; kind != "" {
			return kind + ", " + size(n)
		}
	}
	return size(n)
}

// personOf is a mailbox as a page shows it.
func personOf(m letterlock.Mailbox) views.Person {
	return views.Person{Name: m.Name, Address: string(m.Address)}
}
