package track

import (
	"testing"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// FuzzPlaces reads what names the next page of a list, in an address that anybody can
// change.
func FuzzPlaces(f *testing.F) {
	for _, s := range []string{"", "0", "1048576", "9223372036854775807", "-1", "9223372036854775808", "1-0", "1--1", "1-", "-", "1-9223372036854775808", "1-1-1", "+1-+1", " 1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if n := parseCursor(s); n != 0 && (n < firstPlace || parseCursor(cursor(letterlock.Message{Seq: n})) != n) {
			t.Errorf("parseCursor(%q) = %d", s, n)
		}
		p := parsePlace(s)
		if p.Seq < 0 || p.Position < 0 || p != (store.Place{}) && parsePlace(writePlace(p)) != p {
			t.Errorf("parsePlace(%q) = %+v", s, p)
		}
	})
}
