package policy

import (
	"errors"
	"testing"
	"time"

	"letterlock/internal/letterlock"
)

// FuzzParseEnd reads what a mail says of its end in its header.
func FuzzParseEnd(f *testing.F) {
	for _, s := range []string{"never", "NEVER", "0", "7d", "7D", "30m", "2026-12-01T10:00:00Z", "2026-12-01T10:00:00+14:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
		"2026-12-01", "2026-12-01T10:00:00.999999999Z", "-0001-01-01T00:00:00Z", "7d\r\nBcc: x", "", "٧d"} {
		f.Add(s)
	}
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, s string) {
		end, err := ParseEnd(s, now)
		if err != nil {
			if !errors.Is(err, letterlock.Invalid) {
				t.Errorf("ParseEnd(%q): %v", s, err)
			}
			return
		}
		if !end.IsZero() && (end.Location() != time.UTC || end.Nanosecond() != 0) {
			t.Errorf("ParseEnd(%q) = %v: no whole second of UTC", s, end)
		}
		if CheckEnd(end, now) != nil {
			return
		}
		if !end.IsZero() && (!end.After(now) || end.After(now.AddDate(LongestYears, 0, 2))) {
			t.Errorf("the end %v of %q is accepted", end, s)
		}
		if !end.IsZero() {
			if again, err := ParseEnd(end.Format(time.RFC3339), now); err != nil || !again.Equal(end) {
				t.Errorf("ParseEnd(%q) = %v, of which ParseEnd makes %v, %v", s, end, again, err)
			}
		}
	})
}
