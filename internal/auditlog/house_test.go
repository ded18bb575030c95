package auditlog_test

import (
	"bytes"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"letterlock/internal/audit"
	"letterlock/internal/auditlog"
	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
	"letterlock/internal/store"
	"letterlock/internal/storetest"
)

var (
	ada     = letterlock.Actor{Kind: letterlock.Staff, Address: "ada@contoso.example", Roles: []letterlock.Role{letterlock.Sender}}
	auditor = letterlock.Actor{Kind: letterlock.Staff, Address: "audit@contoso.example", Roles: []letterlock.Role{letterlock.Auditor}}
	marta   = letterlock.Actor{Kind: letterlock.Reader, Address: "marta@quillfeather.example"}
	nobody  = letterlock.Actor{}
)

// A house is an audit log on a real database, with a clock that is moved.
type house struct {
	t   *testing.T
	dir string
	now time.Time
	db  *store.DB
	log *auditlog.Service
	out bytes.Buffer // of what is logged
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir(), now: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)}
	var err error
	storetest.Empty(t, h.dir)
	if h.db, err = store.Open(t.Context(), h.dir, func() time.Time { return h.now }); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.db.Close() })
	h.log = h.service(seal.NewSigner())
	return h
}

// service is another one on the same database, as after a restart.
func (h *house) service(s seal.Signer) *auditlog.Service {
	return &auditlog.Service{DB: h.db, Signer: s, Host: "mail.contoso.example", Organization: "Contoso",
		Every: time.Hour, File: filepath.Join(h.dir, "points.jsonl"), Log: slog.New(slog.NewTextHandler(&h.out, nil))}
}

func (h *house) write(f func(tx *store.Tx) error) {
	h.t.Helper()
	if err := h.db.Write(h.t.Context(), f); err != nil {
		h.t.Fatal(err)
	}
}

// record adds an entry to the log, a minute after the one before.
func (h *house) record(e letterlock.Entry) {
	h.t.Helper()
	h.now = h.now.Add(time.Minute)
	h.write(func(tx *store.Tx) error { return tx.Audit(e) })
}

func (h *house) checkpoint() {
	h.t.Helper()
	if err := h.log.Checkpoint(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) export() string {
	h.t.Helper()
	var b strings.Builder
	if err := h.log.Export(h.t.Context(), auditor, &b); err != nil {
		h.t.Fatal(err)
	}
	return b.String()
}

func (h *house) points() string {
	h.t.Helper()
	var b strings.Builder
	if err := h.log.Checkpoints(h.t.Context(), auditor, &b); err != nil {
		h.t.Fatal(err)
	}
	return b.String()
}

func (h *house) keys() audit.Keys {
	h.t.Helper()
	keys, err := audit.ParseKeys([]byte(h.log.PublicKey()))
	if err != nil {
		h.t.Fatal(err)
	}
	return keys
}

// last is the last entry of the log.
func (h *house) last() letterlock.Entry {
	h.t.Helper()
	p, err := h.log.List(h.t.Context(), auditor, auditlog.Query{Limit: 1})
	if err != nil || len(p.Entries) != 1 {
		h.t.Fatalf("List = %+v, %v", p, err)
	}
	return p.Entries[0].Entry
}

// message adds one of Ada's, with Marta by link and Otto inline.
func (h *house) message() (letterlock.Message, letterlock.Recipient) {
	h.t.Helper()
	m := letterlock.Message{ID: letterlock.NewID(), MessageID: "<1@contoso.example>", Sender: letterlock.Mailbox{Address: ada.Address}, Expires: h.now.Add(24 * time.Hour)}
	link := letterlock.Recipient{ID: letterlock.NewID(), Message: m.ID, Mailbox: letterlock.Mailbox{Address: marta.Address}, Experience: letterlock.Link}
	inline := letterlock.Recipient{ID: letterlock.NewID(), Message: m.ID, Mailbox: letterlock.Mailbox{Address: "otto@contoso.example"}, Experience: letterlock.Inline}
	h.write(func(tx *store.Tx) error {
		return errors.Join(tx.AddMessage(m, nil, store.Sealed{}), tx.AddRecipient(link, 0, []byte("token")), tx.AddRecipient(inline, 1, nil))
	})
	return m, link
}
