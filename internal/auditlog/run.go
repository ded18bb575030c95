package auditlog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"letterlock/internal/audit"
	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
	"letterlock/internal/store"
)

// OpenSigner opens the key that signs the audit log of a database, or makes it
// where the database knows of none. A crash after the file was made and before the
// database knows leaves a key that the next start takes.
func OpenSigner(ctx context.Context, db *store.DB, open func(lives bool) (seal.Signer, error)) (seal.Signer, error) {
	known, err := knownKeys(ctx, db)
	if err != nil {
		return seal.Signer{}, err
	}
	s, err := open(len(known) > 0)
	if err != nil {
		return seal.Signer{}, err
	}
	id := audit.IDOf(s.Public())
	if len(known) > 0 {
		if want := known[len(known)-1]; want != id {
			return seal.Signer{}, fmt.Errorf("the audit key is %s, and the audit log of this database was signed with %s: "+
				"restore audit.key from the backup of this database", id, want)
		}
		return s, nil
	}
	return s, db.Write(ctx, func(tx *store.Tx) error {
		return errors.Join(tx.AddAuditKey(s.Public()), tx.Audit(letterlock.Entry{
			Actor: letterlock.Actor{Kind: letterlock.System}, Action: "make audit key", Target: string(id), Allowed: true}))
	})
}

func knownKeys(ctx context.Context, db *store.DB) (list []audit.KeyID, err error) {
	err = db.Read(ctx, func(tx *store.Tx) error {
		keys, err := tx.AuditKeys()
		for _, k := range keys {
			list = append(list, audit.IDOf(k))
		}
		return err
	})
	return list, err
}

// journalEvery is how long an entry of the revocation journal stays on this machine
// alone.
const journalEvery = 5 * time.Second

// Run makes a checkpoint now and then, and sends the revocation journal away, until
// ctx ends. The last one is for whoever stops the rest, when nothing is added any
// more.
func (s *Service) Run(ctx context.Context) error {
	tick, often := time.NewTicker(s.Every), time.NewTicker(journalEvery)
	defer tick.Stop()
	defer often.Stop()
	checkpoint := func() {
		if err := s.Checkpoint(ctx); err != nil && ctx.Err() == nil {
			s.Log.Error("making a checkpoint of the audit log", "err", err)
		}
	}
	for checkpoint(); ; {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			checkpoint()
		case <-often.C:
			s.SendJournal(ctx)
		}
	}
}

// Checkpoint signs the audit log as it is, if anything was added since the last
// checkpoint, and sends away all checkpoints that have not been yet, and the
// revocation journal. That one could not be sent is logged and no error: it is in the
// database, and goes with the next.
func (s *Service) Checkpoint(ctx context.Context) error {
	s.away.mu.Lock() // one at a time, or the file would get them in another order
	defer s.away.mu.Unlock()
	var last, newest store.Checkpoint
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		seq, hash, err := tx.AuditHead()
		if err != nil {
			return err
		}
		last, err = tx.LastCheckpoint()
		if newest = last; err != nil || seq <= last.Seq {
			return err
		}
		now := audit.Checkpoint{Seq: seq, Hash: hash, At: tx.Now.Unix()}
		if s.DB.Journal != nil {
			now.Journal, now.JournalHash = s.DB.Journal.Head()
		}
		line, err := audit.NewCheckpoint(s.Signer, now, last.Line)
		if err != nil {
			return err
		}
		newest = store.Checkpoint{Seq: seq, Line: line}
		return tx.AddCheckpoint(seq, line)
	})
	s.Metrics.Checkpoint("database", err)
	if err != nil {
		return err
	}
	if s.Syslog != (Syslog{}) {
		s.away.begin(last, newest)
	}
	s.send(ctx)
	s.away.stuck = false
	s.sendJournal(ctx)
	return nil
}
