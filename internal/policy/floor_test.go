package policy_test

import (
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
)

func TestAFloorRaisesAndNeverLowers(t *testing.T) {
	const dnf, open = letterlock.DoNotForward, letterlock.EncryptOnly
	tests := []struct {
		has, floor, want letterlock.Protection
		by               string
	}{
		{open, "", open, "sender"},
		{dnf, "", dnf, "sender"},
		{open, open, open, "rule"},
		{open, dnf, dnf, "rule"},
		{dnf, dnf, dnf, "rule"},
		{dnf, open, dnf, "sender"},
	}
	for _, tt := range tests {
		d := policy.Decision{Protection: tt.has, Method: letterlock.ByUser, DecidedBy: "sender"}.AtLeast(tt.floor, "rule")
		if d.Protection != tt.want || d.DecidedBy != tt.by || (d.Method == letterlock.ByPolicy) != (tt.by == "rule") {
			t.Errorf("%q at least %q: %+v, want %q by %s", tt.has, tt.floor, d, tt.want, tt.by)
		}
	}
}

func TestAnEndIsNeverPutOff(t *testing.T) {
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	const day = letterlock.Span(24 * time.Hour)
	in := func(n int) time.Time { return now.AddDate(0, 0, n) }
	tests := []struct {
		end  time.Time
		span letterlock.Span
		want time.Time
	}{
		{time.Time{}, 0, time.Time{}}, {in(3), 0, in(3)}, {time.Time{}, day, in(1)}, {in(3), day, in(1)}, {in(1), 3 * day, in(1)},
	}
	for _, tt := range tests {
		if got := policy.NoLater(tt.end, tt.span, now); !got.Equal(tt.want) {
			t.Errorf("%v within %v: %v, want %v", tt.end, tt.span, got, tt.want)
		}
	}
}
