package web

import (
	"slices"
	"strings"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/views"
)

// Times are shown in the organisation's zone, and say which it is wherever the reader
// may be in another.

// said is a moment in the words of one form.
func (p speaker) said(t time.Time, form func(time.Time) string) views.Time {
	if t.IsZero() {
		return views.Time{}
	}
	t = t.In(p.Location)
	return views.Time{ISO: t.Format(time.RFC3339), Text: form(t)}
}

// when is a moment in full: "20 November 2026, 11:52 CET".
func (p speaker) when(t time.Time) views.Time { return p.said(t, p.When) }

// weekday is a moment in full with its day: "Friday 20 November 2026, 10:42 CET".
func (p speaker) weekday(t time.Time) views.Time { return p.said(t, p.Weekday) }

// clock is the time of a day: "10:42".
func (p speaker) clock(t time.Time) views.Time { return p.said(t, p.Clock) }

// day is a date: "20 November", and with its year when that is not this one.
func (p speaker) day(t time.Time) views.Time {
	if t.In(p.Location).Year() == p.Now().In(p.Location).Year() {
		return p.said(t, p.Day)
	}
	return p.said(t, p.Date)
}

// brief is a moment as a list shows it: the clock on the same day, else the date.
func (p speaker) brief(t time.Time) views.Time {
	if p.daysAgo(t) == 0 {
		return p.clock(t)
	}
	return p.day(t)
}

// zones names the zone of the times of a list, at its head because they have no room for
// it each: "CET", or "CEST/CET" where the clocks were changed between them.
func (p speaker) zones(times []time.Time) string {
	var names []string
	for _, t := range times {
		if name := t.In(p.Location).Format("MST"); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, "/")
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
func (s speaker) dayHeading(t time.Time) string {
	now := s.midnight(s.Now())
	monday := now.AddDate(0, 0, -(int(now.Weekday())+6)%7)
	switch ago := s.daysAgo(t); {
	case ago <= 0:
		return s.Text("sent.today")
	case ago == 1:
		return s.Text("sent.yesterday")
	case !s.midnight(t).Before(monday):
		return s.Text("sent.earlierThisWeek")
	case !s.midnight(t).Before(monday.AddDate(0, 0, -7)):
		return s.Text("sent.lastWeek")
	case s.midnight(t).Year() == now.Year():
		return s.Month(s.midnight(t))
	}
	return s.MonthYear(s.midnight(t))
}

// left says how long something lasts, begun minutes included: "10 minutes left,
// until 11:28 CET".
func (p speaker) left(until time.Time) views.Time {
	until = until.In(p.Location)
	return views.Time{
		ISO:  until.Format(time.RFC3339),
		Text: p.Text("wait.left", "Length", p.Length(roundUp(until.Sub(p.Now()))), "Time", p.ClockZone(until)),
	}
}

// wait says how long to wait, and from when on it is over: "4 minutes, at 11:36
// CET". Neither is too early.
func (p speaker) wait(d time.Duration) string {
	d = roundUp(d)
	at := p.Now().Add(d)
	if whole := at.Truncate(time.Minute); whole.Before(at) {
		at = whole.Add(time.Minute)
	}
	at = at.In(p.Location)
	if p.daysAgo(at) != 0 {
		return p.Text("wait.later", "Length", p.Length(d), "Day", p.Day(at), "Time", p.ClockZone(at))
	}
	return p.Text("wait.today", "Length", p.Length(d), "Time", p.ClockZone(at))
}

// roundUp makes whole minutes of what lasts longer than one.
func roundUp(d time.Duration) time.Duration {
	if d <= time.Minute {
		return d
	}
	return (d + time.Minute - 1).Truncate(time.Minute)
}

// kinds of file by the end of a name: what people call them, or the text that says it.
var kinds = map[string]string{
	"pdf": "PDF", "doc": "Word", "docx": "Word", "xls": "Excel", "xlsx": "Excel", "ppt": "PowerPoint", "pptx": "PowerPoint",
	"odt": "file.document", "ods": "file.sheet", "txt": "file.text", "csv": "CSV", "zip": "ZIP", "eml": "file.message",
	"html": "HTML", "htm": "HTML", "ics": "file.calendar",
}

// pictureKinds are those that are pictures.
var pictureKinds = map[string]string{"png": "PNG", "jpg": "JPEG", "jpeg": "JPEG", "gif": "GIF", "webp": "WebP"}

// fileNote says what a file is and how large: "PDF, 482 KB".
func fileNote(name string, n int64) string { return speaker{}.fileNote(name, n) }

func (p speaker) fileNote(name string, n int64) string {
	end := strings.ToLower(name[strings.LastIndexByte(name, '.')+1:])
	kind := kinds[end]
	switch {
	case !strings.Contains(name, "."):
		return p.Size(n)
	case pictureKinds[end] != "":
		kind = p.Text("file.picture", "Kind", pictureKinds[end])
	case p.Has(kind):
		kind = p.Text(kind)
	}
	if kind == "" {
		return p.Size(n)
	}
	return p.Text("list.comma", "First", kind, "Last", p.Size(n))
}

// personOf is a mailbox as a page shows it.
func personOf(m letterlock.Mailbox) views.Person {
	return views.Person{Name: m.Name, Address: string(m.Address)}
}
