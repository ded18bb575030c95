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
)

// unchanged opens a database that nobody uses without leaving anything beside it: whoever
// looks may be another user, whose files would keep the server out.
const unchanged = "ro&immutable=1"

// Look looks whether the database in folder dir can be opened and is whole, and changes
// nothing. One that was not closed, as after a crash, cannot be looked at like that; the
// next start puts it right. Looking reads all of it: where ctx ends before, the error is
// that of ctx, and nothing was found so far. Nobody may use the database meanwhile.
func Look(ctx context.Context, dir string) (closed bool, err error) {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return false, err
	}
	u := &upgrade{path: filepath.Join(dir, File), set: sub}
	if log, err := os.Stat(u.path + "-wal"); err == nil && log.Size() > 0 {
		return false, nil
	}
	known, err := u.known()
	if err != nil {
		return true, err
	}
	current, err := u.version(ctx, unchanged)
	switch {
	case ctx.Err() != nil:
		return true, ctx.Err()
	case err != nil:
		return true, fmt.Errorf("the database cannot be read: %w", err)
	case current > known:
		return true, newer(current, known)
	}
	return true, u.whole(ctx)
}

// whole has SQLite look at every page.
func (u *upgrade) whole(ctx context.Context) error {
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: u.path}).EscapedPath()+"?mode="+unchanged)
	if err != nil {
		return err
	}
	defer db.Close() // it was only read
	var says string
	err = db.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&says)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return fmt.Errorf("the database is damaged: %w", err)
	case says != "ok":
		return errors.New("the database is damaged: " + says)
	}
	return nil
}
