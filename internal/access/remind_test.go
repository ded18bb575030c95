package access_test

import (
	"testing"
	"time"

	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/store"
)

// noticing is a house whose senders are told everything.
func noticing(t *testing.T) *house {
	h := newHouse(t, policy.EveryLink)
	n := policy.Notices{FirstRead: true, UnreadAfter: letterlock.Span(72 * time.Hour), Expiring: letterlock.Span(24 * time.Hour)}
	h.intake.Rules.Notices, h.access.Rules.Notices = n, n
	return h
}

// told checks how many notices of each kind wait to leave.
func (h *house) told(when string, read, unread, expiring int) {
	h.t.Helper()
	for kind, want := range map[store.NoticeKind]int{store.ReadNotice: read, store.UnreadNotice: unread, store.ExpiringNotice: expiring} {
		if got := h.waiting(kind); got != want {
			h.t.Errorf("%s: %d notices %q, want %d", when, got, kind, want)
		}
	}
}

func TestSendersAreToldOnceEach(t *testing.T) {
	h := noticing(t)
	id := h.send(intake.Envelope{Expires: h.now.Add(10 * 24 * time.Hour)}, marta, jonas)
	h.must(h.access.RemindDue(t.Context()))
	h.told("at once", 0, 0, 0)
	for range 2 {
		l, err := h.access.Read(t.Context(), marta, id)
		h.must(err)
		l.Close()
		h.now = h.now.Add(time.Hour)
	}
	h.told("Marta has read twice", 1, 0, 0)
	h.now = h.now.Add(3 * 24 * time.Hour)
	h.must(h.access.RemindDue(t.Context()))
	h.must(h.access.RemindDue(t.Context()))
	h.told("three days later", 1, 1, 0)
	h.now = h.now.Add(6 * 24 * time.Hour)
	h.must(h.access.RemindDue(t.Context()))
	h.must(h.access.RemindDue(t.Context()))
	h.told("on the last day", 1, 1, 1)
}

func TestNobodyIsToldWhatIsNotTrueAnyMore(t *testing.T) {
	tests := []struct {
		name string
		do   func(h *house, id letterlock.ID) error
	}{
		{"revoked", func(h *house, id letterlock.ID) error { return h.access.Revoke(h.t.Context(), ada, id, "") }},
		{"destroyed", func(h *house, id letterlock.ID) error { return h.access.Destroy(h.t.Context(), grace, id, "") }},
		{"expired", func(h *house, id letterlock.ID) error { h.now = h.now.Add(20 * 24 * time.Hour); return nil }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := noticing(t)
			id := h.send(intake.Envelope{Expires: h.now.Add(10 * 24 * time.Hour)}, marta)
			h.must(tt.do(h, id))
			h.now = h.now.Add(9*24*time.Hour + time.Hour)
			h.must(h.access.RemindDue(t.Context()))
			h.told("afterwards", 0, 0, 0)
		})
	}
}

func TestAnotherEndIsToldAnew(t *testing.T) {
	h := noticing(t)
	id := h.send(intake.Envelope{Expires: h.now.Add(10 * 24 * time.Hour)}, marta)
	h.must(h.access.SetExpiry(t.Context(), ada, id, h.now.Add(20*24*time.Hour)))
	h.now = h.now.Add(10 * 24 * time.Hour)
	h.must(h.access.RemindDue(t.Context()))
	h.told("at the old end", 0, 1, 0)
	h.must(h.access.SetExpiry(t.Context(), ada, id, time.Time{}))
	h.now = h.now.Add(30 * 24 * time.Hour)
	h.must(h.access.RemindDue(t.Context()))
	h.told("without an end", 0, 1, 0)
}

func TestWithoutTheSettingsNobodyIsTold(t *testing.T) {
	h := newHouse(t, policy.SingleRecipient)
	id := h.send(intake.Envelope{Expires: h.now.Add(10 * 24 * time.Hour)}, marta)
	l, err := h.access.Read(t.Context(), marta, id)
	h.must(err)
	l.Close()
	h.now = h.now.Add(9*24*time.Hour + time.Hour)
	h.must(h.access.RemindDue(t.Context()))
	h.told("on the last day", 0, 0, 0)
}

func TestSendersChooseWhatTheyAreToldOfAMessage(t *testing.T) {
	day := 24 * time.Hour
	tests := []struct {
		name                   string
		chosen                 policy.Choice
		read, unread, expiring int
	}{
		{"nothing", policy.Choice{}, 0, 0, 0},
		{"the first reading", policy.Choice{FirstRead: true}, 1, 0, 0},
		{"who has not read", policy.Choice{Unread: true}, 0, 1, 0},
		{"the end", policy.Choice{Expiring: true}, 0, 0, 1},
		{"everything", policy.Choice{FirstRead: true, Unread: true, Expiring: true}, 1, 1, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := noticing(t)
			id := h.send(intake.Envelope{Via: letterlock.ByCompose, Expires: h.now.Add(10 * day), Notices: &tt.chosen}, marta, jonas)
			h.must(h.access.SetExpiry(t.Context(), ada, id, h.now.Add(20*day)))
			l, err := h.access.Read(t.Context(), marta, id)
			h.must(err)
			l.Close()
			h.now = h.now.Add(19*day + time.Hour)
			h.must(h.access.RemindDue(t.Context()))
			h.told("on the last day", tt.read, tt.unread, tt.expiring)
		})
	}
}

func TestSendersAreToldNoMoreThanTheSettingsHave(t *testing.T) {
	h := newHouse(t, policy.SingleRecipient)
	id := h.send(intake.Envelope{Via: letterlock.ByCompose, Expires: h.now.Add(10 * 24 * time.Hour),
		Notices: &policy.Choice{FirstRead: true, Unread: true, Expiring: true}}, marta, jonas)
	l, err := h.access.Read(t.Context(), marta, id)
	h.must(err)
	l.Close()
	h.now = h.now.Add(9*24*time.Hour + time.Hour)
	h.must(h.access.RemindDue(t.Context()))
	h.told("on the last day", 1, 0, 0)
}

func TestManyRemindersAreAllTold(t *testing.T) {
	h := noticing(t)
	const many = 120 // more than one transaction takes on
	for range many {
		h.send(intake.Envelope{}, marta)
	}
	h.now = h.now.Add(3 * 24 * time.Hour)
	h.must(h.access.RemindDue(t.Context()))
	h.told("three days later", 0, many, 0)
}
