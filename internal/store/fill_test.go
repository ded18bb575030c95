package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"letterlock/internal/letterlock"
)

// A way is how messages come into a database.
type way struct {
	write  func(f func(tx *Tx) error) error
	beside func(tx *Tx, do func(tx *Tx) error)
	follow func(tx *Tx, id letterlock.ID)
	add    func(tx *Tx, r letterlock.Recipient, position int, tokenHash []byte)
	grant  func(tx *Tx, message letterlock.ID, holder string, epoch uint32, wrapped []byte)
	event  func(tx *Tx, r letterlock.Recipient, e letterlock.Event) error
}

func by(l *Filler) way {
	return way{l.Write, l.Beside, l.Follow, l.AddRecipient, l.GrantFirst, l.AddEvent}
}

// plainly writes everything in plain transactions.
func plainly(t *testing.T, db *DB) way {
	beside := func(tx *Tx, do func(tx *Tx) error) {
		if err := do(tx); err != nil {
			t.Error(err)
		}
	}
	return way{
		func(f func(tx *Tx) error) error { return db.Write(t.Context(), f) },
		beside,
		func(*Tx, letterlock.ID) {},
		func(tx *Tx, r letterlock.Recipient, position int, tokenHash []byte) {
			beside(tx, func(tx *Tx) error { return tx.AddRecipient(r, position, tokenHash) })
		},
		func(tx *Tx, message letterlock.ID, holder string, epoch uint32, wrapped []byte) {
			beside(tx, func(tx *Tx) error { return tx.Grant(message, holder, epoch, wrapped) })
		},
		(*Tx).AddEvent,
	}
}

// lives writes some messages and what becomes of them, a few days in each
// transaction. The ids are the same each time.
func (w way) lives() error {
	for week := range 4 {
		err := w.write(func(tx *Tx) error {
			var errs []error
			for i := range 30 {
				tx.Now = start.AddDate(0, 0, 7*week+i/6)
				errs = append(errs, w.life(tx, week*100+i))
			}
			return errors.Join(errs...)
		})
		if err != nil {
			return err
		}
	}
	return w.write(func(tx *Tx) error {
		tx.Now = start.AddDate(1, 0, 0)
		return tx.MarkSwept()
	})
}

// life writes the n-th message and what becomes of it.
func (w way) life(tx *Tx, n int) error {
	id := func(kind string) letterlock.ID { return letterlock.ID(fmt.Sprintf("%s%024d", kind, n)) }
	m := letterlock.Message{ID: id("m"), MessageID: fmt.Sprintf("<%d@contoso.example>", n), Sender: letterlock.Mailbox{Address: "ada@contoso.example"}, Subject: "Offer"}
	if n%3 == 0 {
		m.Expires = tx.Now.AddDate(0, 0, 7)
	}
	r := letterlock.Recipient{ID: id("r"), Message: m.ID, Mailbox: letterlock.Mailbox{Address: "marta@quillfeather.example"}, Experience: letterlock.Link}
	who := letterlock.Actor{Kind: letterlock.Staff, Address: m.Sender.Address}
	err := errors.Join(
		tx.AddMessage(m, []byte("hash"), Sealed{Head: []byte("head"), Size: 9, Index: []byte("index")}),
		tx.AddChunk(m.ID, 0, []byte("chunk")),
		tx.Audit(letterlock.Entry{Actor: who, Action: "accept", Message: m.ID, Allowed: true}))
	w.follow(tx, m.ID)
	w.grant(tx, m.ID, SenderCopy, 1, []byte("wrap for the sender"))
	w.add(tx, r, 0, []byte("token "+string(r.ID)))
	w.grant(tx, m.ID, string(r.ID), 1, []byte("wrap"))
	errs := []error{err, w.event(tx, r, letterlock.Event{Kind: letterlock.Accepted})}
	told := letterlock.Event{Kind: letterlock.Notified}
	switch {
	case n%7 == 0:
		told = letterlock.Event{Kind: letterlock.Bounced, Detail: "550 no such mailbox"}
	case n%11 == 0:
		told.Kind = letterlock.Delivered
	}
	errs = append(errs, w.event(tx, r, told))
	for range n % 3 {
		errs = append(errs, w.event(tx, r, letterlock.Event{Kind: letterlock.Read, Proof: letterlock.ByPasscode, Agent: "Firefox"}))
	}
	if n%5 == 0 {
		errs = append(errs,
			tx.Audit(letterlock.Entry{Actor: who, Action: "revoke", Message: m.ID, Allowed: n%10 == 0}),
			w.event(tx, r, letterlock.Event{Kind: letterlock.RevokedEvent}))
		w.beside(tx, func(tx *Tx) error {
			return errors.Join(tx.Shred(m.ID, string(r.ID)), tx.Revoke(r.ID, letterlock.Revocation{At: tx.Now, Standing: letterlock.BySender}))
		})
	}
	if n%20 == 0 { // and gets it back
		w.beside(tx, func(tx *Tx) error {
			return errors.Join(tx.Restore(r.ID), tx.Grant(m.ID, string(r.ID), 1, []byte("another wrap")))
		})
	}
	return errors.Join(errs...)
}

