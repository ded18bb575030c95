package store

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"letterlock/internal/journal"
	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
)

var signer = seal.NewSigner()

// journaled gives a database a journal in a folder of its own.
func journaled(t *testing.T, db *DB, path string) *journal.File {
	t.Helper()
	j, err := journal.Open(path, signer)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	db.Journal = j
	return j
}

// note adds an entry about a message.
func note(id letterlock.ID) func(*Tx) error {
	return func(tx *Tx) error { return tx.Journal(journal.Entry{Act: journal.Destroyed, Message: id}) }
}

// inFile are the messages that the journal's file names, as a start would read it.
func inFile(t *testing.T, path string) (list []letterlock.ID) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		_, id, _ := strings.Cut(line, `"message":"`)
		id, _, _ = strings.Cut(id, `"`)
		list = append(list, letterlock.ID(id))
	}
	return list
}

func TestAnEntryIsInTheFileWhenItsWriteReturns(t *testing.T) {
	db := open(t)
	path := filepath.Join(t.TempDir(), "j", "journal")
	journaled(t, db, path)
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() {
			id := letterlock.NewID()
			if err := db.Write(t.Context(), note(id)); err != nil {
				t.Error(err)
			}
			if !slices.Contains(inFile(t, path), id) {
				t.Errorf("the write of %s returned before the file had it", id)
			}
		})
		wg.Go(func() {
			undone := errors.New("undone")
			err := db.Write(t.Context(), func(tx *Tx) error { return errors.Join(note("never")(tx), undone) })
			if !errors.Is(err, undone) {
				t.Errorf("Write = %v", err)
			}
		})
	}
	wg.Wait()
	if list := inFile(t, path); len(list) != 40 || slices.Contains(list, "never") {
		t.Errorf("the file has %d entries, want 40, and none of what was undone: %v", len(list), slices.Contains(list, "never"))
	}
}

// TestWhatACrashKeptOutOfTheFileIsWrittenFirst stands for a crash between the commit
// and the file: the database has the entry, the file has not.
func TestWhatACrashKeptOutOfTheFileIsWrittenFirst(t *testing.T) {
	db := open(t)
	path := filepath.Join(t.TempDir(), "journal")
	write(t, db, note("first"))
	if list := inFile(t, path); len(list) > 0 {
		t.Fatalf("the file has %v already: this test would prove nothing", list)
	}
	journaled(t, db, path)
	write(t, db, note("second"))
	if list := inFile(t, path); !slices.Equal(list, []letterlock.ID{"first", "second"}) {
		t.Errorf("the file has %v", list)
	}
}

func TestADatabaseNotesHowFarTheFileWas(t *testing.T) {
	db := open(t)
	journaled(t, db, filepath.Join(t.TempDir(), "journal"))
	for want := range int64(3) {
		write(t, db, note("m"))
		if err := db.Read(t.Context(), func(tx *Tx) error {
			seq, _, held, err := tx.JournalHead()
			if seq != want+1 || held != want {
				t.Errorf("entry %d notes %d entries, want %d", seq, held, want)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNobodyIsToldOfWhatTheJournalHasNot(t *testing.T) {
	db := open(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "journal")
	j := journaled(t, db, path)
	write(t, db, note("first"))
	if err := os.Rename(path, path+".away"); err != nil {
		t.Fatal(err)
	}
	settled := func(tx *Tx) error { tx.Settle(); return nil }
	for i, f := range []func(*Tx) error{note("second"), settled} {
		if err := db.Write(t.Context(), f); !Unsettled(err) {
			t.Errorf("write %d of one with and one without an entry = %v, want what Unsettled knows", i+1, err)
		}
	}
	if err := db.Write(t.Context(), put(1)); err != nil {
		t.Errorf("a write without an entry = %v", err)
	}
	if j.Fault() == nil {
		t.Error("the journal says that all is well")
	}
	if err := os.Rename(path+".away", path); err != nil {
		t.Fatal(err)
	}
	if err := db.SettleJournal(t.Context()); err != nil || j.Fault() != nil {
		t.Errorf("back in its place: SettleJournal = %v, Fault = %v", err, j.Fault())
	}
	if list := inFile(t, path); !slices.Equal(list, []letterlock.ID{"first", "second"}) {
		t.Errorf("the file has %v", list)
	}
}

func TestAFullDiskOfTheJournalIsSaidAndGoesBy(t *testing.T) {
	db := open(t)
	dir := t.TempDir()
	mountSmall(t, dir)
	path, filler := filepath.Join(dir, "journal"), filepath.Join(dir, "filler")
	j := journaled(t, db, path)
	write(t, db, note("first"))
	f, err := os.Create(filler)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	f.Close()
	refused := 0
	for range 100 { // what is left of the file's last page takes a few
		if err := db.Write(t.Context(), note("more")); err != nil {
			refused++
			if !Unsettled(err) {
				t.Fatalf("a write on a full disk = %v", err)
			}
		}
	}
	if refused == 0 {
		t.Fatal("the disk was never full: this test would prove nothing")
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if err := db.SettleJournal(t.Context()); err != nil {
		t.Fatal(err)
	}
	if list := inFile(t, path); len(list) != 101 {
		t.Errorf("the file has %d entries, want 101", len(list))
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}
