package store

import (
	"errors"
	"slices"
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

// TestNoticesToSendersAreHeldBackTogether puts one of those to a sender's domain back, and
// with it the others; those to its recipients stay, and so does what goes to another sender.
func TestNoticesToSendersAreHeldBackTogether(t *testing.T) {
	db := open(t)
	m, r := message(t, db, time.Time{})
	domain := m.Sender.Address.Domain()
	write(t, db, func(tx *Tx) (err error) {
		for _, k := range []NoticeKind{FailureNotice, ReadNotice, RequestNotice, UnreadNotice, ExpiringNotice, LinkNotice, AdminNotice} {
			err = errors.Join(err, tx.Enqueue(Notice{Kind: k, Message: m.ID, Recipient: r.ID}))
		}
		return err
	})
	left := func(domain string) (kinds []NoticeKind) {
		t.Helper()
		undone := errors.New("undone")
		err := db.Write(t.Context(), func(tx *Tx) error {
			held, err := tx.Claim(time.Hour)
			if err != nil || held.Kind != FailureNotice {
				t.Errorf("%+v, %v", held, err)
			}
			if err := tx.HoldBack(held.ID, domain, tx.Now.Add(time.Minute)); err != nil {
				t.Error(err)
			}
			for {
				n, err := tx.Claim(time.Hour)
				if err != nil {
					return undone
				}
				kinds = append(kinds, n.Kind)
			}
		})
		if !errors.Is(err, undone) {
			t.Fatal(err)
		}
		return kinds
	}
	if got := left(domain); !slices.Equal(got, []NoticeKind{LinkNotice, AdminNotice}) {
		t.Errorf("%v are left, want what goes to recipients and administrators", got)
	}
	for _, other := range []string{"x" + domain, domain[1:], r.Mailbox.Address.Domain() + "x"} {
		if got := left(other); len(got) != 6 {
			t.Errorf("for %s %v are left, want all others", other, got)
		}
	}
}

func TestALinkToAnAccountIsInTheLaneOfPasscodes(t *testing.T) {
	db := open(t)
	m, r := message(t, db, time.Time{})
	write(t, db, func(tx *Tx) error {
		err := errors.Join(tx.Enqueue(Notice{Kind: LinkNotice, Message: m.ID, Recipient: r.ID}), tx.Enqueue(Notice{Kind: AccountNotice, Address: "bob@contoso.example"}))
		if n, err := tx.ClaimIn(UrgentLane, time.Hour); err != nil || n.Kind != AccountNotice {
			t.Errorf("in the lane there is %+v, %v", n, err)
		}
		if _, err := tx.ClaimIn(UrgentLane, time.Hour); !errors.Is(err, letterlock.NotFound) {
			t.Errorf("and something else: %v", err)
		}
		return err
	})
}
