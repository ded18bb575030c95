package outbox_test

import (
	"strings"
	"testing"

	"letterlock/internal/eml"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/mailtest"
	"letterlock/internal/vault"
)

// TestWhateverLeavesIsKnownAsOurs looks at each kind of mail as the gateway would, were it
// to come back there, and at its signatures.
func TestWhateverLeavesIsKnownAsOurs(t *testing.T) {
	h := newHouse(t)
	records := h.signing()
	h.outbox.Admin = grace.Address
	seen := map[letterlock.Address]int{}
	check := func() {
		t.Helper()
		for _, m := range h.flush() {
			ix, err := eml.IndexOf([]byte(m.raw))
			if err != nil {
				t.Fatal(err)
			}
			seen[m.to]++
			own := func(to letterlock.Address) bool {
				return ix.Header.Owns == 1 && vault.IsOwn(h.outbox.Pepper, ix.Header.Own, ix.Header.MessageID, ix.Header.From[0].Address, to)
			}
			if !own(m.to) || own("eve@contoso.example") {
				t.Errorf("to %s: ours %t, to eve as well %t\n%.1500s", m.to, own(m.to), own("eve@contoso.example"), m.raw)
			}
			for _, why := range mailtest.VerifyDKIM(t, []byte(m.raw), records) {
				if why != "" {
					t.Errorf("to %s: dkimpy says %s", m.to, why)
				}
			}
		}
	}
	mail := "From: Ada Lovell <ada@contoso.example>\r\nTo: marta@quillfeather.example\r\nMessage-ID: <1@contoso.example>\r\nX-Letterlock-Own: forged\r\n\r\nHi\r\n"
	r, err := h.intake.Accept(t.Context(), ada, intake.Envelope{Recipients: []letterlock.Address{marta, carol}}, strings.NewReader(mail))
	if err != nil {
		t.Fatal(err)
	}
	check()
	if _, err := h.codes.Ask(t.Context(), h.recipient(r.ID, marta).ID, "browser", ""); err != nil {
		t.Fatal(err)
	}
	check()
	if err := h.access.Revoke(t.Context(), grace, r.ID, ""); err != nil {
		t.Fatal(err)
	}
	if err := h.access.Ask(t.Context(), letterlock.Actor{Kind: letterlock.Reader, Address: marta}, r.ID, ""); err != nil {
		t.Fatal(err)
	}
	check()
	h.invite()
	check()
	if seen[marta] != 2 || seen[carol] != 1 || seen[grace.Address] != 1 || seen[bob.Address] != 1 {
		t.Errorf("mails to %v, want two to Marta and one each to Carol, Grace and Bob", seen)
	}
}
