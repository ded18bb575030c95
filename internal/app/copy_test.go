package app_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"letterlock/internal/app"
	"letterlock/internal/letterlock"
)

// sendsAway has the machine's checkpoints, and with them the journal, leave for a
// folder that outlives it.
func (m *machine) sendsAway() (copied string) {
	m.t.Helper()
	m.stop()
	m.cfg.Audit.CheckpointFile = filepath.Join(m.t.TempDir(), "points.jsonl")
	m.start()
	return m.cfg.JournalCopy()
}

// burns is the loss of the machine with its data and its journal. What a backup has
// of the data comes back.
func (m *machine) burns(backup string) {
	m.t.Helper()
	m.stop()
	m.must(os.RemoveAll(filepath.Dir(m.journal())))
	m.copyTree(backup, m.cfg.DataDir)
}

// whole is the text of the journal.
func (m *machine) whole() []byte {
	m.t.Helper()
	text, err := os.ReadFile(m.journal())
	m.must(err)
	return text
}

// backup copies the data as they are.
func (m *machine) backup() string {
	m.t.Helper()
	m.stop()
	to := m.cfg.DataDir + "-backup"
	m.copyTree(m.cfg.DataDir, to)
	m.start()
	return to
}

// TestTheCopyOfTheJournalTakesThePlaceOfALostOne loses the machine after the backup,
// and has nothing but that and what had left.
func TestTheCopyOfTheJournalTakesThePlaceOfALostOne(t *testing.T) {
	m := newMachine(t)
	copied := m.sendsAway()
	first, second, live := m.send(time.Time{}), m.send(time.Time{}), m.send(time.Time{})
	m.must(m.revoke(first))
	backup := m.backup()
	m.must(m.revoke(second))
	m.Audit.SendJournal(t.Context())
	whole := m.whole()
	if got, err := os.ReadFile(copied); err != nil || !bytes.Equal(got, whole) {
		t.Fatalf("the copy has %d bytes of %d (%v)", len(got), len(whole), err)
	}

	m.burns(backup)
	m.refused("is missing or empty")
	m.must(os.Mkdir(filepath.Dir(m.journal()), 0o700))
	m.must(os.WriteFile(m.journal(), whole, 0o600))
	m.start()
	for _, id := range []letterlock.ID{first, second} {
		fate(t, "revoked", m.read(id), letterlock.Gone)
	}
	fate(t, "live", m.read(live), nil)
}

// TestWhatHasLeftKnowsOfAnOldJournal puts data and journal back from one and the
// same moment, which fit each other.
func TestWhatHasLeftKnowsOfAnOldJournal(t *testing.T) {
	for _, tt := range []struct {
		name  string
		leave func(m *machine)             // what is still there of what has left
		says  string                       // about the start; empty: nobody knows better
		want  error                        // from reading what was revoked in between, once that is accepted
		then  func(*machine, []byte) error // what the operator does, given the newest journal; nil: accepts
	}{
		{"copy and checkpoints", func(*machine) {}, "its end was lost", nil, nil},
		{"the copy alone", func(m *machine) { m.must(os.Remove(m.cfg.CheckpointFile())) }, "its end was lost", nil, nil},
		{"the checkpoints alone", func(m *machine) { m.must(os.Remove(m.cfg.JournalCopy())) }, "its end was lost", nil, nil},
		{"the copy, which is put back", func(*machine) {}, "its end was lost", letterlock.Gone, func(m *machine, newest []byte) error {
			return os.WriteFile(m.journal(), newest, 0o600)
		}},
		{"neither", func(m *machine) { m.must(os.RemoveAll(filepath.Dir(m.cfg.CheckpointFile()))) }, "", nil, nil},
		{"a copy of somebody else", func(m *machine) {
			m.must(os.Remove(m.cfg.CheckpointFile()))
			m.must(os.WriteFile(m.cfg.JournalCopy(), []byte("{}\n"), 0o600))
		}, "", nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMachine(t)
			m.sendsAway()
			id := m.send(time.Time{})
			m.must(m.Audit.Checkpoint(t.Context()))
			backup := m.backup()
			old := m.whole()
			m.must(m.revoke(id))
			m.must(m.Audit.Checkpoint(t.Context()))
			newest := m.whole()
			m.burns(backup)
			m.must(os.Mkdir(filepath.Dir(m.journal()), 0o700))
			m.must(os.WriteFile(m.journal(), old, 0o600))
			tt.leave(m)
			switch {
			case tt.says == "":
			case tt.then != nil:
				m.refused(tt.says)
				m.must(tt.then(m, newest))
			default:
				m.refused(tt.says)
				m.late.Store(int64(time.Minute)) // it takes a while until somebody comes
				if _, err := app.AcceptLostJournal(t.Context(), m.cfg, m.now, operator, app.AcceptLost); err != nil {
					t.Fatal(err)
				}
			}
			m.start()
			fate(t, "revoked in between", m.read(id), tt.want)
			m.must(os.MkdirAll(filepath.Dir(m.cfg.CheckpointFile()), 0o700))
			m.must(m.Audit.Checkpoint(t.Context()))
			m.restart()
		})
	}
}

// TestACopyOfTheJournalThatCannotBeWrittenHoldsUpNobody has the disk of the copy
// missing, and come back.
func TestACopyOfTheJournalThatCannotBeWrittenHoldsUpNobody(t *testing.T) {
	m := newMachine(t)
	copied := m.sendsAway()
	m.must(os.RemoveAll(filepath.Dir(copied)))
	id := m.send(time.Time{})
	m.must(m.revoke(id))
	m.must(m.Audit.Checkpoint(t.Context()))
	m.restart()
	m.must(os.Mkdir(filepath.Dir(copied), 0o700))
	m.Audit.SendJournal(t.Context())
	m.must(m.Audit.Checkpoint(t.Context()))
	if got, err := os.ReadFile(copied); err != nil || !strings.Contains(string(got), string(id)) {
		t.Errorf("the copy does not know of the revocation: %q (%v)", got, err)
	}
}

// TestAClockBehindTheJournalIsRefused has data of before an end come back, and the
// clock of before it.
func TestAClockBehindTheJournalIsRefused(t *testing.T) {
	m := newMachine(t)
	m.stop()
	m.cfg.HTTP.Listen, m.cfg.SMTP.Submission, m.cfg.SMTP.Submissions, m.cfg.Relay.Address = "127.0.0.1:0", "127.0.0.1:0", "", "127.0.0.1:9"
	m.start()
	id := m.send(time.Time{})
	backup := m.backup()
	m.late.Store(int64(24 * time.Hour))
	m.must(m.revoke(id))
	m.stop()
	m.copyTree(backup, m.cfg.DataDir)
	m.late.Store(0)
	err := app.Serve(t.Context(), m.cfg, app.Options{Mailer: m.box, Assured: true, Now: m.now, Log: silent}, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "the revocation journal has an entry from") {
		t.Errorf("serving: %v", err)
	}
}
