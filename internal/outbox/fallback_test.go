package outbox_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"letterlock/internal/intake"
	"letterlock/internal/journal"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/store"
)

// An open is a way out that keeps no mail under TLS. After each refusal it does what
// then says.
type open struct{ then func() }

const notAssured = "the relay does not offer REQUIRETLS"

func (o open) Send(_ context.Context, _ string, _ letterlock.Address, mail io.Reader) error {
	if o.then != nil {
		o.then()
	}
	return &letterlock.Error{Code: letterlock.Denied, Key: "unassured", Err: errors.New(notAssured)}
}

// holds reports whether a recipient holds a key.
func (h *house) holds(id letterlock.ID, a letterlock.Address) bool {
	h.t.Helper()
	r := h.recipient(id, a)
	err := h.db.Read(h.t.Context(), func(tx *store.Tx) error { _, err := tx.Wrapped(id, string(r.ID)); return err })
	if err != nil && !errors.Is(err, letterlock.NotFound) {
		h.t.Fatal(err)
	}
	return err == nil
}

// checkLinked requires that a recipient has become one with a link, and got it once.
func (h *house) checkLinked(id letterlock.ID, a letterlock.Address, mails []sent) {
	h.t.Helper()
	r := h.recipient(id, a)
	if r.Experience != letterlock.Link || r.Why != policy.WhyFellBack || !h.holds(id, a) {
		h.t.Errorf("%+v, holds a key: %v; want the link, because it fell back", r, h.holds(id, a))
	}
	n := 0
	for _, m := range mails {
		if m.to != a {
			continue
		}
		n++
		if p := parse(h.t, m); strings.Contains(m.raw, secret) || strings.Contains(p.text, secret) || !strings.Contains(p.text, "https://mail.contoso.example/m/") {
			h.t.Errorf("%s got %s", a, p.text)
		}
	}
	if n != 1 {
		h.t.Errorf("%s got %d mails, want the notification alone", a, n)
	}
	kinds, _ := h.history(id, a)
	if !slices.Equal(kinds, []letterlock.EventKind{letterlock.Accepted, letterlock.FellBack, letterlock.Notified}) {
		h.t.Errorf("history %v", kinds)
	}
}

func TestWhatCannotLeaveSafelyBecomesALink(t *testing.T) {
	h := newHouse(t)
	h.outbox.Assured = open{}
	id := h.send(intake.Envelope{}, marta, carol, "eve@contoso.example")
	if h.holds(id, carol) {
		t.Fatal("an inline recipient holds a key: this test would prove nothing")
	}
	mails := h.flush()
	h.checkLinked(id, carol, mails)
	for _, m := range mails {
		// The organisation's own get the message through the relay, which is theirs.
		if itself := strings.Contains(m.raw, secret); itself != (m.to == "eve@contoso.example") {
			t.Errorf("%s got the message itself: %v", m.to, itself)
		}
	}
	if len(mails) != 3 {
		t.Errorf("%d mails, want 3", len(mails))
	}
	h.read(func(tx *store.Tx) error {
		events, err := tx.Events(id)
		if e := events[h.recipient(id, carol).ID][1]; e.Detail != notAssured {
			t.Errorf("the history says %q", e.Detail)
		}
		return err
	})
	// The link is one like any other: it can be taken back, and its holder reads by it.
	if _, err := h.codes.Ask(t.Context(), h.recipient(id, carol).ID, "browser", ""); err != nil {
		t.Errorf("a passcode for the new link: %v", err)
	}
	if err := h.access.Revoke(t.Context(), grace, id, "", carol); err != nil || h.holds(id, carol) {
		t.Errorf("revoking it: %v, holds a key: %v", err, h.holds(id, carol))
	}
}

func TestWithoutAWayOutForMessagesThemselvesThereAreLinks(t *testing.T) {
	h := newHouse(t)
	h.outbox.Assured = nil
	id := h.send(intake.Envelope{}, carol)
	h.checkLinked(id, carol, h.flush())
}

func TestWhatWasTakenBackGetsNoReaderMore(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{}, marta, carol)
	h.outbox.Assured = open{then: func() {
		if err := h.access.Revoke(t.Context(), grace, id, ""); err != nil {
			t.Error(err)
		}
	}}
	mails := h.flush()
	r := h.recipient(id, carol)
	if r.Experience != letterlock.Inline || r.Bounced.IsZero() || h.holds(id, carol) || !strings.Contains(r.Reply, "taken back") {
		t.Errorf("%+v, holds a key: %v; want nothing but a bounce", r, h.holds(id, carol))
	}
	told := false
	for _, m := range mails {
		told = told || m.to == ada.Address
		if m.to == carol {
			t.Errorf("carol got %s", m.raw)
		}
	}
	if !told {
		t.Error("the sender was not told")
	}
}

func TestWhatWasDestroyedOrHasExpiredGetsNoKey(t *testing.T) {
	h := newHouse(t)
	destroyed := h.send(intake.Envelope{}, carol)
	h.outbox.Assured = open{then: func() {
		if err := h.access.Destroy(t.Context(), grace, destroyed, ""); err != nil {
			t.Error(err)
		}
	}}
	if mails := h.flush(); len(mails) > 0 || h.holds(destroyed, carol) {
		t.Errorf("of a destroyed message %v left", mails)
	}
	h.outbox.Assured = open{then: func() { h.pass(2 * time.Hour) }}
	expired := h.send(intake.Envelope{Via: letterlock.ByCompose, Expires: h.now.Load().Add(time.Hour)}, carol)
	if mails := h.flush(); len(mails) > 0 || h.holds(expired, carol) {
		t.Errorf("of an expired message %v left, holds a key: %v", mails, h.holds(expired, carol))
	}
	if r := h.recipient(expired, carol); r.Experience != letterlock.Link {
		t.Errorf("of an expired message: %+v, want the link, which has expired", r)
	}
}

