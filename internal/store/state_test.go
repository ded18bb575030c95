package store

import (
	"errors"
	"slices"
	"testing"
	"time"
)

func TestBacklogsSayWhatWaits(t *testing.T) {
	now := start
	db, err := Open(t.Context(), t.TempDir(), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	m, r := message(t, db, time.Time{})
	enqueue := func(k NoticeKind) {
		write(t, db, func(tx *Tx) error { return tx.Enqueue(Notice{Kind: k, Message: m.ID, Recipient: r.ID}) })
	}
	enqueue(PasscodeNotice)
	enqueue(LinkNotice)
	now = start.Add(time.Minute)
	enqueue(LinkNotice)
	write(t, db, func(tx *Tx) error { // the passcode leaves, the first notification is put off
		passcode, err1 := tx.Claim(time.Minute)
		link, err2 := tx.Claim(time.Minute)
		return errors.Join(err1, err2, tx.Finish(passcode.ID, Sent), tx.Postpone(link.ID, tx.Now.Add(time.Hour)))
	})
	want := []Backlog{{Kind: LinkNotice, Waiting: 2, Oldest: start}}
	err = db.Read(t.Context(), func(tx *Tx) error {
		got, err1 := tx.Backlogs()
		if !slices.Equal(got, want) {
			t.Errorf("Backlogs = %v, want %v", got, want)
		}
		n, err2 := tx.CountMessages()
		if n != 1 {
			t.Errorf("CountMessages = %d, want 1", n)
		}
		return errors.Join(err1, err2)
	})
	if err != nil {
		t.Fatal(err)
	}
	if database, log, err := db.Files(); err != nil || database == 0 || log == 0 {
		t.Errorf("Files = %d, %d, %v", database, log, err)
	}
}
