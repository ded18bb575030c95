package main

import (
	"errors"
	"testing"
	"time"

	"letterlock/internal/letterlock"
)

func TestDatesAreReadAsPeopleTypeThem(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	d := dates{zone: zone, now: time.Date(2026, 11, 25, 23, 30, 0, 0, time.UTC)} // the 26th in Berlin
	const none = "none"
	tests := []struct{ name, typed, from, until, cmdlet string }{
		{"nothing", "", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
		{"a day", "2026-11-20", "2026-11-20T00:00:00+01:00", "2026-11-21T00:00:00+01:00", "2026-11-20T00:00:00+01:00"},
		{"the day of 25 hours", "2026-10-25", "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00", "2026-10-25T00:00:00+02:00"},
		{"a moment", "2026-11-20 14:05", "2026-11-20T14:05:00+01:00", "2026-11-20T14:05:00+01:00", "2026-11-20T14:05:00+01:00"},
		{"a moment with its zone", "2026-11-20T14:05:00Z", "2026-11-20T14:05:00Z", "2026-11-20T14:05:00Z", "2026-11-20T14:05:00Z"},
		{"small letters", "2026-11-20t14:05:00z", "2026-11-20T14:05:00Z", "2026-11-20T14:05:00Z", "2026-11-20T14:05:00Z"},
		{"today", "0d", "2026-11-26T00:00:00+01:00", "2026-11-27T00:00:00+01:00", "2026-11-26T00:00:00+01:00"},
		{"a week ago", "7d", "2026-11-19T00:00:00+01:00", "2026-11-20T00:00:00+01:00", "2026-11-19T00:00:00+01:00"},
		{"a day of PowerShell", "11/20/2026", none, none, "2026-11-20T00:00:00+01:00"},
		{"without noughts", "1/2/2026", none, none, "2026-01-02T00:00:00+01:00"},
		{"its moment", "11/20/2026 2:05 pm", none, none, "2026-11-20T14:05:00+01:00"},
		{"its moment to the second", "11/20/2026 14:05:09", none, none, "2026-11-20T14:05:09+01:00"},
		{"a day that is none", "2026-02-30", none, none, none},
		{"the day first", "20/11/2026", none, none, none},
		{"more days than there are", "70000d", none, none, none},
		{"words", "yesterday", none, none, none},
	}
	for _, tt := range tests {
		for way, want := range map[string]string{"from": tt.from, "until": tt.until, "cmdlet": tt.cmdlet} {
			at, err := map[string]func(string, string) (time.Time, error){"from": d.from, "until": d.until, "cmdlet": d.cmdlet}[way]("x", tt.typed)
			got := at.Format(time.RFC3339)
			if want == none {
				if !errors.Is(err, letterlock.Invalid) || letterlock.KeyOf(err) != "date" {
					t.Errorf("%s: %s %q = %s, %v; want Invalid", tt.name, way, tt.typed, got, err)
				}
			} else if err != nil || got != want {
				t.Errorf("%s: %s %q = %s, %v; want %s", tt.name, way, tt.typed, got, err, want)
			}
		}
	}
}

// TestADayThatHasNoMidnightIsThatDay is of a zone where summer time begins at midnight.
func TestADayThatHasNoMidnightIsThatDay(t *testing.T) {
	zone, err := time.LoadLocation("America/Santiago")
	if err != nil {
		t.Fatal(err)
	}
	d := dates{zone: zone, now: time.Date(2026, 9, 7, 15, 0, 0, 0, zone)}
	for _, typed := range []string{"2026-09-06", "1d"} {
		from, err1 := d.from("x", typed)
		until, err2 := d.until("x", typed)
		const want = "2026-09-06T01:00:00-03:00 2026-09-07T00:00:00-03:00"
		if got := from.Format(time.RFC3339) + " " + until.Format(time.RFC3339); err1 != nil || err2 != nil || got != want {
			t.Errorf("%s is %s, want %s (%v, %v)", typed, got, want, err1, err2)
		}
	}
}
