package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// Batch returns a batch as it is now, its results counted: Denied "role" for whoever
// is no auditor.
func (s *Service) Batch(ctx context.Context, by letterlock.Actor, id letterlock.ID) (b letterlock.Batch, err error) {
	err = s.readBatch(ctx, by, id, func(tx *store.Tx) error {
		if b, err = tx.Batch(id); err == nil {
			b.Results, b.Undos, err = tx.Tally(id)
		}
		return err
	})
	return b, err
}

// Batches returns a page of the batches, the newest first, and what to pass as
// before for the next page; empty: that was the last.
func (s *Service) Batches(ctx context.Context, by letterlock.Actor, before string, limit int) (list []letterlock.Batch, more string, err error) {
	limit = pageOf(limit)
	err = s.readBatch(ctx, by, "", func(tx *store.Tx) error { list, err = tx.Batches(parseBatchPlace(before), limit+1); return err })
	if err != nil {
		return nil, "", err
	}
	if len(list) > limit {
		list = list[:limit]
		last := list[limit-1]
		more = fmt.Sprintf("%d-%s", last.Created.Unix(), last.ID)
	}
	return list, more, nil
}

// BatchItems returns the messages of a batch whose place is before that one, the
// newest first; before 0: from the newest. With a result, those that have it.
// Invalid "result": there is no such one.
func (s *Service) BatchItems(ctx context.Context, by letterlock.Actor, id letterlock.ID, result letterlock.BatchResult, before int64, limit int) (list []letterlock.BatchItem, err error) {
	if result != "" && !slices.Contains(letterlock.BatchResults[:], result) {
		return nil, &letterlock.Error{Code: letterlock.Invalid, Key: "result"}
	}
	err = s.readBatch(ctx, by, id, func(tx *store.Tx) error {
		if _, err := tx.Batch(id); err != nil {
			return err
		}
		list, err = tx.BatchItems(id, result, before, pageOf(limit))
		return err
	})
	return list, err
}

func (s *Service) readBatch(ctx context.Context, by letterlock.Actor, id letterlock.ID, read func(*store.Tx) error) error {
	if !by.Is(letterlock.Auditor) {
		return s.refuse(ctx, letterlock.Entry{Actor: by, Action: "read batch", Batch: id}, errRole)
	}
	return s.DB.Read(ctx, read)
}

// pageOf bounds how many rows a page has.
func pageOf(limit int) int {
	if limit < 1 || limit > 200 {
		return 50
	}
	return limit
}

// parseBatchPlace reads what Batches gave; anything else means from the newest.
func parseBatchPlace(s string) store.BatchPlace {
	at, name, _ := strings.Cut(s, "-")
	sec, err := strconv.ParseInt(at, 10, 64)
	id, err2 := letterlock.ParseID(name)
	if err != nil || err2 != nil {
		return store.BatchPlace{}
	}
	return store.BatchPlace{At: time.Unix(sec, 0), ID: id}
}

var (
	errBatchState   = &letterlock.Error{Code: letterlock.Denied, Key: "batch-state"}
	errSecondPerson = &letterlock.Error{Code: letterlock.Denied, Key: "second-person"}
)

// StartBatch has a planned batch run, or wait for a second administrator where the
// settings want one. Starting again is no error, and has those messages tried once
// more that failed. Denied "batch-state": it was discarded or undone.
func (s *Service) StartBatch(ctx context.Context, by letterlock.Actor, id letterlock.ID) error {
	return s.moveBatch(ctx, by, id, "start batch", func(tx *store.Tx, b *letterlock.Batch) (bool, error) {
		switch b.State {
		case letterlock.BatchPlanned:
			b.State, b.Started = letterlock.BatchRunning, tx.Now
			if s.SecondPersonAbove > 0 && b.Messages > s.SecondPersonAbove {
				b.State, b.Started = letterlock.BatchWaiting, time.Time{}
			}
			return true, nil
		case letterlock.BatchDone:
			n, err := tx.RetryRevoke(b.ID)
			b.State, b.Ended = letterlock.BatchRunning, time.Time{}
			b.Finished -= int(n)
			return n > 0, err
		case letterlock.BatchWaiting, letterlock.BatchRunning:
			return false, nil
		}
		return false, errBatchState
	})
}

