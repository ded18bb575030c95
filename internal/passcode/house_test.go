package passcode_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/passcode"
	"letterlock/internal/ratelimit"
	"letterlock/internal/seal"
	"letterlock/internal/store"
	"letterlock/internal/storetest"
	"letterlock/internal/vault"
)

const (
	firefox = "a browser's cookie, 256 random bits"
	chrome  = "another browser's cookie"
	ip      = "192.0.2.1"
)

// A house is passcodes on a real database with a clock that stands still, for
// one message with two recipients.
type house struct {
	t            *testing.T
	now          time.Time
	dir          string
	db           *store.DB
	pepper       seal.Pepper
	codes        *passcode.Service
	marta, jonas letterlock.ID
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, now: time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC), dir: t.TempDir()}
	var err error
	storetest.Empty(t, h.dir)
	if h.db, err = store.Open(t.Context(), h.dir, func() time.Time { return h.now }); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.db.Close() })
	keys, _, err := seal.Files{Master: filepath.Join(t.TempDir(), "master.key"), Data: h.dir}.Start(false)
	if err != nil {
		t.Fatal(err)
	}
	h.pepper = keys.Pepper
	h.codes = &passcode.Service{DB: h.db, Pepper: h.pepper, IPKey: ratelimit.IPKey, Wake: func() {}}
	h.marta, h.jonas = letterlock.NewID(), letterlock.NewID()
	h.write(func(tx *store.Tx) error {
		m := letterlock.Message{ID: letterlock.NewID(), MessageID: "<1@contoso.example>"}
		err := errors.Join(tx.BeginMessage(m.ID), tx.AcceptMessage(m, nil, store.Sealed{}))
		for i, r := range []letterlock.Recipient{
			{ID: h.marta, Mailbox: letterlock.Mailbox{Address: "marta@quillfeather.example"}},
			{ID: h.jonas, Mailbox: letterlock.Mailbox{Address: "jonas@riverside.example"}},
		} {
			r.Message, r.Experience, r.Field = m.ID, letterlock.Link, letterlock.To
			err = errors.Join(err, tx.AddRecipient(r, i, []byte(r.ID)))
		}
		return err
	})
	return h
}

func (h *house) write(f func(tx *store.Tx) error) {
	h.t.Helper()
	if err := h.db.Write(h.t.Context(), f); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) pass(d time.Duration) { h.now = h.now.Add(d) }

// mails takes the passcode mails that wait in the outbox, oldest first.
func (h *house) mails() (list []vault.PasscodeMail) {
	h.t.Helper()
	h.write(func(tx *store.Tx) error {
		for {
			n, err := tx.Claim(time.Hour)
			if errors.Is(err, letterlock.NotFound) {
				return nil
			}
			if err != nil {
				return err
			}
			m, err := vault.OpenPasscode(h.pepper, n.Recipient, n.Secret)
			if err = errors.Join(err, tx.Finish(n.ID, store.Sent)); err != nil {
				return err
			}
			list = append(list, m)
		}
	})
	return list
}

// ask asks for a passcode for Marta and returns the digits that were mailed.
func (h *house) ask(browser string) string {
	h.t.Helper()
	if _, err := h.codes.Ask(h.t.Context(), h.marta, browser, ip); err != nil {
		h.t.Fatalf("Ask: %v", err)
	}
	mails := h.mails()
	if len(mails) != 1 {
		h.t.Fatalf("%d passcode mails, want 1", len(mails))
	}
	return mails[0].Code.Reveal()
}

func (h *house) verify(browser, code string) (letterlock.Address, error) {
	return h.codes.Verify(h.t.Context(), h.marta, browser, code, letterlock.Actor{IP: ip, Agent: "Firefox"})
}

// checkRefused requires an error with a code and a key, and no address.
func (h *house) checkRefused(name string, a letterlock.Address, err error, code letterlock.Code, key string) {
	h.t.Helper()
	if a != "" || letterlock.CodeOf(err) != code || letterlock.KeyOf(err) != key {
		h.t.Errorf("%s: %q, %v; want %v %q", name, a, err, code, key)
	}
}

// checkProves requires that the code proves Marta's mailbox.
func (h *house) checkProves(name, browser, code string) {
	h.t.Helper()
	if a, err := h.verify(browser, code); err != nil || a != "marta@quillfeather.example" {
		h.t.Errorf("%s: %q, %v; want Marta's address", name, a, err)
	}
}

// other returns eight digits that are not code.
func other(code string) string {
	b := []byte(code)
	b[7] = '0' + (b[7]-'0'+1)%10
	return string(b)
}

// onDisk reports whether b is readable in a file of the database.
func (h *house) onDisk(b []byte) bool {
	h.t.Helper()
	files, err := filepath.Glob(filepath.Join(h.dir, store.File+"*"))
	if err != nil || len(files) == 0 {
		h.t.Fatalf("%v, %v", files, err)
	}
	for _, f := range files {
		content, err := os.ReadFile(f)
		if err != nil {
			h.t.Fatal(err)
		}
		if bytes.Contains(content, b) {
			return true
		}
	}
	return false
}
