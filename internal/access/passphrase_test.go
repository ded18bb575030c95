package access_test

import (
	"errors"
	"testing"

	"letterlock/internal/intake"
	"letterlock/internal/journal"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/store"
	"letterlock/internal/vault"
)

var words = vault.Passphrase{Hash: "$argon2id$some", Hint: "hall"}

// given is a reader who has proved the mailbox and given the passphrase of now.
func (h *house) given(a letterlock.Actor, id letterlock.ID) letterlock.Actor {
	h.t.Helper()
	a.Proof, a.Gave, a.Told = letterlock.ByPasscode, h.end(id).Passphrase, h.now
	return a
}

// Whoever asks was told before the change what they had proved: it is worth nothing after.
func TestAChangedPassphraseEndsWhatTheOldOneOpened(t *testing.T) {
	h := newHouse(t, policy.SingleRecipient)
	id := h.send(intake.Envelope{}, marta, jonas)
	open := letterlock.Actor{Kind: letterlock.Reader, Address: marta.Address, Proof: letterlock.ByPasscode}
	for _, tt := range []struct {
		action string
		change func() error
		closes bool
	}{
		{"ask for passphrase", func() error { return h.access.SetPassphrase(t.Context(), ada, id, words) }, true},
		{"change passphrase", func() error { return h.access.SetPassphrase(t.Context(), ada, id, words) }, true},
		{"stop asking for passphrase", func() error { return h.access.RemovePassphrase(t.Context(), ada, id) }, false},
	} {
		page, err := h.access.Watch(t.Context(), open, id)
		if err != nil {
			t.Fatalf("before %s: %v", tt.action, err)
		}
		h.must(tt.change())
		if page.Live() {
			t.Errorf("%s: an open page goes on", tt.action)
		}
		page.Release()
		if _, err := h.text(open, id); (err != nil) != tt.closes || tt.closes && letterlock.KeyOf(err) != letterlock.GivePassphrase {
			t.Errorf("after %s: %v", tt.action, err)
		}
		if open = h.given(open, id); tt.closes {
			if got, err := h.text(open, id); err != nil || got != secret {
				t.Errorf("with the one of %s: %q, %v", tt.action, got, err)
			}
		}
		e, events := h.lastEntry(id), h.events(jonas, id)
		last := events[len(events)-1]
		if e.Action != tt.action || !e.Allowed || e.Actor.Address != ada.Address || last.Kind != letterlock.PassphraseChanged {
			t.Errorf("%s: the entry is %+v, the event %+v", tt.action, e, last)
		}
	}
	if m := h.end(id); m.Asks != letterlock.NoDemand || m.Passphrase != "" || !m.Portal {
		t.Errorf("in the end it asks for %q, %q; in the portal: %v", m.Asks, m.Passphrase, m.Portal)
	}
}

