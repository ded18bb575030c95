package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"letterlock/internal/audit"
	"letterlock/internal/auditlog"
	"letterlock/internal/config"
	"letterlock/internal/host"
	"letterlock/internal/journal"
	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
	"letterlock/internal/store"
)

// AcceptLost is what an operator has to say to go on without a journal, or with one
// that has lost its end.
const AcceptLost = "I accept that revoked mail may be readable again"

// errLost refuses a start that could bring access back.
const errLost = "journal-lost"

// openJournal opens the revocation journal, and has the database catch up with it.
// It must be done before anybody is served. A journal that cannot be the one that
// the database knows is refused: Denied "journal-lost".
func (a *App) openJournal(ctx context.Context, cfg config.Config, by seal.Signer) error {
	j, err := fitting(ctx, a.DB, cfg, by, func(file string, err error) {
		a.log.Warn("what this file knows of the revocation journal cannot be compared", "file", file, "err", err)
	})
	if err != nil {
		return err
	}
	a.DB.Journal = j
	if err := a.catchUpJournal(ctx); err != nil {
		a.DB.Journal = nil
		return errors.Join(err, j.Close())
	}
	return nil
}

// fitting opens the journal if it is the one of the database, and of whatever else
// knows it. A file that cannot be read is given to unread: it may be far away.
func fitting(ctx context.Context, db *store.DB, cfg config.Config, by seal.Signer, unread func(string, error)) (*journal.File, error) {
	j, err := journal.Open(cfg.JournalFile(), by)
	if torn := (*journal.Fault)(nil); errors.As(err, &torn) {
		if mended, err1 := mendTorn(ctx, db, cfg.JournalFile(), by); err1 != nil || mended {
			if err = err1; err == nil {
				j, err = journal.Open(cfg.JournalFile(), by)
			}
		}
	}
	if err == nil {
		if err = fits(ctx, db, j); err == nil {
			err = attested(ctx, db, j, cfg, unread)
		}
		if err != nil {
			err = errors.Join(err, j.Close())
		}
	}
	var unfit *journal.Fault
	if errors.As(err, &unfit) {
		return nil, &letterlock.Error{Code: letterlock.Denied, Key: errLost, Err: unfit}
	}
	return j, err
}

// mendTorn takes back what a power cut has torn of lines that nobody was told of: the
// database has them all, and never saw them in the file.
func mendTorn(ctx context.Context, db *store.DB, path string, by seal.Signer) (mended bool, err error) {
	var rows []journal.Row
	err = db.Read(ctx, func(tx *store.Tx) error {
		_, _, held, err := tx.JournalHead()
		if err == nil {
			rows, err = tx.Journaled(held, maxTorn)
		}
		return err
	})
	if err != nil {
		return false, err
	}
	return journal.MendTorn(path, by, rows)
}

// maxTorn is more than the database ever has and has not seen in the file, but where
// the file could not be written for long: then nothing of it is torn.
const maxTorn = 1_000

// fits compares the journal with what the database knows of it. One of them may be
// ahead: the database after a crash between its commit and the journal, the journal
// after a restore. But it had at least the entries that the database saw in it, and
// where both have an entry they have the same.
func fits(ctx context.Context, db *store.DB, j *journal.File) error {
	seq, hash := j.Head()
	return db.Read(ctx, func(tx *store.Tx) error {
		known, want, held, err := tx.JournalHead()
		if err != nil {
			return err
		}
		if seq < held {
			if seq == 0 {
				return &journal.Fault{Path: j.Path(), Says: fmt.Sprintf("is missing or empty, and had %s", entriesOf(held))}
			}
			return &journal.Fault{Path: j.Path(), Says: fmt.Sprintf("has %s, and had %s: its end was lost", entriesOf(seq), entriesOf(held))}
		}
		if seq >= known && known > 0 {
			hash, err = j.HashAt(known)
		} else if seq > 0 && known > 0 {
			want, err = tx.JournalHash(seq)
		}
		if err == nil && known > 0 && seq > 0 && !bytes.Equal(hash, want) {
			err = &journal.Fault{Path: j.Path(), Says: "tells of something else than the database: it is of another installation, or one of them was changed"}
		}
		return err
	})
}

