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
}

func by(l *Filler) way { return way{l.Write, l.Beside, l.Follow} }

// plainly writes everything in one transaction.
func plainly(t *testing.T, db *DB) way {
	return way{
		func(f func(tx *Tx) error) error { return db.Write(t.Context(), f) },
		func(tx *Tx, do func(tx *Tx) error) {
			if err := do(tx); err != nil {
				t.Error(err)
			}
		},
		func(*Tx, letterlock.ID) {},
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
	w.beside(tx, func(tx *Tx) error {
		return errors.Join(
			tx.Grant(m.ID, SenderCopy, 1, []byte("wrap for the sender")),
			tx.AddRecipient(r, 0, []byte("token "+string(r.ID))),
			tx.Grant(m.ID, string(r.ID), 1, []byte("wrap")),
			tx.AddEvent(r, letterlock.Event{Kind: letterlock.Accepted}),
			tx.AddEvent(r, letterlock.Event{Kind: letterlock.Notified}))
	})
	if n%2 == 0 {
		w.beside(tx, func(tx *Tx) error {
			return tx.AddEvent(r, letterlock.Event{Kind: letterlock.Read, Proof: letterlock.ByPasscode, Agent: "Firefox"})
		})
	}
	if n%5 == 0 {
		err = errors.Join(err, tx.Audit(letterlock.Entry{Actor: who, Action: "revoke", Message: m.ID, Allowed: n%10 == 0}))
		w.beside(tx, func(tx *Tx) error {
			return errors.Join(tx.Shred(m.ID, string(r.ID)), tx.Revoke(r.ID, letterlock.Revocation{At: tx.Now, Standing: letterlock.BySender}),
				tx.AddEvent(r, letterlock.Event{Kind: letterlock.RevokedEvent}))
		})
	}
	return err
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

func TestAFilledDatabaseIsAsTransactionsMakeIt(t *testing.T) {
	plain, full := open(t), open(t)
	err := errors.Join(plainly(t, plain).lives(), full.Fill(t.Context(), func(l *Filler) error { return by(l).lives() }))
	if err != nil {
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
	message(t, full, time.Time{}) // and it is written as ever
	if err := full.Fill(t.Context(), func(l *Filler) error { return nil }); err == nil {
		t.Error("a database that has messages is filled")
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
		"by its context": {cut, func(l *Filler) error {
			err := by(l).lives()
			cancel()
			return errors.Join(err, l.Write(func(tx *Tx) error { return nil }))
		}},
	} {
		db := open(t)
		if err := db.Fill(tt.ctx, tt.f); err == nil {
			t.Errorf("%s: no error", name)
		}
		if list, err := filepath.Glob(db.path + ".*"); err != nil || len(list) > 0 {
			t.Errorf("%s: %q are left, %v", name, list, err)
		}
		if _, err := os.Stat(db.path); err != nil {
			t.Error(err)
		}
	}
}
