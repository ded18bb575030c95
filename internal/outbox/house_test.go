package outbox_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/url"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"letterlock/internal/access"
	"letterlock/internal/brand"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/notify"
	"letterlock/internal/outbox"
	"letterlock/internal/passcode"
	"letterlock/internal/policy"
	"letterlock/internal/ratelimit"
	"letterlock/internal/seal"
	"letterlock/internal/store"
	"letterlock/internal/vault"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// database/sql keeps one for each open database; Close ends it a moment later.
		goleak.IgnoreTopFunction("database/sql.(*DB).connectionOpener"))
}

var (
	ada   = letterlock.Actor{Kind: letterlock.Staff, Address: "ada@contoso.example", Name: "Ada Lovell", Roles: []letterlock.Role{letterlock.Sender}}
	grace = letterlock.Actor{Kind: letterlock.Staff, Address: "grace@contoso.example", Roles: []letterlock.Role{letterlock.Admin}}
)

const (
	marta  = letterlock.Address("marta@quillfeather.example")
	jonas  = letterlock.Address("jonas@riverside.example")
	carol  = letterlock.Address("carol@outlook.com") // inline
	secret = "the salary is 84000"
)

// A sent is a mail as the world got it.
type sent struct {
	from string
	to   letterlock.Address
	raw  string
}

// A world is every mail server but ours: it answers each mail as answer says and
// keeps those it has taken.
type world struct {
	mu     sync.Mutex
	answer func(to letterlock.Address) error // nil: takes everything
	mails  []sent
}

func (w *world) Send(_ context.Context, from string, to letterlock.Address, mail io.Reader) error {
	raw, err := io.ReadAll(mail)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.answer != nil {
		if err := w.answer(to); err != nil {
			return err
		}
	}
	w.mails = append(w.mails, sent{from, to, string(raw)})
	return nil
}

// take returns what came since it was last called.
func (w *world) take() []sent {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := w.mails
	w.mails = nil
	return list
}

// A house is the use cases around the outbox on a real database with a clock
// that stands still.
type house struct {
	t      *testing.T
	now    atomic.Pointer[time.Time]
	dir    string
	keys   string
	db     *store.DB
	world  *world
	intake *intake.Service
	access *access.Service
	codes  *passcode.Service
	outbox *outbox.Service
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir(), keys: t.TempDir(), world: &world{}}
	h.set(time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC))
	h.open()
	t.Cleanup(func() { h.db.Close() })
	return h
}

// open builds everything on the folder, as a start of the program does.
func (h *house) open() {
	h.t.Helper()
	must := func(err error) {
		h.t.Helper()
		if err != nil {
			h.t.Fatal(err)
		}
	}
	var err error
	h.db, err = store.Open(context.Background(), h.dir, func() time.Time { return *h.now.Load() })
	must(err)
	keys, _, err := seal.Files{Master: filepath.Join(h.keys, "master.key"), Data: h.dir}.Start(false)
	must(err)
	ring, pepper := keys.Ring, keys.Pepper
	look, err := brand.New(brand.Settings{Name: "Contoso"})
	must(err)
	public, err := url.Parse("https://mail.contoso.example")
	must(err)
	rules := policy.Settings{Domains: []string{"contoso.example"}, InlineTypes: policy.DefaultInlineTypes, InlineAssured: true}
	v := &vault.Vault{DB: h.db, Keys: ring}
	h.outbox = &outbox.Service{
		DB: h.db, Vault: v, Pepper: pepper, Mailer: h.world, Assured: h.world, Log: slog.New(slog.DiscardHandler),
		Notifier: &notify.Notifier{Brand: func(string) *brand.Brand { return look }, PublicURL: public, From: "portal@contoso.example", Location: time.UTC},
	}
	h.intake = &intake.Service{DB: h.db, Vault: v, Pepper: pepper, Rules: rules, Domain: "contoso.example", Wake: h.outbox.Wake}
	h.access = &access.Service{DB: h.db, Vault: v, Pepper: pepper, Rules: rules, Wake: h.outbox.Wake}
	h.codes = &passcode.Service{DB: h.db, Pepper: pepper, IPKey: ratelimit.IPKey, Wake: h.outbox.Wake}
}

// mailBy has all mail leave by m, messages themselves too.
func (h *house) mailBy(m outbox.Mailer) { h.outbox.Mailer, h.outbox.Assured = m, m }

func (h *house) set(now time.Time)    { h.now.Store(&now) }
func (h *house) pass(d time.Duration) { h.set(h.now.Load().Add(d)) }

// send has Ada send a mail whose own Bcc field names a hidden recipient.
func (h *house) send(e intake.Envelope, to ...letterlock.Address) letterlock.ID {
	h.t.Helper()
	e.Recipients = to
	mail := "From: Ada Lovell <ada@contoso.example>\r\nTo: " + string(to[0]) + "\r\nBcc: hidden@quillfeather.example\r\n" +
		"Subject: [encrypt] Offer for 2027\r\nX-Letterlock-Protection: encrypt-only\r\nContent-Type: text/plain\r\n\r\n" + secret + "\r\n"
	r, err := h.intake.Accept(h.t.Context(), ada, e, bytes.NewReader([]byte(mail)))
	if err != nil {
		h.t.Fatal(err)
	}
	return r.ID
}

// flush delivers what is due and returns what the world got of it.
func (h *house) flush() []sent {
	h.t.Helper()
	if err := h.outbox.Flush(h.t.Context()); err != nil {
		h.t.Errorf("Flush: %v", err)
	}
	return h.world.take()
}

func (h *house) recipient(id letterlock.ID, a letterlock.Address) (r letterlock.Recipient) {
	h.t.Helper()
	h.read(func(tx *store.Tx) (err error) { r, err = tx.RecipientByAddress(id, a); return err })
	return r
}

func (h *house) read(f func(tx *store.Tx) error) {
	h.t.Helper()
	if err := h.db.Read(context.Background(), f); err != nil {
		h.t.Fatal(err)
	}
}

// history returns the kinds of a recipient's events, and the detail of the last.
func (h *house) history(id letterlock.ID, a letterlock.Address) (kinds []letterlock.EventKind, detail string) {
	h.t.Helper()
	r := h.recipient(id, a)
	h.read(func(tx *store.Tx) error {
		all, err := tx.Events(id)
		for _, e := range all[r.ID] {
			kinds, detail = append(kinds, e.Kind), e.Detail
		}
		return err
	})
	return kinds, detail
}

// due reports how long until the next notice is due, and whether there is one.
func (h *house) due() (time.Duration, bool) {
	h.t.Helper()
	var at time.Time
	err := h.db.Read(context.Background(), func(tx *store.Tx) (err error) { at, err = tx.NextDue(); return err })
	if errors.Is(err, letterlock.NotFound) {
		return 0, false
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return at.Sub(*h.now.Load()), true
}

// toTheNext moves the clock to when the next notice is due.
func (h *house) toTheNext() time.Duration {
	h.t.Helper()
	wait, ok := h.due()
	if !ok {
		h.t.Fatal("nothing is due")
	}
	h.pass(wait)
	return wait
}
