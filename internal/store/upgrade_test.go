package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"modernc.org/sqlite"
)

// TestMain lets the test program be the one that is killed in an upgrade or a fill.
func TestMain(m *testing.M) {
	sqlite.MustRegisterScalarFunction("boom", 1, boom)
	if step := os.Getenv("LETTERLOCK_TEST_KILL_AT"); strings.HasPrefix(step, "fill: ") {
		dieFilling(os.Getenv("LETTERLOCK_TEST_DIR"), strings.TrimPrefix(step, "fill: "))
	} else if strings.Contains(step, ".") { // a statement of ours
		dieMigrating(os.Getenv("LETTERLOCK_TEST_DIR"))
	} else if step != "" {
		dieUpgrading(os.Getenv("LETTERLOCK_TEST_DIR"), step)
	}
	os.Exit(m.Run())
}

// schemas returns invented migrations up to a number. The second moves the rows
// of a table to another, the third changes them; each asks boom() in the middle.
func schemas(upTo int) fstest.MapFS {
	all := []string{
		`CREATE TABLE mails (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;`,
		`CREATE TABLE letters (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
INSERT INTO letters SELECT id, text FROM mails;
DELETE FROM mails;
SELECT boom(2);
DROP TABLE mails;`,
		`UPDATE letters SET text = upper(text);
SELECT boom(3);
ALTER TABLE letters ADD COLUMN read INTEGER NOT NULL DEFAULT 0;`,
	}
	set := fstest.MapFS{}
	for i, text := range all[:upTo] {
		set[fmt.Sprintf("%04d_invented.sql", i+1)] = &fstest.MapFile{Data: []byte("-- +goose Up\n" + text + "\n")}
	}
	return set
}

// boom ends a process that is to be killed in the middle of a migration.
func boom(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	if os.Getenv("LETTERLOCK_TEST_KILL_AT") == fmt.Sprintf("inside %v", args[0]) {
		kill()
	}
	return int64(0), nil
}

func kill() {
	syscall.Kill(os.Getpid(), syscall.SIGKILL) // it cannot fail for oneself
	select {}
}

func dieUpgrading(dir, step string) {
	u := upgradeOf(dir, 3)
	u.at = func(s string) {
		if s == step {
			kill()
		}
	}
	_, err := u.run(context.Background())
	fmt.Println("it was not killed:", err)
	os.Exit(1)
}

func upgradeOf(dir string, upTo int) *upgrade {
	return &upgrade{path: filepath.Join(dir, File), set: schemas(upTo), now: func() time.Time { return start },
		free: func(string) (int64, error) { return 1 << 40, nil }, at: func(string) {}}
}

