package language

import (
	"strconv"
	"strings"
	"time"
)

// Times are written in the zone that they are in, which the caller has chosen, with
// the clock of 24 hours and the digits 0 to 9 in every language: passcodes,
// references and addresses have those, and a page with two sorts of digits makes
// its reader compare.

// Weekday is a moment in full with its day: "Friday 20 November 2026, 10:42 CET".
func (w Words) Weekday(t time.Time) string { return w.moment("date.weekday", t) }

// When is a moment in full: "20 November 2026, 11:52 CET".
func (w Words) When(t time.Time) string { return w.moment("date.when", t) }

// WeekdayDate is a day in full: "Friday 20 November 2026".
func (w Words) WeekdayDate(t time.Time) string { return w.moment("date.weekdate", t) }

// At is a moment in the middle of a sentence: "20 November 2026 at 11:52 CET".
func (w Words) At(t time.Time) string { return w.moment("date.at", t) }

// Date is a day with its year: "20 November 2026".
func (w Words) Date(t time.Time) string { return w.moment("date.date", t) }

// Day is one of a year that is understood: "20 November".
func (w Words) Day(t time.Time) string { return w.moment("date.day", t) }

// Month is one of a year that is understood: "November".
func (w Words) Month(t time.Time) string {
	return w.Text("date.month." + strconv.Itoa(int(t.Month())))
}

// MonthYear is a month with its year: "November 2026".
func (w Words) MonthYear(t time.Time) string { return w.moment("date.monthYear", t) }

// Clock is the time of a day: "10:42".
func (w Words) Clock(t time.Time) string { return t.Format("15:04") }

// ClockZone is the time of a day with the zone that it is in: "10:42 CET".
func (w Words) ClockZone(t time.Time) string { return t.Format("15:04 MST") }

// Short is a day of a year that is understood in few characters: "20 Nov". Like what is
// named after it, it is there for staff only.
func (w Words) Short(t time.Time) string { return w.moment("short.day", t) }

// ShortYear is a day with its year in few characters: "20 Nov 2026".
func (w Words) ShortYear(t time.Time) string { return w.moment("short.year", t) }

// Exact is a moment to the second: "20 Nov 2026, 11:52:08 CET".
func (w Words) Exact(t time.Time) string { return w.moment("short.exact", t) }

// Seconds is the time of a day to the second: "10:42:08".
func (w Words) Seconds(t time.Time) string { return t.Format("15:04:05") }

// moment puts what is known of t into one of the forms of a date. Nothing is shut
// in here: all of it is ours.
func (w Words) moment(form string, t time.Time) string {
	var b strings.Builder
	for _, p := range w.Parts(form) {
		switch p.Slot {
		case "":
			b.WriteString(p.Text)
		case "Weekday":
			b.WriteString(w.Text("date.weekdays." + strconv.Itoa(int(t.Weekday()))))
		case "Day":
			if t.Day() == 1 {
				b.WriteString(w.Text("date.first")) // French says "1er"
			} else {
				b.WriteString(strconv.Itoa(t.Day()))
			}
		case "Month":
			b.WriteString(w.Month(t))
		case "Short":
			b.WriteString(w.Text("short.month." + strconv.Itoa(int(t.Month()))))
		case "Seconds":
			b.WriteString(w.Seconds(t))
		case "Year":
			b.WriteString(strconv.Itoa(t.Year()))
		case "Clock":
			b.WriteString(w.Clock(t))
		case "Zone":
			b.WriteString(t.Format("MST"))
		}
	}
	return b.String()
}

// Length is a duration in one unit, rounded down, but never to nothing: whoever is
// told that a minute is left has at least that.
func (w Words) Length(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return w.Count("length.day", int(d/(24*time.Hour)))
	case d >= 2*time.Hour:
		return w.Count("length.hour", int(d/time.Hour))
	case d >= time.Minute:
		return w.Count("length.minute", int(d/time.Minute))
	}
	return w.Count("length.second", max(1, int((d+time.Second-1)/time.Second)))
}

// Size is a number of bytes: "482 KB". A kilobyte has 1,000 of them.
func (w Words) Size(n int64) string {
	switch {
	case n < 1000:
		return w.Count("size.byte", int(n))
	case n < 999_500:
		return w.sizeIn("size.kilo", strconv.FormatInt((n+500)/1000, 10))
	case n < 9_950_000:
		tenths := (n + 50_000) / 100_000 // as words.js rounds
		return w.sizeIn("size.mega", strconv.FormatInt(tenths/10, 10)+w.Text("size.point")+strconv.FormatInt(tenths%10, 10))
	}
	return w.sizeIn("size.mega", strconv.FormatInt((n+500_000)/1_000_000, 10))
}

// sizeIn puts a number beside its unit.
func (w Words) sizeIn(unit, n string) string { return w.Text(unit, "Size", n) }
