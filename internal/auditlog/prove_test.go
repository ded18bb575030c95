package auditlog_test

import (
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"letterlock/internal/audit"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

func (h *house) event(r letterlock.Recipient, e letterlock.Event) {
	h.t.Helper()
	h.write(func(tx *store.Tx) error { return tx.AddEvent(r, e) })
}

// visit puts visits to a recipient's link into the database.
func (h *house) visit(r letterlock.Recipient, guess string, count int, first, last time.Time) {
	h.t.Helper()
	raw, err := sql.Open("sqlite", filepath.Join(h.dir, store.File)+"?_pragma=busy_timeout(10000)")
	if err != nil {
		h.t.Fatal(err)
	}
	_, err = raw.Exec(`INSERT INTO visits (recipient, guess, why, agent, ip, first_at, last_at, count) VALUES ($1, $2, 'w', 'a', '', $3, $4, $5)`,
		r.ID, guess, first.Unix(), last.Unix(), count)
	if err := errors.Join(err, raw.Close()); err != nil {
		h.t.Fatal(err)
	}
}

func TestNobodyIsSaidNotToHaveOpenedWhatTheyOpened(t *testing.T) {
	read := letterlock.Entry{Actor: marta, Action: "read", Target: string(marta.Address), Allowed: true}
	tests := []struct {
		name   string
		happen func(h *house, m letterlock.Message, r letterlock.Recipient)
		who    letterlock.Address
		want   error
		key    string
	}{
		{name: "nothing"},
		{name: "read", happen: func(h *house, m letterlock.Message, r letterlock.Recipient) {
			h.event(r, letterlock.Event{Kind: letterlock.Read})
		}, want: letterlock.Denied, key: "was-read"},
		{name: "a download", happen: func(h *house, m letterlock.Message, r letterlock.Recipient) {
			h.event(r, letterlock.Event{Kind: letterlock.Downloaded, Part: 1})
		}, want: letterlock.Denied, key: "was-read"},
		{name: "a read in the audit log alone", happen: func(h *house, m letterlock.Message, r letterlock.Recipient) {
			read.Message = m.ID
			h.record(read)
		}, want: letterlock.Denied, key: "was-read"},
		{name: "a download in the audit log alone", happen: func(h *house, m letterlock.Message, r letterlock.Recipient) {
			e := read
			e.Action, e.Message = "download", m.ID
			h.record(e)
		}, want: letterlock.Denied, key: "was-read"},
		{name: "a read of another message", happen: func(h *house, m letterlock.Message, r letterlock.Recipient) {
			e := read
			e.Message = letterlock.NewID()
			h.record(e)
		}},
		{name: "a read by another recipient", happen: func(h *house, m letterlock.Message, r letterlock.Recipient) {
			e := read
			e.Message, e.Actor.Address = m.ID, "peter@quillfeather.example"
			h.record(e)
		}},
		{name: "a look by whoever proved nothing", happen: func(h *house, m letterlock.Message, r letterlock.Recipient) {
			h.event(r, letterlock.Event{Kind: letterlock.PasscodeSent})
			h.event(r, letterlock.Event{Kind: letterlock.PasscodeWrong})
		}},
		{name: "an inline recipient", who: "otto@contoso.example", want: letterlock.Denied, key: "inline"},
		{name: "a stranger", who: "eve@contoso.example", want: letterlock.Invalid, key: "recipient"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t)
			m, r := h.message()
			if tt.happen != nil {
				tt.happen(h, m, r)
			}
			if tt.who == "" {
				tt.who = marta.Address
			}
			file, err := h.log.ProveNonAccess(t.Context(), auditor, m.ID, tt.who)
			if !errors.Is(err, tt.want) || letterlock.KeyOf(err) != tt.key || (len(file) > 0) != (tt.want == nil) {
				t.Errorf("ProveNonAccess = %q, %v, want %v %s", file, err, tt.want, tt.key)
			}
			e := h.last()
			if e.Action != "prove non-access" || e.Allowed != (tt.want == nil) || e.Reason != tt.key || e.Message != m.ID || e.Target != string(tt.who) {
				t.Errorf("recorded: %+v", e)
			}
		})
	}
}

