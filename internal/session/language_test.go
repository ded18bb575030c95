package session_test

import (
	"errors"
	"testing"

	"letterlock/internal/letterlock"
)

func TestLanguageIsRememberedForWhoeverProvedTheAddress(t *testing.T) {
	s := newHouse(t).sessions
	marta := letterlock.Actor{Kind: letterlock.Reader, Address: "marta@quillfeather.example"}
	for _, tt := range []struct {
		name, tag string
		by        letterlock.Actor
		want      error
		spoken    string
	}{
		{"nobody", "de", letterlock.Actor{}, letterlock.Denied, ""},
		{"nobody who names an address", "de", letterlock.Actor{Address: marta.Address}, letterlock.Denied, ""},
		{"somebody of the staff", "de", letterlock.Actor{Kind: letterlock.Staff, Address: marta.Address}, letterlock.Denied, ""},
		{"who was read a release code", "de", letterlock.Actor{Kind: letterlock.Reader, Address: marta.Address, Proof: letterlock.ByRelease}, letterlock.Denied, ""},
		{"a language that there is not", "tlh", marta, letterlock.Invalid, ""},
		{"who has proved it", "de", marta, nil, "de"},
		{"another choice", "ar", marta, nil, "ar"},
		{"the same choice", "ar", marta, nil, "ar"},
	} {
		if err := s.Speak(t.Context(), tt.by, tt.tag); !errors.Is(err, tt.want) {
			t.Errorf("%s: Speak = %v, want %v", tt.name, err, tt.want)
		}
		if got, err := s.Spoken(t.Context(), marta.Address); got != tt.spoken || err != nil {
			t.Errorf("%s: %q is spoken, %v, want %q", tt.name, got, err, tt.spoken)
		}
	}
	if got, err := s.Spoken(t.Context(), "jonas@riverside.example"); got != "" || err != nil {
		t.Errorf("somebody else speaks %q, %v", got, err)
	}
}
