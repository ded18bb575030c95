package main

import (
	"testing"
	"time"
)

func TestAnEndIsSentAsItIsMeant(t *testing.T) {
	in := dates{zone: time.FixedZone("", 3600), now: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)}
	tests := []struct {
		name string
		c    expireCommand
		want string // empty: refused
	}{
		{"span", expireCommand{In: "7d"}, "7d"},
		{"span in capitals", expireCommand{In: "12H"}, "12h"},
		{"none", expireCommand{Never: true}, "never"},
		{"moment", expireCommand{At: "2026-12-24T18:00:00+02:00"}, "2026-12-24T16:00:00Z"},
		{"moment of the zone here", expireCommand{At: "2026-12-24 18:00"}, "2026-12-24T17:00:00Z"},
		{"day", expireCommand{At: "2026-12-24"}, "2026-12-24T23:00:00Z"},
		{"0, which could be meant as now", expireCommand{In: "0"}, ""},
		{"moment as a span", expireCommand{In: "2026-12-24"}, ""},
		{"word as a span", expireCommand{In: "never"}, ""},
		{"word as a moment", expireCommand{At: "tomorrow"}, ""},
		{"blanks", expireCommand{At: " "}, ""},
		{"nothing", expireCommand{}, ""},
	}
	for _, tt := range tests {
		got, err := tt.c.end(in)
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%s: %q, %v; want %q", tt.name, got, err, tt.want)
		}
	}
}