// ApproveBatch has a waiting batch run. Denied "second-person": whoever planned or
// started it cannot be the second person.
func (s *Service) ApproveBatch(ctx context.Context, by letterlock.Actor, id letterlock.ID) error {
	return s.moveBatch(ctx, by, id, "approve batch", func(tx *store.Tx, b *letterlock.Batch) (bool, error) {
		starter, err := tx.BatchActor(id)
		switch {
		case err != nil:
			return false, err
		case b.State == letterlock.BatchRunning, b.State == letterlock.BatchDone:
			return false, nil
		case b.State != letterlock.BatchWaiting:
			return false, errBatchState
		case samePerson(b.By, by), samePerson(mailboxOf(starter), by):
			return false, errSecondPerson
		}
		b.State, b.Started, b.Approved = letterlock.BatchRunning, tx.Now, mailboxOf(by)
		return true, nil
	})
}

// samePerson reports whether by is whom m names. People with an account go by its
// address, operators by their name on the machine, for they have no address: that
// one of them holds an account, too, is not known here.
func samePerson(m letterlock.Mailbox, by letterlock.Actor) bool {
	if m.Address != "" || by.Address != "" {
		return m.Address == by.Address
	}
	return m.Name == by.Name
}

// DiscardBatch makes sure that a planned or waiting batch never runs. Discarding
// again is no error. Denied "batch-state": it has begun to run.
func (s *Service) DiscardBatch(ctx context.Context, by letterlock.Actor, id letterlock.ID) error {
	return s.moveBatch(ctx, by, id, "discard batch", func(_ *store.Tx, b *letterlock.Batch) (bool, error) {
		switch b.State {
		case letterlock.BatchDiscarded:
			return false, nil
		case letterlock.BatchPlanned, letterlock.BatchWaiting:
			b.State = letterlock.BatchDiscarded
			return true, nil
		}
		return false, errBatchState
	})
}

// UndoBatch restores what a batch has revoked, and nothing that somebody has
// changed since. A batch that runs stops where it is. Undoing again is no error,
// and has those messages tried once more that failed. Denied "batch-state": it
// never ran.
func (s *Service) UndoBatch(ctx context.Context, by letterlock.Actor, id letterlock.ID) error {
	return s.moveBatch(ctx, by, id, "undo batch", func(tx *store.Tx, b *letterlock.Batch) (bool, error) {
		switch b.State {
		case letterlock.BatchUndoing:
			return false, nil
		case letterlock.BatchUndone:
			if n, err := tx.RetryUndo(b.ID); err != nil || n == 0 {
				return false, err
			}
		case letterlock.BatchRunning, letterlock.BatchDone:
			if b.Ended.IsZero() {
				b.Ended = tx.Now
			}
		default:
			return false, errBatchState
		}
		left, err := tx.CountToUndo(b.ID)
		b.State, b.UndoneBy, b.Undone, b.Finished = letterlock.BatchUndoing, mailboxOf(by), time.Time{}, b.Messages-left
		return true, err
	})
}

// spellNote is a note as it stands in the audit log; "" if it says nothing.
func spellNote(n letterlock.BatchNote) string {
	text, err := json.Marshal(n)
	if err != nil || string(text) == "{}" {
		return "" // never for an error: it is numbers, texts and times that a search has taken
	}
	return string(text)
}

// moveBatch takes a batch from one state to another, in one transaction with its
// audit entry, and wakes the job that runs batches. move says whether there is
// anything to do, or refuses with an Error that is Denied. Who may is decided here
// and now: a batch that runs goes on taking access away in the name, and with the
// roles, of whoever started it, even if they lose them meanwhile. To stop it there
// is UndoBatch. Access is given back only for as long as whoever undoes it still may.
func (s *Service) moveBatch(ctx context.Context, by letterlock.Actor, id letterlock.ID, action string,
	move func(*store.Tx, *letterlock.Batch) (bool, error)) error {
	entry := letterlock.Entry{Actor: by, Action: action, Batch: id}
	if !by.Is(letterlock.Revoker) {
		return s.refuse(ctx, entry, errRole)
	}
	var refusal error
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		b, err := tx.Batch(id)
		if err != nil {
			return err
		}
		entry.Target = spellNote(b.Note())
		changed, err := move(tx, &b)
		if errors.Is(err, letterlock.Denied) {
			refusal = err
			entry.Reason = letterlock.KeyOf(err)
			return tx.Audit(entry)
		}
		if err != nil || !changed {
			return err
		}
		entry.Reason, entry.Allowed = b.Reason, true
		if action == "start batch" || action == "undo batch" {
			if err := tx.PutBatchActor(id, by); err != nil {
				return err
			}
		}
		return errors.Join(tx.PutBatch(b), tx.Audit(entry))
	})
	if err != nil {
		return fmt.Errorf("%s %s: %w", action, id, err)
	}
	s.batches.wake()
	return refusal
}
