package web

import (
	"time"

	"letterlock/views"
)

// Forms of a moment in the Sent folder, beside those that all pages share.
const (
	itemForm     = "2 Jan"
	itemYearForm = "2 Jan 2006"
	namedForm    = "15:04 MST"
)

// itemTime is when a message was sent, in the list: under the headings Today and
// Yesterday the clock says enough.
func (s *Server) itemTime(t time.Time) views.Time {
	if s.daysAgo(t) <= 1 {
		return s.clock(t)
	}
	return s.moment(t, s.shortForm(t))
}

// mailTime is when a mail came, in a list without headings.
func (s *Server) mailTime(t time.Time) views.Time {
	if s.daysAgo(t) == 0 {
		return s.clock(t)
	}
	return s.moment(t, s.shortForm(t))
}

// shortForm is that of a date in few characters, with its year when that is not this one.
func (s *Server) shortForm(t time.Time) string {
	if t.In(s.Location).Year() == s.Now().In(s.Location).Year() {
		return itemForm
	}
	return itemYearForm
}

// stepTime is the time of a step of a history: the clock today, and on other
// days with the date. A step that happened before on the day of last says the
// clock only.
func (s *Server) stepTime(t, last time.Time) views.Time {
	if s.daysAgo(t) == 0 || !last.IsZero() && s.midnight(t).Equal(s.midnight(last)) {
		return s.clock(t)
	}
	return s.moment(t, s.shortForm(t)+" "+clockForm)
}

// spoken is a moment within a sentence: "today at 11:52 CET".
func (s *Server) spoken(t time.Time) views.Time {
	switch s.daysAgo(t) {
	case 0:
		return s.moment(t, "today at "+namedForm)
	case 1:
		return s.moment(t, "yesterday at "+namedForm)
	}
	return s.moment(t, "on "+dayForm+" at "+namedForm)
}

// at is a moment within a sentence that names no zone: "at 09:33",
// "on 18 November at 09:33".
func (s *Server) at(t time.Time) string {
	if s.daysAgo(t) == 0 {
		return "at " + s.clock(t).Text
	}
	return "on " + s.day(t).Text + " at " + s.clock(t).Text
}
