package access_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"letterlock/internal/access"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/store"
)

// requests are the open requests for a message.
func (h *house) requests(id letterlock.ID) (list []letterlock.Request) {
	h.t.Helper()
	h.must(h.db.Read(h.t.Context(), func(tx *store.Tx) (err error) { list, err = tx.Requests(id); return err }))
	return list
}

// waiting counts the notices of one kind that wait to leave.
func (h *house) waiting(kind store.NoticeKind) (n int) {
	h.t.Helper()
	h.must(h.db.Read(h.t.Context(), func(tx *store.Tx) error {
		list, err := tx.Backlogs()
		for _, b := range list {
			if b.Kind == kind {
				n = b.Waiting
			}
		}
		return err
	}))
	return n
}

func TestMoreTimeIsAskedForOnceAndApproved(t *testing.T) {
	h := newHouse(t, policy.SingleRecipient)
	id := h.send(intake.Envelope{Expires: h.now.Add(time.Hour)}, marta, jonas)
	h.must(h.access.Ask(t.Context(), marta, id, "early"))
	if list := h.requests(id); len(list) != 0 {
		t.Fatalf("who can read asked for %v", list)
	}
	h.now = h.now.Add(2 * time.Hour)
	h.must(h.access.ExpireDue(t.Context()))
	h.must(h.access.Ask(t.Context(), marta, id, " I was away. "))
	h.must(h.access.Ask(t.Context(), marta, id, "again"))
	list := h.requests(id)
	if len(list) != 1 || list[0].Kind != letterlock.MoreTime || list[0].Reason != "I was away." || h.waiting(store.RequestNotice) != 1 {
		t.Fatalf("requests %+v and %d notices, want one of each", list, h.waiting(store.RequestNotice))
	}
	for name, by := range map[string]letterlock.Actor{"another sender": eve, "auditor": audit, "the reader": marta, "nobody": {}} {
		if err := h.access.Approve(t.Context(), by, list[0].ID, time.Time{}); err == nil {
			t.Errorf("%s approved it", name)
		}
	}
	if err := h.access.Approve(t.Context(), ada, list[0].ID, h.now); !errors.Is(err, letterlock.Invalid) {
		t.Errorf("approving it until now: %v, want Invalid", err)
	}
	h.must(h.access.Approve(t.Context(), ada, list[0].ID, h.now.Add(time.Hour)))
	h.must(h.access.Decline(t.Context(), ada, list[0].ID)) // too late, and no error
	for _, r := range []letterlock.Actor{marta, jonas} {
		if got, err := h.text(r, id); err != nil || got != secret {
			t.Errorf("%s reads %q, %v", r.Address, got, err)
		}
	}
	if n := h.waiting(store.AgainNotice); n != 1 {
		t.Errorf("%d mails say that it can be read again, want 1, to who asked", n)
	}
	if got := h.kinds(marta, id); !slices.Contains(got, letterlock.AskedEvent) || !slices.Contains(got, letterlock.ApprovedEvent) || slices.Contains(got, letterlock.DeclinedEvent) {
		t.Errorf("history %v", got)
	}
	if list := h.requests(id); len(list) != 0 {
		t.Errorf("still open: %v", list)
	}
}

func TestAccessIsAskedForAndGivenBackByWhoMay(t *testing.T) {
	tests := []struct {
		name   string
		to     []letterlock.Actor
		by     letterlock.Actor // revokes
		sender bool             // may give it back
	}{
		{"the sender revoked", []letterlock.Actor{marta}, ada, true},
		{"an administrator revoked", []letterlock.Actor{marta}, grace, false},
		{"one of several", []letterlock.Actor{marta, jonas}, grace, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t, policy.SingleRecipient)
			id := h.send(intake.Envelope{}, tt.to...)
			h.must(h.access.Revoke(t.Context(), tt.by, id, ""))
			h.must(h.access.Ask(t.Context(), marta, id, ""))
			request := h.requests(id)[0]
			if request.Kind != letterlock.AccessAgain {
				t.Fatalf("asked for %q", request.Kind)
			}
			if got := h.waiting(store.AdminNotice) == 0; got != tt.sender {
				t.Errorf("the sender is asked: %v, want %v", got, tt.sender)
			}
			err := h.access.Approve(t.Context(), ada, request.ID, time.Time{})
			if (err == nil) != tt.sender {
				t.Fatalf("the sender approves: %v", err)
			}
			if !tt.sender {
				if _, err := h.text(marta, id); !errors.Is(err, letterlock.Gone) {
					t.Errorf("after a refused approval Marta reads: %v", err)
				}
				h.must(h.access.Approve(t.Context(), grace, request.ID, time.Time{}))
			}
			if got, err := h.text(marta, id); err != nil || got != secret {
				t.Errorf("Marta reads %q, %v", got, err)
			}
			if len(tt.to) > 1 {
				if _, err := h.text(jonas, id); !errors.Is(err, letterlock.Gone) {
					t.Errorf("Jonas, who did not ask: %v", err)
				}
			}
		})
	}
}

