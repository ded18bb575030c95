package store

import (
	"context"
	"database/sql"
	"errors"

	"letterlock/internal/audit"
	"letterlock/internal/journal"
	"letterlock/internal/letterlock"
)

// Journal adds an entry to the revocation journal, in the transaction of the act
// that it is about. An entry without a time gets that of the transaction. The write returns nil only when the entry is in the file, too;
// see [Unsettled] for what it returns otherwise.
func (t *Tx) Journal(e journal.Entry) error {
	seq, hash, _, err := t.JournalHead()
	if err != nil {
		return err
	}
	e.Seq, e.Previous = seq+1, hash
	if e.At == 0 {
		e.At = t.Now.Unix()
	}
	r, err := e.Row()
	if err != nil {
		return err
	}
	return t.AddJournaled(r)
}

// AddJournaled adds a row that has its place already: one that a restored database
// has missed.
func (t *Tx) AddJournaled(r journal.Row) error {
	t.Settle()
	return t.exec(`INSERT INTO journal (seq, entry, hash, held) VALUES ($1, $2, $3, $4)`, r.Seq, string(r.Text), []byte(r.Hash), t.held)
}

// Settle has the write return nil only when the journal's file holds all entries
// there are: somebody is about to be told that access is gone.
func (t *Tx) Settle() { t.settles = true }

// JournalHead returns the number of the journal's last entry and its hash, and how
// many entries the file held when it was written, at least; 0 and none while there
// is no entry.
func (t *Tx) JournalHead() (seq int64, hash audit.Hash, held int64, err error) {
	var sum []byte
	err = t.row(`SELECT seq, hash, held FROM journal ORDER BY seq DESC LIMIT 1`, nil, &seq, &sum, &held)
	if errors.Is(err, letterlock.NotFound) {
		return 0, nil, 0, nil
	}
	return seq, sum, held, err
}

// JournalHash returns the hash of the journal's entry with that number, or NotFound.
func (t *Tx) JournalHash(seq int64) (hash audit.Hash, err error) {
	var sum []byte
	err = t.row(`SELECT hash FROM journal WHERE seq = $1`, []any{seq}, &sum)
	return sum, err
}

// Journaled returns up to limit entries of the journal behind the one with the
// number after, oldest first.
func (t *Tx) Journaled(after int64, limit int) (list []journal.Row, err error) {
	err = t.rows(`SELECT entry FROM journal WHERE seq > $1 ORDER BY seq LIMIT $2 + 0`, []any{after, limit}, func(rs *sql.Rows) error {
		var text string
		if err := rs.Scan(&text); err != nil {
			return err
		}
		r, err := journal.ParseRow([]byte(text))
		if err != nil {
			return &letterlock.Error{Code: letterlock.Internal, Err: err}
		}
		list = append(list, r)
		return nil
	})
	return list, err
}

// EveryEnd returns all recipients whose access is removed and all messages that are
// destroyed, for the beginning of a journal.
func (t *Tx) EveryEnd() (revoked []letterlock.Recipient, destroyed []letterlock.ID, err error) {
	err = t.recipients(`r.revoked_at > 0 AND r.seq > 0 ORDER BY r.seq`, nil, func(r letterlock.Recipient) { revoked = append(revoked, r) })
	if err != nil {
		return nil, nil, err
	}
	err = t.rows(`SELECT id FROM messages WHERE status = 'destroyed' AND seq > 0 ORDER BY seq`, nil, func(rs *sql.Rows) error {
		var id letterlock.ID
		err := rs.Scan(&id)
		destroyed = append(destroyed, id)
		return err
	})
	return revoked, destroyed, err
}

// SettleJournal tries once more to bring the journal's file up to the database, if
// that has failed.
func (db *DB) SettleJournal(ctx context.Context) error {
	if db.Journal == nil || db.Journal.Fault() == nil {
		return nil
	}
	return db.Write(ctx, func(tx *Tx) error { tx.Settle(); return nil })
}

// ConfirmJournal brings the journal's file up to the database, and then has the
// database note that it has every entry. Without it the last one is only noted by the
// next, so that a backup could not tell that it was lost.
func (db *DB) ConfirmJournal(ctx context.Context) error {
	if db.Journal == nil {
		return nil
	}
	if err := db.Write(ctx, func(tx *Tx) error { tx.Settle(); return nil }); err != nil {
		return err
	}
	return db.Write(ctx, (*Tx).ConfirmJournal)
}

// ConfirmJournal notes how far the journal's file is on the disk.
func (t *Tx) ConfirmJournal() error {
	return t.exec(`UPDATE journal SET held = $1 WHERE seq = (SELECT max(seq) FROM journal) AND held < $1`, t.held)
}

// errUnsettled is why a write that was committed is not answered as done.
const errUnsettled = "journal"

// Unsettled reports whether a write failed in the revocation journal's file alone.
// What it did is in the database and stays: access that was removed is gone. It is
// not safe from a restored backup yet, so nobody may be told that it is; doing it
// again says so as soon as the file can be written.
func Unsettled(err error) bool {
	return letterlock.CodeOf(err) == letterlock.Busy && letterlock.KeyOf(err) == errUnsettled
}

// journalPage is how many entries one write to the file has at most.
const journalPage = 500

// settle brings the journal's file up to the database after a commit, for those of
// a batch who need it, and gives them its error. The entries come from the database
// and not from the transactions, so that what a crash or a full disk has left out is
// written first.
func (db *DB) settle(batch []*request) {
	var waiting []*request
	for _, r := range batch {
		if r.settles && r.err == nil {
			waiting = append(waiting, r)
		}
	}
	if len(waiting) == 0 || db.Journal == nil {
		return
	}
	if err := db.fillJournal(); err != nil {
		for _, r := range waiting {
			r.err = &letterlock.Error{Code: letterlock.Busy, Key: errUnsettled, Err: err}
		}
	}
}

// fillJournal adds to the file what the database has and the file has not.
func (db *DB) fillJournal() error {
	tx := &Tx{conn: db.writer}
	for {
		seq, _ := db.Journal.Head()
		rows, err := tx.Journaled(seq, journalPage)
		if err != nil {
			return db.judge(err)
		}
		if err := db.Journal.Append(rows); err != nil || len(rows) < journalPage {
			return err
		}
	}
}

// A Step is how far a write with an entry of the revocation journal has come.
type Step string

const (
	Changed   Step = "changed"   // everything is done, and nothing is committed
	Committed Step = "committed" // and the journal's file does not have it yet
	Settled   Step = "settled"   // the journal's file has it, and nobody was told
)

// step tells how far a batch has come, if an entry of the journal is in it.
func (db *DB) step(s Step, batch []*request) {
	if db.Step == nil {
		return
	}
	for _, r := range batch {
		if r.settles && r.err == nil {
			db.Step(s)
			return
		}
	}
}
