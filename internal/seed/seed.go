// Package seed fills a database with the mail of an organisation: messages as its
// people send them over some months, and what became of each. Tests and
// measurements need many, and as unequal as real ones are.
//
// It writes through the store's own methods, in the order of time, so that every
// row and every index is as if the product had written it. What is sealed is
// random bytes: nobody can open these messages.
package seed

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// A Plan says what a database is filled with. The same plan makes the same
// messages.
type Plan struct {
	Messages int
	Days     int       // over which they are spread; 0: 120
	End      time.Time // nothing happens after it
	Random   uint64    // another number makes other messages
}

// perWrite is how many messages share a transaction. Fewer take longer: keys are
// random, so that each transaction changes nearly every page of the indexes.
const perWrite = 1_000_000

// fresh is how many of the newest messages are written exactly as the product
// does it: with keys in no order, with their notices in the outbox, and perTurn in
// a transaction. Of the older ones no notice is kept: nobody looks for them there.
const (
	fresh   = 2_000
	perTurn = 100
)

// turn settles how the messages from the next one on are written, and returns
// where the transaction ends.
func (f *filler) turn(next, all int) int {
	old := all - fresh
	if f.keys.shuffled = next >= old; f.keys.shuffled {
		return min(next+perTurn, all)
	}
	return min(next+perWrite, old)
}

// Fill writes what the plan says into the database in folder dir; see [store.Fill].
// progress, if there is one, is told now and then how many there are.
func Fill(ctx context.Context, dir string, p Plan, progress func(messages int)) (Sample, error) {
	if p.Days == 0 {
		p.Days = 120
	}
	f := newFiller(p)
	err := store.Fill(ctx, dir, func() time.Time { return p.End }, func(into *store.Filler) error {
		f.into = into
		return f.fill(p, progress)
	})
	return f.sample, err
}

func (f *filler) fill(p Plan, progress func(messages int)) error {
	times := f.times(p)
	for next := 0; next < len(times); {
		err := f.into.Write(func(tx *store.Tx) error {
			for end := f.turn(next, len(times)); next < end; next++ {
				if err := errors.Join(f.happen(tx, times[next]), f.accept(tx, times[next])); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if progress != nil {
			progress(next)
		}
	}
	return f.into.Write(func(tx *store.Tx) error {
		if err := f.happen(tx, p.End); err != nil {
			return err
		}
		tx.Now = p.End
		return tx.MarkSwept()
	})
}

// A filler is the organisation while its time passes.
type filler struct {
	into    *store.Filler
	random  *rand.Rand
	bytes   *rand.ChaCha8
	keys    *decks
	people  *people
	words   *words
	pending pending
	admin   letterlock.Actor
	sample  Sample
}

func newFiller(p Plan) *filler {
	var seed [32]byte
	for i := range 8 {
		seed[i] = byte(p.Random >> (8 * i))
	}
	f := &filler{bytes: rand.NewChaCha8(seed)}
	f.random = rand.New(f.bytes)
	f.keys, f.people, f.words = newDecks(f.bytes, min(perWrite, p.Messages)), newPeople(f.random), newWords(f.random)
	f.admin = letterlock.Actor{Kind: letterlock.Staff, Address: "grace@" + ourDomain, Roles: []letterlock.Role{letterlock.Revoker}, IP: "192.0.2.1"}
	return f
}

// times returns when each message is accepted: most of them on working days, in
// working hours.
func (f *filler) times(p Plan) []time.Time {
	first := p.End.UTC().Truncate(time.Hour).Add(-time.Duration(p.Days) * 24 * time.Hour)
	weights := make([]float64, p.Days*24)
	var all float64
	for i := range weights {
		hour := first.Add(time.Duration(i) * time.Hour)
		weights[i] = 0.05
		if h := hour.Hour(); h >= 7 && h < 18 && hour.Weekday() != time.Saturday && hour.Weekday() != time.Sunday {
			weights[i] = 1
		}
		all += weights[i]
	}
	list := make([]time.Time, 0, p.Messages)
	var sum float64
	for i, w := range weights {
		sum += w
		upTo := int(sum / all * float64(p.Messages))
		if i == len(weights)-1 {
			upTo = p.Messages
		}
		for len(list) < upTo {
			list = append(list, first.Add(time.Duration(i)*time.Hour+time.Duration(f.random.IntN(3600))*time.Second))
		}
	}
	slices.SortFunc(list, time.Time.Compare)
	return list
}

// one reports true in that part of the cases.
func (f *filler) one(part float64) bool { return f.random.Float64() < part }

// some returns n random bytes.
func (f *filler) some(n int) []byte { return draw(f.bytes, n) }
