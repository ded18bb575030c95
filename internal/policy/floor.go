package policy

import (
	"time"

	"letterlock/internal/letterlock"
)

// AtLeast returns a decision that gives no less than p, which by asks for. The floor
// comes first: the sender's own wish has decided only where it goes beyond it. An
// empty p is no floor.
func (d Decision) AtLeast(p letterlock.Protection, by string) Decision {
	if p == "" || p == letterlock.EncryptOnly && d.Protection == letterlock.DoNotForward {
		return d
	}
	d.Protection, d.Method, d.DecidedBy = p, letterlock.ByPolicy, by
	return d
}

// NoLater returns the earlier of an end, of which the zero time is none, and of the
// end of a span that begins then; a span of 0 has none.
func NoLater(end time.Time, span letterlock.Span, begin time.Time) time.Time {
	if span == 0 {
		return end
	}
	if last := span.After(begin); end.IsZero() || end.After(last) {
		return last
	}
	return end
}
