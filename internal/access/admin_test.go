package access_test

import (
	"errors"
	"testing"

	"letterlock/internal/access"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
)

func TestAdministratorsRevokeWholeMessagesOrChosenRecipients(t *testing.T) {
	boss := staff("boss@contoso.example", letterlock.Admin, letterlock.Sender)
	both := staff(ada.Address, letterlock.Sender, letterlock.Revoker)
	tests := []struct {
		name     string
		by       letterlock.Actor
		chosen   []letterlock.Address
		code     letterlock.Code
		key      string
		standing letterlock.Standing
		gone     []letterlock.Actor
	}{
		{"revoker, whole", rene, nil, "", "", letterlock.ByAdministrator, []letterlock.Actor{marta, jonas}},
		{"revoker, one", rene, []letterlock.Address{jonas.Address}, "", "", letterlock.ByAdministrator, []letterlock.Actor{jonas}},
		{"admin, both", grace, []letterlock.Address{jonas.Address, marta.Address}, "", "", letterlock.ByAdministrator, []letterlock.Actor{marta, jonas}},
		{"operator, one", root, []letterlock.Address{marta.Address}, "", "", letterlock.ByAdministrator, []letterlock.Actor{marta}},
		{"admin who sends, too", boss, nil, "", "", letterlock.ByAdministrator, []letterlock.Actor{marta, jonas}},
		{"revoker who sent it", both, nil, "", "", letterlock.BySender, []letterlock.Actor{marta, jonas}},
		{"sender", ada, nil, letterlock.Denied, "several-recipients", "", nil},
		{"auditor", audit, nil, letterlock.Denied, "role", "", nil},
		{"a stranger's address", rene, []letterlock.Address{"x@example.org"}, letterlock.Invalid, "recipient", "", nil},
		{"a recipient and a stranger", rene, []letterlock.Address{marta.Address, "x@example.org"}, letterlock.Invalid, "recipient", "", nil},
		{"the inline recipient", rene, []letterlock.Address{carol.Address}, letterlock.Invalid, "recipient", "", nil},
	}
	h := newHouse(t, policy.SingleRecipient)
	for _, tt := range tests {
		id := h.send(intake.Envelope{}, marta, jonas, carol)
		err := h.access.Revoke(t.Context(), tt.by, id, "wrong list", tt.chosen...)
		if (err == nil) != (tt.code == "") || err != nil && letterlock.CodeOf(err) != tt.code || letterlock.KeyOf(err) != tt.key {
			t.Errorf("%s: %v, want %q %q", tt.name, err, tt.code, tt.key)
		}
		for _, r := range []letterlock.Actor{marta, jonas} {
			gone := false
			for _, g := range tt.gone {
				gone = gone || g.Address == r.Address
			}
			var end *access.Ended
			_, err := h.text(r, id)
			if errors.As(err, &end) != gone || err != nil && !gone {
				t.Errorf("%s: %s: %v, want revoked: %v", tt.name, r.Address, err, gone)
			} else if gone && (end.Recipient.Revocation.Standing != tt.standing || end.Recipient.Revocation.Reason != "wrong list") {
				t.Errorf("%s: revocation %+v", tt.name, end.Recipient.Revocation)
			}
		}
		list := h.entries(id)
		want := "wrong list"
		if tt.code != "" {
			want = tt.key
		}
		if e := list[len(list)-1]; e.Action != "revoke" || e.Allowed != (tt.code == "") || e.Reason != want {
			t.Errorf("%s: audit entry %+v", tt.name, e)
		}
	}
}

func TestRevokersRestoreWhatAnyoneRemoved(t *testing.T) {
	h := newHouse(t, policy.EveryLink)
	for name, by := range map[string]letterlock.Actor{"sender": ada, "revoker": rene, "admin": grace, "operator": root} {
		id := h.send(intake.Envelope{}, marta, jonas)
		h.must(h.access.Revoke(t.Context(), by, id, "a reason"))
		h.must(h.access.Restore(t.Context(), rene, id, marta.Address))
		if _, err := h.text(marta, id); err != nil {
			t.Errorf("removed by the %s, restored: %v", name, err)
		}
		if _, err := h.text(jonas, id); letterlock.KeyOf(err) != "revoked" {
			t.Errorf("removed by the %s, not restored: %v", name, err)
		}
		h.must(h.access.Restore(t.Context(), rene, id))
		if _, err := h.text(jonas, id); err != nil {
			t.Errorf("removed by the %s, all restored: %v", name, err)
		}
	}
}

func TestUnknownMessagesAreRefusedAndAuditedForAdministrators(t *testing.T) {
	h := newHouse(t, policy.EveryLink)
	id := letterlock.NewID()
	for act, do := range acts {
		before := len(h.entries(id))
		if err := do(h, grace, id); !errors.Is(err, letterlock.NotFound) || letterlock.KeyOf(err) != "no-message" {
			t.Errorf("%s: %v, want NotFound no-message", act, err)
		}
		list := h.entries(id)[before:]
		if len(list) != 1 || list[0].Action != act || list[0].Allowed || list[0].Reason != "no-message" {
			t.Errorf("%s: audit entries %+v", act, list)
		}
	}
	before := len(h.entries(id))
	if err := h.access.Revoke(t.Context(), ada, id, ""); !errors.Is(err, letterlock.NotFound) || letterlock.KeyOf(err) != "" || len(h.entries(id)) != before {
		t.Errorf("a sender: %v; want NotFound and no entry", err)
	}
}
