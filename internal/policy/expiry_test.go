package policy_test

import (
	"errors"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
)

func TestExpiry(t *testing.T) {
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	week, ever := letterlock.Span(7*24*time.Hour), letterlock.Span(0)
	header := func(s string) policy.Wish { return policy.Wish{Header: s, Headers: 1} }
	tests := []struct {
		name    string
		setting *letterlock.Span
		wish    policy.Wish
		want    string // RFC 3339; empty: never; "-": Invalid
	}{
		{"nothing said", nil, policy.Wish{}, ""},
		{"setting", &week, policy.Wish{}, "2026-11-27T10:00:00Z"},
		{"setting for ever", &ever, policy.Wish{}, ""},
		{"Compose over the setting", &week, policy.Wish{Compose: true}, ""},
		{"Compose", nil, policy.Wish{Compose: true, Chosen: now.Add(time.Hour)}, "2026-11-20T11:00:00Z"},
		{"Compose in the past", nil, policy.Wish{Compose: true, Chosen: now}, "-"},
		{"a header in Compose", nil, policy.Wish{Compose: true, Header: "rubbish", Headers: 1}, ""},
		{"header over the setting", &week, header("never"), ""},
		{"span", &week, header(" 12h "), "2026-11-20T22:00:00Z"},
		{"span in capitals", nil, header("7D"), "2026-11-27T10:00:00Z"},
		{"span of nothing", nil, header("0m"), "-"},
		{"for ever as a span", nil, header("0"), ""},
		{"moment", nil, header("2026-12-24T18:00:00+01:00"), "2026-12-24T17:00:00Z"},
		{"moment with parts of a second", nil, header("2026-12-24T18:00:00.9Z"), "2026-12-24T18:00:00Z"},
		{"moment that is over", nil, header("2026-11-20T10:00:00Z"), "-"},
		{"moment without a zone", nil, header("2026-12-24T18:00:00"), "-"},
		{"date alone", nil, header("2026-12-24"), "-"},
		{"moment too far away", nil, header("2036-11-22T10:00:00Z"), "-"},
		{"empty", nil, header(""), "-"},
		{"rubbish", &week, header("tomorrow"), "-"},
		{"two of them", nil, policy.Wish{Header: "7d", Headers: 2}, "-"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := policy.Settings{Expiry: tt.setting}.Expires(tt.wish, now)
			if tt.want == "-" {
				if !errors.Is(err, letterlock.Invalid) || letterlock.KeyOf(err) != "expires" {
					t.Errorf("Expires = %v, %v; want Invalid", got, err)
				}
				return
			}
			text := ""
			if !got.IsZero() {
				text = got.Format(time.RFC3339)
			}
			if err != nil || text != tt.want {
				t.Errorf("Expires = %v, %v; want %q", got, err, tt.want)
			}
		})
	}
}
