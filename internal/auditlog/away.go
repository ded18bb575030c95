package auditlog

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"letterlock/internal/audit"
	"letterlock/internal/host"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// away remembers what has left the database.
type away struct {
	mu     sync.Mutex
	begun  bool
	syslog int64 // up to this row's checkpoint
	last   int64 // entry of the journal with which telling it begins; 0: that has begun
	told   int64 // up to here, in bytes, syslog has the journal
	copied int64 // and its copy
	stuck  bool  // the journal could not be sent; the next checkpoint tries again
}

// begin settles with what syslog begins after a start. What it got before nobody
// knows: it is sent the newest checkpoint, and the entries of the journal that the
// last one before this start did not know of.
func (a *away) begin(last, newest store.Checkpoint) {
	if a.begun {
		return
	}
	a.begun, a.syslog = true, newest.Seq-1
	if c, err := audit.ParseCheckpoint(last.Line); err == nil { // there may be none
		a.last = c.Journal
	}
}

// send brings file and syslog up to date. Whoever changes the database cannot take
// back what is there.
func (s *Service) send(ctx context.Context) {
	if s.File != "" {
		err := s.append(ctx)
		s.Metrics.Checkpoint("file", err)
		if err != nil && ctx.Err() == nil {
			s.Log.Error("writing the checkpoints of the audit log to their file", "file", s.File, "err", err)
		}
	}
	if s.Syslog != (Syslog{}) {
		err := s.tell(ctx)
		s.Metrics.Checkpoint("syslog", err)
		if err != nil && ctx.Err() == nil {
			s.Log.Error("sending checkpoints of the audit log to syslog", "to", s.Syslog.Address, "err", err)
		}
	}
}

// tell sends to syslog the checkpoints that it has not got.
func (s *Service) tell(ctx context.Context) error {
	return s.each(ctx, s.away.syslog, func(c store.Checkpoint) error {
		err := s.Syslog.send(ctx, "checkpoint", c.Line)
		if err == nil {
			s.away.syslog = c.Seq
		}
		return err
	})
}

// append adds to the file the checkpoints that it has not got, and returns when
// they are on the disk. A file that is not there gets all of them, so it can be
// moved away at any time.
func (s *Service) append(ctx context.Context) error {
	f, err := os.OpenFile(s.File, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer f.Close() // what matters was synced
	seq, end, err := s.lastIn(ctx, f)
	if errors.Is(err, errOtherLog) {
		return s.moveAside(ctx, f)
	}
	if err != nil {
		return err
	}
	if err := f.Truncate(end); err != nil { // of a line that a crash cut off
		return err
	}
	out := bufio.NewWriter(io.NewOffsetWriter(f, end))
	if err := s.each(ctx, seq, func(c store.Checkpoint) error { return writeLine(out, c.Line) }); err != nil {
		return err
	}
	return errors.Join(out.Flush(), f.Sync(), host.Sync(filepath.Dir(s.File)))
}

func writeLine(out *bufio.Writer, line []byte) error {
	out.Write(line) // an error stays, and the next write returns it
	return out.WriteByte('\n')
}

// errOtherLog says that a file ends with a checkpoint that the database has not got.
var errOtherLog = errors.New("the file has a checkpoint that the database does not know")

// maxPoint is more than the line of a checkpoint has.
const maxPoint = 4096

// lastIn returns which row the last whole line of the file covers, and where that
// line ends.
func (s *Service) lastIn(ctx context.Context, f *os.File) (seq, end int64, err error) {
	line, end, err := host.LastLine(f, maxPoint)
	if err != nil {
		return 0, 0, err
	}
	if line == nil {
		info, err := f.Stat()
		if err == nil && info.Size() > maxPoint {
			err = errOtherLog // or it would be nothing but a line that was cut off
		}
		return -1, 0, err
	}
	c, err := audit.ParseCheckpoint(line)
	if err != nil {
		return 0, 0, errOtherLog
	}
	var known []byte
	err = s.DB.Read(ctx, func(tx *store.Tx) (err error) { known, err = tx.CheckpointAt(c.Seq); return err })
	if errors.Is(err, letterlock.NotFound) || err == nil && !bytes.Equal(known, line) {
		return 0, 0, errOtherLog
	}
	return c.Seq, end, err
}

// moveAside keeps a file that tells of another log than the database does, and
// begins a new one. That is so after a restore from a backup, and after somebody
// changed the database: it is for people to look at, and recorded.
func (s *Service) moveAside(ctx context.Context, f *os.File) error {
	kept := ""
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		kept = s.File + "." + tx.Now.Format("20060102T150405Z")
		return tx.Audit(letterlock.Entry{Actor: letterlock.Actor{Kind: letterlock.System}, Action: "move checkpoints aside",
			Target: filepath.Base(kept), Reason: errOtherLog.Error(), Allowed: true})
	})
	if err != nil {
		return err
	}
	if _, err := os.Lstat(kept); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w, and %s is there already", errOtherLog, kept)
	}
	if err := os.Rename(s.File, kept); err != nil {
		return err
	}
	s.Log.Error("the checkpoints in the file are not those of the audit log: was the database restored from a backup, or changed?",
		"file", s.File, "kept", kept)
	return s.append(ctx)
}
