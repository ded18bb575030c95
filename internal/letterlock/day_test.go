package letterlock_test

import (
	"testing"
	"time"
	_ "time/tzdata"

	"letterlock/internal/letterlock"
)

// TestADayIsReadAsItself has zones whose clocks change at midnight: forward, where
// there is none then, and back, where there are two.
func TestADayIsReadAsItself(t *testing.T) {
	for _, tt := range []struct{ zone, day, begins, ends string }{
		{"UTC", "2026-11-20", "2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z"},
		{"Europe/Berlin", "2026-03-29", "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"},
		{"America/Santiago", "2026-09-06", "2026-09-06T01:00:00-03:00", "2026-09-07T00:00:00-03:00"},
		{"America/Santiago", "2026-09-05", "2026-09-05T00:00:00-04:00", "2026-09-06T01:00:00-03:00"},
		{"America/Santiago", "2026-04-04", "2026-04-04T00:00:00-03:00", "2026-04-05T00:00:00-04:00"},
		{"America/Havana", "2026-03-08", "2026-03-08T01:00:00-04:00", "2026-03-09T00:00:00-04:00"},
		{"America/Havana", "2026-11-01", "2026-11-01T00:00:00-04:00", "2026-11-02T00:00:00-05:00"},
		{"Africa/Cairo", "2026-04-24", "2026-04-24T01:00:00+03:00", "2026-04-25T00:00:00+03:00"},
		{"Pacific/Apia", "2011-12-29", "2011-12-29T00:00:00-10:00", "2011-12-31T00:00:00+14:00"}, // there was no 30th
	} {
		zone, err := time.LoadLocation(tt.zone)
		if err != nil {
			t.Fatal(err)
		}
		day, err := letterlock.ParseDay(time.DateOnly, tt.day, zone)
		if err != nil {
			t.Fatal(err)
		}
		if got, next := day.Format(time.RFC3339), letterlock.NextDay(day).Format(time.RFC3339); got != tt.begins || next != tt.ends {
			t.Errorf("%s in %s: from %s until %s, want %s and %s", tt.day, tt.zone, got, next, tt.begins, tt.ends)
		}
	}
	if _, err := letterlock.ParseDay(time.DateOnly, "2026-02-30", time.UTC); err == nil {
		t.Error("the 30th of February is a day")
	}
}
