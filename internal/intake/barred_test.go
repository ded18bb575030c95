package intake_test

import (
	"errors"
	"slices"
	"testing"

	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
)

func TestNobodyIsForwardedWhatTheyHaveLost(t *testing.T) {
	p := newPortal(t)
	first := p.send(intake.Envelope{})
	omars := p.mustForward(jonas, first, omar)
	p.must(p.access.Revoke(t.Context(), grace, first, "", marta))
	p.must(p.access.Revoke(t.Context(), grace, omars, ""))
	tests := []struct {
		name string
		by   letterlock.Address
		of   letterlock.ID
		to   []letterlock.Address
		lost []letterlock.Address
	}{
		{"a recipient of the original", jonas, first, []letterlock.Address{zoe, marta}, []letterlock.Address{marta}},
		{"somebody who lost a copy alone", jonas, first, []letterlock.Address{omar}, nil},
		{"somebody else", jonas, first, []letterlock.Address{zoe}, nil},
	}
	for _, tt := range tests {
		_, err := p.forward(tt.by, tt.of, intake.Writing{}, tt.to...)
		var barred *intake.Barred
		if tt.lost == nil && err != nil || tt.lost != nil && (!errors.As(err, &barred) || !slices.Equal(barred.To, tt.lost) || !errors.Is(err, letterlock.Denied)) {
			t.Errorf("%s: %v, want %v to be barred", tt.name, err, tt.lost)
		}
	}
	if p.audited("forward", first, false) != 1 {
		t.Error("the refused attempt is not in the audit log")
	}
	p.must(p.access.Restore(t.Context(), grace, first, marta))
	if _, err := p.forward(jonas, first, intake.Writing{}, marta); err != nil {
		t.Errorf("to whom access was given back: %v", err)
	}
}

func TestNobodyIsForwardedACopyOfWhatTheyHaveLost(t *testing.T) {
	p := newPortal(t)
	first := p.send(intake.Envelope{})
	zoes := p.mustForward(omar, p.mustForward(jonas, first, omar), zoe)
	p.must(p.access.Revoke(t.Context(), grace, first, "", marta))
	var barred *intake.Barred
	if _, err := p.forward(zoe, zoes, intake.Writing{}, marta); !errors.As(err, &barred) {
		t.Errorf("a copy of a copy of what was removed: %v, want it barred", err)
	}
}
