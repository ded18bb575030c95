package web

import (
	"time"

	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/views"
)

// Choices of how long a message can be read. The date is one of them: the last
// day, to its end, where the organisation is.
const (
	defaultExpiry = "14"
	dateExpiry    = "date"
	neverExpiry   = "never"
	dateForm      = "2006-01-02"
	latestExpiry  = "latest" // as long as a rule allows, where one does not allow any
	usualExpiry   = "usual"  // what the organisation's settings say, where that is none of the days
)

var expiryDays = []struct {
	value string
	days  int
}{
	{"14", 14},
	{"7", 7},
	{"30", 30},
	{"90", 90},
}

// lastDay is the end of the day that lies days after now, to the second.
func lastDay(now time.Time, days int) time.Time {
	y, m, d := now.Date()
	return letterlock.NextDay(letterlock.Day(y, m, d+days, now.Location())).Add(-time.Second)
}

// expiryOf reads the choice. now is in the organisation's zone, usual what its
// settings say; the zero time means never.
func expiryOf(say language.Words, choice, date string, now time.Time, usual *letterlock.Span) (time.Time, *views.FieldError) {
	if choice == "" {
		choice = proposedExpiry(usual)
	}
	for _, e := range expiryDays {
		if choice == e.value {
			return lastDay(now, e.days), nil
		}
	}
	switch choice {
	case usualExpiry:
		if usual != nil && *usual != 0 {
			return usual.After(now).Truncate(time.Second), nil
		}
	case neverExpiry:
		return time.Time{}, nil
	case dateExpiry:
		return expiryDate(say, date, now)
	}
	return time.Time{}, &views.FieldError{Field: "expiry", Text: say.Text("expiry.chooseWhenTheMessageExpires")}
}

func expiryDate(say language.Words, date string, now time.Time) (time.Time, *views.FieldError) {
	wrong := func(text string) (time.Time, *views.FieldError) {
		return time.Time{}, &views.FieldError{Field: "expiry-date", Text: text}
	}
	if date == "" {
		return wrong(say.Text("expiry.chooseTheLastDay"))
	}
	day, err := letterlock.ParseDay(dateForm, date, now.Location())
	if err != nil {
		return wrong(say.Text("expiry.theLastDayIsNot", "Format", now.Format(dateForm)))
	}
	end := lastDay(day, 0)
	if end.Before(now) {
		return wrong(say.Text("expiry.theLastDayMustNot"))
	}
	if end.After(lastDay(now.AddDate(policy.LongestYears, 0, 0), 0)) {
		return wrong(say.Text("expiry.theLastDayMustBe"))
	}
	return end, nil
}

// proposedExpiry is the choice that is made before anybody has chosen: what the
// settings of the organisation say, in the words of the form.
func proposedExpiry(usual *letterlock.Span) string {
	switch {
	case usual == nil:
		return defaultExpiry
	case *usual == 0:
		return neverExpiry
	}
	for _, e := range expiryDays {
		if *usual == letterlock.Span(time.Duration(e.days)*24*time.Hour) {
			return e.value
		}
	}
	return usualExpiry
}

// expiryOptions are the choices, with the day that the proposed one means.
func expiryOptions(say language.Words, choice string, now time.Time, usual *letterlock.Span) []views.Option {
	proposed := proposedExpiry(usual)
	if choice == "" {
		choice = proposed
	}
	var list []views.Option
	if proposed == usualExpiry {
		list = append(list, views.Option{Value: usualExpiry, Selected: choice == usualExpiry,
			Text: say.Text("expiry.in", "Length", say.Length(time.Duration(*usual)), "Date", say.Date(usual.After(now)), "Clock", say.Clock(usual.After(now)))})
	}
	for _, e := range expiryDays {
		text := say.Text("expiry.inDays", "Value", e.value)
		if e.value == proposed {
			text += ", " + say.Date(lastDay(now, e.days))
		}
		list = append(list, views.Option{Value: e.value, Text: text, Selected: choice == e.value})
	}
	return append(list,
		views.Option{Value: dateExpiry, Text: say.Text("expiry.onADate"), Selected: choice == dateExpiry},
		views.Option{Value: neverExpiry, Text: say.Text("expiry.never"), Selected: choice == neverExpiry})
}

// ruledOptions are the choices that a rule allows which lets the message be read until
// latest, and that as the last of them. end says what a choice means; the zero latest
// is no bound.
func ruledOptions(say language.Words, list []views.Option, latest time.Time, end func(choice string) time.Time) []views.Option {
	if latest.IsZero() {
		return list
	}
	var allowed []views.Option
	chosen := false
	for _, o := range list {
		if at := end(o.Value); !at.IsZero() && !at.After(latest) {
			allowed = append(allowed, o)
			chosen = chosen || o.Selected
		}
	}
	return append(allowed, views.Option{Value: latestExpiry, Selected: !chosen,
		Text: say.Text("expiry.asLongAsARule", "Date", say.Date(latest), "Clock", say.Clock(latest))})
}

// lastWholeDay is the last day that ends no later than latest, in its zone.
func lastWholeDay(latest time.Time) time.Time {
	if lastDay(latest, 0).After(latest) {
		return latest.AddDate(0, 0, -1)
	}
	return latest
}
