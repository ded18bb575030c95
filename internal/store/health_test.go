package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"letterlock/internal/letterlock"
)

func put(n int) func(*Tx) error {
	return func(tx *Tx) error { return tx.PutAccount(Account{Mailbox: letterlock.Mailbox{Address: person(n)}}) }
}

func person(n int) letterlock.Address {
	return letterlock.Address(fmt.Sprintf("a%d@contoso.example", n))
}

func kept(t *testing.T, db *DB, n int) bool {
	t.Helper()
	return db.Read(t.Context(), func(tx *Tx) error { _, err := tx.Account(person(n)); return err }) == nil
}

// large writes more than the free pages of a database have room for.
func large(tx *Tx) error {
	id := letterlock.NewID()
	return errors.Join(tx.BeginMessage(id), tx.AddChunk(id, 0, make([]byte, 512<<10)))
}

func logSize(t *testing.T, db *DB) int64 {
	t.Helper()
	info, err := os.Stat(db.path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func TestAProbeIsARealWrite(t *testing.T) {
	db := open(t)
	write(t, db, put(1))
	before := logSize(t, db)
	if err := db.Probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := logSize(t, db); after <= before {
		t.Errorf("the write-ahead log has %d bytes, as before: nothing was committed", after)
	}
}

func TestAProbeDoesNotWaitForAStuckWriter(t *testing.T) {
	db := open(t)
	begun, release := make(chan struct{}), make(chan struct{})
	stuck := make(chan error)
	go func() {
		stuck <- db.Write(context.Background(), func(*Tx) error { close(begun); <-release; return nil })
	}()
	<-begun
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	for range 3 {
		if err := db.Probe(ctx); !errors.Is(err, letterlock.Busy) {
			t.Errorf("Probe = %v, want Busy", err)
		}
	}
	if first, second := db.probing(), db.probing(); first != second {
		t.Error("each asks for a write of its own")
	}
	close(release)
	if err := <-stuck; err != nil {
		t.Fatal(err)
	}
	if err := db.Probe(t.Context()); err != nil {
		t.Errorf("Probe of a writer that goes on = %v", err)
	}
}

func TestAProbeOfAClosedDatabaseFails(t *testing.T) {
	db, err := Open(t.Context(), t.TempDir(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := db.Probe(t.Context()); !errors.Is(err, letterlock.Busy) {
		t.Errorf("Probe = %v, want Busy", err)
	}
}

// limitFiles makes every write beyond a size of a file fail, as a broken disk
// would: SQLite is told of an I/O error, not of a full disk.
func limitFiles(t *testing.T, size int64) (lift func()) {
	t.Helper()
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: uint64(size), Max: old.Max}); err != nil {
		t.Fatal(err)
	}
	lift = func() { syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old) } // what was allowed is still
	t.Cleanup(lift)
	return lift
}

func TestAfterAFailedCommitNothingIsWrittenUntilARestart(t *testing.T) {
	dir := t.TempDir()
	db, err := Open(t.Context(), dir, func() time.Time { return start })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	write(t, db, put(1))
	write(t, db, large) // the log is larger now than the other files
	lift := limitFiles(t, logSize(t, db))
	err = db.Write(t.Context(), put(2))
	lift()
	if !errors.Is(err, letterlock.Busy) || letterlock.KeyOf(err) != "" {
		t.Fatalf("a write that failed = %v, want Busy without a key", err)
	}
	if db.Fault() == nil {
		t.Error("the database is trusted after a failed commit")
	}
	for name, err := range map[string]error{
		"Write": db.Write(t.Context(), put(3)), "Probe": db.Probe(t.Context()),
	} {
		if !errors.Is(err, letterlock.Busy) {
			t.Errorf("%s on a disk that is well again = %v, want Busy until a restart", name, err)
		}
	}
	// A batch that was waiting when it happened is refused, too.
	r := &request{ctx: t.Context(), f: put(4), done: make(chan struct{})}
	if db.commit([]*request{r}); !errors.Is(r.err, letterlock.Busy) {
		t.Errorf("a write that waited = %v, want Busy", r.err)
	}
	if !kept(t, db, 1) {
		t.Error("what was committed before cannot be read")
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(t.Context(), dir, func() time.Time { return start })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { again.Close() })
	write(t, again, put(5))
	if !kept(t, again, 1) || !kept(t, again, 5) || kept(t, again, 3) || kept(t, again, 4) {
		t.Error("after the restart, not exactly what was acknowledged is there")
	}
}

func TestAFullDiskIsBusyUntilThereIsRoom(t *testing.T) {
	tests := []struct {
		name string
		fill func(t *testing.T, db *DB, dir string) (empty func())
	}{
		{"page limit", limitPages},
		{"full disk", fillDisk},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if tt.name == "full disk" {
				mountSmall(t, dir)
			}
			db, err := Open(t.Context(), dir, func() time.Time { return start })
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { db.Close() })
			write(t, db, put(1))
			empty := tt.fill(t, db, dir)
			batch := []*request{}
			for _, f := range []func(*Tx) error{put(2), large, put(3)} {
				batch = append(batch, &request{ctx: t.Context(), f: f, done: make(chan struct{})})
			}
			db.commit(batch) // the writer is idle
			if err := batch[1].err; !errors.Is(err, letterlock.Busy) || letterlock.KeyOf(err) != "disk" {
				t.Errorf("a write without room = %v, want Busy \"disk\"", err)
			}
			for i, n := range map[int]int{0: 2, 2: 3} {
				err := batch[i].err
				if kept(t, db, n) != (err == nil) || err != nil && letterlock.KeyOf(err) != "disk" {
					t.Errorf("write %d beside it = %v, kept %v", n, err, kept(t, db, n))
				}
			}
			if err := db.Fault(); err != nil {
				t.Errorf("a full disk is taken for a broken one: %v", err)
			}
			empty()
			write(t, db, large)
			if err := db.Probe(t.Context()); err != nil {
				t.Errorf("Probe with room again = %v", err)
			}
			if !kept(t, db, 1) {
				t.Error("what was committed before is gone")
			}
		})
	}
}