func TestAnUnknownMessageProvesNothing(t *testing.T) {
	h := newHouse(t)
	id := letterlock.NewID()
	_, err := h.log.ProveNonAccess(t.Context(), auditor, id, marta.Address)
	if !errors.Is(err, letterlock.NotFound) || letterlock.KeyOf(err) != "no-message" {
		t.Errorf("ProveNonAccess = %v, want NotFound no-message", err)
	}
	if e := h.last(); e.Message != id || e.Allowed || e.Reason != "no-message" {
		t.Errorf("recorded: %+v", e)
	}
}

// prove returns what a checked statement says of Marta.
func (h *house) prove(m letterlock.Message) audit.Statement {
	h.t.Helper()
	file, err := h.log.ProveNonAccess(h.t.Context(), auditor, m.ID, marta.Address)
	if err != nil {
		h.t.Fatal(err)
	}
	s, err := audit.ParseStatement(file, h.keys())
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

func TestAStatementSaysWhatIsKnown(t *testing.T) {
	h := newHouse(t)
	m, r := h.message()
	accepted := h.now
	if s := h.prove(m); s.Notified != nil || s.Since != nil || s.State != letterlock.Live || s.Visits != (audit.Visits{}) || s.Proved != nil {
		t.Errorf("at first: %+v", s)
	}
	h.now = h.now.Add(time.Hour)
	notified := h.now
	h.event(r, letterlock.Event{Kind: letterlock.Notified})
	h.record(letterlock.Entry{Actor: marta, Action: "prove mailbox", Message: m.ID, Target: string(marta.Address), Allowed: true})
	proved := h.now
	h.visit(r, "scanner", 3, notified.Add(time.Second), notified.Add(time.Minute))
	h.visit(r, "person", 1, notified.Add(time.Hour), notified.Add(time.Hour))
	h.now = h.now.Add(time.Hour)
	revoked := h.now
	h.write(func(tx *store.Tx) error {
		return tx.Revoke(r.ID, letterlock.Revocation{At: tx.Now, By: letterlock.Mailbox{Address: ada.Address}})
	})
	s := h.prove(m)
	if s.Host != "mail.contoso.example" || s.Organization != "Contoso" || s.MessageID != m.MessageID || s.Recipient != marta.Address ||
		s.Sender != ada.Address || !s.At.Equal(h.now) || !s.Accepted.Equal(accepted) || s.Says != audit.Never {
		t.Errorf("it says %+v", s)
	}
	if s.State != letterlock.Revoked || !s.Since.Equal(revoked) || !s.Notified.Equal(notified) || !s.Proved.Equal(proved) {
		t.Errorf("revoked: %+v", s)
	}
	if v := s.Visits; v.Scanners != 3 || v.Persons != 1 || !v.First.Equal(notified.Add(time.Second)) || !v.Last.Equal(notified.Add(time.Hour)) {
		t.Errorf("visits: %+v", v)
	}
	h.write(func(tx *store.Tx) error { return tx.Restore(r.ID) })
	h.now = m.Expires.Add(time.Hour)
	if s := h.prove(m); s.State != letterlock.Expired || !s.Since.Equal(m.Expires) {
		t.Errorf("expired: %+v", s)
	}
}

// TestAStatementFitsTheExportOfTheSameLog checks what somebody does who has both.
func TestAStatementFitsTheExportOfTheSameLog(t *testing.T) {
	h := newHouse(t)
	m, r := h.message()
	s := h.prove(m)
	h.event(r, letterlock.Event{Kind: letterlock.Read}) // afterwards
	h.record(letterlock.Entry{Actor: marta, Action: "read", Message: m.ID, Target: string(marta.Address), Allowed: true})
	h.checkpoint()
	found := 0
	_, err := audit.Verify(strings.NewReader(h.export()), strings.NewReader(h.points()), h.keys(), func(row audit.Row, hash audit.Hash) {
		if err := s.Check(row, hash); err != nil {
			t.Error(err)
		}
		if row.Seq == s.Audit.Seq {
			found++
		}
	})
	if err != nil || found != 1 {
		t.Errorf("Verify = %v, the row of the statement was seen %d times", err, found)
	}
}
