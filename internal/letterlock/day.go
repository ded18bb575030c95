package letterlock

import "time"

// ParseDay reads a day in a form of [time.Parse] without an hour, and returns its
// beginning in a zone. Midnight may not be it, and what time.ParseInLocation makes of a
// midnight that is none can be an hour of the day before.
func ParseDay(form, s string, in *time.Location) (time.Time, error) {
	day, err := time.Parse(form, s)
	if err != nil {
		return time.Time{}, err
	}
	return Day(day.Year(), day.Month(), day.Day(), in), nil
}

// Day returns the first moment of a day in a zone; a day of the month may lie outside
// the month, as for [time.Date].
func Day(year int, month time.Month, day int, in *time.Location) time.Time {
	return BeginningOfDay(time.Date(year, month, day, 12, 0, 0, 0, in)) // every zone has a noon every day
}

// BeginningOfDay returns the first moment of the day that t is in. That is not always
// its midnight: where clocks change at midnight there is none, or there are two.
func BeginningOfDay(t time.Time) time.Time {
	y, m, d := t.Date()
	in := func(u time.Time) bool {
		uy, um, ud := u.Date()
		return uy == y && um == m && ud == d
	}
	midnight := time.Date(y, m, d, 0, 0, 0, 0, t.Location())
	if in(midnight) && !in(midnight.Add(-time.Second)) {
		return midnight
	}
	for u := midnight.Add(-3 * time.Hour); u.Before(t); u = u.Add(15 * time.Minute) {
		if in(u) {
			return u
		}
	}
	return midnight
}

// NextDay returns the first moment of the day after the one that t is in. Days that a
// zone has left out are passed over.
func NextDay(t time.Time) time.Time {
	y, m, d := t.Date()
	for i := 1; ; i++ {
		if next := Day(y, m, d+i, t.Location()); next.After(t) {
			return next
		}
	}
}
