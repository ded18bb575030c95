package access_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"letterlock/internal/access"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/store"
)

var (
	rene = staff("rene@contoso.example", letterlock.Revoker)
	root = letterlock.Actor{Kind: letterlock.Operator, Name: "root"}
)

// states bring a message of Ada's to Marta into each state that it can be in.
var states = map[string]func(h *house, id letterlock.ID) error{
	"live": func(*house, letterlock.ID) error { return nil },
	"revoked by its sender": func(h *house, id letterlock.ID) error {
		return h.access.Revoke(h.t.Context(), ada, id, "")
	},
	"revoked by an administrator": func(h *house, id letterlock.ID) error {
		return h.access.Revoke(h.t.Context(), grace, id, "")
	},
	"expired": func(h *house, id letterlock.ID) error { h.now = h.now.Add(lifetime); return nil },
	"destroyed": func(h *house, id letterlock.ID) error {
		return h.access.Destroy(h.t.Context(), grace, id, "")
	},
}

const lifetime = 24 * time.Hour

// An outcome is what an act answers: its code, its key, and the state of Marta's
// access afterwards, empty for as it was.
type outcome struct {
	code  letterlock.Code
	key   string
	after letterlock.State
}

var acts = map[string]func(h *house, by letterlock.Actor, id letterlock.ID) error{
	"revoke": func(h *house, by letterlock.Actor, id letterlock.ID) error {
		return h.access.Revoke(h.t.Context(), by, id, "why")
	},
	"restore": func(h *house, by letterlock.Actor, id letterlock.ID) error {
		return h.access.Restore(h.t.Context(), by, id)
	},
	"destroy": func(h *house, by letterlock.Actor, id letterlock.ID) error {
		return h.access.Destroy(h.t.Context(), by, id, "why")
	},
}

// refusal is the rule about who may not, in words of its own.
func refusal(state, act, who string) (outcome, bool) {
	role := outcome{code: letterlock.Denied, key: "role"}
	over := outcome{code: letterlock.Gone, key: "destroyed"}
	switch who {
	case "another sender", "recipient", "nobody", "the program":
		if act == "destroy" {
			return role, true
		}
		return outcome{code: letterlock.NotFound}, true
	case "auditor":
		if state == "destroyed" && act != "destroy" {
			return over, true
		}
		return role, true
	case "sender":
		switch {
		case act == "destroy":
			return role, true
		case state == "destroyed":
			return outcome{code: letterlock.NotFound}, true
		case act == "restore" && state == "revoked by an administrator":
			return outcome{code: letterlock.Denied, key: "by-administrator"}, true
		}
	case "revoker":
		if act == "destroy" {
			return role, true
		}
	}
	return over, state == "destroyed" && act != "destroy"
}

func expected(state, act, who string) outcome {
	if o, refused := refusal(state, act, who); refused {
		return o
	}
	switch {
	case act == "destroy":
		return outcome{after: letterlock.Destroyed}
	case act == "revoke":
		return outcome{after: letterlock.Revoked}
	case state == "expired":
		return outcome{after: letterlock.Expired}
	}
	return outcome{after: letterlock.Live}
}

func TestEveryStateActAndRoleHasOneOutcome(t *testing.T) {
	people := map[string]letterlock.Actor{"sender": ada, "another sender": eve, "auditor": audit, "revoker": rene, "admin": grace,
		"operator": root, "recipient": marta, "nobody": {}, "the program": {Kind: letterlock.System}}
	h := newHouse(t, policy.SingleRecipient)
	for state, reach := range states {
		for act, do := range acts {
			for who, by := range people {
				h.t = t
				id := h.send(intake.Envelope{Expires: h.now.Add(lifetime)}, marta)
				if err := reach(h, id); err != nil {
					t.Fatal(err)
				}
				t.Run(state+", "+act+" by "+who, func(t *testing.T) {
					h.t = t
					h.checkOutcome(id, by, act, do, expected(state, act, who))
				})
			}
		}
	}
}

// checkOutcome does an act and requires its outcome, and one entry in the audit
// log that says whether it was allowed.
func (h *house) checkOutcome(id letterlock.ID, by letterlock.Actor, act string, do func(*house, letterlock.Actor, letterlock.ID) error, want outcome) {
	h.t.Helper()
	before, entries := h.stateOf(id), len(h.entries(id))
	err := do(h, by, id)
	if (err == nil) != (want.code == "") || err != nil && letterlock.CodeOf(err) != want.code || letterlock.KeyOf(err) != want.key {
		h.t.Errorf("%v, want %q %q", err, want.code, want.key)
	}
	if want.after == "" {
		want.after = before
	}
	if got := h.stateOf(id); got != want.after {
		h.t.Errorf("state %q became %q, want %q", before, got, want.after)
	}
	list := h.entries(id)
	if act == "destroy" && by.Kind == letterlock.Nobody {
		if len(list) != entries {
			h.t.Error("the refusal of nobody took a row of the audit log")
		}
		return
	}
	if e := list[len(list)-1]; len(list) != entries+1 || e.Action != act || e.Allowed != (want.code == "") || e.Actor.Address != by.Address {
		h.t.Errorf("%d new entries, the last %+v; want one of this act", len(list)-entries, e)
	}
}

