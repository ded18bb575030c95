package app_test

import (
	"bytes"
	"os"
	"testing"
	"time"

	"letterlock/internal/letterlock"
)

// TestAJournalThatAPowerCutHasTornIsNoLostJournal leaves zeros where a sector of the
// last line was not written yet.
func TestAJournalThatAPowerCutHasTornIsNoLostJournal(t *testing.T) {
	m := newMachine(t)
	first, last := m.send(time.Time{}), m.send(time.Time{})
	m.must(m.revoke(first))
	m.must(m.revoke(last))
	m.stop()
	whole := m.lines()
	torn := func() {
		text := bytes.Join(whole[:len(whole)-1], nil)
		from := len(text)
		text = append(text, bytes.TrimSuffix(whole[len(whole)-1], []byte("\n"))...)
		clear(text[from : from+100])
		m.must(os.WriteFile(m.journal(), append(text, '\n'), 0o600))
	}
	torn()
	m.start()
	for _, id := range []letterlock.ID{first, last} {
		fate(t, "revoked", m.read(id), letterlock.Gone)
	}
	m.stop()
	if !bytes.Equal(bytes.Join(m.lines(), nil), bytes.Join(whole, nil)) {
		t.Error("the journal is not as it was")
	}
	// The database has seen the line in the file now: nothing may be missing any more.
	torn()
	m.refused("cannot be read")
}
