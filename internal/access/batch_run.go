package access

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

const (
	// batchAgain is how long RunBatches waits after a failure that is not one of a
	// single message, such as a full disk.
	batchAgain = 10 * time.Second
	// lookEvery is how often RunBatches looks without being woken, for plans that
	// were never completed.
	lookEvery = time.Hour
	// abandonPlan is how old a plan is that nobody completes any more.
	abandonPlan = time.Hour
)

// A wakeup says that there may be something to do. The zero value is ready.
type wakeup struct {
	once sync.Once
	c    chan struct{}
}

func (w *wakeup) woken() <-chan struct{} {
	w.once.Do(func() { w.c = make(chan struct{}, 1) })
	return w.c
}

func (w *wakeup) wake() {
	w.woken()
	select {
	case w.c <- struct{}{}:
	default: // it is to look already
	}
}

// RunBatches runs what was started, one after the other, until ctx ends. What a
// crash has stopped goes on where it was.
func (s *Service) RunBatches(ctx context.Context) error {
	for {
		pause := lookEvery
		if err := s.runDue(ctx); err != nil && ctx.Err() == nil {
			s.log().Error("batches stopped; they go on in a while", "err", err)
			pause = batchAgain
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-s.batches.woken():
		}
		timer.Stop()
		if ctx.Err() != nil {
			return nil
		}
	}
}

func (s *Service) log() *slog.Logger {
	if s.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return s.Log
}

// runDue runs batches until there is none at work.
func (s *Service) runDue(ctx context.Context) error {
	if err := s.sweepPlans(ctx); err != nil {
		return err
	}
	for {
		more, err := s.stepBatch(ctx)
		if err != nil || !more {
			return err
		}
	}
}

// sweepPlans removes the plans that a crash has cut off.
func (s *Service) sweepPlans(ctx context.Context) error {
	for {
		var id letterlock.ID
		err := s.DB.Read(ctx, func(tx *store.Tx) (err error) { id, err = tx.HalfPlanned(tx.Now.Add(-abandonPlan)); return err })
		if errors.Is(err, letterlock.NotFound) {
			return nil
		}
		if err == nil {
			err = s.erasePlan(ctx, id)
		}
		if err != nil {
			return err
		}
	}
}

// A step is one message of a batch: what a transaction did with it, and what is
// to be done once that is on the disk.
type step struct {
	by       letterlock.Actor
	batch    letterlock.Batch
	plan     store.Plan             // zero: the batch was through
	touched  []letterlock.Recipient // whose leases end
	restored bool
}

// stepBatch does the next message of the batch at work, or ends it; more is false
// when none is at work. One message is one transaction: a crash leaves each as it
// was or done, with its result and its audit entry, and others' writes go between.
// Recipients lose access for good before their leases are cut, as in Revoke.
func (s *Service) stepBatch(ctx context.Context) (more bool, err error) {
	var st step
	begun := time.Now()
	err = s.DB.Write(ctx, func(tx *store.Tx) error {
		id, err := tx.BatchAtWork()
		if err != nil {
			return err
		}
		if st.batch, err = tx.Batch(id); err != nil {
			return err
		}
		if st.by, err = tx.BatchActor(id); err != nil {
			return err
		}
		if st.batch.State == letterlock.BatchUndoing {
			return s.undoNext(tx, &st)
		}
		return s.revokeNext(tx, &st)
	})
	act := map[letterlock.BatchState]string{letterlock.BatchRunning: "revoke", letterlock.BatchUndoing: "restore"}[st.batch.State]
	if err == nil || store.Unsettled(err) {
		s.leases.cut(keysOf(st.touched)...)
	}
	switch {
	case errors.Is(err, letterlock.NotFound) && st.batch.ID == "":
		return false, nil
	case err != nil && st.plan.Seq != 0 && !errors.Is(err, letterlock.Busy):
		s.Metrics.Changed(act, err, time.Since(begun))
		s.log().Error("a message of a batch failed", "batch", st.batch.ID, "message", st.plan.Message, "err", err)
		return true, s.failItem(ctx, st)
	case err != nil:
		return false, err
	case st.plan.Seq == 0:
		return true, nil
	}
	if st.restored {
		s.Wake()
	}
	s.Metrics.Changed(act, nil, time.Since(begun))
	return true, nil
}

// failItem keeps that a message failed, so that the others go on.
func (s *Service) failItem(ctx context.Context, st step) error {
	put := (*store.Tx).PutResult
	if st.batch.State == letterlock.BatchUndoing {
		put = (*store.Tx).PutUndo
	}
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		return put(tx, st.batch.ID, st.plan.Seq, letterlock.ResultFailed)
	})
}

// revokeNext revokes the next message of a batch that runs. Whoever has lost
// access meanwhile has lost it to somebody else, whose revocation stands.
func (s *Service) revokeNext(tx *store.Tx, st *step) (err error) {
	if st.plan, err = tx.NextToRevoke(st.batch.ID); errors.Is(err, letterlock.NotFound) {
		st.batch.State, st.batch.Ended = letterlock.BatchDone, tx.Now
		return endBatch(tx, st, "finish batch")
	}
	m, all, err := st.load(tx, err)
	if err != nil {
		return err
	}
	result := letterlock.ResultAlready
	if m.Destroyed {
		result = letterlock.ResultDestroyed
	} else {
		st.touched = all
	}
	for _, r := range slices.Clone(st.touched) {
		more, err := s.revokeOne(tx, st.withdrawal(), m, r)
		if err != nil {
			return err
		}
		st.touched = append(st.touched, more...)
		if slices.ContainsFunc(more, hasAccess) { // had it, until now
			result = letterlock.ResultRevoked
		}
	}
	entry := st.entry("revoke", all)
	if m.Destroyed {
		entry.Allowed, entry.Reason = false, string(letterlock.Destroyed)
	}
	return errors.Join(tx.Audit(entry), tx.PutResult(st.batch.ID, st.plan.Seq, result))
}

