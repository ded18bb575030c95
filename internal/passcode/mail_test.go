package passcode_test

import (
	"errors"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/passcode"
	"letterlock/internal/store"
)

// fate is what this browser is told of its mail.
func (h *house) fate(browser string) passcode.Mail {
	h.t.Helper()
	asked, err := h.codes.Pending(h.t.Context(), h.marta, browser)
	if err != nil {
		h.t.Fatal(err)
	}
	return asked.Mail
}

// claimed takes the next notice as the outbox does.
func (h *house) claimed() (n store.Notice) {
	h.t.Helper()
	h.write(func(tx *store.Tx) (err error) {
		n, err = tx.Claim(2 * time.Minute)
		return err
	})
	return n
}

func TestABrowserIsToldWhatBecameOfItsMail(t *testing.T) {
	const said = "550 5.1.1 no such mailbox"
	for name, c := range map[string]struct {
		happens func(tx *store.Tx, n store.Notice) error
		fate    passcode.Fate
		at      time.Duration // from now; negative: not known
	}{
		"under way": {func(*store.Tx, store.Notice) error { return nil }, passcode.Leaving, -1},
		"put off": {func(tx *store.Tx, n store.Notice) error {
			return errors.Join(tx.NoteAttempt(n.ID, 1, "451 later"), tx.Postpone(n.ID, tx.Now.Add(15*time.Second)))
		}, passcode.Trying, 15 * time.Second},
		"put off, and tried again": {func(tx *store.Tx, n store.Notice) error {
			if err := errors.Join(tx.NoteAttempt(n.ID, 1, "451 later"), tx.Postpone(n.ID, tx.Now)); err != nil {
				return err
			}
			_, err := tx.Claim(2 * time.Minute)
			return err
		}, passcode.Trying, -1},
		"taken": {func(tx *store.Tx, n store.Notice) error {
			return errors.Join(tx.NoteAttempt(n.ID, 1, ""), tx.Finish(n.ID, store.Sent))
		}, passcode.Handed, 0},
		"delayed": {func(tx *store.Tx, n store.Notice) error {
			return errors.Join(tx.NoteAttempt(n.ID, 1, letterlock.FurtherOn+": 451 later"), tx.Finish(n.ID, store.Sent))
		}, passcode.Delayed, 0},
		"refused": {func(tx *store.Tx, n store.Notice) error {
			return errors.Join(tx.NoteAttempt(n.ID, 1, said), tx.Finish(n.ID, store.Failed))
		}, passcode.Refused, 0},
		"dropped": {func(tx *store.Tx, n store.Notice) error { return tx.Finish(n.ID, store.Dropped) }, passcode.Unknown, -1},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			if _, err := h.codes.Ask(t.Context(), h.marta, firefox, ip); err != nil {
				t.Fatal(err)
			}
			if got := h.fate(firefox); got != (passcode.Mail{Fate: passcode.Leaving, First: true}) {
				t.Errorf("before anything happened: %+v", got)
			}
			n := h.claimed()
			h.write(func(tx *store.Tx) error { return c.happens(tx, n) })
			want := passcode.Mail{Fate: c.fate, First: true}
			if c.at >= 0 {
				want.At = h.now.Add(c.at)
			}
			if got := h.fate(firefox); got.Fate != want.Fate || !got.At.Equal(want.At) || !got.First {
				t.Errorf("%+v, want %+v", got, want)
			}
		})
	}
}

func TestTheNewestMailOfThisBrowserCountsAndNoOther(t *testing.T) {
	h := newHouse(t)
	h.ask(firefox) // and it was taken
	if _, err := h.codes.Ask(t.Context(), h.marta, chrome, ip); err != nil {
		t.Fatal(err)
	}
	if a, b := h.fate(firefox).Fate, h.fate(chrome).Fate; a != passcode.Handed || b != passcode.Leaving {
		t.Errorf("%v and %v, want one handed over and one about to leave", a, b)
	}
	h.mails()
	h.pass(30 * time.Second)
	if _, err := h.codes.Resend(t.Context(), h.marta, firefox, ip); err != nil {
		t.Fatal(err)
	}
	if got := h.fate(firefox); got.Fate != passcode.Leaving || got.First {
		t.Errorf("after asking once more: %+v, want about to leave, not the first", got)
	}
	if got := h.fate(chrome).Fate; got != passcode.Handed {
		t.Errorf("in the other browser: %v, want handed over", got)
	}
}

func TestAPasscodeOfAnEarlierReleaseHasNoMailToSpeakOf(t *testing.T) {
	h := newHouse(t)
	h.write(func(tx *store.Tx) error {
		return tx.PutPasscode(h.marta, h.pepper.Hash("browser", firefox), store.Passcode{Sealed: []byte{1}, Reference: "B7M", Expires: tx.Now.Add(time.Minute)})
	})
	if got := h.fate(firefox); got.Fate != passcode.Unknown {
		t.Errorf("%+v, want unknown", got)
	}
}