func TestThePassphraseIsItsSendersAlone(t *testing.T) {
	h := newHouse(t, policy.SingleRecipient)
	asks := intake.Envelope{Asks: letterlock.ByPassphrase, Passphrase: words}
	id, ruled := h.send(asks, marta), h.send(asks, marta)
	h.must(h.db.Write(t.Context(), func(tx *store.Tx) error { return tx.SetRuledAsks(ruled, letterlock.ByPassphrase) }))
	inline := h.send(intake.Envelope{}, carol)
	set := func(by letterlock.Actor, id letterlock.ID) error {
		return h.access.SetPassphrase(t.Context(), by, id, words)
	}
	empty := func(by letterlock.Actor, id letterlock.ID) error {
		return h.access.SetPassphrase(t.Context(), by, id, vault.Passphrase{})
	}
	remove := func(by letterlock.Actor, id letterlock.ID) error {
		return h.access.RemovePassphrase(t.Context(), by, id)
	}
	for _, tt := range []struct {
		name string
		do   func(letterlock.Actor, letterlock.ID) error
		by   letterlock.Actor
		id   letterlock.ID
		want string // key; "": NotFound
	}{
		{"an administrator sets it", set, grace, id, "role"},
		{"a revoker sets it", set, rene, id, "role"},
		{"a revoker removes it", remove, rene, id, "role"},
		{"another sender", set, eve, id, ""},
		{"its reader", remove, marta, id, ""},
		{"nobody", set, letterlock.Actor{}, id, ""},
		{"none at all", empty, ada, id, "empty"},
		{"of what nobody reads by a link", set, ada, inline, "inline"},
		{"that a rule asks for", remove, ada, ruled, "rule"},
		{"that nothing asks for", remove, ada, h.send(intake.Envelope{}, marta), "untold"},
	} {
		was := h.end(tt.id)
		err := tt.do(tt.by, tt.id)
		if err == nil || letterlock.KeyOf(err) != tt.want || tt.want == "" && !errors.Is(err, letterlock.NotFound) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
		if m := h.end(tt.id); m != was {
			t.Errorf("%s: the message is %+v", tt.name, m)
		}
		if e := h.lastEntry(tt.id); e.Allowed || e.Actor.Address != tt.by.Address || e.Reason != tt.want {
			t.Errorf("%s: the entry is %+v", tt.name, e)
		}
	}
	h.must(set(ada, ruled)) // another one it may have
}

// replay has a start do an entry again, as if it followed from the last one there is.
func (h *house) replay(e journal.Entry) {
	h.t.Helper()
	h.must(h.db.Read(h.t.Context(), func(tx *store.Tx) error {
		seq, hash, _, err := tx.JournalHead()
		e.Seq, e.Previous, e.At = seq+1, hash, tx.Now.Unix()
		return err
	}))
	row, err := e.Row()
	h.must(err)
	if n, err := h.access.Replay(h.t.Context(), []journal.Row{row}); n != 1 || err != nil {
		h.t.Fatalf("it changed %d: %v", n, err)
	}
}

// TestALostPassphraseShutsAMessageUntilItsSenderSetsOne has a start do an entry of the journal
// again, for a message that had the old passphrase, and one that asked for none.
func TestALostPassphraseShutsAMessageUntilItsSenderSetsOne(t *testing.T) {
	h := newHouse(t, policy.SingleRecipient)
	asks := intake.Envelope{Asks: letterlock.ByPassphrase, Passphrase: words}
	open := letterlock.Actor{Kind: letterlock.Reader, Address: marta.Address, Proof: letterlock.ByPasscode}
	for _, id := range []letterlock.ID{h.send(asks, marta), h.send(intake.Envelope{}, marta)} {
		was := h.given(open, id)
		if _, err := h.text(was, id); err != nil {
			t.Fatal(err)
		}
		h.replay(journal.Entry{Act: journal.Passphrase, Message: id})
		for name, by := range map[string]letterlock.Actor{"with the old one": was, "with none": h.given(open, id), "after a passcode": open} {
			if _, err := h.text(by, id); letterlock.KeyOf(err) != letterlock.LostPassphrase {
				t.Errorf("%s: %v", name, err)
			}
			if _, err := h.access.Awaiting(t.Context(), by, id, letterlock.GivePassphrase); letterlock.KeyOf(err) != letterlock.LostPassphrase {
				t.Errorf("%s, the page that asks for it: %v", name, err)
			}
		}
		if _, err := h.text(ada, id); err != nil {
			t.Errorf("its sender: %v", err)
		}
		if e := h.lastEntry(id); e.Action != "take passphrase away" || e.Actor.Kind != letterlock.System || e.Reason != journal.Replayed {
			t.Errorf("the audit log says %+v", e)
		}
		h.must(h.access.SetPassphrase(t.Context(), ada, id, words))
		if got, err := h.text(h.given(open, id), id); err != nil || got != secret {
			t.Errorf("with a new one: %q, %v", got, err)
		}
	}
}
