package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"letterlock/internal/host"
)

// An upgrade brings the schema of a database up to that of this program.
//
// Killed anywhere, it starts anew and loses nothing: a copy gets its name only
// when it is whole and on disk, no migration runs before that, and each migration
// is one transaction.
type upgrade struct {
	path string
	set  fs.FS // the migrations, one file each
	now  func() time.Time
	free func(dir string) (int64, error)
	at   func(step string) // told before each step; tests end the process there
}

// run makes the database, upgrades it, or leaves it as it is. It returns where
// the copy from before is, if one was made.
func (u *upgrade) run(ctx context.Context) (copied string, err error) {
	known, err := u.known()
	if err != nil {
		return "", err
	}
	current, err := u.current(ctx)
	if err != nil {
		return "", fmt.Errorf("reading the schema of the database: %w", err)
	}
	if current > known {
		return "", newer(current, known)
	}
	if current == known {
		return "", nil
	}
	if current == 0 {
		if err := createPrivate(u.path); err != nil {
			return "", fmt.Errorf("creating the database: %w", err)
		}
		if err := u.migrate(ctx); err != nil {
			return "", fmt.Errorf("creating the database: %w", err)
		}
		return "", nil
	}
	if copied, err = u.copy(ctx, current); err != nil {
		return "", fmt.Errorf("copying the database before its upgrade: %w", err)
	}
	if err := u.migrate(ctx); err != nil {
		return "", fmt.Errorf("upgrading the database (as it was before, it is in %s): %w", copied, err)
	}
	return copied, nil
}

func newer(current, known int64) error {
	return fmt.Errorf("the database was written by a newer Letterlock (schema %d, this program knows 1 to %d); "+
		"install that version or restore the copy from before the upgrade", current, known)
}

// known returns the number of the newest migration.
func (u *upgrade) known() (newest int64, err error) {
	names, err := fs.Glob(u.set, "*.sql")
	if err != nil {
		return 0, err
	}
	for _, name := range names {
		number, err := goose.NumericComponent(name)
		if err != nil {
			return 0, err
		}
		newest = max(newest, number)
	}
	return newest, nil
}

// current returns the number of the newest migration that the database has had; 0
// if there is no database yet. It opens the database for reading only: what a
// newer program wrote is not ours to change.
func (u *upgrade) current(ctx context.Context) (version int64, err error) {
	there, err := Exists(filepath.Dir(u.path))
	if err != nil || !there {
		return 0, err
	}
	version, err = u.version(ctx, "ro")
	var e *sqlite.Error
	if errors.As(err, &e) && e.Code() == sqlite3.SQLITE_READONLY_ROLLBACK {
		// A first start ended while it made the database, before there was a
		// write-ahead log. Only who may write can take back what it had begun.
		return u.version(ctx, "rw")
	}
	return version, err
}

// version asks the database, opened in a mode of SQLite.
func (u *upgrade) version(ctx context.Context, mode string) (version int64, err error) {
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: u.path}).EscapedPath()+"?mode="+mode+"&_pragma=busy_timeout(10000)")
	if err != nil {
		return 0, err
	}
	defer db.Close() // it was only read
	var begun bool
	err = db.QueryRowContext(ctx, `SELECT count(*) > 0 FROM sqlite_schema WHERE name = 'goose_db_version'`).Scan(&begun)
	if err != nil || !begun {
		return 0, err
	}
	err = db.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied`).Scan(&version)
	return version, err
}

// migrate runs the migrations that are missing. Foreign keys are off meanwhile: a
// table that is made anew is dropped in between, which would delete the rows that
// refer to it. A migration that does so checks them itself, in its own transaction.
func (u *upgrade) migrate(ctx context.Context) error {
	u.at("migrate")
	// The driver sorts pragmas by their text and sets this one after them all.
	db, err := sql.Open("sqlite", dsn(u.path, false)+"&_foreign_keys=off")
	if err != nil {
		return err
	}
	defer db.Close() // every migration has been committed, or is undone
	db.SetMaxOpenConns(1)
	m, err := goose.NewProvider(goose.DialectSQLite3, db, u.set)
	if err != nil {
		return err
	}
	for {
		_, err := m.UpByOne(ctx)
		if errors.Is(err, goose.ErrNoNextVersion) {
			return nil
		}
		if err != nil {
			return err
		}
		u.at("next migration")
	}
}

// spare is what an upgrade needs beside the copy, for the migrations themselves.
const spare = 64 << 20

// copy keeps the database as it is before the next migration. Another copy from
// before the same migration is replaced: it is of an upgrade that was given up,
// and older.
func (u *upgrade) copy(ctx context.Context, current int64) (string, error) {
	if err := u.room(); err != nil {
		return "", err
	}
	u.at("copy")
	half, whole := u.path+".copying", fmt.Sprintf("%s.before-%d", u.path, current+1)
	if err := os.Remove(half); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if err := createPrivate(half); err != nil { // SQLite may write into an empty file
		return "", err
	}
	if err := u.vacuumInto(ctx, half); err != nil {
		return "", errors.Join(err, os.Remove(half))
	}
	u.at("sync the copy")
	if err := u.keep(half, whole); err != nil {
		return "", err
	}
	return whole, nil
}

// vacuumInto writes one consistent state of the database to a file, what is still
// in the write-ahead log included, what was deleted not.
func (u *upgrade) vacuumInto(ctx context.Context, file string) error {
	db, err := sql.Open("sqlite", dsn(u.path, false))
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `VACUUM INTO $1`, file)
	return errors.Join(err, db.Close())
}

// keep gives a copy its name when it is on disk. Its time is that of our clock,
// which is the one that removes it.
func (u *upgrade) keep(half, whole string) error {
	f, err := os.OpenFile(half, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(os.Chtimes(half, time.Time{}, u.now()), f.Sync(), f.Close()); err != nil {
		return err
	}
	u.at("name the copy")
	if err := os.Rename(half, whole); err != nil {
		return err
	}
	u.at("sync the folder")
	return host.Sync(filepath.Dir(whole))
}

// room refuses to begin what the disk has no room for.
func (u *upgrade) room() error {
	need := int64(spare)
	for _, name := range []string{u.path, u.path + "-wal"} {
		info, err := os.Stat(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		need += info.Size()
	}
	free, err := u.free(filepath.Dir(u.path))
	if err != nil {
		return err
	}
	if free < need {
		return fmt.Errorf("it takes %d MiB in %s, and %d MiB are free: make room and start again; nothing was changed",
			need>>20, filepath.Dir(u.path), free>>20)
	}
	return nil
}

// keepCopies is how long a copy from before an upgrade stays.
const keepCopies = 7 * 24 * time.Hour

// SweepCopies removes copies from before upgrades that are older than a week, and
// returns their names. A copy must not stay for ever: it holds the wrapped keys
// of messages that were revoked after it was made.
func (db *DB) SweepCopies() (removed []string, err error) {
	dir := filepath.Dir(db.path)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), File+".before-") && e.Name() != File+".copying" {
			continue
		}
		info, err := e.Info()
		if err != nil {
			return removed, err
		}
		if db.clock().Sub(info.ModTime()) < keepCopies {
			continue
		}
		name := filepath.Join(dir, e.Name())
		if err := os.Remove(name); err != nil {
			return removed, err
		}
		removed = append(removed, name)
	}
	return removed, nil
}
