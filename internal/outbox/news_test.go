package outbox_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// enqueue puts a notice of a kind about Marta's copy into the outbox.
func (h *house) enqueue(kind store.NoticeKind, id letterlock.ID) {
	h.t.Helper()
	r := h.recipient(id, marta)
	if err := h.db.Write(h.t.Context(), func(tx *store.Tx) error {
		return tx.Enqueue(store.Notice{Kind: kind, Message: id, Recipient: r.ID})
	}); err != nil {
		h.t.Fatal(err)
	}
}

func TestSendersAreToldWhatIsTrueWhenItLeaves(t *testing.T) {
	tests := []struct {
		kind    store.NoticeKind
		subject string
		revoked bool // still leaves after a revocation
	}{
		{store.ReadNotice, "has read your protected message", true},
		{store.UnreadNotice, "Your protected message has not been read yet", false},
		{store.ExpiringNotice, "Your protected message is about to expire", false},
		{store.RequestNotice, "asks for access to a protected message", true},
	}
	for _, tt := range tests {
		h := newHouse(t)
		id := h.send(intake.Envelope{Expires: h.now.Load().Add(24 * time.Hour)}, marta)
		h.flush()
		if tt.kind != store.RequestNotice {
			h.enqueue(tt.kind, id)
			list := h.flush()
			if len(list) != 1 || list[0].to != ada.Address || list[0].from != "" || !strings.Contains(list[0].raw, tt.subject) {
				t.Errorf("%s: %+v, want one mail to Ada that says %q, and a null sender", tt.kind, list, tt.subject)
			}
			if len(list) == 1 && strings.Contains(list[0].raw, secret) {
				t.Errorf("%s says what the message says", tt.kind)
			}
		}
		if err := h.access.Revoke(t.Context(), ada, id, ""); err != nil {
			t.Fatal(err)
		}
		h.enqueue(tt.kind, id)
		if list := h.flush(); (len(list) == 1) != tt.revoked {
			t.Errorf("%s after a revocation: %d mails", tt.kind, len(list))
		}
	}
}

func TestRequestsForAdministratorsGoToWhoIsNamed(t *testing.T) {
	for _, admin := range []letterlock.Address{"", "grace@contoso.example"} {
		h := newHouse(t)
		h.outbox.Admin = admin
		id := h.send(intake.Envelope{}, marta)
		h.flush()
		h.enqueue(store.AdminNotice, id)
		list := h.flush()
		if admin == "" && len(list) != 0 || admin != "" && (len(list) != 1 || list[0].to != admin) {
			t.Errorf("administrator %q: %+v", admin, list)
		}
		if _, due := h.due(); due {
			t.Errorf("administrator %q: it is tried again", admin)
		}
	}
}

// askedFor has Marta ask for more time, and returns her request.
func (h *house) askedFor(id letterlock.ID) letterlock.ID {
	h.t.Helper()
	reader := letterlock.Actor{Kind: letterlock.Reader, Address: marta, Proof: letterlock.ByPasscode}
	if err := h.access.Ask(h.t.Context(), reader, id, ""); err != nil {
		h.t.Fatal(err)
	}
	var q letterlock.Request
	r := h.recipient(id, marta)
	h.read(func(tx *store.Tx) (err error) { q, err = tx.LastRequest(r.ID, letterlock.MoreTime); return err })
	return q.ID
}

// toMarta is how many mails leave to her.
func (h *house) toMarta() (n int) {
	h.t.Helper()
	for _, m := range h.flush() {
		if m.to == marta {
			n++
		}
	}
	return n
}

func (h *house) does(errs ...error) {
	h.t.Helper()
	if err := errors.Join(errs...); err != nil {
		h.t.Fatal(err)
	}
}

func TestWhoIsGivenTimeWhileRevokedIsToldOnceRestored(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{Expires: h.now.Load().Add(time.Hour)}, marta)
	h.flush()
	h.pass(2 * time.Hour)
	request := h.askedFor(id)
	h.does(h.access.Revoke(t.Context(), grace, id, ""),
		h.access.Approve(t.Context(), grace, request, h.now.Load().Add(48*time.Hour)))
	if n := h.toMarta(); n > 0 {
		t.Errorf("%d mails leave while access is removed", n)
	}
	h.does(h.access.Restore(t.Context(), grace, id))
	if n := h.toMarta(); n != 1 {
		t.Errorf("%d mails after access was given back, want the one that says so", n)
	}
}

func TestWhoWasToldIsNotToldForTheFirstTimeAgain(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{Expires: h.now.Load().Add(time.Hour)}, marta)
	h.does(h.access.Revoke(t.Context(), grace, id, "")) // before the notification has left
	h.pass(2 * time.Hour)
	h.does(h.access.Restore(t.Context(), grace, id))
	h.does(h.access.Approve(t.Context(), grace, h.askedFor(id), h.now.Load().Add(48*time.Hour)))
	if n := h.toMarta(); n != 1 {
		t.Fatalf("%d mails, want the one with more time", n)
	}
	h.does(h.access.Revoke(t.Context(), grace, id, ""), h.access.Restore(t.Context(), grace, id))
	if n := h.toMarta(); n > 0 {
		t.Errorf("%d mails tell her of it once more", n)
	}
}
