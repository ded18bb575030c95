package web

import (
	"time"

	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/views"
)

// itemTime is when a message was sent, in the list: under the headings Today and
// Yesterday the clock says enough.
func (s speaker) itemTime(t time.Time) views.Time {
	if s.daysAgo(t) <= 1 {
		return s.clock(t)
	}
	return s.said(t, s.short)
}

// mailTime is when a mail came, in a list without headings.
func (s speaker) mailTime(t time.Time) views.Time {
	if s.daysAgo(t) == 0 {
		return s.clock(t)
	}
	return s.said(t, s.short)
}

// short is a date in few characters, with its year when that is not this one.
func (s speaker) short(t time.Time) string {
	if t.In(s.Location).Year() == s.Now().In(s.Location).Year() {
		return s.Short(t)
	}
	return s.ShortYear(t)
}

// minute is a moment to the minute, in few characters: "20 Nov 10:42".
func (s speaker) minute(t time.Time) views.Time {
	return s.said(t, func(t time.Time) string { return s.short(t) + " " + s.Clock(t) })
}

// stepTime is the time of a step of a history: the clock today, and on other
// days with the date. A step that happened before on the day of last says the
// clock only.
func (s speaker) stepTime(t, last time.Time) views.Time {
	if s.daysAgo(t) == 0 || !last.IsZero() && s.midnight(t).Equal(s.midnight(last)) {
		return s.clock(t)
	}
	return s.minute(t)
}

// spoken is a moment within a sentence: "today at 11:52 CET".
func (s speaker) spoken(t time.Time) views.Time {
	return s.said(t, func(t time.Time) string {
		switch s.daysAgo(t) {
		case 0:
			return s.Text("sent.todayAt", "Clock", s.ClockZone(t))
		case 1:
			return s.Text("sent.yesterdayAt", "Clock", s.ClockZone(t))
		}
		return s.Text("sent.onDateAt", "Date", s.Date(t), "Clock", s.ClockZone(t))
	})
}

// at is a moment within a sentence that names no zone: "at 09:33",
// "on 18 November at 09:33".
func (s speaker) at(t time.Time) string {
	if s.daysAgo(t) == 0 {
		return s.Text("sent.at", "Clock", s.clock(t).Text)
	}
	return s.Text("sent.onDateAt", "Date", s.day(t).Text, "Clock", s.clock(t).Text)
}

// exactly is a span in the largest unit that it is whole in: "7 days", "36 hours".
func exactly(say language.Words, span letterlock.Span) string {
	d := time.Duration(span)
	switch {
	case d%(24*time.Hour) == 0:
		return say.Count("length.day", int(d/(24*time.Hour)))
	case d%time.Hour == 0:
		return say.Count("length.hour", int(d/time.Hour))
	case d%time.Minute == 0:
		return say.Count("length.minute", int(d/time.Minute))
	}
	return say.Count("length.second", int(d/time.Second))
}