// A twice is a way out by which a second attempt begins and ends while the first one,
// which finds nothing that keeps mail under TLS, is under way.
type twice struct {
	begun  atomic.Bool
	second func(to letterlock.Address) error
	flush  func()
}

func (w *twice) Send(_ context.Context, _ string, to letterlock.Address, _ io.Reader) error {
	if w.begun.Swap(true) {
		return w.second(to)
	}
	w.flush()
	return &letterlock.Error{Code: letterlock.Denied, Key: "unassured", Err: errors.New(notAssured)}
}

func TestWhatAnotherAttemptHasSettledDoesNotFallBack(t *testing.T) {
	for name, tt := range map[string]struct {
		second error
		want   []letterlock.EventKind
	}{
		"it was sent":    {nil, []letterlock.EventKind{letterlock.Accepted, letterlock.Delivered}},
		"it fell back":   {&letterlock.Error{Code: letterlock.Denied, Key: "unassured"}, []letterlock.EventKind{letterlock.Accepted, letterlock.FellBack, letterlock.Notified}},
		"it was refused": {errUnknown, []letterlock.EventKind{letterlock.Accepted, letterlock.Bounced}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			id := h.send(intake.Envelope{}, carol)
			h.outbox.Assured = &twice{second: func(letterlock.Address) error { return tt.second }, flush: func() {
				h.pass(time.Hour) // the lease is over
				for more := true; more; _, more = h.due() {
					if err := h.outbox.Flush(t.Context()); err != nil {
						t.Error(err)
						return
					}
				}
			}}
			h.flush()
			if kinds, _ := h.history(id, carol); !slices.Equal(kinds, tt.want) {
				t.Errorf("history %v, want %v", kinds, tt.want)
			}
			if linked := slices.Contains(tt.want, letterlock.FellBack); h.holds(id, carol) != linked {
				t.Errorf("holds a key: %v, want %v", !linked, linked)
			}
			h.waits(false)
		})
	}
}

func TestACrashWhileFallingBackLeavesOneOrTheOther(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{}, carol)
	h.outbox.Assured = open{then: func() { h.db.Close() }}
	if err := h.outbox.Flush(t.Context()); err == nil {
		t.Error("Flush noted an attempt in a closed database")
	}
	h.open()
	if r := h.recipient(id, carol); r.Experience != letterlock.Inline || h.holds(id, carol) {
		t.Errorf("after a crash before the transaction: %+v, holds a key: %v", r, h.holds(id, carol))
	}
	h.outbox.Assured = open{}
	h.pass(2 * time.Minute)
	h.checkLinked(id, carol, h.flush())
}

// replay has a database from before a recipient fell back learn from the journal what
// became of the link. The relay by now takes the message itself.
func (h *house) replay(id letterlock.ID, a letterlock.Address, acts ...journal.Act) {
	h.t.Helper()
	var rows []journal.Row
	for i, act := range acts {
		e := journal.OfRevocation(h.recipient(id, a), letterlock.Revocation{At: *h.now.Load(), By: letterlock.Mailbox{Address: grace.Address}, Standing: letterlock.ByAdministrator})
		e.Act, e.Seq, e.At = act, int64(i+1), h.now.Load().Unix()
		row, err := e.Row()
		if err != nil {
			h.t.Fatal(err)
		}
		rows = append(rows, row)
	}
	if n, err := h.access.Replay(h.t.Context(), rows); n != len(acts) || err != nil {
		h.t.Fatalf("Replay = %d, %v", n, err)
	}
}

// waits requires that something is in the queue, or nothing.
func (h *house) waits(want bool) {
	h.t.Helper()
	if _, more := h.due(); more != want {
		h.t.Errorf("something waits: %v, want %v", more, want)
	}
}

func TestWhatFellBackAfterABackupAndWasRevokedStaysRevoked(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{}, carol)
	h.replay(id, carol, journal.Revoked)
	h.waits(true)
	if mails := h.flush(); len(mails) > 0 {
		t.Errorf("left after all: %v", mails)
	}
	h.waits(false)
	if r := h.recipient(id, carol); r.Experience != letterlock.Link || !r.Revocation.Revoked() || h.holds(id, carol) {
		t.Errorf("%+v, holds a key: %v; want a link that was revoked", r, h.holds(id, carol))
	}
}

// TestWhatFellBackAfterABackupAndWasGivenBackIsALink has another link leave for the one
// that the database does not know, and not the message itself beside it.
func TestWhatFellBackAfterABackupAndWasGivenBackIsALink(t *testing.T) {
	h := newHouse(t)
	id := h.send(intake.Envelope{}, carol)
	h.replay(id, carol, journal.Revoked, journal.Restored)
	h.waits(true)
	mails := h.flush()
	h.waits(false)
	if len(mails) != 1 || mails[0].to != carol || strings.Contains(mails[0].raw, secret) || !strings.Contains(parse(t, mails[0]).text, "https://mail.contoso.example/m/") {
		t.Errorf("left: %v; want a link to %s alone", mails, carol)
	}
	if r := h.recipient(id, carol); r.Experience != letterlock.Link || r.Revocation.Revoked() || !h.holds(id, carol) {
		t.Errorf("%+v, holds a key: %v; want a link that can be read", r, h.holds(id, carol))
	}
}
