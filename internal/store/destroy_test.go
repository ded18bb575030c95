package store

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"letterlock/internal/letterlock"
)

// copyOf copies the files of a database as a crash at this moment would leave them,
// and opens the copy.
func copyOf(t *testing.T, dir string) *DB {
	t.Helper()
	to := t.TempDir()
	for _, name := range []string{File, File + "-wal"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	db, err := Open(t.Context(), to, func() time.Time { return start })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// remains counts the keys and the chunks of a message, and says whether its subject is kept.
func remains(t *testing.T, db *DB, id letterlock.ID) (keys, chunks int, subject bool) {
	t.Helper()
	err := db.Read(t.Context(), func(tx *Tx) error {
		m, err := tx.Message(id)
		subject = m.Subject != ""
		return errors.Join(err,
			tx.row(`SELECT COUNT(*) FROM wraps WHERE message = $1`, []any{id}, &keys),
			tx.row(`SELECT COUNT(*) FROM chunks WHERE message = $1`, []any{id}, &chunks))
	})
	if err != nil {
		t.Fatal(err)
	}
	return keys, chunks, subject
}

func TestACrashLeavesAMessageWholeOrDestroyed(t *testing.T) {
	dir := t.TempDir()
	db, err := Open(t.Context(), dir, func() time.Time { return start })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	m, _ := message(t, db, time.Time{})
	write(t, db, func(tx *Tx) error {
		err := tx.Destroy(m.ID)
		if keys, chunks, subject := remains(t, copyOf(t, dir), m.ID); keys != 2 || chunks != 1 || !subject {
			t.Errorf("killed before the commit: %d keys, %d chunks, subject %v; want it as it was", keys, chunks, subject)
		}
		return err
	})
	after := copyOf(t, dir)
	if keys, chunks, subject := remains(t, after, m.ID); keys != 0 || chunks != 0 || subject {
		t.Errorf("killed after the commit: %d keys, %d chunks, subject %v; want nothing", keys, chunks, subject)
	}
	err = after.Read(t.Context(), func(tx *Tx) error {
		m, err := tx.Message(m.ID)
		if !m.Destroyed {
			t.Error("killed after the commit: not destroyed")
		}
		if _, err := tx.Sealed(m.ID); !errors.Is(err, letterlock.NotFound) {
			t.Errorf("the sealed mail of a destroyed message: %v, want NotFound", err)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAFailureWhileDestroyingUndoesAllOfIt(t *testing.T) {
	db := open(t)
	m, _ := message(t, db, time.Time{})
	boom := errors.New("boom")
	err := db.Write(t.Context(), func(tx *Tx) error { return errors.Join(tx.Destroy(m.ID), boom) })
	if !errors.Is(err, boom) {
		t.Fatalf("Write = %v, want its own error", err)
	}
	if keys, chunks, subject := remains(t, db, m.ID); keys != 2 || chunks != 1 || !subject {
		t.Errorf("%d keys, %d chunks, subject %v; want it as it was", keys, chunks, subject)
	}
	write(t, db, func(tx *Tx) error { return tx.Destroy(m.ID) })
	if err := db.Write(t.Context(), func(tx *Tx) error { return tx.Destroy(m.ID) }); !errors.Is(err, letterlock.NotFound) {
		t.Errorf("destroying what is destroyed: %v, want NotFound", err)
	}
}

func TestNothingOfADestroyedMessageIsInTheFile(t *testing.T) {
	dir := t.TempDir()
	marks := map[string][]byte{"subject": []byte("XsubjectmarkX"), "key": []byte("XkeymarkX"), "chunk": bytes.Repeat([]byte("XchunkmarkX"), 1000),
		"head": []byte("XheadmarkX"), "index": []byte("XindexmarkX"), "secret": []byte("XsecretmarkX"),
		"sender": []byte("XsendermarkX"), "author": []byte("XauthormarkX"), "recipient": []byte("XrecipientmarkX")}
	run := func(f func(*Tx) error) {
		t.Helper()
		db, err := Open(t.Context(), dir, func() time.Time { return start })
		if err != nil {
			t.Fatal(err)
		}
		write(t, db, f)
		if err := db.Close(); err != nil { // the last connection empties the log into the file
			t.Fatal(err)
		}
	}
	found := func(name string) bool {
		b, err := os.ReadFile(filepath.Join(dir, File))
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Contains(b, marks[name])
	}
	m := letterlock.Message{ID: letterlock.NewID(), MessageID: "<1@contoso.example>", Subject: string(marks["subject"]),
		Sender: letterlock.Mailbox{Name: string(marks["sender"]), Address: "ada@contoso.example"}, Author: letterlock.Mailbox{Name: string(marks["author"]), Address: "eve@contoso.example"}}
	r := letterlock.Recipient{ID: letterlock.NewID(), Message: m.ID, Mailbox: letterlock.Mailbox{Name: string(marks["recipient"]), Address: "marta@quillfeather.example"}, Experience: letterlock.Link}
	run(func(tx *Tx) error {
		return errors.Join(tx.AddMessage(m, []byte("hash"), Sealed{Head: marks["head"], Size: 9, Index: marks["index"]}),
			tx.AddChunk(m.ID, 0, marks["chunk"]), tx.AddRecipient(r, 0, []byte("token")),
			tx.Grant(m.ID, SenderCopy, 1, marks["key"]), tx.Grant(m.ID, string(r.ID), 1, marks["key"]),
			tx.Enqueue(Notice{Kind: LinkNotice, Message: m.ID, Recipient: r.ID, Secret: marks["secret"]}),
			tx.DropNotices(r.ID)) // a revocation keeps its secret
	})
	marks["chunk"] = marks["chunk"][:40]
	for name := range marks {
		if !found(name) {
			t.Fatalf("%s is not in the file before: this test would prove nothing", name)
		}
	}
	run(func(tx *Tx) error { return errors.Join(tx.Destroy(m.ID), tx.EndNotices(r.ID)) })
	for name := range marks {
		if found(name) {
			t.Errorf("%s is in the file after", name)
		}
	}
}
