package access_test

import (
	"errors"
	"testing"

	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
)

func TestReadingAndRemovingAccessGoOnWithoutRoomForMail(t *testing.T) {
	h := newHouse(t, policy.SingleRecipient)
	id := h.send(intake.Envelope{}, marta)
	h.intake.Room = func() error { return &letterlock.Error{Code: letterlock.Busy, Key: "disk"} }
	if text, err := h.text(marta, id); err != nil || text != secret {
		t.Errorf("reading = %q, %v", text, err)
	}
	if err := h.access.Revoke(t.Context(), ada, id, ""); err != nil {
		t.Errorf("Revoke = %v", err)
	}
	if _, err := h.text(marta, id); !errors.Is(err, letterlock.Gone) {
		t.Errorf("reading after it = %v, want Gone", err)
	}
}
