package brandbook_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"letterlock/internal/brand"
	"letterlock/internal/brandbook"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

const (
	marta = letterlock.Address("marta@vouched.example")
	jonas = letterlock.Address("jonas@riverside.example")
)

// vouching is a house in which a provider can vouch for Marta's domain.
func vouching(t *testing.T) *house {
	h := newHouse(t)
	h.Vouched = func(a letterlock.Address) bool { return a.Domain() == marta.Domain() }
	return h
}

// sent puts a message there, as it stands after it was accepted.
func (h *house) sent(m letterlock.Message, to letterlock.Address, as letterlock.Experience) (r letterlock.Recipient) {
	h.t.Helper()
	m.ID, m.Sender = letterlock.NewID(), letterlock.Mailbox{Address: "ada@contoso.example"}
	m.MessageID = "<" + string(m.ID) + "@contoso.example>"
	r = letterlock.Recipient{ID: letterlock.NewID(), Message: m.ID, Mailbox: letterlock.Mailbox{Address: to}, Experience: as, Field: letterlock.To}
	err := h.db.Write(h.t.Context(), func(tx *store.Tx) error {
		return errors.Join(tx.BeginMessage(m.ID), tx.AcceptMessage(m, []byte("hash"), store.Sealed{}), tx.AddRecipient(r, 0, []byte(r.ID)))
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

// refuses requires that a change is refused because of passcodes, in these words.
func refuses(t *testing.T, what string, err error, says string) {
	t.Helper()
	if !errors.Is(err, letterlock.Invalid) || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), string(marta)) {
		t.Errorf("%s: %v, want %q", what, err, says)
	}
}

func TestPasscodesCanBeOffWhereEverybodyHasAProvider(t *testing.T) {
	off, on := brand.Changes{brand.Passcode: "no"}, brand.Changes{}
	h := vouching(t)
	h.add("legal", nil)
	h.sent(letterlock.Message{Brand: "legal"}, marta, letterlock.Link)
	h.sent(letterlock.Message{Brand: "legal"}, jonas, letterlock.Inline)
	h.sent(letterlock.Message{Brand: "legal", Expires: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)}, jonas, letterlock.Link)
	h.sent(letterlock.Message{Brand: "legal", Asks: letterlock.ByProvider}, jonas, letterlock.Link)
	h.sent(letterlock.Message{}, jonas, letterlock.Link)
	h.change("legal", off)
	m := letterlock.Message{Brand: "legal"}
	if h.Passcode("legal") || !h.Passcode("") || h.Asks(m) != letterlock.ByProvider || h.Asks(letterlock.Message{}) != letterlock.NoDemand {
		t.Errorf("after it is off: %v, %v, %q", h.Passcode("legal"), h.Passcode(""), h.Asks(m))
	}
	if m.Asks = letterlock.FreshPasscode.And(letterlock.ByPassphrase); h.Asks(m) != "openid+passcode+passphrase" {
		t.Errorf("of a message that asks for more: %q", h.Asks(m))
	}
	if m.Asks = "moon"; h.Asks(m) != "moon" {
		t.Errorf("of a message that asks for what is not known: %q", h.Asks(m))
	}
	h.change("legal", on)
	if !h.Passcode("legal") {
		t.Error("it stays off")
	}
}

func TestWhoWouldBeLockedOutIsNamed(t *testing.T) {
	off := brand.Changes{brand.Passcode: "no"}
	h := vouching(t)
	h.add("legal", nil)
	h.add("other", nil)
	h.sent(letterlock.Message{Brand: "legal"}, marta, letterlock.Link)
	r := h.sent(letterlock.Message{Brand: "legal"}, jonas, letterlock.Link)
	before := h.audited()
	change := func(id string, c brand.Changes) error {
		e, err := h.Brand(t.Context(), olga, id)
		return errors.Join(err, h.Change(t.Context(), olga, id, e.Version, c))
	}
	const jonasIs = "can vouch for jonas@riverside.example, who can read messages of this brand now"
	refuses(t, "a change", change("legal", off), jonasIs)
	refuses(t, "of the brand that it inherits from", change(brand.Default, off), jonasIs)
	refuses(t, "both ways in off", change("other", brand.Changes{brand.Passcode: "no", brand.Social: "no"}), "signing in with a provider is off as well")
	_, err := h.Import(t.Context(), olga, []brandbook.Page{{ID: "legal", Own: off}}, brandbook.ImportMode{})
	refuses(t, "an import", err, jonasIs)
	for i := range 6 {
		h.sent(letterlock.Message{Brand: "moon"}, letterlock.Address(fmt.Sprintf("%d@riverside.example", i)), letterlock.Link)
	}
	refuses(t, "the default brand", change(brand.Default, brand.Changes{brand.Passcode: "no"}), "4@riverside.example and 2 more, who")
	if got := h.audited(); len(got) != len(before) || !h.Passcode("legal") || !h.Passcode("") {
		t.Errorf("a refusal has left %q", got)
	}
	// What the default brand says of providers holds for the others, too.
	h.change("other", off)
	refuses(t, "providers off where others want no passcodes", change(brand.Default, brand.Changes{brand.Social: "no"}), "signing in with a provider is off as well")
	// Whoever has lost access is not locked out of anything.
	err = h.db.Write(t.Context(), func(tx *store.Tx) error {
		return tx.Revoke(r.ID, letterlock.Revocation{At: tx.Now, By: letterlock.Mailbox{Address: "ada@contoso.example"}, Standing: letterlock.BySender})
	})
	if err != nil {
		t.Fatal(err)
	}
	h.change("legal", off)
}

func TestADeletedBrandLocksNobodyOut(t *testing.T) {
	h := vouching(t)
	h.add("legal", brand.Changes{brand.Passcode: "yes"})
	h.change(brand.Default, brand.Changes{brand.Passcode: "no"})
	if !h.Passcode("legal") {
		t.Fatal("it inherits what it says itself")
	}
	h.sent(letterlock.Message{Brand: "legal"}, jonas, letterlock.Link)
	refuses(t, "deleting it", h.Delete(t.Context(), olga, "legal"), "can vouch for jonas@riverside.example")
	if !h.Is("legal") {
		t.Error("it is gone")
	}
}
