package intake_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"letterlock/internal/eml"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/seal"
	"letterlock/internal/store"
	"letterlock/internal/storetest"
	"letterlock/internal/vault"
)

var (
	ada = letterlock.Actor{Kind: letterlock.Staff, Address: "ada@contoso.example", Name: "Ada Lovell", Roles: []letterlock.Role{letterlock.Sender}}
	eve = letterlock.Actor{Kind: letterlock.Staff, Address: "eve@contoso.example", Roles: []letterlock.Role{letterlock.Sender}}
)

const (
	marta = letterlock.Address("marta@quillfeather.example")
	jonas = letterlock.Address("jonas@riverside.example")
	carol = letterlock.Address("carol@outlook.com") // inline
)

// A house is intake on a real database with a clock that stands still.
type house struct {
	t      *testing.T
	now    time.Time
	dir    string
	db     *store.DB
	vault  *vault.Vault
	pepper seal.Pepper
	intake *intake.Service
	woken  atomic.Int64
}

func newHouse(t *testing.T, limits eml.Limits) *house {
	t.Helper()
	return newHouseIn(t, t.TempDir(), limits)
}

func newHouseIn(t *testing.T, dir string, limits eml.Limits) *house {
	t.Helper()
	h := &house{t: t, now: time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC), dir: dir}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var err error
	storetest.Empty(t, h.dir)
	h.db, err = store.Open(t.Context(), h.dir, func() time.Time { return h.now })
	must(err)
	t.Cleanup(func() { h.db.Close() })
	keys, _, err := seal.Files{Master: filepath.Join(t.TempDir(), "master.key"), Data: h.dir}.Start(false)
	must(err)
	h.pepper = keys.Pepper
	h.vault = &vault.Vault{DB: h.db, Keys: keys.Ring, Limits: limits}
	rules := policy.Settings{Domains: []string{"contoso.example"}, InlineTypes: policy.DefaultInlineTypes, InlineAssured: true}
	h.intake = &intake.Service{DB: h.db, Vault: h.vault, Pepper: h.pepper, Rules: rules, Domain: "contoso.example",
		Wake: func() { h.woken.Add(1) }}
	return h
}

// lines joins the lines of a mail with CRLF.
func lines(l ...string) string { return strings.Join(l, "\r\n") + "\r\n" }

// simple is a small mail of Ada's with a Message-ID.
func simple(messageID, text string) string {
	return lines("From: Ada <ada@contoso.example>", "To: Marta <marta@quillfeather.example>", "Cc: jonas@riverside.example",
		"Subject: Offer", "Message-ID: "+messageID, "", text)
}

func to(list ...letterlock.Address) intake.Envelope {
	return intake.Envelope{Recipients: list, Via: letterlock.BySubmission}
}

func (h *house) accept(by letterlock.Actor, e intake.Envelope, mail string) (intake.Receipt, error) {
	return h.intake.Accept(h.t.Context(), by, e, strings.NewReader(mail))
}

func (h *house) mustAccept(by letterlock.Actor, e intake.Envelope, mail string) intake.Receipt {
	h.t.Helper()
	r, err := h.accept(by, e, mail)
	if err != nil {
		h.t.Fatalf("Accept: %v", err)
	}
	return r
}

func (h *house) read(f func(tx *store.Tx) error) {
	h.t.Helper()
	if err := h.db.Read(h.t.Context(), f); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) message(id letterlock.ID) (m letterlock.Message, all []letterlock.Recipient) {
	h.t.Helper()
	h.read(func(tx *store.Tx) (err error) {
		if m, err = tx.Message(id); err != nil {
			return err
		}
		all, err = tx.Recipients(id)
		return err
	})
	return m, all
}

// raw returns the whole mail of a message as holder can open it.
func (h *house) raw(id letterlock.ID, holder seal.Holder) (string, error) {
	var key vault.Key
	err := h.db.Read(h.t.Context(), func(tx *store.Tx) (err error) { key, err = h.vault.Find(tx, id, holder); return err })
	if err != nil {
		return "", err
	}
	mail, err := h.vault.Open(h.t.Context(), key)
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(io.NewSectionReader(mail.Raw, 0, mail.Index.Size))
	return string(b), err
}

// rows counts the rows of every table that a mail goes into.
func (h *house) rows() string {
	h.t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(h.dir, store.File)+"?mode=ro")
	if err != nil {
		h.t.Fatal(err)
	}
	defer db.Close()
	var b strings.Builder
	for _, table := range []string{"messages", "chunks", "recipients", "wraps", "events", "outbox"} {
		var n int
		if err := db.QueryRow("SELECT count(*) FROM " + table).Scan(&n); err != nil {
			h.t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s %d ", table, n)
	}
	return b.String()
}

// refusals counts the audit entries of mails that were not accepted.
func (h *house) refusals() (n int) {
	h.t.Helper()
	h.read(func(tx *store.Tx) error {
		list, err := tx.Entries("")
		for _, e := range list {
			if e.Action == "accept" && !e.Allowed {
				n++
			}
		}
		return err
	})
	return n
}

// holding lists the files below the data folder that hold text.
func (h *house) holding(text string) (files []string) {
	h.t.Helper()
	err := filepath.WalkDir(h.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(text)) {
			files = append(files, filepath.Base(path))
		}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return files
}

// checkNothingNew requires that the rows are as before, and no sender was woken.
func (h *house) checkNothingNew(name, before string) {
	h.t.Helper()
	if after := h.rows(); after != before {
		h.t.Errorf("%s: rows afterwards %s, want %s", name, after, before)
	}
}
