package letterlock

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// A Span is how long a message can be read. The zero Span is for ever.
type Span time.Duration

// Bounds of what an organisation and a mail may ask for.
const (
	shortestSpan = Span(time.Minute)
	longestSpan  = Span(730 * day)
	day          = 24 * time.Hour
)

var spanUnits = []struct {
	name   string
	length time.Duration
}{{"d", day}, {"h", time.Hour}, {"m", time.Minute}}

// ParseSpan reads a whole number and a unit, like 30m, 12h or 7d, from a minute to
// 730 days; 0 is for ever. Everything else is Invalid "expires".
func ParseSpan(s string) (Span, error) {
	if s == "0" {
		return 0, nil
	}
	for _, u := range spanUnits {
		digits, ok := strings.CutSuffix(s, u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(digits, 10, 32)
		if err != nil || n > uint64(longestSpan)/uint64(u.length) {
			break
		}
		if span := Span(n) * Span(u.length); span >= shortestSpan {
			return span, nil
		}
	}
	return 0, &Error{Code: Invalid, Key: "expires", Err: errors.New("neither 0 nor a number with m, h or d, up to 730d")}
}

// String writes the span as ParseSpan reads it.
func (s Span) String() string {
	for _, u := range spanUnits {
		if s > 0 && s%Span(u.length) == 0 {
			return strconv.FormatInt(int64(s/Span(u.length)), 10) + u.name
		}
	}
	return "0"
}

// After is the moment at which a span that begins then is over; zero: never.
func (s Span) After(begin time.Time) time.Time {
	if s == 0 {
		return time.Time{}
	}
	return begin.Add(time.Duration(s))
}
