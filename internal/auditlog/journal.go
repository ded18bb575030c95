package auditlog

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"letterlock/internal/audit"
	"letterlock/internal/host"
	"letterlock/internal/journal"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// Witness is what the last checkpoint in a file knows of the revocation journal, or
// the zero Witness where there is none that one of the keys has signed.
func Witness(path string, keys audit.Keys) (journal.Witness, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return journal.Witness{}, nil
	}
	if err != nil {
		return journal.Witness{}, err
	}
	defer f.Close() // it is only read
	line, _, err := host.LastLine(f, maxPoint)
	if err != nil || line == nil {
		return journal.Witness{}, err
	}
	c, err := audit.ParseCheckpoint(line)
	if err != nil || !c.Signed(keys) {
		return journal.Witness{}, nil
	}
	return journal.Witness{Of: path, Seq: c.Journal, Hash: c.JournalHash, At: time.Unix(c.At, 0).UTC()}, nil
}

// SendJournal sends away what the revocation journal has and its copies have not.
// What could not be sent is logged, waits for the next checkpoint, and holds up
// nobody.
func (s *Service) SendJournal(ctx context.Context) {
	s.away.mu.Lock()
	defer s.away.mu.Unlock()
	if !s.away.stuck {
		s.sendJournal(ctx)
	}
}

func (s *Service) sendJournal(ctx context.Context) {
	if s.DB.Journal == nil {
		return
	}
	if s.Journal != "" {
		s.sent(ctx, "file", s.Journal, s.copyJournal(ctx))
	}
	if s.away.begun {
		s.sent(ctx, "syslog", s.Syslog.Address, s.tellJournal(ctx))
	}
}

// sent notes what came of sending the journal to a place.
func (s *Service) sent(ctx context.Context, kind, place string, err error) {
	s.Metrics.Journal(kind, err)
	if err != nil && ctx.Err() == nil {
		s.away.stuck = true
		s.Log.Error("sending the revocation journal away", "to", place, "err", err)
	}
}

// copyJournal brings the copy up to the journal. One that is of another journal is
// kept under another name: a start without the lost entries was accepted, or somebody
// changed it.
func (s *Service) copyJournal(ctx context.Context) error {
	end, err := s.DB.Journal.CopyTo(s.Journal, s.away.copied)
	if errors.Is(err, journal.ErrOther) {
		if err = s.moveCopyAside(ctx); err == nil {
			end, err = s.DB.Journal.CopyTo(s.Journal, 0)
		}
	}
	s.away.copied = end
	return err
}

func (s *Service) moveCopyAside(ctx context.Context) error {
	suffix := ""
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		suffix = "." + tx.Now.Format("20060102T150405Z")
		return tx.Audit(letterlock.Entry{Actor: letterlock.Actor{Kind: letterlock.System}, Action: "move journal copy aside",
			Target: filepath.Base(s.Journal) + suffix, Reason: journal.ErrOther.Error(), Allowed: true})
	})
	if err != nil {
		return err
	}
	kept, err := journal.MoveAside(s.Journal, suffix)
	s.Log.Error("the copy of the revocation journal is not one of it", "file", s.Journal, "kept", kept)
	return err
}

// tellJournal sends to syslog the entries that it has not got.
func (s *Service) tellJournal(ctx context.Context) (err error) {
	if s.away.last > 0 {
		s.away.told, err = s.DB.Journal.End(s.away.last)
		if err != nil {
			return err
		}
		s.away.last = 0
	}
	return s.DB.Journal.Lines(s.away.told, func(line []byte, end int64) error {
		err := s.Syslog.send(ctx, "revocation", line)
		if err == nil {
			s.away.told = end
		}
		return err
	})
}
