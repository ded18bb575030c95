package intake_test

import (
	"errors"
	"strings"
	"testing"

	"letterlock/internal/eml"
	"letterlock/internal/letterlock"
	"letterlock/internal/rule"
	"letterlock/internal/store"
	"letterlock/internal/vault"
)

// A mail program has no place for one.
func TestWhatNeedsAPassphraseIsRefusedWithoutOne(t *testing.T) {
	for name, mail := range map[string]string{
		"the mail asks": "X-Letterlock-Proof: passphrase\r\n" + simple("<1@contoso.example>", "Hi"),
		"a rule asks":   simple("<1@contoso.example>", "Hi"),
	} {
		h := newHouse(t, eml.Limits{})
		if name == "a rule asks" {
			h.rules(then("partners", rule.Actions{Asks: letterlock.ByPassphrase}))
		}
		before := h.rows()
		_, err := h.accept(ada, to(marta), mail)
		trial, tryErr := h.intake.Try(t.Context(), olga, ada, to(marta), strings.NewReader(mail), int64(len(mail)))
		if letterlock.KeyOf(err) != letterlock.GivePassphrase || tryErr != nil || letterlock.KeyOf(trial.Err) != letterlock.GivePassphrase {
			t.Errorf("%s: %v; trying it: %v, %v", name, err, trial.Err, tryErr)
		}
		h.checkNothingNew(name, before)
	}
}

func TestAPassphraseIsKeptSealedAndGoesWithItsMessage(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	e := to(marta)
	e.Asks, e.Passphrase = letterlock.ByPassphrase, vault.Passphrase{Hash: "$argon2id$marker-of-the-hash", Hint: "marker-of-the-hint"}
	id := h.mustAccept(ada, e, simple("<1@contoso.example>", "Hi")).ID
	for _, marker := range []string{"marker-of-the-hash", "marker-of-the-hint"} {
		if files := h.holding(marker); len(files) > 0 {
			t.Errorf("%s is in %v", marker, files)
		}
	}
	kept := func() (sealed []byte, err error) {
		_ = h.db.Read(t.Context(), func(tx *store.Tx) error { sealed, err = tx.Passphrase(id); return nil })
		return sealed, err
	}
	sealed, err := kept()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := vault.OpenPassphrase(h.pepper, letterlock.NewID(), sealed); err == nil {
		t.Error("it opens as that of another message")
	}
	if p, err := vault.OpenPassphrase(h.pepper, id, sealed); err != nil || p != e.Passphrase {
		t.Errorf("%+v, %v", p, err)
	}
	if err := h.db.Write(t.Context(), func(tx *store.Tx) error { return tx.Destroy(id) }); err != nil {
		t.Fatal(err)
	}
	if _, err := kept(); letterlock.CodeOf(err) != letterlock.NotFound {
		t.Errorf("after the message was destroyed: %v", err)
	}
}

// What goes on with a message may quote it.
func TestAMailAsksForWhatTheMessageDoesThatItAnswers(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	e := to(marta)
	e.Asks, e.Passphrase = letterlock.ByPassphrase, vault.Passphrase{Hash: "$argon2id$first", Hint: "hall"}
	first, _ := h.message(h.mustAccept(ada, e, simple("<1@contoso.example>", "Hi")).ID)
	answer := func(id string) string {
		return "In-Reply-To: " + first.MessageID + "\r\n" + simple("<"+id+"@contoso.example>", "Re: Hi")
	}
	kept := func(id letterlock.ID) (p vault.Passphrase) {
		h.read(func(tx *store.Tx) error {
			sealed, err := tx.Passphrase(id)
			if err == nil {
				p, err = vault.OpenPassphrase(h.pepper, id, sealed)
			}
			return err
		})
		return p
	}
	same, _ := h.message(h.mustAccept(ada, to(marta), answer("2")).ID)
	if same.Asks != letterlock.ByPassphrase || !same.Portal || same.Passphrase != first.Passphrase || kept(same.ID) != e.Passphrase {
		t.Errorf("without a word: %q, %v, %q of %q", same.Asks, same.Portal, same.Passphrase, first.Passphrase)
	}
	own := to(marta)
	own.Asks, own.Passphrase = letterlock.ByPassphrase, vault.Passphrase{Hash: "$argon2id$second"}
	other, _ := h.message(h.mustAccept(ada, own, answer("3")).ID)
	if other.Passphrase == first.Passphrase || other.Passphrase == "" || kept(other.ID) != own.Passphrase {
		t.Errorf("with one of its own: %q, %+v", other.Passphrase, kept(other.ID))
	}
	fresh, _ := h.message(h.mustAccept(ada, to(marta), "X-Letterlock-Proof: passcode\r\n"+answer("4")).ID)
	if fresh.Asks != "passcode+passphrase" {
		t.Errorf("beside what it asks for itself: %q", fresh.Asks)
	}
	for _, gone := range []struct {
		how string
		do  func(*store.Tx) error
	}{
		{"whose passphrase was lost", func(tx *store.Tx) error {
			return errors.Join(tx.RemovePassphrase(first.ID), tx.SetDemand(first.ID, first.Asks, ""))
		}},
		{"that was destroyed", func(tx *store.Tx) error { return tx.Destroy(first.ID) }},
	} {
		if err := h.db.Write(t.Context(), gone.do); err != nil {
			t.Fatal(err)
		}
		if _, err := h.accept(ada, to(marta), answer("5")); letterlock.KeyOf(err) != letterlock.GivePassphrase {
			t.Errorf("to a message %s: %v", gone.how, err)
		}
	}
}

func TestARuleAsksOnWhatASenderWouldLift(t *testing.T) {
	h := newHouse(t, eml.Limits{})
	e := to(marta)
	e.Asks, e.Passphrase = letterlock.ByPassphrase, vault.Passphrase{Hash: "$argon2id$some"}
	mail := simple("<1@contoso.example>", "Hi")
	id := h.mustAccept(ada, e, mail).ID
	if m, _ := h.message(id); m.RuledAsks != letterlock.NoDemand {
		t.Errorf("a rule asks for %q where there is none", m.RuledAsks)
	}
	h.rules(then("partners", rule.Actions{Asks: letterlock.ByPassphrase}))
	e.Recipients = append(e.Recipients, jonas)
	h.mustAccept(ada, e, mail)
	if m, all := h.message(id); m.RuledAsks != letterlock.ByPassphrase || len(all) != 2 {
		t.Errorf("for whom a retry adds the rule asks for %q, of %d", m.RuledAsks, len(all))
	}
}