func TestWhatWasDeclinedIsAskedForADayLater(t *testing.T) {
	h := newHouse(t, policy.SingleRecipient)
	id := h.send(intake.Envelope{}, marta)
	h.must(h.access.Revoke(t.Context(), ada, id, ""))
	h.must(h.access.Ask(t.Context(), marta, id, ""))
	h.must(h.access.Decline(t.Context(), ada, h.requests(id)[0].ID))
	h.now = h.now.Add(24*time.Hour - time.Second)
	if err := h.access.Ask(t.Context(), marta, id, ""); !errors.Is(err, letterlock.Throttled) || letterlock.RetryAfterOf(err) != time.Second {
		t.Errorf("a second before the day is over: %v", err)
	}
	h.now = h.now.Add(time.Second)
	h.must(h.access.Ask(t.Context(), marta, id, ""))
	if n := len(h.requests(id)); n != 1 {
		t.Errorf("%d requests a day later, want 1", n)
	}
}

func TestRestoringAndMoreTimeAnswerWhatWasAsked(t *testing.T) {
	h := newHouse(t, policy.SingleRecipient)
	id := h.send(intake.Envelope{Expires: h.now.Add(time.Hour)}, marta)
	h.must(h.access.Revoke(t.Context(), ada, id, ""))
	h.must(h.access.Ask(t.Context(), marta, id, ""))
	h.must(h.access.Restore(t.Context(), ada, id))
	h.now = h.now.Add(2 * time.Hour)
	h.must(h.access.Ask(t.Context(), marta, id, ""))
	h.must(h.access.SetExpiry(t.Context(), ada, id, time.Time{}))
	if list := h.requests(id); len(list) != 0 || h.waiting(store.AgainNotice) != 2 {
		t.Errorf("open %v, and %d mails that it can be read again; want none and 2", list, h.waiting(store.AgainNotice))
	}
}

func TestNobodyAsksForWhatIsNotTheirs(t *testing.T) {
	h := newHouse(t, policy.SingleRecipient)
	id := h.send(intake.Envelope{Expires: h.now.Add(time.Hour)}, marta, carol)
	h.now = h.now.Add(2 * time.Hour)
	tests := []struct {
		name string
		by   letterlock.Actor
		id   letterlock.ID
		want letterlock.Code
	}{
		{"another mailbox", jonas, id, letterlock.Denied},
		{"inline recipient", carol, id, letterlock.NotFound},
		{"the sender", ada, id, letterlock.Denied},
		{"nobody", letterlock.Actor{}, id, letterlock.Denied},
		{"a message that is not", marta, letterlock.NewID(), letterlock.NotFound},
	}
	for _, tt := range tests {
		if err := h.access.Ask(t.Context(), tt.by, tt.id, ""); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	for name, reason := range map[string]string{"too long": strings.Repeat("ä", 501), "not UTF-8": "\xff"} {
		if err := h.access.Ask(t.Context(), marta, id, reason); !errors.Is(err, letterlock.Invalid) {
			t.Errorf("a reason %s: %v, want Invalid", name, err)
		}
	}
	h.must(h.access.Ask(t.Context(), marta, id, strings.Repeat("ä", 500)))
	h.must(h.access.Destroy(t.Context(), grace, id, ""))
	if err := h.access.Ask(t.Context(), marta, id, ""); !errors.Is(err, letterlock.NotFound) {
		t.Errorf("of a destroyed message: %v", err)
	}
	if list := h.requests(id); len(list) != 0 || h.waiting(store.RequestNotice) != 0 {
		t.Errorf("a destroyed message keeps the requests %v", list)
	}
	if err := h.access.Approve(t.Context(), grace, letterlock.NewID(), time.Time{}); letterlock.KeyOf(err) != "request" {
		t.Errorf("a request that is not: %v", err)
	}
}

// An approval of more time must not open what was revoked meanwhile.
func TestMoreTimeDoesNotUndoARevocation(t *testing.T) {
	h := newHouse(t, policy.SingleRecipient)
	id := h.send(intake.Envelope{Expires: h.now.Add(time.Hour)}, marta)
	h.now = h.now.Add(2 * time.Hour)
	h.must(h.access.Ask(t.Context(), marta, id, ""))
	h.must(h.access.Revoke(t.Context(), grace, id, ""))
	h.must(h.access.Approve(t.Context(), ada, h.requests(id)[0].ID, time.Time{}))
	var ended *access.Ended
	if _, err := h.text(marta, id); !errors.As(err, &ended) || ended.State != letterlock.Revoked {
		t.Errorf("after it: %v, want revoked", err)
	}
	if err := h.keyOf(marta, id); !errors.Is(err, letterlock.NotFound) {
		t.Errorf("the key: %v", err)
	}
}
