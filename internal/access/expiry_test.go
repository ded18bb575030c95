package access_test

import (
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"letterlock/internal/access"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/store"
)

// kinds are the kinds of events of a recipient, oldest first.
func (h *house) kinds(a letterlock.Actor, id letterlock.ID) (list []letterlock.EventKind) {
	h.t.Helper()
	for _, e := range h.events(a, id) {
		list = append(list, e.Kind)
	}
	return list
}

func (h *house) events(a letterlock.Actor, id letterlock.ID) (list []letterlock.Event) {
	h.t.Helper()
	h.must(h.db.Read(h.t.Context(), func(tx *store.Tx) error {
		r, err := tx.RecipientByAddress(id, a.Address)
		if err != nil {
			return err
		}
		events, err := tx.Events(id)
		list = events[r.ID]
		return err
	}))
	return list
}

func TestAnExpiredMessageCanBeReadAgain(t *testing.T) {
	h := newHouse(t, policy.SingleRecipient)
	end := h.now.Add(time.Hour)
	id := h.send(intake.Envelope{Expires: end}, marta, jonas, carol)
	h.must(h.access.Revoke(t.Context(), grace, id, "", jonas.Address))
	h.now = h.now.Add(2 * time.Hour)
	h.must(h.access.ExpireDue(t.Context()))
	if e := h.events(marta, id)[1]; e.Kind != letterlock.ExpiredEvent || !e.At.Equal(end) {
		t.Errorf("the history says %s at %v, want its end at %v", e.Kind, e.At, end)
	}
	if err := h.keyOf(marta, id); !errors.Is(err, letterlock.NotFound) {
		t.Fatalf("the key of an expired recipient: %v; this test would prove nothing", err)
	}
	h.must(h.access.SetExpiry(t.Context(), ada, id, h.now.Add(time.Hour)))
	if got, err := h.text(marta, id); err != nil || got != secret {
		t.Errorf("with more time Marta reads %q, %v", got, err)
	}
	var ended *access.Ended
	if _, err := h.text(jonas, id); !errors.As(err, &ended) || ended.State != letterlock.Revoked {
		t.Errorf("Jonas, who was revoked: %v", err)
	}
	if err := h.keyOf(jonas, id); !errors.Is(err, letterlock.NotFound) {
		t.Errorf("more time gave a revoked recipient a key: %v", err)
	}
	if err := h.keyOf(carol, id); !errors.Is(err, letterlock.NotFound) {
		t.Errorf("more time gave an inline recipient a key: %v", err)
	}
	// The end that is set holds like the one that was.
	h.now = h.now.Add(time.Hour)
	if _, err := h.text(marta, id); !errors.As(err, &ended) || ended.State != letterlock.Expired {
		t.Errorf("after the new end: %v", err)
	}
	h.must(h.access.ExpireDue(t.Context()))
	if err := h.keyOf(marta, id); !errors.Is(err, letterlock.NotFound) {
		t.Errorf("the key after the new end: %v", err)
	}
	want := []letterlock.EventKind{letterlock.Accepted, letterlock.ExpiredEvent, letterlock.ExpiryChanged, letterlock.ExpiredEvent}
	if got := h.kinds(marta, id); !slices.Equal(got, want) {
		t.Errorf("history %v, want %v", got, want)
	}
}

func TestExpiryIsLiftedShortenedAndLeftAlone(t *testing.T) {
	h := newHouse(t, policy.SingleRecipient)
	id := h.send(intake.Envelope{Expires: h.now.Add(time.Hour)}, marta)
	h.must(h.access.SetExpiry(t.Context(), ada, id, time.Time{}))
	h.now = h.now.Add(1000 * time.Hour)
	if _, err := h.text(marta, id); err != nil {
		t.Errorf("a message without an end: %v", err)
	}
	h.must(h.access.SetExpiry(t.Context(), grace, id, h.now.Add(time.Minute)))
	before := len(h.kinds(marta, id))
	h.must(h.access.SetExpiry(t.Context(), grace, id, h.now.Add(time.Minute)))
	if n := len(h.kinds(marta, id)); n != before {
		t.Errorf("the same end once more left %d events, want %d", n, before)
	}
	for name, end := range map[string]time.Time{"now": h.now, "in the past": h.now.Add(-time.Hour), "too far": h.now.AddDate(11, 0, 0)} {
		if err := h.access.SetExpiry(t.Context(), ada, id, end); !errors.Is(err, letterlock.Invalid) || letterlock.KeyOf(err) != "expires" {
			t.Errorf("an end %s: %v, want Invalid", name, err)
		}
	}
	h.now = h.now.Add(time.Minute)
	if _, err := h.text(marta, id); !errors.Is(err, letterlock.Gone) {
		t.Errorf("after a shorter time: %v", err)
	}
}

func TestATrialOfAnExpiryIsForAdministratorsAlone(t *testing.T) {
	h := newHouse(t, policy.SingleRecipient)
	id := h.send(intake.Envelope{Expires: h.now.Add(time.Hour)}, marta)
	for name, by := range map[string]letterlock.Actor{"sender": ada, "auditor": audit, "recipient": marta, "nobody": {}} {
		if p, err := h.access.PreviewExpiry(t.Context(), by, id, time.Time{}); !errors.Is(err, letterlock.Denied) || p.Message.ID != "" {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
	if p, err := h.access.PreviewExpiry(t.Context(), grace, id, time.Time{}); err != nil || !p.Message.Expires.IsZero() {
		t.Errorf("an administrator: %+v, %v", p, err)
	}
	h.now = h.now.Add(time.Hour)
	if _, err := h.text(marta, id); !errors.Is(err, letterlock.Gone) {
		t.Errorf("after the trial: %v, want what was so before", err)
	}
}

func TestExpiryOfOthersIsNotTheirs(t *testing.T) {
	h := newHouse(t, policy.SingleRecipient)
	id := h.send(intake.Envelope{Expires: h.now.Add(time.Hour)}, marta)
	for name, by := range map[string]letterlock.Actor{"another sender": eve, "auditor": audit, "recipient": marta, "nobody": {}} {
		if err := h.access.SetExpiry(t.Context(), by, id, time.Time{}); err == nil {
			t.Errorf("%s lifted the expiry", name)
		}
	}
	h.must(h.access.Destroy(t.Context(), grace, id, ""))
	if err := h.access.SetExpiry(t.Context(), grace, id, time.Time{}); !errors.Is(err, letterlock.Gone) {
		t.Errorf("of a destroyed message: %v, want Gone", err)
	}
	if err := h.access.SetExpiry(t.Context(), grace, letterlock.NewID(), time.Time{}); letterlock.KeyOf(err) != "no-message" {
		t.Errorf("of no message: %v", err)
	}
}

// An open download must not go on under a time that has been shortened.
func TestAShorterTimeEndsWhatIsOpen(t *testing.T) {
	h := newHouse(t, policy.SingleRecipient)
	id := h.send(intake.Envelope{Expires: h.now.Add(time.Hour)}, marta)
	l, err := h.access.Open(t.Context(), marta, id)
	h.must(err)
	defer l.Close()
	if _, err := io.Copy(io.Discard, l.Index.Open(l.Raw, l.Index.TextPart())); err != nil || !l.Lease.Live() {
		t.Fatalf("before: %v; this test would prove nothing", err)
	}
	h.must(h.access.SetExpiry(t.Context(), ada, id, h.now.Add(time.Minute)))
	if l.Lease.Live() {
		t.Error("the lease of the longer time lives")
	}
}