func limitPages(t *testing.T, db *DB, _ string) (empty func()) {
	limit := func(n int) func(*Tx) error {
		return func(tx *Tx) error {
			var now int64
			return tx.row(fmt.Sprintf(`PRAGMA max_page_count = %d`, n), nil, &now)
		}
	}
	write(t, db, limit(1)) // which means: no more than there are
	return func() { write(t, db, limit(1<<30)) }
}

// mountSmall puts a disk of 4 MiB at dir.
func mountSmall(t *testing.T, dir string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root may mount a small disk")
	}
	if err := mount(dir, "size=4m"); err != nil {
		t.Skipf("cannot mount here: %v", err)
	}
	t.Cleanup(func() { unmount(dir) }) // after the database is closed
}

func fillDisk(t *testing.T, _ *DB, dir string) (empty func()) {
	path := filepath.Join(dir, "filler")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("filling the disk ended with %v", err)
	}
	f.Close() // it is full: nothing was to be kept
	return func() {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

func TestProbeOnAFullDiskSaysSo(t *testing.T) {
	dir := t.TempDir()
	mountSmall(t, dir)
	db, err := Open(t.Context(), dir, func() time.Time { return start })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	empty := fillDisk(t, db, dir)
	var last error
	for range 100 { // the log's last page may have room for a few
		if last = db.Probe(t.Context()); last != nil {
			break
		}
	}
	if !errors.Is(last, letterlock.Busy) || letterlock.KeyOf(last) != "disk" {
		t.Errorf("Probe = %v, want Busy \"disk\"", last)
	}
	empty()
	if err := db.Probe(t.Context()); err != nil {
		t.Errorf("Probe with room again = %v", err)
	}
}

func TestLatestIsTheTimeOfTheLastAuditEntry(t *testing.T) {
	now := start
	db, err := Open(t.Context(), t.TempDir(), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	latest := func() (at time.Time) {
		err := db.Read(t.Context(), func(tx *Tx) (err error) { at, err = tx.Latest(); return err })
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	if at := latest(); !at.IsZero() {
		t.Errorf("of an empty log: %v", at)
	}
	for range 2 {
		now = now.Add(time.Hour)
		write(t, db, func(tx *Tx) error { return tx.Audit(letterlock.Entry{Action: "x"}) })
		if at := latest(); !at.Equal(now) {
			t.Errorf("Latest = %v, want %v", at, now)
		}
	}
}
