package keys

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
	"letterlock/internal/store"
	"letterlock/internal/vault"
)

var (
	start    = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	operator = letterlock.Actor{Kind: letterlock.Operator}
)

// A house is an installation with messages in it.
type house struct {
	dir   string
	keys  *Service
	vault *vault.Vault
	db    *store.DB
	now   time.Time
}

func filesOf(dir string) seal.Files {
	return seal.Files{Master: filepath.Join(dir, "safe", "master.key"), Data: filepath.Join(dir, "data")}
}

// openHouse opens the installation in a folder, or makes it there.
func openHouse(dir string) (*house, error) {
	h := &house{dir: dir, now: start}
	files := filesOf(dir)
	for _, sub := range []string{files.Data, h.backup()} {
		if err := os.MkdirAll(sub, 0o700); err != nil {
			return nil, err
		}
	}
	there, err := store.Exists(files.Data)
	if err != nil {
		return nil, err
	}
	k, first, err := files.Start(there)
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	if h.db, err = store.Open(ctx, files.Data, func() time.Time { return h.now }); err != nil {
		return nil, err
	}
	if first {
		if err := files.Started(); err != nil {
			return nil, err
		}
	}
	h.vault = &vault.Vault{DB: h.db, Keys: k.Ring}
	h.keys = &Service{DB: h.db, Ring: k.Ring, Files: files, Every: 24 * time.Hour, Backup: h.backup(), Keep: 30 * 24 * time.Hour,
		Log: slog.New(slog.DiscardHandler), batch: 3}
	return h, nil
}

func (h *house) backup() string { return filepath.Join(h.dir, "backup") }

func newHouse(t *testing.T) *house {
	t.Helper()
	h, err := openHouse(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.db.Close() })
	if _, err := h.keys.Continue(t.Context(), system, time.Minute); err != nil {
		t.Fatal(err)
	}
	return h
}

// put stores a mail for its sender and one recipient.
func (h *house) put(text string) (id letterlock.ID, reader letterlock.ID, err error) {
	ctx := context.Background()
	in, err := h.vault.Receive(ctx, bytes.NewReader([]byte("From: ada@contoso.example\r\nSubject: Offer\r\n\r\n"+text)))
	if err != nil {
		return "", "", err
	}
	r := letterlock.Recipient{ID: letterlock.NewID(), Message: in.ID, Mailbox: letterlock.Mailbox{Address: "marta@quillfeather.example"}, Experience: letterlock.Link}
	return in.ID, r.ID, h.db.Write(ctx, func(tx *store.Tx) error {
		return errors.Join(
			in.Accept(tx, letterlock.Message{MessageID: "<" + string(in.ID) + "@contoso.example>", Sender: letterlock.Mailbox{Address: "ada@contoso.example"}}),
			tx.AddRecipient(r, 1, []byte(r.ID)), in.Grant(tx, string(r.ID)))
	})
}

// read returns what a holder can read of a message.
func (h *house) read(id letterlock.ID, holder string) (string, error) {
	ctx := context.Background()
	var k vault.Key
	err := h.db.Read(ctx, func(tx *store.Tx) (err error) { k, err = h.vault.Find(tx, id, holder); return err })
	if err != nil {
		return "", err
	}
	m, err := h.vault.Open(ctx, k)
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(io.NewSectionReader(m.Raw, 0, m.Index.Size))
	_, text, _ := bytes.Cut(b, []byte("\r\n\r\n"))
	return string(text), err
}

// wrapped returns a key as it is in the database.
func (h *house) wrapped(t *testing.T, id letterlock.ID, holder string) (b []byte) {
	t.Helper()
	if err := h.db.Read(t.Context(), func(tx *store.Tx) (err error) { b, err = tx.Wrapped(id, holder); return err }); err != nil {
		t.Fatal(err)
	}
	return b
}

func (h *house) shred(id, reader letterlock.ID) error {
	return h.db.Write(context.Background(), func(tx *store.Tx) error { return tx.Shred(id, string(reader)) })
}

func (h *house) rotate(t *testing.T) Progress {
	t.Helper()
	p, err := h.keys.Rotate(t.Context(), operator, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
