// Package keys changes the keys of an installation while it works, so that what was
// deleted is destroyed.
//
// A key that is deleted from the database may be found on the disk long after: in
// the write-ahead log, in free pages, in copies. So all of them are wrapped under
// the key of an epoch, a small file. A rotation begins a new epoch, wraps the keys
// that are alive anew, and destroys the file of the old one. Killed anywhere, it is
// finished by the next one or by the next start: whatever is alive can be opened
// all the time, and what was deleted never again.
package keys

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
	"letterlock/internal/store"
)

// A Service rotates the keys of an installation. It is safe for concurrent use.
type Service struct {
	DB    *store.DB
	Ring  *seal.Keyring
	Files seal.Files
	// Every is how old an epoch gets before the next one begins by itself; 0: only
	// by hand.
	Every time.Duration
	// Backup is the folder that gets a copy of the key of each epoch, before the one
	// before it is destroyed; "": none.
	Backup string
	// Keep is how long a copy stays there after its epoch was destroyed.
	Keep time.Duration
	Log  *slog.Logger

	mu    sync.Mutex // one rotation at a time
	batch int        // keys in one transaction; 0: batchSize

	failure atomic.Pointer[error] // of the last Due; nil: there was none
}

// Progress says how far a rotation is.
type Progress struct {
	Epoch     uint32 // that everything is wrapped under now
	Rewrapped int    // keys that this call has wrapped anew
	Ended     int    // epochs that it has destroyed
	// Waits says what the old epochs still wait for: "" nothing, they are destroyed;
	// "keys", to be wrapped anew; "readers" of what was before.
	Waits string
}

var errRole = &letterlock.Error{Code: letterlock.Denied, Key: "role"}

// Rotate begins a new epoch and ends those before it. What was deleted before the
// call is destroyed when the Progress waits for nothing; else Continue goes on. It
// works for about as long as within says.
func (s *Service) Rotate(ctx context.Context, by letterlock.Actor, within time.Duration) (Progress, error) {
	if !may(by) {
		return Progress{}, errRole
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	above, err := s.newest(ctx)
	if err != nil {
		return Progress{}, err
	}
	epoch, err := s.Files.AddEpoch(s.Ring, above)
	if err != nil {
		return Progress{}, fmt.Errorf("beginning a new epoch: %w", err)
	}
	s.step("note the new epoch")
	if err := s.note(ctx, by); err != nil {
		return Progress{}, fmt.Errorf("noting epoch %d: %w", epoch, err)
	}
	return s.finish(ctx, by, within)
}

// Continue ends the epochs before the current one, if there still are any.
func (s *Service) Continue(ctx context.Context, by letterlock.Actor, within time.Duration) (Progress, error) {
	if !may(by) {
		return Progress{}, errRole
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.note(ctx, by); err != nil {
		return Progress{}, err
	}
	return s.finish(ctx, by, within)
}

// may says who rotates keys: administrators, and the program itself.
func may(by letterlock.Actor) bool { return by.Kind == letterlock.System || by.Is(letterlock.Admin) }

func (s *Service) step(name string) {
	if s.Files.Step != nil {
		s.Files.Step(name)
	}
}

// maxEpochs bounds how many epochs are looked at, which is more than can be alive.
const maxEpochs = 10_000

// newest returns the newest epoch that the database knows. A keyring that was
// restored may be older, and no number is ever given to two keys.
func (s *Service) newest(ctx context.Context) (newest uint32, err error) {
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		known, err1 := tx.Epochs(1)
		for _, e := range known {
			newest = e.Number
		}
		used, err2 := tx.EpochsOfWraps()
		for _, number := range used {
			newest = max(newest, number)
		}
		return errors.Join(err1, err2)
	})
	return newest, err
}

// note has the database know of the epochs that are alive, and of those that are
// not any more because a crash came before it was noted. An epoch that is missing
// while something is still wrapped under it was lost, and not destroyed.
func (s *Service) note(ctx context.Context, by letterlock.Actor) error {
	if err := s.Files.SweepKeys(); err != nil {
		return err // what is still there is not destroyed
	}
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		known, err := tx.Epochs(maxEpochs)
		if err != nil {
			return err
		}
		alive := map[uint32]bool{} // whether it is noted as alive
		for _, e := range known {
			alive[e.Number] = e.Destroyed.IsZero()
		}
		for _, number := range s.Ring.Epochs() {
			if !alive[number] {
				err = errors.Join(err, s.noteBegin(tx, by, number))
			}
			delete(alive, number)
		}
		for number, living := range alive {
			if !living || number > s.Ring.Epoch() {
				continue
			}
			n, err1 := tx.CountWraps(number, 1)
			if err = errors.Join(err, err1); err == nil && n == 0 {
				err = s.noteEnd(tx, by, number)
			}
		}
		return err
	})
}

func (s *Service) noteBegin(tx *store.Tx, by letterlock.Actor, number uint32) error {
	made := tx.Now
	// The first one is older than the table of epochs, in old installations.
	if at, err := s.Files.Made(number); err == nil && number < s.Ring.Epoch() && at.Before(made) {
		made = at
	}
	return errors.Join(tx.AddEpoch(number, made),
		tx.Audit(letterlock.Entry{Actor: by, Action: "begin epoch", Target: target(number), Allowed: true}))
}

func (s *Service) noteEnd(tx *store.Tx, by letterlock.Actor, number uint32) error {
	return errors.Join(tx.EndEpoch(number),
		tx.Audit(letterlock.Entry{Actor: by, Action: "destroy epoch", Target: target(number), Allowed: true}))
}

func target(epoch uint32) string { return "epoch " + strconv.FormatUint(uint64(epoch), 10) }

// finish wraps what is alive under the current epoch, and then destroys the others.
func (s *Service) finish(ctx context.Context, by letterlock.Actor, within time.Duration) (Progress, error) {
	p := Progress{Epoch: s.Ring.Epoch()}
	end := time.Now().Add(within)
	old := s.old()
	for _, epoch := range old {
		done, err := s.rewrap(ctx, epoch, end, &p)
		if err != nil {
			return p, fmt.Errorf("wrapping the keys of epoch %d anew: %w", epoch, err)
		}
		if !done {
			p.Waits = "keys"
			return p, nil
		}
	}
	if err := s.copyKeys(); err != nil {
		return p, fmt.Errorf("copying the keyring to its backup: %w", err)
	}
	if len(old) > 0 {
		s.step("empty the log")
		err := s.DB.TruncateLog(ctx)
		if letterlock.KeyOf(err) == "readers" {
			p.Waits = "readers"
			return p, nil
		}
		if err != nil {
			return p, err
		}
	}
	for _, epoch := range old {
		if err := s.end(ctx, by, epoch); err != nil {
			return p, fmt.Errorf("destroying epoch %d: %w", epoch, err)
		}
		p.Ended++
	}
	return p, s.sweepBackup(ctx)
}

// old returns the epochs that are over and alive.
func (s *Service) old() []uint32 {
	all := s.Ring.Epochs()
	return all[:len(all)-1]
}

func (s *Service) end(ctx context.Context, by letterlock.Actor, epoch uint32) error {
	if err := s.Files.EndEpoch(s.Ring, epoch); err != nil {
		return err
	}
	s.step("note the end")
	return s.DB.Write(ctx, func(tx *store.Tx) error { return s.noteEnd(tx, by, epoch) })
}
