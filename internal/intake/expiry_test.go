package intake_test

import (
	"fmt"
	"testing"
	"time"

	"letterlock/internal/eml"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/store"
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

func TestMailAsksForANewPasscode(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	r := h.mustAccept(ada, to(marta), "X-Letterlock-Proof: passcode\r\n"+simple("<1@contoso.example>", "Hi"))
	if m, _ := h.message(r.ID); m.Asks != letterlock.FreshPasscode || !m.Portal {
		t.Errorf("it asks for %q, and goes to nobody inline: %v", m.Asks, m.Portal)
	}
	r = h.mustAccept(ada, to(marta), simple("<2@contoso.example>", "Hi"))
	if m, _ := h.message(r.ID); m.Asks != letterlock.NoDemand || m.Portal {
		t.Errorf("another asks for %q", m.Asks)
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

func TestNobodyIsToldOfReadingWhereTheSettingsForbidIt(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	const asks = "Disposition-Notification-To: ada@contoso.example\r\n"
	wish := &policy.Choice{FirstRead: true}
	for i, tt := range []struct {
		name    string
		notices policy.Notices
		field   string
		chosen  *policy.Choice
		want    bool
	}{
		{"off, and asked by the mail", policy.Notices{AsSet: true}, asks, nil, false},
		{"off, and chosen", policy.Notices{AsSet: true}, "", wish, false},
		{"off, asked and chosen", policy.Notices{AsSet: true}, asks, wish, false},
		{"on", policy.Notices{AsSet: true, FirstRead: true}, "", nil, true},
		{"on, and not wanted", policy.Notices{AsSet: true, FirstRead: true}, "", &policy.Choice{}, false},
		{"on request, and chosen", policy.Notices{}, "", wish, true},
		{"on request, and not asked for", policy.Notices{}, "", nil, false},
	} {
		h.intake.Rules.Notices = tt.notices
		e := to(marta)
		e.Notices = tt.chosen
		r := h.mustAccept(ada, e, tt.field+simple(fmt.Sprintf("<set-%d@contoso.example>", i), "Hi"))
		h.read(func(tx *store.Tx) error {
			if got, err := tx.HasReminder(r.ID, policy.OnRead); err != nil || got != tt.want {
				t.Errorf("%s: the sender is to be told %v, %v; want %v", tt.name, got, err, tt.want)
			}
			return nil
		})
	}
}

func TestOnlyTheSenderIsToldOfReading(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	for i, tt := range []struct {
		field string
		want  bool
	}{
		{"", false},
		{"Disposition-Notification-To: Ada <ada@contoso.example>\r\n", true},
		{"Disposition-Notification-To: eve@evil.example\r\n", false},
		{"Disposition-Notification-To: eve@evil.example, ada@contoso.example\r\n", true},
		{"Disposition-Notification-To: \r\n", false},
	} {
		r := h.mustAccept(ada, to(marta), tt.field+simple(fmt.Sprintf("<%d@contoso.example>", i), "Hi"))
		h.read(func(tx *store.Tx) error {
			if got, err := tx.HasReminder(r.ID, policy.OnRead); err != nil || got != tt.want {
				t.Errorf("%q: the sender is to be told %v, %v; want %v", tt.field, got, err, tt.want)
			}
			return nil
		})
	}
}
