package letterlock_test

import (
	"errors"
	"testing"
	"time"

	"letterlock/internal/letterlock"
)

func TestSpansAreANumberAndAUnit(t *testing.T) {
	const day = 24 * time.Hour
	tests := []struct {
		in   string
		want time.Duration // -1: Invalid
		out  string
	}{
		{"0", 0, "0"},
		{"1m", time.Minute, "1m"},
		{"30m", 30 * time.Minute, "30m"},
		{"120m", 2 * time.Hour, "2h"},
		{"12h", 12 * time.Hour, "12h"},
		{"48h", 2 * day, "2d"},
		{"7d", 7 * day, "7d"},
		{"730d", 730 * day, "730d"},
		{"731d", -1, ""},
		{"0m", -1, ""},
		{"0d", -1, ""},
		{"-1d", -1, ""},
		{"+1d", -1, ""},
		{"1.5h", -1, ""},
		{"1h30m", -1, ""},
		{"30s", -1, ""},
		{"7", -1, ""},
		{"d", -1, ""},
		{"", -1, ""},
		{" 7d", -1, ""},
		{"7D", -1, ""},
		{"٧d", -1, ""},
		{"4294967296d", -1, ""},
		{"99999999999999999999h", -1, ""},
	}
	for _, tt := range tests {
		got, err := letterlock.ParseSpan(tt.in)
		if tt.want < 0 {
			if !errors.Is(err, letterlock.Invalid) || letterlock.KeyOf(err) != "expires" {
				t.Errorf("ParseSpan(%q) = %v, %v; want Invalid", tt.in, got, err)
			}
			continue
		}
		if err != nil || got != letterlock.Span(tt.want) || got.String() != tt.out {
			t.Errorf("ParseSpan(%q) = %v, %v; want %v, which is %q", tt.in, got, err, tt.want, tt.out)
		}
	}
}
