package keys

import (
	"cmp"
	"context"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
	"letterlock/internal/store"
)

const (
	// batchSize is how many keys one transaction wraps anew at most, and atOnce for
	// about how long: other writes wait for it.
	batchSize = 500
	atOnce    = 20 * time.Millisecond
)

// A walk goes through everything that is wrapped under an epoch. What cannot be
// opened stays behind: it can be opened by nobody, today as well as later.
type walk struct {
	s     *Service
	epoch uint32
	batch int
	after store.Wrap    // the last message's key that was looked at
	file  letterlock.ID // the last upload
	done  int
	bad   int // keys of messages that stay behind
	ended bool
}

// rewrap wraps everything that is under an old epoch anew, by short transactions
// between which others write. done is false if the time was over before.
func (s *Service) rewrap(ctx context.Context, epoch uint32, end time.Time, p *Progress) (done bool, err error) {
	w := walk{s: s, epoch: epoch, batch: cmp.Or(s.batch, batchSize)}
	for !w.ended {
		s.step("wrap anew")
		before := w.done
		if err := s.DB.Write(ctx, w.some); err != nil {
			return false, err
		}
		p.Rewrapped += w.done - before
		if !w.ended && time.Now().After(end) {
			return false, nil
		}
	}
	s.step("look for what is left")
	var left int
	err = s.DB.Read(ctx, func(tx *store.Tx) (err error) { left, err = tx.CountWraps(epoch, w.bad+1); return err })
	if err == nil && left > w.bad {
		return false, nil // it came behind us; another round finds it
	}
	if w.bad > 0 {
		s.Log.Error("keys of messages cannot be opened, and end with their epoch", "epoch", epoch, "keys", w.bad)
	}
	return err == nil, err
}

// some wraps the next keys anew. Everything that is wrapped is wrapped inside a
// transaction, and these run one after the other: what comes after this one is
// under the new epoch, and what came before is seen.
func (w *walk) some(tx *store.Tx) error {
	begun := time.Now()
	list, err := tx.WrapsUnder(w.epoch, w.after, w.batch)
	if err != nil {
		return err
	}
	for i, one := range list {
		if i > 0 && time.Since(begun) > atOnce { // one at least, or there would be no end
			return nil
		}
		w.after = one
		key, err := w.s.Ring.Unwrap(one.Wrapped, one.Message, one.Holder)
		if err != nil {
			w.bad++
			continue
		}
		one.Wrapped = w.s.Ring.Wrap(key, one.Message, one.Holder)
		if err := tx.Rewrap(one, seal.EpochOf(one.Wrapped)); err != nil {
			return err
		}
		w.done++
	}
	if len(list) == w.batch {
		return nil
	}
	return w.uploads(tx)
}

func (w *walk) uploads(tx *store.Tx) error {
	list, err := tx.UploadsUnder(w.epoch, w.file, w.batch)
	if err != nil {
		return err
	}
	for _, u := range list {
		w.file = u.ID
		key, err := w.s.Ring.Unwrap(u.Wrapped, u.ID, store.UploadCopy)
		if err != nil {
			continue
		}
		wrapped := w.s.Ring.Wrap(key, u.ID, store.UploadCopy)
		if err := tx.RewrapUpload(u.ID, seal.EpochOf(wrapped), wrapped); err != nil {
			return err
		}
		w.done++
	}
	w.ended = len(list) < w.batch
	return nil
}