// oldDatabase makes a database of the first schema with three mails, the last of
// them in the write-ahead log only, as a killed server leaves it.
func oldDatabase(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	u := upgradeOf(dir, 1)
	if copied, err := u.run(t.Context()); err != nil || copied != "" {
		t.Fatalf("making a database: copy %q, %v", copied, err)
	}
	db := raw(t, u.path)
	for _, q := range []string{`INSERT INTO mails (text) VALUES ('one'), ('two')`, `PRAGMA wal_checkpoint(TRUNCATE)`,
		`INSERT INTO mails (text) VALUES ('three')`} {
		if _, err := db.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	left := t.TempDir() // as it is now, before Close tidies up
	if err := os.CopyFS(left, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(left, File+"-wal")); err != nil || info.Size() == 0 {
		t.Fatalf("the write-ahead log is empty: the tests would prove less: %v", err)
	}
	return left
}

func raw(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", dsn(path, false))
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	return db
}

// copyIn is where the copy from before the second migration is.
func copyIn(u *upgrade) string { return u.path + ".before-2" }

// texts reads what is in a table of a database.
func texts(t *testing.T, path, table string) string {
	t.Helper()
	db := raw(t, path)
	defer db.Close()
	var all, sound string
	if err := db.QueryRow(`SELECT group_concat(text, ' ') FROM (SELECT text FROM ` + table + ` ORDER BY id)`).Scan(&all); err != nil {
		t.Errorf("reading %s of %s: %v", table, filepath.Base(path), err)
	}
	if err := db.QueryRow(`PRAGMA integrity_check`).Scan(&sound); err != nil || sound != "ok" {
		t.Errorf("%s: %s, %v", filepath.Base(path), sound, err)
	}
	return all
}

func TestAnUpgradeLeavesACopyFromBefore(t *testing.T) {
	dir := oldDatabase(t)
	u := upgradeOf(dir, 3)
	copied, err := u.run(t.Context())
	if err != nil || copied != u.path+".before-2" {
		t.Fatalf("upgrade: copy %q, %v", copied, err)
	}
	if got := texts(t, u.path, "letters"); got != "ONE TWO THREE" {
		t.Errorf("after the upgrade: %q", got)
	}
	info, err := os.Stat(copied)
	if err != nil || info.Mode() != 0o600 || !info.ModTime().Equal(start) {
		t.Errorf("the copy: %v of %v, %v; want 0600 of %v", info.Mode(), info.ModTime(), err, start)
	}
	if got := texts(t, copied, "mails"); got != "one two three" {
		t.Errorf("in the copy: %q", got)
	}
	if copied, err := u.run(t.Context()); err != nil || copied != "" {
		t.Errorf("the next start: copy %q, %v; want none", copied, err)
	}
	back := upgradeOf(t.TempDir(), 1)
	if err := os.Rename(copyIn(u), back.path); err != nil {
		t.Fatal(err)
	}
	if copied, err := back.run(t.Context()); err != nil || copied != "" {
		t.Errorf("the older program on the copy: %q, %v", copied, err)
	}
}

func TestAFreshDatabaseIsNotCopied(t *testing.T) {
	for _, empty := range []bool{false, true} {
		u := upgradeOf(t.TempDir(), 3)
		u.free = func(string) (int64, error) { return 0, errors.New("asked for room") }
		if empty { // as a first start leaves it that is killed early
			if err := createPrivate(u.path); err != nil {
				t.Fatal(err)
			}
		}
		if copied, err := u.run(t.Context()); err != nil || copied != "" {
			t.Errorf("empty file %v: copy %q, %v", empty, copied, err)
		}
	}
}

// TestAMakingThatWasCutShortIsBegunAnew has the power go while the first page of a
// database is written, when SQLite still keeps a journal to take that back by.
func TestAMakingThatWasCutShortIsBegunAnew(t *testing.T) {
	first, dir := t.TempDir(), t.TempDir()
	db, err := sql.Open("sqlite", filepath.Join(first, File)) // without our settings, as a new database is
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, sql := range []string{`PRAGMA cache_size = 5`, `BEGIN`, `CREATE TABLE begun (text TEXT)`,
		`INSERT INTO begun WITH n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) SELECT hex(zeroblob(2000)) FROM n`} {
		if _, err := db.Exec(sql); err != nil {
			t.Fatal(err)
		}
	}
	// What a cut leaves: pages of what is not committed, and the journal.
	if err := os.CopyFS(dir, os.DirFS(first)); err != nil {
		t.Fatal(err)
	}
	if _, err := upgradeOf(dir, 1).run(t.Context()); err != nil {
		t.Fatal(err)
	}
	var n int
	err = raw(t, filepath.Join(dir, File)).QueryRow(`SELECT count(*) FROM sqlite_schema WHERE name IN ('begun', 'mails')`).Scan(&n)
	if err != nil || n != 1 {
		t.Errorf("%d tables, want the one of the schema alone: %v", n, err)
	}
}

func TestAnOlderProgramRefusesANewerDatabaseAndChangesNothing(t *testing.T) {
	dir := oldDatabase(t)
	newer := upgradeOf(dir, 3)
	if _, err := newer.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(copyIn(newer)); err != nil {
		t.Fatal(err)
	}
	db := raw(t, newer.path)
	if _, err := db.Exec(`INSERT INTO letters (text) VALUES ('FOUR')`); err != nil {
		t.Fatal(err)
	}
	left := t.TempDir() // with a write-ahead log that is still needed
	if err := os.CopyFS(left, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	before := hashes(t, left)
	_, err := upgradeOf(left, 2).run(t.Context())
	want := "the database was written by a newer Letterlock (schema 3, this program knows 1 to 2); " +
		"install that version or restore the copy from before the upgrade"
	if err == nil || err.Error() != want {
		t.Errorf("run = %v, want %q", err, want)
	}
	if after := hashes(t, left); !slices.Equal(after, before) {
		t.Errorf("it changed %q to %q", before, after)
	}
	if got := texts(t, filepath.Join(left, File), "letters"); got != "ONE TWO THREE FOUR" {
		t.Errorf("the newer program then finds %q", got)
	}
}

// hashes names the files of a folder with what is in them, save the index of the
// write-ahead log, which is made anew from it.
func hashes(t *testing.T, dir string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), "-shm") {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, fmt.Sprintf("%s %x", e.Name(), sha256.Sum256(b)))
	}
	return list
}

