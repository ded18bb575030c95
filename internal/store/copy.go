package store

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"letterlock/internal/host"
	"letterlock/internal/letterlock"
)

// copying is the name of a copy on its way into a backup, inside the data folder:
// subjects and addresses stand in it in the clear, so it lies nowhere else, and not
// for long.
const copying = File + ".backup"

// WithCopy makes one consistent copy of the database while it works, has f use its
// file, and removes it whatever happens. Writes go on meanwhile. Busy "disk": there
// is no room for the copy and the spare beside it, in bytes. It is for one at a time.
func (db *DB) WithCopy(ctx context.Context, spare int64, f func(path string) error) (err error) {
	dir := filepath.Dir(db.path)
	size, log, err := db.Files()
	if err != nil {
		return err
	}
	free, err := host.Free(dir)
	if err != nil {
		return err
	}
	if need := size + log + spare; free < need {
		return &letterlock.Error{Code: letterlock.Busy, Key: "disk", Err: fmt.Errorf("a copy takes %d MiB in %s, the reserve included, and %d are free", need>>20, dir, free>>20)}
	}
	if err := RemoveCopy(dir); err != nil {
		return err
	}
	path := filepath.Join(dir, copying)
	defer func() { err = errors.Join(err, RemoveCopy(dir)) }()
	if err := createPrivate(path); err != nil { // SQLite may write into an empty file
		return err
	}
	u := upgrade{path: db.path}
	if err := u.vacuumInto(ctx, path); err != nil {
		return fmt.Errorf("copying the database: %w", err)
	}
	return f(path)
}

// RemoveCopy removes the copy that a crash in the middle of a backup has left.
func RemoveCopy(dir string) error {
	for _, end := range []string{"", "-journal", "-wal", "-shm"} {
		if err := os.Remove(filepath.Join(dir, copying+end)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Facts are what a copy of a database says of itself.
type Facts struct {
	Schema     int64   `json:"schema"`
	Messages   int64   `json:"messages"`   // accepted
	Destroyed  int64   `json:"destroyed"`  // messages
	Recipients int64   `json:"recipients"` // of all messages
	Revoked    int64   `json:"revoked"`    // recipients
	Keys       int64   `json:"keys"`       // wrapped, of recipients and senders
	Epochs     []int64 `json:"epochs"`     // whose keys open those
	Journal    int64   `json:"journal"`    // last entry of the revocation journal
	Audit      int64   `json:"audit"`      // last row of the audit log
}

// FactsOf reads the facts of a database that nobody writes to.
func FactsOf(ctx context.Context, path string) (f Facts, err error) {
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?mode=ro&_pragma=cache_size(-2000)")
	if err != nil {
		return f, err
	}
	defer db.Close() // it was only read
	row := db.QueryRowContext(ctx, `SELECT (SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied),
		(SELECT count(*) FROM messages WHERE status = 'accepted'), (SELECT count(*) FROM messages WHERE status = 'destroyed'),
		(SELECT count(*) FROM recipients), (SELECT count(*) FROM recipients WHERE revoked_at > 0), (SELECT count(*) FROM wraps),
		(SELECT coalesce(max(seq), 0) FROM journal), (SELECT coalesce(max(seq), 0) FROM audit)`)
	if err := row.Scan(&f.Schema, &f.Messages, &f.Destroyed, &f.Recipients, &f.Revoked, &f.Keys, &f.Journal, &f.Audit); err != nil {
		return f, err
	}
	rows, err := db.QueryContext(ctx, `SELECT DISTINCT epoch FROM wraps ORDER BY epoch`)
	if err != nil {
		return f, err
	}
	defer rows.Close() // its error is that of rows.Err
	for rows.Next() {
		var epoch int64
		if err := rows.Scan(&epoch); err != nil {
			return f, err
		}
		f.Epochs = append(f.Epochs, epoch)
	}
	return f, rows.Err()
}

// SignerOf returns the key that signs the audit log of a database that nobody writes
// to, the newest that it knows.
func SignerOf(ctx context.Context, path string) (public ed25519.PublicKey, err error) {
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?mode=ro")
	if err != nil {
		return nil, err
	}
	defer db.Close() // it was only read
	err = db.QueryRowContext(ctx, `SELECT public FROM audit_keys ORDER BY made_at DESC, rowid DESC LIMIT 1`).Scan((*[]byte)(&public))
	return public, err
}

// CheckFile has SQLite look at every page and reference of a database that nobody
// writes to, and returns the first thing that is wrong.
func CheckFile(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?mode=ro&_pragma=cache_size(-20000)")
	if err != nil {
		return err
	}
	defer db.Close() // it was only read
	var said string
	if err := db.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&said); err != nil {
		return err
	}
	if said != "ok" {
		return fmt.Errorf("the database is damaged: %s", said)
	}
	var loose int
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM pragma_foreign_key_check`).Scan(&loose); err != nil {
		return err
	}
	if loose > 0 {
		return fmt.Errorf("the database is damaged: %d rows refer to what is not there", loose)
	}
	return nil
}

// signedIn are the tables of who is signed in, or about to be.
var signedIn = [...]string{"sessions", "browsers", "passcodes", "openid_requests", "releases", "pending"}

// EndVisits is [EndVisits] for a database that is in use, and was one of an earlier time.
func (t *Tx) EndVisits() (err error) {
	for _, table := range signedIn {
		err = errors.Join(err, t.exec(`DELETE FROM "`+table+`"`))
	}
	return err
}

// EndVisits deletes from a database that nobody uses who was signed in when it was
// copied: whoever signed out since, or lost a device, must not be let in by it.
func EndVisits(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite", dsn(path, false))
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	for _, table := range signedIn {
		err = errors.Join(err, clearTable(ctx, db, table))
	}
	return errors.Join(err, db.Close())
}

// clearTable deletes every row of a table. A copy of an older schema may not have it yet.
func clearTable(ctx context.Context, db *sql.DB, table string) error {
	var there bool
	err := db.QueryRowContext(ctx, `SELECT count(*) > 0 FROM sqlite_schema WHERE type = 'table' AND name = $1`, table).Scan(&there)
	if err != nil || !there {
		return err
	}
	_, err = db.ExecContext(ctx, `DELETE FROM "`+table+`"`)
	return err
}