// attested compares the journal with what has left the database: its copy, and the
// last checkpoint of the audit log. They know what database and journal do not when
// both were put back from one old moment.
func attested(ctx context.Context, db *store.DB, j *journal.File, cfg config.Config, unread func(string, error)) error {
	keys, err := auditKeys(ctx, db)
	if err != nil {
		return err
	}
	for _, from := range []struct {
		file string // empty: there is none
		look func(string, audit.Keys) (journal.Witness, error)
	}{{cfg.JournalCopy(), journal.WitnessOf}, {cfg.CheckpointFile(), auditlog.Witness}} {
		if from.file == "" {
			continue
		}
		w, err := from.look(from.file, keys)
		if err != nil {
			unread(from.file, err)
			continue
		}
		if err := j.Check(w); err != nil {
			return err
		}
	}
	return nil
}

func auditKeys(ctx context.Context, db *store.DB) (keys audit.Keys, err error) {
	err = db.Read(ctx, func(tx *store.Tx) error {
		public, err := tx.AuditKeys()
		keys = audit.KeysOf(public...)
		return err
	})
	return keys, err
}

// replayPage is how many entries one transaction takes on.
const replayPage = 100

// catchUpJournal does what the database has missed, and writes what the file has
// missed.
func (a *App) catchUpJournal(ctx context.Context) error {
	keys, err := auditKeys(ctx, a.DB)
	if err != nil {
		return err
	}
	var known int64
	if err := a.DB.Read(ctx, func(tx *store.Tx) (err error) { known, _, _, err = tx.JournalHead(); return err }); err != nil {
		return err
	}
	seq, _ := a.DB.Journal.Head()
	switch {
	case seq > known:
		err = a.replay(ctx, known, seq, keys)
	case known == 0:
		err = a.beginJournal(ctx)
	}
	if err != nil {
		return err
	}
	return a.DB.ConfirmJournal(ctx)
}

// replay does what the entries behind the number known say.
func (a *App) replay(ctx context.Context, known, last int64, keys audit.Keys) error {
	// First: a start that ends here comes here again.
	if err := errors.Join(a.Access.StopUndoing(ctx), a.DB.Write(ctx, (*store.Tx).EndVisits)); err != nil {
		return err
	}
	var page []journal.Row
	changed, acts := 0, map[journal.Act]int{}
	flush := func() error {
		n, err := a.Access.Replay(ctx, page)
		changed, page = changed+n, nil
		return err
	}
	err := a.DB.Journal.Each(known, keys, func(r journal.Row) error {
		acts[r.Act]++
		if page = append(page, r); len(page) < replayPage {
			return nil
		}
		return flush()
	})
	if err == nil {
		err = flush()
	}
	var unfit *journal.Fault
	if errors.As(err, &unfit) {
		return &letterlock.Error{Code: letterlock.Denied, Key: errLost, Err: unfit}
	}
	if err != nil {
		return fmt.Errorf("replaying the revocation journal: %w", err)
	}
	a.log.Warn("the database is older than the revocation journal, as after a restore; what it had missed was done again",
		"entries", last-known, "changed", changed, "what", told(acts))
	return a.DB.Write(ctx, func(tx *store.Tx) error {
		return tx.Audit(letterlock.Entry{Actor: letterlock.Actor{Kind: letterlock.System}, Action: "replay journal",
			Target: fmt.Sprintf("entries %d to %d", known+1, last), Reason: told(acts), Allowed: true})
	})
}

// told says how many entries there are of each act.
func told(acts map[journal.Act]int) string {
	var words []string
	for _, act := range slices.Sorted(maps.Keys(acts)) {
		words = append(words, fmt.Sprintf("%s: %d", act, acts[act]))
	}
	return strings.Join(words, ", ")
}