func TestAnUpgradeWithoutRoomChangesNothing(t *testing.T) {
	dir := oldDatabase(t)
	u := upgradeOf(dir, 3)
	u.free = func(string) (int64, error) { return spare, nil }
	before := hashes(t, dir)
	_, err := u.run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "64 MiB are free: make room and start again; nothing was changed") {
		t.Errorf("run = %v", err)
	}
	if after := hashes(t, dir); !slices.Equal(after, before) {
		t.Errorf("it changed %q to %q", before, after)
	}
}

func TestAMigrationThatFailsIsUndoneAndNamesTheCopy(t *testing.T) {
	dir := oldDatabase(t)
	u := upgradeOf(dir, 3)
	broken := schemas(3)
	broken["0003_invented.sql"].Data = append(broken["0003_invented.sql"].Data, "INSERT INTO nothing VALUES (1);\n"...)
	u.set = broken
	_, err := u.run(t.Context())
	if err == nil || !strings.Contains(err.Error(), u.path+".before-2") {
		t.Errorf("run = %v, want an error that names the copy", err)
	}
	if got := texts(t, u.path, "letters"); got != "one two three" {
		t.Errorf("after the failure: %q, want the second schema", got)
	}
	if got := texts(t, copyIn(u), "mails"); got != "one two three" {
		t.Errorf("in the copy: %q", got)
	}
}

func TestAnUpgradeThatIsKilledStartsAnewAndLosesNothing(t *testing.T) {
	steps := []string{"copy", "sync the copy", "name the copy", "sync the folder", "migrate",
		"inside 2", "next migration", "inside 3"}
	for _, step := range steps {
		t.Run(step, func(t *testing.T) {
			dir := oldDatabase(t)
			killed(t, dir, step)
			u := upgradeOf(dir, 3)
			if _, err := u.run(t.Context()); err != nil {
				t.Fatalf("the next start: %v", err)
			}
			if got := texts(t, u.path, "letters"); got != "ONE TWO THREE" {
				t.Errorf("after the next start: %q", got)
			}
			if got := texts(t, copyIn(u), "mails"); got != "one two three" {
				t.Errorf("in the copy: %q", got)
			}
			if _, err := os.Lstat(u.path + ".copying"); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("half a copy is left: %v", err)
			}
		})
	}
}

// killed runs an upgrade in a process that dies at step.
func killed(t *testing.T, dir, step string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "LETTERLOCK_TEST_KILL_AT="+step, "LETTERLOCK_TEST_DIR="+dir)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("it ended with %v: %s", err, out)
	}
}

func TestAnUpgradeThatWasGivenUpIsCopiedAnew(t *testing.T) {
	dir := oldDatabase(t)
	killed(t, dir, "migrate") // the copy is there; the operator goes back to the older program
	u := upgradeOf(dir, 3)
	db := raw(t, u.path)
	if _, err := db.Exec(`INSERT INTO mails (text) VALUES ('later')`); err != nil {
		t.Fatal(err)
	}
	db.Close()
	if _, err := u.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := texts(t, copyIn(u), "mails"); got != "one two three later" {
		t.Errorf("in the copy: %q", got)
	}
}

func TestCopiesAreRemovedAfterAWeek(t *testing.T) {
	dir := t.TempDir()
	now := start
	db, err := Open(t.Context(), dir, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	for _, name := range []string{File + ".before-2", File + ".before-12", File + ".copying", "other.before-2"} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chtimes(path, start, start)); err != nil {
			t.Fatal(err)
		}
	}
	now = start.Add(keepCopies - time.Second)
	if removed, err := db.SweepCopies(); err != nil || len(removed) != 0 {
		t.Errorf("a second before a week: removed %q, %v", removed, err)
	}
	now = start.Add(keepCopies)
	removed, err := db.SweepCopies()
	want := []string{db.path + ".before-12", db.path + ".before-2", db.path + ".copying"}
	if err != nil || !slices.Equal(removed, want) {
		t.Errorf("after a week: removed %q, %v, want %q", removed, err, want)
	}
	if _, err := os.Lstat(filepath.Join(dir, "other.before-2")); err != nil {
		t.Errorf("a file that is not ours: %v", err)
	}
	write(t, db, func(*Tx) error { return nil })
}