// stateOf is what has become of Marta's access, and makes sure that she holds a
// key exactly if she has any.
func (h *house) stateOf(id letterlock.ID) (state letterlock.State) {
	h.t.Helper()
	err := h.db.Read(h.t.Context(), func(tx *store.Tx) error {
		m, err := tx.Message(id)
		if err != nil {
			return err
		}
		r, err := tx.RecipientByAddress(id, marta.Address)
		state = r.State(m, tx.Now)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	if has := h.keyOf(marta, id) == nil; has != (state == letterlock.Live || state == letterlock.Expired) {
		h.t.Errorf("%s, and has a key: %v", state, has) // the sweep has not run, so the expired one has it still
	}
	return state
}

func (h *house) entries(id letterlock.ID) (list []letterlock.Entry) {
	h.t.Helper()
	err := h.db.Read(h.t.Context(), func(tx *store.Tx) (err error) { list, err = tx.Entries(id); return err })
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

func TestDestroyedMessagesAreGoneForEverybody(t *testing.T) {
	h := newHouse(t, policy.SingleRecipient)
	id := h.send(intake.Envelope{}, marta, jonas, carol)
	token := h.token()
	leases := map[string]*access.Lease{}
	for name, by := range map[string]letterlock.Actor{"recipient": marta, "another recipient": jonas, "sender": ada} {
		l, err := h.access.Watch(t.Context(), by, id)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Release()
		leases[name] = l
	}
	list, err := h.access.WatchAll(marta)
	if err != nil {
		t.Fatal(err)
	}
	defer list.Release()
	if err := h.access.Destroy(t.Context(), grace, id, "sent to the wrong people"); err != nil {
		t.Fatal(err)
	}
	leases["list of a recipient"] = list
	for name, l := range leases {
		if l.Live() {
			t.Errorf("%s: the lease lives on", name)
		}
	}
	for name, by := range map[string]letterlock.Actor{"recipient": marta, "inline recipient": carol, "sender": ada, "stranger": reader("x@example.org")} {
		if _, err := h.text(by, id); !errors.Is(err, letterlock.NotFound) || letterlock.KeyOf(err) != "" {
			t.Errorf("%s: %v, want NotFound and no more", name, err)
		}
	}
	if _, err := h.access.Gate(t.Context(), token); !errors.Is(err, letterlock.NotFound) {
		t.Errorf("the link: %v, want NotFound", err)
	}
	h.checkDestroyed(id)
	entries := len(h.entries(id))
	if err := h.access.Destroy(t.Context(), grace, id, "again"); err != nil {
		t.Errorf("destroying again: %v", err)
	}
	h.checkDestroyed(id)
	if n := len(h.entries(id)); n != entries+1 {
		t.Errorf("%d entries after destroying again, want %d", n, entries+1)
	}
}

// checkDestroyed requires one event for each recipient, no notice that waits, and
// the reason nowhere but in the audit log.
func (h *house) checkDestroyed(id letterlock.ID) {
	h.t.Helper()
	err := h.db.Write(h.t.Context(), func(tx *store.Tx) error {
		all, err := tx.Recipients(id)
		if err != nil {
			return err
		}
		events, err := tx.Events(id)
		for _, r := range all {
			n := 0
			for _, e := range events[r.ID] {
				if e.Kind == letterlock.DestroyedEvent {
					n++
				}
				if e.Detail != "" && e.Kind == letterlock.DestroyedEvent {
					h.t.Errorf("%s: the event says %q", r.Mailbox.Address, e.Detail)
				}
			}
			if n != 1 {
				h.t.Errorf("%s: %d events of the destruction, want 1", r.Mailbox.Address, n)
			}
			if r.Revocation.Revoked() {
				h.t.Errorf("%s counts as revoked", r.Mailbox.Address)
			}
		}
		if _, claim := tx.Claim(0); !errors.Is(claim, letterlock.NotFound) {
			h.t.Errorf("a notice still waits: %v", claim)
		}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	for _, e := range h.entries(id) {
		if e.Action == "destroy" && e.Allowed && e.Reason != "" {
			return
		}
	}
	h.t.Error("the audit log does not give the reason")
}

func TestNothingOfADestroyedMailIsInTheDataFolder(t *testing.T) {
	h := newHouse(t, policy.SingleRecipient)
	id := h.send(intake.Envelope{}, marta)
	kept := h.send(intake.Envelope{}, jonas)
	sealed := map[string][]byte{}
	err := h.db.Read(t.Context(), func(tx *store.Tx) error {
		r, err := tx.RecipientByAddress(id, marta.Address)
		if err != nil {
			return err
		}
		var errs [4]error
		sealed["a chunk"], errs[0] = tx.Chunk(id, 0, store.SenderCopy)
		sealed["the sender's key"], errs[1] = tx.Wrapped(id, store.SenderCopy)
		sealed["the recipient's key"], errs[2] = tx.Wrapped(id, string(r.ID))
		sealed["the other mail's chunk"], errs[3] = tx.Chunk(kept, 0, store.SenderCopy)
		return errors.Join(errs[:]...)
	})
	if err != nil {
		t.Fatal(err)
	}
	if found := h.inFolder(sealed); len(found) != len(sealed) {
		t.Fatalf("before: found only %v: this test would prove nothing", found)
	}
	if err := h.access.Destroy(t.Context(), grace, id, ""); err != nil {
		t.Fatal(err)
	}
	if err := h.db.Close(); err != nil { // which empties the log into the file
		t.Fatal(err)
	}
	if found := h.inFolder(sealed); strings.Join(found, ",") != "the other mail's chunk" {
		t.Errorf("after: found %v, want the other mail's chunk alone", found)
	}
}

// inFolder returns which of the values lie in the data folder, by their first bytes.
func (h *house) inFolder(values map[string][]byte) (found []string) {
	h.t.Helper()
	files, err := filepath.Glob(filepath.Join(h.dir, "*"))
	if err != nil {
		h.t.Fatal(err)
	}
	var all []byte
	for _, name := range files {
		if b, err := os.ReadFile(name); err == nil {
			all = append(all, b...)
		}
	}
	for name, v := range values {
		if bytes.Contains(all, v[:min(len(v), 48)]) {
			found = append(found, name)
		}
	}
	return found
}
