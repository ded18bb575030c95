package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"letterlock/internal/lane"
	"letterlock/internal/letterlock"
	"letterlock/internal/live"
)

var start = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

func open(t *testing.T) *DB {
	t.Helper()
	db, err := Open(t.Context(), t.TempDir(), func() time.Time { return start })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return db
}

func write(t *testing.T, db *DB, f func(tx *Tx) error) {
	t.Helper()
	if err := db.Write(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// message adds an accepted message with one link recipient who holds a key.
func message(t *testing.T, db *DB, expires time.Time) (letterlock.Message, letterlock.Recipient) {
	t.Helper()
	m := letterlock.Message{ID: letterlock.NewID(), Sender: letterlock.Mailbox{Name: "Ada", Address: "ada@contoso.example"},
		Subject: "Salary letter", Protection: letterlock.EncryptOnly, Method: letterlock.ByUser, Via: letterlock.BySubmission, Expires: expires}
	m.MessageID = "<" + string(m.ID) + "@contoso.example>"
	r := letterlock.Recipient{ID: letterlock.NewID(), Message: m.ID, Mailbox: letterlock.Mailbox{Name: "Marta", Address: "marta@quillfeather.example"},
		Field: letterlock.To, Identity: letterlock.Other, Experience: letterlock.Link, Reference: "KX7-4QP"}
	write(t, db, func(tx *Tx) error {
		return errors.Join(
			tx.BeginMessage(m.ID),
			tx.AddChunk(m.ID, 0, []byte("chunk")),
			tx.AcceptMessage(m, []byte("hash"), Sealed{Head: []byte("head"), Size: 9, Index: []byte("index")}),
			tx.AddRecipient(r, 0, []byte("token "+string(r.ID))),
			tx.Grant(m.ID, SenderCopy, 1, []byte("wrap for the sender")),
			tx.Grant(m.ID, string(r.ID), 1, []byte("wrap")))
	})
	return m, r
}

func TestIncomingMessagesAreInvisible(t *testing.T) {
	db := open(t)
	id := letterlock.NewID()
	write(t, db, func(tx *Tx) error { return errors.Join(tx.BeginMessage(id), tx.AddChunk(id, 0, []byte("x"))) })
	err := db.Read(t.Context(), func(tx *Tx) error { _, err := tx.Message(id); return err })
	if !errors.Is(err, letterlock.NotFound) {
		t.Errorf("Message = %v, want NotFound", err)
	}
}

func TestAnAbandonedMessageIsRemovedChunkByChunk(t *testing.T) {
	db := open(t)
	id, other := letterlock.NewID(), letterlock.NewID()
	write(t, db, func(tx *Tx) error {
		return errors.Join(tx.BeginMessage(id), tx.AddChunk(id, 0, []byte("x")), tx.AddChunk(id, 1, []byte("y")), tx.AddChunk(id, 2, []byte("z")),
			tx.BeginMessage(other), tx.AddChunk(other, 0, []byte("x")))
	})
	left := func() (n int) {
		err := db.Read(t.Context(), func(tx *Tx) error { return tx.row(`SELECT count(*) FROM chunks`, nil, &n) })
		if err != nil {
			t.Error(err)
		}
		return n
	}
	remove := func() (more bool) {
		write(t, db, func(tx *Tx) (err error) { more, err = tx.RemoveAbandoned(2); return err })
		return more
	}
	if remove() || left() != 4 {
		t.Fatalf("%d chunks are left of what nobody abandoned, want 4", left())
	}
	write(t, db, func(tx *Tx) error { return errors.Join(tx.AbandonOld(start), tx.AbandonMessage(id)) })
	if !remove() || left() != 2 {
		t.Errorf("%d chunks are left after the first two, want 2", left())
	}
	err := db.Write(t.Context(), func(tx *Tx) error { return tx.AcceptMessage(letterlock.Message{ID: id}, nil, Sealed{}) })
	if !errors.Is(err, letterlock.NotFound) {
		t.Errorf("accepting what has lost chunks: %v, want NotFound", err)
	}
	write(t, db, func(tx *Tx) error { return tx.AbandonOld(start.Add(time.Second)) })
	for range 10 {
		remove()
	}
	if remove() || left() != 0 {
		t.Errorf("%d chunks are left", left())
	}
	var n int
	err = db.Read(t.Context(), func(tx *Tx) error { return tx.row(`SELECT count(*) FROM messages`, nil, &n) })
	if err != nil || n != 0 {
		t.Errorf("%d messages are left: %v", n, err)
	}
}

func TestChunksAreServedWhileTheHolderHasAKey(t *testing.T) {
	db := open(t)
	m, r := message(t, db, time.Time{})
	chunk := func(holder string) error {
		return db.Read(t.Context(), func(tx *Tx) error { _, err := tx.Chunk(m.ID, 0, holder); return err })
	}
	if err := chunk(string(r.ID)); err != nil {
		t.Fatalf("with a key: %v", err)
	}
	if err := chunk("somebody"); !errors.Is(err, letterlock.NotFound) {
		t.Errorf("without a key: %v, want NotFound", err)
	}
	write(t, db, func(tx *Tx) error { return tx.Shred(m.ID, string(r.ID)) })
	if err := chunk(string(r.ID)); !errors.Is(err, letterlock.NotFound) {
		t.Errorf("after Shred: %v, want NotFound", err)
	}
	if err := chunk(SenderCopy); err != nil {
		t.Errorf("the sender's copy after Shred: %v", err)
	}
}

func TestAFailedWriteLeavesNothingAndHurtsNobodyElse(t *testing.T) {
	db := open(t)
	boom := errors.New("boom")
	var wg sync.WaitGroup
	errs := make([]error, 200)
	for i := range errs {
		wg.Go(func() {
			errs[i] = db.Write(context.Background(), func(tx *Tx) error {
				a := Account{Mailbox: letterlock.Mailbox{Address: letterlock.Address(fmt.Sprintf("a%d@contoso.example", i))}}
				if err := tx.PutAccount(a); err != nil {
					return err
				}
				switch i % 4 {
				case 1:
					return boom
				case 2:
					panic("a bug")
				}
				return nil
			})
		})
	}
	wg.Wait()
	for i, err := range errs {
		kept := db.Read(t.Context(), func(tx *Tx) error {
			_, err := tx.Account(letterlock.Address(fmt.Sprintf("a%d@contoso.example", i)))
			return err
		}) == nil
		switch i % 4 {
		case 1:
			if !errors.Is(err, boom) || kept {
				t.Errorf("write %d: error %v, kept %v; want its own error and nothing kept", i, err, kept)
			}
		case 2:
			if letterlock.CodeOf(err) != letterlock.Internal || err == nil || kept {
				t.Errorf("write %d: error %v, kept %v; want Internal and nothing kept", i, err, kept)
			}
		default:
			if err != nil || !kept {
				t.Errorf("write %d: error %v, kept %v; want it kept", i, err, kept)
			}
		}
	}
}

func TestWritesAfterCloseAreBusy(t *testing.T) {
	db, err := Open(t.Context(), t.TempDir(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := db.Write(t.Context(), func(*Tx) error { return nil }); !errors.Is(err, letterlock.Busy) {
		t.Errorf("Write = %v, want Busy", err)
	}
}

func TestReadersCannotWrite(t *testing.T) {
	db := open(t)
	err := db.Read(t.Context(), func(tx *Tx) error { return tx.BeginMessage(letterlock.NewID()) })
	if err == nil {
		t.Error("a read transaction wrote")
	}
}

func TestOutboxKeepsANoticeUntilItIsFinished(t *testing.T) {
	now := start
	db, err := Open(t.Context(), t.TempDir(), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	m, r := message(t, db, time.Time{})
	write(t, db, func(tx *Tx) error {
		return errors.Join(
			tx.Enqueue(Notice{Kind: LinkNotice, Message: m.ID, Recipient: r.ID, Secret: []byte("s")}),
			tx.Enqueue(Notice{Kind: PasscodeNotice, Message: m.ID, Recipient: r.ID, Secret: []byte("p")}))
	})
	claim := func() (n Notice, err error) {
		err = db.Write(t.Context(), func(tx *Tx) (err error) { n, err = tx.Claim(time.Minute); return err })
		return n, err
	}
	first, err := claim()
	if err != nil || first.Kind != PasscodeNotice || string(first.Secret) != "p" || first.Attempts != 1 {
		t.Fatalf("first claim = %+v, %v; want the passcode", first, err)
	}
	write(t, db, func(tx *Tx) error { return tx.Finish(first.ID, Sent) })
	second, err := claim()
	if err != nil || second.Kind != LinkNotice {
		t.Fatalf("second claim = %+v, %v; want the notification", second, err)
	}
	if _, err := claim(); !errors.Is(err, letterlock.NotFound) {
		t.Errorf("third claim: %v, want NotFound while it is leased", err)
	}
	now = now.Add(2 * time.Minute)
	again, err := claim()
	if err != nil || again.ID != second.ID || again.Attempts != 2 {
		t.Errorf("claim after the lease = %+v, %v; want the same notice, second attempt", again, err)
	}
	write(t, db, func(tx *Tx) error { return tx.DropNotices(r.ID) })
	now = now.Add(2 * time.Minute)
	if _, err := claim(); !errors.Is(err, letterlock.NotFound) {
		t.Errorf("claim after the drop: %v, want NotFound", err)
	}
	write(t, db, func(tx *Tx) error {
		n, err := tx.ReviveNotices(r.ID)
		if n != 1 {
			t.Errorf("%d notices came back, want 1", n)
		}
		return err
	})
	if n, err := claim(); err != nil || n.ID != second.ID || string(n.Secret) != "s" {
		t.Errorf("claim after the restore = %+v, %v; want the notification with its secret", n, err)
	}
}

func TestBudgetRefillsOneByOne(t *testing.T) {
	now := start
	db, err := Open(t.Context(), t.TempDir(), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	hour := Budget{Name: "recipient", Size: 20, Every: 3 * time.Minute}
	few := Budget{Name: "browser", Size: 5, Every: 12 * time.Minute}
	spend := func(b ...Budget) (wait time.Duration) {
		write(t, db, func(tx *Tx) (err error) { wait, err = tx.Spend(b...); return err })
		return wait
	}
	for i := range 5 {
		if w := spend(hour, few); w != 0 {
			t.Fatalf("act %d: wait %v, want none", i+1, w)
		}
	}
	if w := spend(hour, few); w != 12*time.Minute {
		t.Errorf("sixth act: wait %v, want 12m", w)
	}
	for i := range 15 {
		if w := spend(hour); w != 0 {
			t.Fatalf("act %d of the other budget: wait %v: the refused act was charged", i+6, w)
		}
	}
	if w := spend(hour); w != 3*time.Minute {
		t.Errorf("act 21: wait %v, want 3m", w)
	}
	now = now.Add(3 * time.Minute)
	if w := spend(hour); w != 0 {
		t.Errorf("after 3 minutes: wait %v, want none", w)
	}
}

func TestTriesAreSpentBeforeTheyAreCompared(t *testing.T) {
	db := open(t)
	_, r := message(t, db, time.Time{})
	browser := []byte("browser")
	write(t, db, func(tx *Tx) error {
		return tx.PutPasscode(r.ID, browser, Passcode{Sealed: []byte("x"), Reference: "B7M", Expires: start.Add(10 * time.Minute)})
	})
	var wg sync.WaitGroup
	var mu sync.Mutex
	taken := 0
	for range 50 {
		wg.Go(func() {
			err := db.Write(context.Background(), func(tx *Tx) error { _, err := tx.TakeTry(r.ID, browser, 5); return err })
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				taken++
			}
		})
	}
	wg.Wait()
	if taken != 5 {
		t.Errorf("%d tries of 50 in parallel were let through, want 5", taken)
	}
}

func TestEveryChangeOfTheAuditLogIsFound(t *testing.T) {
	db := open(t)
	for i := range 20 {
		write(t, db, func(tx *Tx) error {
			return tx.Audit(letterlock.Entry{Actor: letterlock.Actor{Kind: letterlock.Staff, Address: "ada@contoso.example"},
				Action: "revoke", Message: letterlock.ID(fmt.Sprint(i)), Allowed: i%2 == 0})
		})
	}
	verify := func() error {
		return db.Read(t.Context(), func(tx *Tx) error { _, err := tx.VerifyAudit(); return err })
	}
	if err := verify(); err != nil {
		t.Fatalf("untouched: %v", err)
	}
	changes := []string{
		`UPDATE audit SET allowed = 1 WHERE seq = 4`,
		`UPDATE audit SET entry = replace(entry, 'ada', 'eve') WHERE seq = 7`,
		`UPDATE audit SET actor = 'eve@contoso.example' WHERE seq = 7`,
		`UPDATE audit SET at = at + 1 WHERE seq = 20`,
		`DELETE FROM audit WHERE seq = 10`,
		`UPDATE audit SET hash = x'00' WHERE seq = 1`,
		`UPDATE audit SET seq = 100 WHERE seq = 20`,
	}
	for _, c := range changes {
		undo := errors.New("undo")
		err := db.Write(t.Context(), func(tx *Tx) error {
			if err := tx.exec(c); err != nil {
				t.Fatal(err)
			}
			if _, err := tx.VerifyAudit(); err == nil {
				t.Errorf("not found: %s", c)
			}
			return undo
		})
		if !errors.Is(err, undo) {
			t.Fatal(err)
		}
	}
}

func TestCommittedChangesAreToldToTheirSender(t *testing.T) {
	db := open(t)
	db.Live = &live.Hub{}
	_, r := message(t, db, time.Time{})
	changes, end := db.Live.Subscribe("ada@contoso.example")
	defer end()
	told := func() bool {
		select {
		case <-changes:
			return true
		default:
			return false
		}
	}
	undo := errors.New("undo")
	err := db.Write(t.Context(), func(tx *Tx) error {
		return errors.Join(tx.AddEvent(r, letterlock.Event{Kind: letterlock.Read}), undo)
	})
	if !errors.Is(err, undo) || told() {
		t.Errorf("a write that failed with %v was told", err)
	}
	write(t, db, func(tx *Tx) error { return tx.AddEvent(r, letterlock.Event{Kind: letterlock.Read}) })
	if !told() {
		t.Error("a committed read was not told")
	}
}

func TestALostTransactionIsNobodysSuccess(t *testing.T) {
	db := open(t)
	address := func(n int) letterlock.Address { return letterlock.Address(fmt.Sprintf("a%d@contoso.example", n)) }
	batch := make([]*request, 4)
	for i := range batch {
		batch[i] = &request{ctx: context.Background(), done: make(chan struct{}), f: func(tx *Tx) error {
			if i == 2 { // what SQLite does by itself on a full disk
				tx.exec("ROLLBACK")
				return errors.New("disk full")
			}
			return tx.PutAccount(Account{Mailbox: letterlock.Mailbox{Address: address(i)}})
		}}
	}
	// The writer is idle: this is its one connection's only use.
	db.commit(batch)
	for i, r := range batch {
		if r.err == nil {
			t.Errorf("write %d was told that it succeeded", i)
		}
		err := db.Read(t.Context(), func(tx *Tx) error { _, err := tx.Account(address(i)); return err })
		if !errors.Is(err, letterlock.NotFound) {
			t.Errorf("write %d was kept: %v", i, err)
		}
	}
	write(t, db, func(tx *Tx) error {
		return tx.PutAccount(Account{Mailbox: letterlock.Mailbox{Address: "later@contoso.example"}})
	})
}

func TestWhoWaitsForTheWriterLeavesTheProcessorToOthers(t *testing.T) {
	db, lanes := open(t), lane.New(1)
	var mine *lane.Pass
	for _, n := range []lane.Name{lane.List, lane.Read} { // all that may compute
		p, err := lanes.Enter(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		mine = p
	}
	err := db.Write(lane.With(t.Context(), mine), func(*Tx) error {
		p, err := lanes.Enter(t.Context(), lane.Gate)
		p.Leave()
		return err
	})
	if err != nil {
		t.Errorf("other work that comes in while this one is written: %v", err)
	}
	if p, err := lanes.Enter(t.Context(), lane.Gate); err == nil {
		p.Leave()
		t.Error("what was written goes on, and one more computes")
	}
}
