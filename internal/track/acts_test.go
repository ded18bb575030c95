package track_test

import (
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

func TestTheTraceKnowsWhoIsBehindWhatWasUndoneSince(t *testing.T) {
	h := newHouse(t)
	id := h.add(spec{recipients: []recipient{{}, {}}})
	d, err := h.track.Traced(t.Context(), audit, id)
	if err != nil {
		t.Fatal(err)
	}
	one, other := d.Recipients[0], d.Recipients[1]
	rita := letterlock.Actor{Kind: letterlock.Staff, Address: "rita@contoso.example"}
	act := func(action, reason string, kind letterlock.EventKind, allowed bool) letterlock.Event {
		t.Helper()
		h.now = h.now.Add(time.Minute)
		e := letterlock.Event{Kind: kind, Detail: string(letterlock.ByAdministrator)}
		err := h.db.Write(t.Context(), func(tx *store.Tx) error {
			e.At = tx.Now
			return tx.Audit(letterlock.Entry{Actor: rita, Action: action, Message: id, Target: string(one.Mailbox.Address), Reason: reason, Allowed: allowed})
		})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	revoked := act("revoke", "leak", letterlock.RevokedEvent, true)
	restored := act("restore", "found", letterlock.Restored, true)
	refused := act("revoke", "role", letterlock.RevokedEvent, false)
	destroyed := act("destroy", "", letterlock.DestroyedEvent, true)
	if d, err = h.track.Traced(t.Context(), audit, id); err != nil {
		t.Fatal(err)
	}
	is := func(why string) letterlock.Revocation {
		return letterlock.Revocation{By: letterlock.Mailbox{Address: rita.Address}, Standing: letterlock.ByAdministrator, Reason: why}
	}
	own := one
	own.Revocation = letterlock.Revocation{At: restored.At, Reason: "its own"}
	for name, tt := range map[string]struct {
		r    letterlock.Recipient
		e    letterlock.Event
		want letterlock.Revocation
	}{
		"revoked":                {one, revoked, is("leak")},
		"restored":               {one, restored, is("found")},
		"destroyed":              {one, destroyed, is("")},
		"refused":                {one, refused, letterlock.Revocation{}},
		"somebody else":          {other, revoked, letterlock.Revocation{}},
		"another time":           {one, letterlock.Event{Kind: letterlock.RevokedEvent, At: h.now}, letterlock.Revocation{}},
		"another event":          {one, letterlock.Event{Kind: letterlock.Read, At: revoked.At}, letterlock.Revocation{}},
		"the last, of recipient": {own, letterlock.Event{Kind: letterlock.RevokedEvent, At: restored.At}, own.Revocation},
	} {
		want := tt.want
		if want.At.IsZero() && want.By.Address != "" {
			want.At = tt.e.At
		}
		if got := d.By(tt.r, tt.e); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}
