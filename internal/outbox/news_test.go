package outbox_test

import (
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
