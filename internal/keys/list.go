package keys

import (
	"context"
	"slices"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// An Epoch is what administrators see of one.
type Epoch struct {
	Number    uint32
	Made      time.Time
	Destroyed time.Time // zero: it is alive, or missing
	Keys      int       // of messages that are wrapped under it
	Missing   bool      // something is wrapped under it, and its key is not there
}

// List returns up to limit epochs, the newest first, and those that are missing.
func (s *Service) List(ctx context.Context, by letterlock.Actor, limit int) (list []Epoch, err error) {
	if !may(by) {
		return nil, errRole
	}
	alive := s.Ring.Epochs()
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		known, err := tx.Epochs(limit)
		if err != nil {
			return err
		}
		used, err := tx.EpochsOfWraps()
		if err != nil {
			return err
		}
		for _, e := range known {
			list = append(list, Epoch{Number: e.Number, Made: e.Made, Destroyed: e.Destroyed})
		}
		for _, number := range used {
			if !slices.ContainsFunc(list, func(e Epoch) bool { return e.Number == number }) {
				list = append(list, Epoch{Number: number})
			}
		}
		for i := range list {
			e := &list[i]
			if e.Keys, err = tx.CountWraps(e.Number, maxCounted); err != nil {
				return err
			}
			e.Missing = e.Keys > 0 && !slices.Contains(alive, e.Number)
		}
		return nil
	})
	slices.SortFunc(list, func(a, b Epoch) int { return int(b.Number) - int(a.Number) })
	return list, err
}

// maxCounted is where counting ends: each key is read for it.
const maxCounted = 1_000_000

// Missing returns the epochs that something is wrapped under and whose keys are not
// in the keyring.
func (s *Service) Missing(ctx context.Context) (list []uint32, err error) {
	alive := s.Ring.Epochs()
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		used, err := tx.EpochsOfWraps()
		for _, number := range used {
			if !slices.Contains(alive, number) {
				list = append(list, number)
			}
		}
		return err
	})
	return list, err
}

// A State is how the keyring is.
type State struct {
	Epoch   uint32
	Rotated time.Time // when the epoch began; zero: it is not noted yet
	Next    time.Time // when the next one begins by itself; zero: only by hand
	Ending  int       // epochs before it that are not destroyed yet
	Missing []uint32  // see Missing
	Failure error     // why the last attempt of Run failed; nil: it did not
}

// State returns how the keyring is.
func (s *Service) State(ctx context.Context) (st State, err error) {
	if st.Missing, err = s.Missing(ctx); err != nil {
		return st, err
	}
	if failure := s.failure.Load(); failure != nil {
		st.Failure = *failure
	}
	st.Epoch, st.Ending = s.Ring.Epoch(), len(s.old())
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		known, err := tx.Epochs(maxEpochs)
		for _, e := range known {
			if e.Number == st.Epoch {
				st.Rotated = e.Made
			}
		}
		return err
	})
	if s.Every != 0 && !st.Rotated.IsZero() {
		st.Next = st.Rotated.Add(s.Every)
	}
	return st, err
}

// due reports whether the current epoch is old enough to end.
func (s *Service) due(ctx context.Context) (due bool, err error) {
	if s.Every == 0 {
		return false, nil
	}
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		known, err := tx.Epochs(maxEpochs)
		for _, e := range known {
			if e.Number == s.Ring.Epoch() {
				due = tx.Now.Sub(e.Made) >= s.Every
			}
		}
		return err
	})
	return due, err
}