// undoNext restores the next message of a batch that is being undone: those
// recipients whose access the batch removed, and nobody else has touched since.
func (s *Service) undoNext(tx *store.Tx, st *step) (err error) {
	if may, err := mayStill(tx, st.by); err != nil || !may {
		if err == nil {
			err = stopUndoing(tx, st, errRole.Key)
		}
		return err
	}
	if st.plan, err = tx.NextToUndo(st.batch.ID); errors.Is(err, letterlock.NotFound) {
		st.batch.State, st.batch.Undone = letterlock.BatchUndone, tx.Now
		return endBatch(tx, st, "finish undoing batch")
	}
	m, all, err := st.load(tx, err)
	if err != nil {
		return err
	}
	result := letterlock.ResultKept
	var back []letterlock.Recipient
	free, err := comesBack(tx, m, st.batch.ID)
	if err != nil {
		return err
	}
	if m.Destroyed {
		result = letterlock.ResultDestroyed
	} else if free {
		back = slices.DeleteFunc(all, func(r letterlock.Recipient) bool { return r.Revocation.Batch != st.batch.ID })
	}
	for _, r := range back {
		more, err := s.restoreOne(tx, st.withdrawal(), m, r)
		if err != nil {
			return err
		}
		st.touched = append(st.touched, more...)
		result, st.restored = letterlock.ResultRestored, true
	}
	entry := st.entry("restore", back)
	if !st.restored {
		entry.Allowed, entry.Reason = false, string(result)
	}
	return errors.Join(tx.Audit(entry), tx.PutUndo(st.batch.ID, st.plan.Seq, result))
}

// mayStill reports whether somebody may give access back who was allowed to when
// they began. An account that was disabled since, or has lost its role, may not.
func mayStill(tx *store.Tx, by letterlock.Actor) (bool, error) {
	if by.Kind != letterlock.Staff {
		return by.Is(letterlock.Revoker), nil
	}
	a, err := tx.Account(by.Address)
	if errors.Is(err, letterlock.NotFound) {
		return false, nil
	}
	by.Roles = a.Roles
	return a.Disabled.IsZero() && by.Is(letterlock.Revoker), err
}

// StopUndoing ends the undoing of all batches, until somebody asks for it again. After
// a restore nobody knows whether it was stopped in the time that is lost, and what it
// would give back was to stay removed.
func (s *Service) StopUndoing(ctx context.Context) error {
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		ids, err := tx.Undoing()
		for _, id := range ids {
			st := step{by: letterlock.Actor{Kind: letterlock.System}}
			var err1 error
			if st.batch, err1 = tx.Batch(id); err1 == nil {
				err1 = stopUndoing(tx, &st, "the database was restored")
			}
			err = errors.Join(err, err1)
		}
		return err
	})
}

// stopUndoing leaves a batch as one that ran: what is left to undo, somebody else
// can go on with.
func stopUndoing(tx *store.Tx, st *step, why string) error {
	st.batch.State, st.batch.UndoneBy, st.batch.Finished = letterlock.BatchDone, letterlock.Mailbox{}, st.batch.Messages
	entry := letterlock.Entry{Actor: st.by, Action: "undo batch", Batch: st.batch.ID, Target: spellNote(st.batch.Note()), Reason: why}
	return errors.Join(tx.PutBatch(st.batch), tx.Audit(entry))
}

// load reads the message of a step, and those of its recipients that it is about.
func (st *step) load(tx *store.Tx, err error) (m letterlock.Message, all []letterlock.Recipient, _ error) {
	if err != nil {
		return m, nil, err
	}
	if m, err = tx.Message(st.plan.Message); err != nil {
		return m, nil, err
	}
	all, err = tx.Recipients(m.ID)
	all = slices.DeleteFunc(all, func(r letterlock.Recipient) bool { return !slices.Contains(st.plan.Recipients, r.ID) })
	return m, all, err
}

func (st *step) withdrawal() withdrawal {
	return withdrawal{by: st.by, reason: st.batch.Reason, batch: st.batch.ID}
}

func (st *step) entry(action string, of []letterlock.Recipient) letterlock.Entry {
	return letterlock.Entry{Actor: st.by, Action: action, Message: st.plan.Message, Target: targets(of),
		Reason: st.batch.Reason, Allowed: true, Batch: st.batch.ID}
}

// endBatch notes how many messages came to which end.
func endBatch(tx *store.Tx, st *step, action string) error {
	note := st.batch.Note()
	results, undone, err := tx.Tally(st.batch.ID)
	if err != nil {
		return err
	}
	if st.batch.State == letterlock.BatchUndone {
		results = undone
	}
	note.Results = results.ByResult()
	entry := letterlock.Entry{Actor: st.by, Action: action, Target: spellNote(note), Reason: st.batch.Reason, Allowed: true, Batch: st.batch.ID}
	return errors.Join(tx.PutBatch(st.batch), tx.Audit(entry))
}
