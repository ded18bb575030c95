package store

import (
	"database/sql"
	"errors"
	"io/fs"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/pressly/goose/v3"

	"letterlock/internal/letterlock"
)

// filled is a database of the first release with what a migration could lose.
const filled = `
INSERT INTO accounts VALUES ('ada@contoso.example', 'Ada', 'sender', 'hash', 100, 0);
INSERT INTO messages (id, status, message_id, accepted_at) VALUES ('m', 'accepted', '<m@contoso.example>', 100);
INSERT INTO outbox VALUES (7, 'notification', 1, 'm', 'r', x'01', 100, 200, 2, 0, '');
INSERT INTO outbox VALUES (9, 'passcode', 0, 'm', 'r', NULL, 100, 100, 1, 150, 'sent');
INSERT INTO attempts VALUES (7, 1, 110, '451 later'), (7, 2, 120, '452 later'), (9, 1, 150, '');`

// orphan is an attempt at a notice that is not there.
const orphan = `PRAGMA foreign_keys = OFF; INSERT INTO attempts VALUES (8, 1, 110, 'x');`

// folderOf makes a database of an earlier version and runs statements in it.
func folderOf(t *testing.T, version int64, statements string) string {
	t.Helper()
	dir := t.TempDir()
	db, err := sql.Open("sqlite", dsn(filepath.Join(dir, File), false))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	m, err := goose.NewProvider(goose.DialectSQLite3, db, sub)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(statements); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestAMigrationKeepsTheOutboxAndItsAttempts(t *testing.T) {
	db, err := Open(t.Context(), folderOf(t, 1, filled), func() time.Time { return start })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	replies := func(tx *Tx) (list []string) {
		err := tx.rows(`SELECT outbox || ' ' || number || ' ' || reply FROM attempts ORDER BY outbox, number`, nil, func(rs *sql.Rows) error {
			var s string
			err := rs.Scan(&s)
			list = append(list, s)
			return err
		})
		if err != nil {
			t.Error(err)
		}
		return list
	}
	write(t, db, func(tx *Tx) error {
		if got, want := replies(tx), []string{"7 1 451 later", "7 2 452 later", "9 1 "}; !slices.Equal(got, want) {
			t.Errorf("attempts %q, want %q", got, want)
		}
		n, err := tx.Claim(time.Minute)
		if n.ID != 7 || n.Kind != LinkNotice || n.Message != "m" || n.Recipient != "r" || string(n.Secret) != "\x01" || n.Attempts != 3 || n.Created.Unix() != 100 {
			t.Errorf("the waiting notice is now %+v", n)
		}
		if _, again := tx.Claim(time.Minute); !errors.Is(again, letterlock.NotFound) {
			t.Errorf("a notice that was done is due again: %v", again)
		}
		return err
	})
	write(t, db, func(tx *Tx) error { return tx.exec(`DELETE FROM messages`) })
	write(t, db, func(tx *Tx) error {
		if left := replies(tx); len(left) > 0 {
			t.Errorf("without its message, attempts %q are left: foreign keys are off", left)
		}
		return nil
	})
}

func TestAMigrationRefusesADatabaseThatDoesNotFitTogether(t *testing.T) {
	dir := folderOf(t, 1, filled+orphan)
	for range 2 { // it must not get through the second time either
		if db, err := Open(t.Context(), dir, func() time.Time { return start }); err == nil {
			db.Close()
			t.Fatal("opened")
		}
	}
	db, err := sql.Open("sqlite", dsn(filepath.Join(dir, File), false))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var notices int
	if err := db.QueryRow(`SELECT count(*) FROM outbox WHERE message IS NOT NULL`).Scan(&notices); err != nil || notices != 2 {
		t.Errorf("%d notices, %v; want the two of before", notices, err)
	}
	if err := db.QueryRow(`SELECT count(*) FROM account_links`).Scan(&notices); err == nil {
		t.Error("half of the migration has stayed")
	}
}

func TestANoticeBelongsToAMessageOrToAnAccount(t *testing.T) {
	db := open(t)
	m, r := message(t, db, time.Time{})
	for name, n := range map[string]Notice{
		"neither": {Kind: AccountNotice},
		"both":    {Kind: AccountNotice, Message: m.ID, Recipient: r.ID, Address: "ada@contoso.example"},
	} {
		if err := db.Write(t.Context(), func(tx *Tx) error { return tx.Enqueue(n) }); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestAnAccountHasOneLink(t *testing.T) {
	db := open(t)
	const ada = letterlock.Address("ada@contoso.example")
	first, second := []byte("first"), []byte("second")
	find := func(tx *Tx, hash []byte) error { _, err := tx.AccountLink(hash); return err }
	write(t, db, func(tx *Tx) error {
		return errors.Join(
			tx.PutAccount(Account{Mailbox: letterlock.Mailbox{Address: ada}, Roles: []letterlock.Role{letterlock.Sender}}),
			tx.PutAccountLink(first, AccountLink{Address: ada, Purpose: Invite, Expires: start.Add(time.Hour)}),
			find(tx, first),
			tx.PutAccountLink(second, AccountLink{Address: ada, Purpose: Reset, Expires: start.Add(2 * time.Hour)}),
			find(tx, second))
	})
	write(t, db, func(tx *Tx) error {
		if err := find(tx, first); !errors.Is(err, letterlock.NotFound) {
			t.Errorf("the older link: %v, want NotFound", err)
		}
		if a, err := tx.Account(ada); err != nil || !a.LinkExpires.Equal(start.Add(2*time.Hour)) || !a.Created.Equal(start) || a.LinkPurpose != Reset {
			t.Errorf("account %+v, %v; want one made now whose link ends in two hours", a, err)
		}
		return tx.DeleteAccountLink(ada)
	})
	write(t, db, func(tx *Tx) error {
		if list, err := tx.Accounts(); err != nil || len(list) != 1 || !list[0].LinkExpires.IsZero() {
			t.Errorf("accounts %+v, %v; want one without a link", list, err)
		}
		return nil
	})
}

// old is a database of the second version with what the third puts in order.
const old = `
INSERT INTO messages (id, status, message_id, sender, subject, method, accepted_at) VALUES
  ('a', 'accepted', '<a@contoso.example>', 'ada@contoso.example', 'First offer', 'user', 1700000000),
  ('c', 'accepted', '<c@contoso.example>', 'eve@contoso.example', 'Second offer', 'policy', 1700000000),
  ('b', 'accepted', '<b@contoso.example>', 'ada@contoso.example', 'Third offer', 'user', 1700000000),
  ('d', 'destroyed', '<d@contoso.example>', 'ada@contoso.example', '', 'user', 1600000000);
UPDATE messages SET sender_name = 'Ada L.';
INSERT INTO messages (id, status, accepted_at) VALUES ('coming', 'incoming', 1700000001);
INSERT INTO recipients (id, message, position, address, name, field, identity, experience, why, reference) VALUES
  ('r1', 'a', 0, '"a@b"@quillfeather.example', '', 'to', 'other', 'link', '', ''),
  ('r2', 'a', 1, 'marta@riverside.example', 'Marta', 'to', 'google', 'link', '', ''),
  ('r3', 'b', 0, 'marta@riverside.example', '', 'to', 'other', 'inline', '', ''),
  ('r4', 'd', 0, 'marta@riverside.example', 'Marta', 'to', 'other', 'link', '', ''),
  ('r5', 'coming', 0, 'marta@riverside.example', '', 'to', 'other', 'link', '', '');`

func TestAMigrationPutsMessagesInOrderAndMakesThemFound(t *testing.T) {
	db, err := Open(t.Context(), folderOf(t, 2, old), func() time.Time { return start })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	catchUp(t, db)
	tests := []struct {
		search letterlock.Search
		want   []letterlock.ID
	}{
		{letterlock.Search{}, []letterlock.ID{"c", "b", "a", "d"}},
		{letterlock.Search{Subject: "offer"}, []letterlock.ID{"c", "b", "a"}},
		{letterlock.Search{Recipient: "@quillfeather.example"}, []letterlock.ID{"a"}},
		{letterlock.Search{Recipient: `"a@b"@quillfeather.example`}, []letterlock.ID{"a"}},
		{letterlock.Search{Recipient: "@b.example"}, nil},
		{letterlock.Search{Recipient: "marta@riverside.example"}, []letterlock.ID{"b", "a", "d"}},
		{letterlock.Search{State: letterlock.IsDestroyed}, []letterlock.ID{"d"}},
		{letterlock.Search{State: letterlock.IsInline}, []letterlock.ID{"b"}},
		{letterlock.Search{Until: time.Unix(1700000000, 0)}, []letterlock.ID{"d"}},
		{letterlock.Search{From: time.Unix(1700000000, 0)}, []letterlock.ID{"c", "b", "a"}},
	}
	for _, tt := range tests {
		if got := found(t, db, tt.search); !slices.Equal(got, tt.want) {
			t.Errorf("%+v finds %v, want %v", tt.search, got, tt.want)
		}
	}
	write(t, db, func(tx *Tx) error {
		m, err := tx.Message("c")
		if m.Seq != 1700000000<<20+2 {
			t.Errorf("the last of its second has place %d, want %d", m.Seq, 1700000000<<20+2)
		}
		names, err3 := tx.tally(`SELECT sender_name || '; ' || r.name, COUNT(*) FROM messages m JOIN recipients r ON r.message = m.id WHERE m.id IN ('a', 'd') GROUP BY 1`)
		if want := map[string]int{"Ada L.; ": 1, "Ada L.; Marta": 1, "; ": 1}; !reflect.DeepEqual(names, want) {
			t.Errorf("names %v, want %v: none of what is destroyed", names, want)
		}
		d, err2 := tx.tally(`SELECT domain, COUNT(*) FROM recipients WHERE seq > 0 GROUP BY domain`)
		if d["quillfeather.example"] != 1 || d["riverside.example"] != 3 {
			t.Errorf("domains %v", d)
		}
		return errors.Join(err, err2, err3, tx.AcceptMessage(letterlock.Message{ID: "coming", MessageID: "<coming@contoso.example>"}, nil, Sealed{}))
	})
	catchUp(t, db)
	if got := found(t, db, letterlock.Search{}); len(got) != 5 || got[0] != "coming" {
		t.Errorf("after one more was accepted: %v, want it first", got)
	}
}

// found returns the IDs of what a search finds, newest first.
func found(t *testing.T, db *DB, s letterlock.Search) (ids []letterlock.ID) {
	t.Helper()
	err := db.Read(t.Context(), func(tx *Tx) error {
		list, err := tx.Find(s, 0, 100)
		for _, m := range list {
			ids = append(ids, m.Message.ID)
		}
		return err
	})
	if err != nil {
		t.Fatalf("Find(%+v): %v", s, err)
	}
	return ids
}