// everything is all rows of all tables of a database, and its schema.
func everything(t *testing.T, db *DB) (list []string) {
	t.Helper()
	var tables []string
	collect := func(query string, into *[]string) {
		t.Helper()
		rows, err := db.writer.c.QueryContext(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			values, dest := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
			for i := range dest {
				dest[i] = &values[i]
			}
			if err := rows.Scan(dest...); err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			for i, v := range values {
				if i > 0 {
					b.WriteString(" | ")
				}
				b.Write(v)
			}
			*into = append(*into, b.String())
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	collect(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'goose%' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name`, &tables)
	collect(`SELECT name, sql FROM sqlite_schema ORDER BY name`, &list)
	for _, table := range tables {
		list = append(list, table)
		collect(`SELECT * FROM `+table, &list)
	}
	var faults []string
	collect(`PRAGMA foreign_key_check`, &faults)
	collect(`PRAGMA integrity_check`, &faults)
	if !slices.Equal(faults, []string{"ok"}) {
		t.Errorf("the database has faults: %q", faults)
	}
	return list
}

func fillIn(t *testing.T, dir string, f func(l *Filler) error) error {
	t.Helper()
	return Fill(t.Context(), dir, func() time.Time { return start }, f)
}

func openIn(t *testing.T, dir string) *DB {
	t.Helper()
	db, err := Open(t.Context(), dir, func() time.Time { return start })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// lived fails unless a database has what plain transactions leave.
func lived(t *testing.T, full *DB) {
	t.Helper()
	plain := open(t)
	if err := plainly(t, plain).lives(); err != nil {
		t.Fatal(err)
	}
	catchUp(t, plain)
	catchUp(t, full)
	want, got := everything(t, plain), everything(t, full)
	if len(want) < 1000 {
		t.Fatalf("%d rows: this test would prove nothing", len(want))
	}
	for i := range max(len(want), len(got)) {
		if i >= len(want) || i >= len(got) || want[i] != got[i] {
			t.Fatalf("they differ from row %d of %d and %d on: %q, want %q", i, len(got), len(want), got[i:min(i+1, len(got))], want[i:min(i+1, len(want))])
		}
	}
	if err := full.Read(t.Context(), func(tx *Tx) error { _, err := tx.VerifyAudit(); return err }); err != nil {
		t.Error(err)
	}
}

func TestAFilledDatabaseIsAsTransactionsMakeIt(t *testing.T) {
	dir := t.TempDir()
	if err := fillIn(t, dir, func(l *Filler) error { return by(l).lives() }); err != nil {
		t.Fatal(err)
	}
	full := openIn(t, dir)
	lived(t, full)
	message(t, full, time.Time{}) // and it is written as ever
	if list, err := os.ReadDir(dir); err != nil || len(list) != 3 {
		t.Errorf("its folder has %v, want the database and its log alone; %v", list, err)
	}
	if info, err := os.Stat(full.path); err != nil || info.Mode() != 0o600 {
		t.Errorf("its file has the mode %v, %v", info.Mode(), err)
	}
}

func TestOnlyADatabaseThatIsEmptyAndAtRestIsFilled(t *testing.T) {
	nothing := func(*Filler) error { return nil }
	dir := t.TempDir()
	db := openIn(t, dir)
	if err := fillIn(t, dir, nothing); err == nil {
		t.Error("a database is filled that is open elsewhere")
	}
	message(t, db, time.Time{})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := fillIn(t, dir, nothing); err == nil {
		t.Error("a database is filled that has messages")
	}
	if err := openIn(t, dir).Read(t.Context(), func(tx *Tx) error {
		n, err := tx.CountMessages()
		if n != 1 {
			t.Errorf("it has %d messages, want its own", n)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// dieFilling fills a database until a step.
func dieFilling(dir, step string) {
	err := Fill(context.Background(), dir, func() time.Time { return start }, func(l *Filler) error {
		l.at = func(s string) {
			if s == step {
				kill()
			}
		}
		if err := by(l).lives(); err != nil {
			return err
		}
		return l.Write(func(tx *Tx) error {
			l.at("write")
			l.Beside(tx, func(*Tx) error { l.at("beside"); return nil })
			return nil
		})
	})
	fmt.Println("it was not killed:", err)
	os.Exit(1)
}

// TestAFillThatIsKilledIsBegunAnew or is whole: there is never half of it in the
// database's place.
func TestAFillThatIsKilledIsBegunAnew(t *testing.T) {
	for step, whole := range map[string]bool{"write": false, "beside": false, "take over": false, "sync": false, "rename": false, "sync the folder": true} {
		t.Run(step, func(t *testing.T) {
			t.Parallel() // it waits for the disk
			dir := t.TempDir()
			killed(t, dir, "fill: "+step)
			if !whole {
				empty(t, dir)
				if err := fillIn(t, dir, func(l *Filler) error { return by(l).lives() }); err != nil {
					t.Fatalf("it is not begun anew: %v", err)
				}
			}
			lived(t, openIn(t, dir))
			if list, err := filepath.Glob(filepath.Join(dir, File+".*")); err != nil || len(list) > 0 {
				t.Errorf("%q are left, %v", list, err)
			}
		})
	}
}

// empty fails unless the database in a folder is sound and has nothing in it.
func empty(t *testing.T, dir string) {
	t.Helper()
	db := openIn(t, dir)
	got, none := everything(t, db), everything(t, open(t))
	if err := db.Close(); err != nil || !slices.Equal(got, none) {
		t.Errorf("there is %q in it, %v", got, err)
	}
}

func TestAFillThatFailsSaysSoAndLeavesNothingBeside(t *testing.T) {
	cut, cancel := context.WithCancel(t.Context())
	stop := errors.New("stop")
	broken := func(tx *Tx) error { return tx.exec(`INSERT INTO events (id) VALUES (1)`) }
	for name, tt := range map[string]struct {
		ctx context.Context
		f   func(l *Filler) error
	}{
		"by itself": {t.Context(), func(*Filler) error { return stop }},
		"in a transaction": {t.Context(), func(l *Filler) error {
			return l.Write(func(tx *Tx) error { return errors.Join(by(l).life(tx, 1), stop) })
		}},
		"by a panic": {t.Context(), func(l *Filler) error { return l.Write(func(tx *Tx) error { panic("stop") }) }},
		"beside it": {t.Context(), func(l *Filler) error {
			return l.Write(func(tx *Tx) error { l.Beside(tx, broken); return nil })
		}},
		"beside it, by a panic, long before the end": {t.Context(), func(l *Filler) error {
			return l.Write(func(tx *Tx) error {
				for range 100 * stepsAtOnce {
					l.Beside(tx, func(tx *Tx) error { panic("stop") })
				}
				return nil
			})
		}},
		"by a row that was held back": {t.Context(), func(l *Filler) error {
			return l.Write(func(tx *Tx) error { return errors.Join(tx.AddChunk("a", 0, nil), tx.AddChunk("a", 1, []byte{1})) })
		}},
		"by a row beside that was held back": {t.Context(), func(l *Filler) error {
			return l.Write(func(tx *Tx) error {
				l.GrantFirst(tx, "a", "b", 1, []byte{1})
				l.GrantFirst(tx, "a", "b", 1, []byte{2})
				return nil
			})
		}},
		"by a write whose error nobody minds": {t.Context(), func(l *Filler) error {
			if err := l.Write(func(tx *Tx) error { return stop }); err == nil {
				t.Error("it says nothing")
			}
			if err := l.Write(func(tx *Tx) error { return nil }); err == nil {
				t.Error("there is another one after it")
			}
			return nil
		}},
		"by its context": {cut, func(l *Filler) error {
			err := by(l).lives()
			cancel()
			return errors.Join(err, l.Write(func(tx *Tx) error { return nil }))
		}},
	} {
		dir := t.TempDir()
		if err := Fill(tt.ctx, dir, func() time.Time { return start }, tt.f); err == nil {
			t.Errorf("%s: no error", name)
		}
		if list, err := os.ReadDir(dir); err != nil || len(list) != 1 || list[0].Name() != File {
			t.Errorf("%s: there are %v, want the database alone; %v", name, list, err)
		}
		empty(t, dir)
	}
}

func TestManyRowsAreWrittenAsOneStatement(t *testing.T) {
	got, err := manyRows(`INSERT INTO a (b, c) VALUES ($1, (SELECT d FROM e WHERE f = $2))`, 2, 2)
	const want = `INSERT INTO a (b, c) VALUES (?, (SELECT d FROM e WHERE f = ?)), (?, (SELECT d FROM e WHERE f = ?))`
	if err != nil || got != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	for _, query := range []string{
		`INSERT INTO a (b, c) VALUES ($2, $1)`, `INSERT INTO a (b, c) VALUES ($1, $1)`, `INSERT INTO a (b, c) VALUES ($1, $2, $2)`,
		`INSERT INTO a (b) VALUES ($1)`, `INSERT INTO a (b, c) SELECT $1, $2`, `UPDATE a SET b = $1 WHERE c = $2`,
	} {
		if got, err := manyRows(query, 2, 2); err == nil {
			t.Errorf("%q becomes %q", query, got)
		}
	}
}
