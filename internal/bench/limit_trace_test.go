package bench

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"time"
)

// A bareIndex is the least that finds words: the subjects of an archive in an index of
// SQLite's, and of each message what one line of a list needs. It counts no total and
// knows no recipients.
type bareIndex struct {
	db  *sql.DB
	ask *sql.Stmt
}

// bareWord is what a page of 50 with a common word took a bareIndex of a million messages
// on the machine that the goal of a millisecond comes from.
const bareWord = 150 * time.Microsecond

const bareIndexSchema = `
CREATE TABLE messages (seq INTEGER PRIMARY KEY, id TEXT NOT NULL, sender TEXT NOT NULL, subject TEXT NOT NULL, accepted_at INTEGER NOT NULL) STRICT;
CREATE VIRTUAL TABLE words USING fts5 (subject, content = 'messages', content_rowid = 'seq');
INSERT INTO messages SELECT seq, id, sender, subject, accepted_at FROM archive.messages;
INSERT INTO words (rowid, subject) SELECT seq, subject FROM messages;`

const bareWordQuery = `SELECT m.id, m.sender, m.subject, m.accepted_at FROM words JOIN messages m ON m.seq = words.rowid
	WHERE words MATCH $1 ORDER BY words.rowid DESC LIMIT 50`

// openBareIndex opens the index beside the database of an archive, and makes it first if
// an earlier run has not.
func openBareIndex(dir string) (*bareIndex, error) {
	path := filepath.Join(dir, "limit.db")
	_, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		err = fillBareIndex(path, filepath.Join(dir, "letterlock.db"))
	}
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", "file:"+path+barePragmas)
	if err != nil {
		return nil, err
	}
	ask, err := db.Prepare(bareWordQuery)
	return &bareIndex{db, ask}, err
}

// fillBareIndex puts the index in its place only when it is whole.
func fillBareIndex(path, archive string) error {
	part := path + ".part"
	if err := os.RemoveAll(part); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", "file:"+part)
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1) // what is attached is attached to one connection
	_, err = db.Exec(`ATTACH DATABASE $1 AS archive`, archive)
	if err == nil {
		_, err = db.Exec(bareIndexSchema)
	}
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	return os.Rename(part, path)
}

// newest reads the newest 50 messages with a word in the subject.
func (x *bareIndex) newest(ctx context.Context, word string) error {
	rows, err := x.ask.QueryContext(ctx, word)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id, sender, subject string
		var at int64
		if err := rows.Scan(&id, &sender, &subject, &at); err != nil {
			return err
		}
	}
	return rows.Err()
}
