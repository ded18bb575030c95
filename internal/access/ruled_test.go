package access_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/store"
)

// ruled sends a message that ends in two hours and may end in a week at most.
func (h *house) ruled(to ...letterlock.Actor) (id letterlock.ID, latest time.Time) {
	h.t.Helper()
	latest = h.now.Add(7 * 24 * time.Hour)
	id = h.send(intake.Envelope{Expires: h.now.Add(2 * time.Hour)}, to...)
	h.must(h.db.Write(h.t.Context(), func(tx *store.Tx) error { return tx.SetLatestEnd(id, latest) }))
	return id, latest
}

func (h *house) end(id letterlock.ID) (m letterlock.Message) {
	h.t.Helper()
	h.must(h.db.Read(h.t.Context(), func(tx *store.Tx) (err error) { m, err = tx.Message(id); return err }))
	return m
}

// lastEntry is the newest entry of the audit log about a message.
func (h *house) lastEntry(id letterlock.ID) (e letterlock.Entry) {
	h.t.Helper()
	h.must(h.db.Read(h.t.Context(), func(tx *store.Tx) error {
		list, err := tx.Entries(id)
		e = list[len(list)-1]
		return err
	}))
	return e
}

func TestASenderCannotLengthenAnEndThatARuleHasSet(t *testing.T) {
	h := newHouse(t, policy.SingleRecipient)
	id, latest := h.ruled(marta)
	was := h.end(id).Expires
	for name, end := range map[string]time.Time{"later": latest.Add(time.Second), "never": {}} {
		for who, by := range map[string]letterlock.Actor{"the sender": ada, "a revoker": rene} {
			var past *letterlock.PastRule
			if err := h.access.SetExpiry(t.Context(), by, id, end); !errors.As(err, &past) || !past.Latest.Equal(latest) {
				t.Errorf("%s, by %s: %v, want a refusal that names %v", name, who, err, latest)
			}
			if e := h.lastEntry(id); e.Action != "change expiry" || e.Allowed || e.Reason != letterlock.RuleEnd || e.Actor.Address != by.Address {
				t.Errorf("%s, by %s: the entry is %+v", name, who, e)
			}
		}
	}
	if _, err := h.access.PreviewExpiry(t.Context(), rene, id, latest.Add(time.Second)); letterlock.KeyOf(err) != letterlock.RuleEnd {
		t.Errorf("a trial: %v, want the refusal", err)
	}
	if m := h.end(id); !m.Expires.Equal(was) || len(h.kinds(marta, id)) != 1 {
		t.Errorf("after refusals it ends at %v, want %v", m.Expires, was)
	}
	h.must(h.access.SetExpiry(t.Context(), ada, id, latest))
	if m := h.end(id); !m.Expires.Equal(latest) || !m.LatestEnd.Equal(latest) {
		t.Errorf("it ends at %v, at most %v; want %v both", m.Expires, m.LatestEnd, latest)
	}
}

func TestAnAdministratorGoesBeyondARuleAndTheLogSaysSo(t *testing.T) {
	h := newHouse(t, policy.SingleRecipient)
	id, latest := h.ruled(marta)
	h.must(h.access.SetExpiry(t.Context(), grace, id, latest.Add(time.Hour)))
	if e := h.lastEntry(id); !e.Allowed || e.Reason != "2026-11-27T11:00:00Z, beyond 2026-11-27T10:00:00Z that a rule allowed" {
		t.Errorf("the entry is %+v", e)
	}
	if err := h.access.SetExpiry(t.Context(), ada, id, latest.Add(2*time.Hour)); letterlock.KeyOf(err) != letterlock.RuleEnd {
		t.Errorf("the sender goes further: %v", err)
	}
	h.must(h.access.SetExpiry(t.Context(), grace, id, latest))
	if e := h.lastEntry(id); e.Reason != "2026-11-27T10:00:00Z" {
		t.Errorf("within the rule, the entry is %+v", e)
	}
}

// A request for more time is the sender's to grant as far as the rules allow, and the
// administrators' after that.
func TestMoreTimeIsGrantedWithinTheRules(t *testing.T) {
	h := newHouse(t, policy.SingleRecipient)
	id, latest := h.ruled(marta, jonas)
	h.now = h.now.Add(3 * time.Hour)
	h.must(h.access.Ask(t.Context(), marta, id, ""))
	q := h.requests(id)[0]
	for name, end := range map[string]time.Time{"later": latest.Add(time.Second), "without end": {}} {
		if err := h.access.Approve(t.Context(), ada, q.ID, end); letterlock.KeyOf(err) != letterlock.RuleEnd {
			t.Errorf("%s: %v, want the refusal", name, err)
		}
		if e := h.lastEntry(id); e.Action != "approve request for time" || e.Allowed || e.Reason != letterlock.RuleEnd {
			t.Errorf("%s: the entry is %+v", name, e)
		}
	}
	if len(h.requests(id)) != 1 {
		t.Fatal("a refusal has answered the request")
	}
	h.must(h.access.Approve(t.Context(), ada, q.ID, h.now.Add(time.Hour)))
	if _, err := h.text(marta, id); err != nil {
		t.Errorf("with the time that was granted: %v", err)
	}
	// Past the latest end nothing is left to the sender: administrators are asked.
	h.now = latest
	before := h.waiting(store.AdminNotice)
	h.must(h.access.Ask(t.Context(), jonas, id, ""))
	q = h.requests(id)[0]
	if n := h.waiting(store.AdminNotice) - before; n != 1 {
		t.Errorf("%d notices to administrators, want 1", n)
	}
	m := h.end(id)
	var all []letterlock.Recipient
	h.must(h.db.Read(t.Context(), func(tx *store.Tx) (err error) { all, err = tx.Recipients(id); return err }))
	if err := h.access.MayAnswer(ada, m, all, q); letterlock.KeyOf(err) != letterlock.RuleEnd {
		t.Errorf("the sender may answer it: %v", err)
	}
	if err := h.access.MayExpire(ada, m, all); letterlock.KeyOf(err) != letterlock.RuleEnd {
		t.Errorf("the sender may change the end: %v", err)
	}
	h.must(h.access.Approve(t.Context(), grace, q.ID, h.now.Add(time.Hour)))
	if e := h.lastEntry(id); !e.Allowed || !strings.Contains(e.Reason, "beyond 2026-11-27T10:00:00Z") {
		t.Errorf("the entry is %+v", e)
	}
	if _, err := h.text(jonas, id); err != nil {
		t.Errorf("with the administrator's time: %v", err)
	}
}