// replayElsewhere does what an entry says that is about no message.
func (a *App) replayElsewhere(tx *store.Tx, e journal.Entry) (bool, error) {
	if e.Act == journal.Binding {
		return a.Vouch.Replay(tx, e)
	}
	return a.Accounts.Replay(tx, e)
}

// beginJournal makes the journal of a database that has none, with everything that
// has ended before it.
func (a *App) beginJournal(ctx context.Context) error {
	return a.DB.Write(ctx, func(tx *store.Tx) error {
		revoked, destroyed, err := tx.EveryEnd()
		err = errors.Join(err, tx.Journal(journal.Entry{Act: journal.Began}))
		for _, r := range revoked {
			e := journal.OfRevocation(r, r.Revocation)
			e.At = r.Revocation.At.Unix()
			err = errors.Join(err, tx.Journal(e))
		}
		for _, id := range destroyed {
			err = errors.Join(err, tx.Journal(journal.Entry{Act: journal.Destroyed, Message: id}))
		}
		return err
	})
}

// AcceptLostJournal goes on without the journal that a database knows, when an
// operator says in the words of AcceptLost that they know what it means. What is
// left of the journal is moved aside, and returned; a new one holds what the
// database knows. The server must not run.
//
// A crash leaves a journal that is refused still, or a new one; entry and audit row
// are one transaction. Invalid "nothing-lost": the journal is as it should be.
func AcceptLostJournal(ctx context.Context, cfg config.Config, now func() time.Time, by letterlock.Actor, words string) (kept string, err error) {
	if words != AcceptLost {
		return "", &letterlock.Error{Code: letterlock.Invalid, Key: "accept-words", Err: errors.New("these are not the words; nothing is changed")}
	}
	if there, err := store.Exists(cfg.DataDir); err != nil || !there {
		return "", errors.Join(err, fmt.Errorf("there is no database in %s", cfg.DataDir))
	}
	lock, err := host.LockFolder(cfg.DataDir)
	if err != nil {
		return "", err
	}
	defer lock.Release() // the kernel does it at the latest
	k, db, _, err := openState(ctx, cfg, now)
	if err != nil {
		return "", err
	}
	defer func() {
		if closing := db.Close(); err == nil {
			err = closing
		}
	}()
	j, err := fitting(ctx, db, cfg, k.Audit, func(string, error) {}) // the next start says it
	if letterlock.KeyOf(err) != errLost {
		if err == nil {
			_ = j.Close() // nothing was written
			err = &letterlock.Error{Code: letterlock.Invalid, Key: "nothing-lost", Err: errors.New("the journal is as the database knows it; nothing is changed")}
		}
		return "", err
	}
	return anew(ctx, db, cfg.JournalFile(), k.Audit, by)
}

// anew moves what lies at path aside and has a new journal begin with what the
// database knows.
func anew(ctx context.Context, db *store.DB, path string, by seal.Signer, who letterlock.Actor) (string, error) {
	var moment time.Time
	if err := db.Read(ctx, func(tx *store.Tx) error { moment = tx.Now; return nil }); err != nil {
		return "", err
	}
	kept, err := journal.MoveAside(path, ".lost-"+moment.Format("20060102T150405Z"))
	if err != nil {
		return "", err
	}
	if db.Journal, err = journal.Open(path, by); err != nil {
		return kept, err
	}
	err = db.Write(ctx, func(tx *store.Tx) error {
		return errors.Join(tx.Journal(journal.Entry{Act: journal.Accepted}), tx.Audit(letterlock.Entry{
			Actor: who, Action: "accept lost journal", Target: filepath.Base(kept), Reason: AcceptLost, Allowed: true}))
	})
	if err == nil {
		err = db.ConfirmJournal(ctx)
	}
	if closing := db.Journal.Close(); err == nil {
		err = closing
	}
	return kept, err
}

func entriesOf(n int64) string {
	if n == 1 {
		return "1 entry"
	}
	return fmt.Sprintf("%d entries", n)
}
