package intake_test

import (
	"testing"
	"time"

	"letterlock/internal/eml"
	"letterlock/internal/letterlock"
)

func TestMailSaysHowLongItCanBeRead(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	week := letterlock.Span(7 * 24 * time.Hour)
	h.intake.Rules.Expiry = &week
	mail := "X-Letterlock-Expires: 12h\r\n" + simple("<1@contoso.example>", "Hi")
	r := h.mustAccept(ada, to(marta), mail)
	if m, _ := h.message(r.ID); !m.Expires.Equal(h.now.Add(12 * time.Hour)) {
		t.Errorf("expires %v, want in 12 hours", m.Expires)
	}
	r = h.mustAccept(ada, to(marta), simple("<2@contoso.example>", "Hi"))
	if m, _ := h.message(r.ID); !m.Expires.Equal(h.now.Add(7 * 24 * time.Hour)) {
		t.Errorf("expires %v, want in the 7 days of the setting", m.Expires)
	}
}

// A client whose connection broke after the commit must not get its mail back
// because what it asked for is over by now.
func TestARetryOfWhatHasExpiredIsStillARetry(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	mail := "X-Letterlock-Expires: 2026-11-20T10:05:00Z\r\n" + simple("<1@contoso.example>", "Hi")
	first := h.mustAccept(ada, to(marta), mail)
	h.now = h.now.Add(time.Hour)
	again := h.mustAccept(ada, to(marta), mail)
	if !again.Repeated || again.ID != first.ID {
		t.Errorf("the retry is %+v, want a repetition of %s", again, first.ID)
	}
}
