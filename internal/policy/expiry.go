package policy

import (
	"strings"
	"time"

	"letterlock/internal/letterlock"
)

// LongestYears is how many years ahead a message may end: as far as Compose and a
// date may go.
const LongestYears = 10

// A Wish is what is known of when a message is to end.
type Wish struct {
	Chosen  time.Time // by Compose
	Compose bool      // somebody chose, if only that it shall never end
	Header  string    // X-Letterlock-Expires
	Headers int       // how many of it there were
	// Brand is how long messages of its brand can be read if nothing else is said; 0: as
	// the settings say.
	Brand letterlock.Span
}

// Expires decides when a message ends that is accepted now; zero: never. A wish
// that cannot be understood, or that is over already, is Invalid "expires":
// nothing that was meant to end is kept open.
func (s Settings) Expires(w Wish, now time.Time) (time.Time, error) {
	end := w.Chosen
	switch {
	case w.Compose || !w.Chosen.IsZero():
	case w.Headers > 1:
		return time.Time{}, &letterlock.Error{Code: letterlock.Invalid, Key: "expires"}
	case w.Headers == 1:
		var err error
		if end, err = ParseEnd(strings.TrimSpace(w.Header), now); err != nil {
			return time.Time{}, err
		}
	case w.Brand > 0:
		end = w.Brand.After(now)
	case s.Expiry != nil:
		end = s.Expiry.After(now)
	}
	return end, CheckEnd(end, now)
}

// ParseEnd reads a moment in the form of RFC 3339, a span from now, or the word
// never, which is the zero time. Everything else is Invalid "expires".
func ParseEnd(text string, now time.Time) (time.Time, error) {
	if strings.EqualFold(text, "never") {
		return time.Time{}, nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		if at = at.UTC().Truncate(time.Second); at.IsZero() {
			return at, &letterlock.Error{Code: letterlock.Invalid, Key: "expires"} // a year 1 that is no never
		}
		return at, nil
	}
	span, err := letterlock.ParseSpan(strings.ToLower(text))
	return span.After(now), err
}

// CheckEnd returns Invalid "expires" for an end that is not to come, or too far
// away to be meant. The zero time is never, and good.
func CheckEnd(end, now time.Time) error {
	if end.IsZero() || end.After(now) && !end.After(now.AddDate(LongestYears, 0, 1)) {
		return nil
	}
	return &letterlock.Error{Code: letterlock.Invalid, Key: "expires"}
}

// MayExpire says whether by may change until when m can be read: its sender, and
// whoever may give access back to anybody. The refusals are those of MayRevoke, but
// for the number of recipients: when it ends is the same for all, and was the
// sender's to choose.
func (s Settings) MayExpire(by letterlock.Actor, m letterlock.Message, all []letterlock.Recipient) error {
	s.SenderScope = EveryLink
	return s.MayRevoke(by, m, all)
}

// LatestEnd is until when by can have m be read at most: the end that the rules
// allowed when it was sent, or the one that it has, which only an administrator can
// have set beyond that. The zero time: they set no bound. Administrators, whose the
// rules are, have none.
func LatestEnd(by letterlock.Actor, m letterlock.Message) time.Time {
	switch {
	case m.LatestEnd.IsZero() || m.Expires.IsZero() || by.Is(letterlock.Admin):
		return time.Time{}
	case m.Expires.After(m.LatestEnd):
		return m.Expires
	}
	return m.LatestEnd
}

// CheckRuled returns [letterlock.PastRule] for an end of m that is later than the
// rules let by set.
func CheckRuled(by letterlock.Actor, m letterlock.Message, end time.Time) error {
	if latest := LatestEnd(by, m); beyond(latest, end) {
		return &letterlock.PastRule{Latest: latest}
	}
	return nil
}

// BeyondRules reports whether an end of m is later than the rules allowed.
func BeyondRules(m letterlock.Message, end time.Time) bool { return beyond(m.LatestEnd, end) }

func beyond(latest, end time.Time) bool {
	return !latest.IsZero() && (end.IsZero() || end.After(latest))
}

// MayEndLater returns [letterlock.PastRule] if by can give m no more time from now on,
// because it is past all that the rules allow.
func MayEndLater(by letterlock.Actor, m letterlock.Message, now time.Time) error {
	if latest := LatestEnd(by, m); !latest.IsZero() && !latest.After(now) {
		return &letterlock.PastRule{Latest: latest}
	}
	return nil
}
