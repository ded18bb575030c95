package outbox_test

import (
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"letterlock/internal/intake"
	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
	"letterlock/internal/vault"
)

// kinds returns all kinds of notices that the source of the store has.
func kinds(t *testing.T) (all []store.NoticeKind) {
	t.Helper()
	source, err := os.ReadFile("../store/outbox.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range regexp.MustCompile(`\w+Notice +NoticeKind = "([^"]+)"`).FindAllStringSubmatch(string(source), -1) {
		all = append(all, store.NoticeKind(found[1]))
	}
	if len(all) < 14 {
		t.Fatalf("%d kinds of notices: this test would prove nothing", len(all))
	}
	return all
}

// speaking has the house offer staff a choice, and the holders of accounts have made theirs.
// What they chose as recipients is French.
func (h *house) speaking(staff []string, chosen string) {
	h.t.Helper()
	offer, err := language.NewStaffOffer(staff)
	if err != nil {
		h.t.Fatal(err)
	}
	all, err := language.NewOffer(language.Tags())
	if err != nil {
		h.t.Fatal(err)
	}
	h.outbox.StaffLanguages, h.outbox.Languages, h.outbox.Admin = offer, all, grace.Address
	err = h.db.Write(h.t.Context(), func(tx *store.Tx) error {
		var errs []error
		for _, a := range []letterlock.Address{ada.Address, grace.Address} {
			errs = append(errs, tx.PutAccount(store.Account{Mailbox: letterlock.Mailbox{Address: a}}),
				tx.PutAccountLanguage(a, chosen), tx.PutLanguage(a, language.French))
		}
		return errors.Join(errs...)
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// noticeTo puts a notice of a kind into the outbox: about Marta's copy of a message, or about Ada's account.
func (h *house) noticeTo(kind store.NoticeKind, id letterlock.ID) {
	h.t.Helper()
	n := store.Notice{Kind: kind, Message: id, Recipient: h.recipient(id, marta).ID}
	err := h.db.Write(h.t.Context(), func(tx *store.Tx) error {
		if !kind.OfAccount() {
			return tx.Enqueue(n)
		}
		n = store.Notice{Kind: kind, Address: ada.Address}
		switch kind {
		case store.AccountNotice:
			token := vault.NewToken()
			n.Secret = vault.SealAccountToken(h.outbox.Pepper, ada.Address, token)
			link := store.AccountLink{Address: ada.Address, Purpose: store.Reset, Expires: tx.Now.Add(time.Hour)}
			if err := tx.PutAccountLink(vault.AccountTokenHash(h.outbox.Pepper, token), link); err != nil {
				return err
			}
		case store.ChangeNotice:
			n.Secret = vault.SealChange(h.outbox.Pepper, ada.Address, vault.ChangeMail{What: letterlock.PasswordSet})
		}
		return tx.Enqueue(n)
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// TestStaffAreWrittenToInTheLanguageOfTheirAccount sends a notice of every kind there is
// that goes to the organisation's own people.
func TestStaffAreWrittenToInTheLanguageOfTheirAccount(t *testing.T) {
	toRecipients := map[store.NoticeKind]bool{store.PasscodeNotice: true, store.LinkNotice: true, store.InlineNotice: true, store.AgainNotice: true}
	tests := []struct {
		name   string
		staff  []string
		chosen string
		want   string
	}{
		{"German", []string{"en", "de"}, "de", "de"},
		{"English", []string{"de", "en"}, "en", "en"},
		{"none yet", []string{"de", "en"}, "", "de"},
		{"what is not offered any more", []string{"en"}, "de", "en"},
		{"what staff are not offered", []string{"en", "de"}, "fr", "en"},
	}
	h := newHouse(t)
	id := h.send(intake.Envelope{Expires: h.now.Load().Add(24 * time.Hour)}, marta)
	h.flush()
	for _, tt := range tests {
		h.speaking(tt.staff, tt.chosen)
		for _, kind := range kinds(t) {
			if toRecipients[kind] {
				continue
			}
			h.noticeTo(kind, id)
			mails := h.flush()
			if len(mails) != 1 || mails[0].to != ada.Address && mails[0].to != grace.Address {
				t.Errorf("%s, %s: %d mails, want one to staff", tt.name, kind, len(mails))
				continue
			}
			if p := parse(t, mails[0]); !strings.Contains(p.html, `<html lang="`+tt.want+`"`) {
				t.Errorf("%s, %s: the mail is not in %s:\n%s", tt.name, kind, tt.want, p.text)
			}
		}
	}
}

// TestWhoeverHasTwoChoicesIsWrittenToByEither has one as a recipient and one of an account.
func TestWhoeverHasTwoChoicesIsWrittenToByEither(t *testing.T) {
	h := newHouse(t)
	h.speaking([]string{"en", "de"}, "de")
	id := h.send(intake.Envelope{}, marta)
	h.flush()
	r := h.recipient(id, marta)
	if err := h.db.Write(t.Context(), func(tx *store.Tx) error {
		return errors.Join(
			tx.PutAccount(store.Account{Mailbox: r.Mailbox}), tx.PutAccountLanguage(marta, "de"), tx.PutLanguage(marta, "fr"),
			tx.Enqueue(store.Notice{Kind: store.FactorNotice, Address: marta}))
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.codes.Ask(t.Context(), r.ID, "browser", "192.0.2.1"); err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, m := range h.flush() {
		got[regexp.MustCompile(`<html lang="(..)"`).FindStringSubmatch(parse(t, m).html)[1]] = true
	}
	if !got["de"] || !got["fr"] || len(got) != 2 {
		t.Errorf("Marta was written to in %v, want German of her account and French of a passcode", got)
	}
}

// TestWhatAReplyQuotesIsIntroducedInTheLanguageOfItsReader is about the one line of ours in a
// mail of somebody else's.
func TestWhatAReplyQuotesIsIntroducedInTheLanguageOfItsReader(t *testing.T) {
	for chosen, want := range map[string]string{
		"en": "On Friday 20 November 2026, 10:00 UTC, Ada Lovell wrote:", "de": "Am Freitag, 20. November 2026, 10:00 UTC schrieb Ada Lovell:",
	} {
		h := newHouse(t)
		h.answering()
		h.speaking([]string{"en", "de"}, chosen)
		id := h.send(intake.Envelope{}, marta)
		h.flush()
		h.reply(id, "Agreed")
		mails := h.flush()
		if len(mails) != 1 || !strings.Contains(parse(t, mails[0]).text, want+"\r\n> ") && !strings.Contains(parse(t, mails[0]).text, want+"\n> ") {
			t.Errorf("%s: the world got %+v, want %q above the quote", chosen, mails, want)
		}
	}
}
