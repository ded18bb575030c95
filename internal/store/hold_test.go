package store

import (
	"errors"
	"testing"
	"time"

	"letterlock/internal/letterlock"
)

// TestWhatIsHeldBackWaitsAndWasNotTried puts one of three notices for a domain back, and
// with it the others; a passcode and what goes to another domain stay due.
func TestWhatIsHeldBackWaitsAndWasNotTried(t *testing.T) {
	db := open(t)
	m, r := message(t, db, time.Time{})
	other := r
	other.ID, other.Mailbox.Address = letterlock.NewID(), "jonas@riverside.example"
	write(t, db, func(tx *Tx) error {
		link := Notice{Kind: LinkNotice, Message: m.ID, Recipient: r.ID}
		return errors.Join(tx.AddRecipient(other, 1, []byte("token "+string(other.ID))),
			tx.Enqueue(link), tx.Enqueue(link), tx.Enqueue(link),
			tx.Enqueue(Notice{Kind: LinkNotice, Message: m.ID, Recipient: other.ID}),
			tx.Enqueue(Notice{Kind: PasscodeNotice, Message: m.ID, Recipient: r.ID}))
	})
	claim := func() (n Notice) {
		t.Helper()
		write(t, db, func(tx *Tx) (err error) { n, err = tx.Claim(time.Hour); return err })
		return n
	}
	if n := claim(); n.Kind != PasscodeNotice {
		t.Fatalf("%+v, want the passcode first", n)
	}
	held := claim()
	write(t, db, func(tx *Tx) error { return tx.HoldBack(held.ID, "quillfeather.example", tx.Now.Add(time.Minute)) })
	if n := claim(); n.Recipient != other.ID {
		t.Errorf("%+v, want what is for another domain", n)
	}
	err := db.Write(t.Context(), func(tx *Tx) error { _, err := tx.Claim(time.Hour); return err })
	if !errors.Is(err, letterlock.NotFound) {
		t.Errorf("what is held back can be claimed: %v", err)
	}
	write(t, db, func(tx *Tx) error {
		tx.Now = tx.Now.Add(time.Minute)
		for range 3 {
			n, err := tx.Claim(time.Hour)
			if err != nil || n.Recipient != r.ID || n.Attempts != 1 {
				t.Errorf("after a minute %+v, %v; want each for the first time", n, err)
			}
		}
		return nil
	})
}
