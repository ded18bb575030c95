// Package visit notes who looked at a link without proving anything, and guesses
// whether that was a person or one of the programs that look into links before
// people do.
//
// Visits are noted for administrators who ask what happened to a message. Nothing
// depends on them: a visit opens nothing, is no reading, and is forgotten rather
// than waited for when there are too many.
package visit

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

const (
	flushEvery  = time.Second
	maxPending  = 4096 // looks between two writes; those beyond are forgotten
	maxNetworks = 4096 // of which is remembered what they opened
	maxRows     = 256  // rows of one transaction: others want to write, too
	maxAgent    = 512  // bytes of a header that are looked at
)

// A Service notes visits. Its zero value needs DB and Log. It is safe for
// concurrent use.
type Service struct {
	DB  *store.DB
	Log *slog.Logger

	mu      sync.Mutex
	pending []Look
	lost    int // looks that there was no room for
	recent  map[string][]opening
}

// An opening is a link that was opened from a network.
type opening struct {
	recipient letterlock.ID
	at        time.Time
}

// Note remembers a look until the next write. It never waits for the database.
func (s *Service) Note(l Look) {
	// Copies, for a part of a long header would keep all of it in memory.
	l.Agent, l.Mode, l.Purpose = cut(l.Agent), cut(l.Mode), cut(l.Purpose)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.pending) >= maxPending {
		s.lost++
		return
	}
	s.pending = append(s.pending, l)
}

// cut is the beginning of what a visitor says of itself.
func cut(s string) string { return strings.Clone(s[:min(len(s), maxAgent)]) }

// Run writes what was noted, every second until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := s.Flush(ctx); err != nil && ctx.Err() == nil {
			s.Log.Warn("visits to links were not noted", "err", err)
		}
	}
}

// Flush writes what was noted so far. What cannot be written is forgotten: kept, it
// would grow for as long as the disk is full.
func (s *Service) Flush(ctx context.Context) error {
	looks, lost := s.take()
	if lost > 0 {
		s.Log.Warn("more visits to links than can be noted", "forgotten", lost)
	}
	rows := s.judge(looks)
	for len(rows) > 0 {
		n := min(len(rows), maxRows)
		err := s.DB.Write(ctx, func(tx *store.Tx) error {
			for _, r := range rows[:n] {
				if err := tx.AddVisits(r.recipient, r.visit); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

func (s *Service) take() (looks []Look, lost int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	looks, lost = s.pending, s.lost
	s.pending, s.lost = nil, 0
	return looks, lost
}

// A row is what is written of looks that were alike.
type row struct {
	recipient letterlock.ID
	visit     letterlock.Visit
}

// judge guesses about looks and puts those together that are alike. All of them
// are known by then, so that the first of many links is told from a person as the
// last is.
func (s *Service) judge(looks []Look) (rows []row) {
	for _, l := range looks {
		s.remember(l)
	}
	at := map[row]int{} // place of the row, by all of it but times and count
	for _, l := range looks {
		v := letterlock.Visit{Agent: nameOf(l), IP: l.IP}
		v.Guess, v.Why = Guess(l, s.links(l))
		key := row{l.Recipient, v}
		i, ok := at[key]
		if !ok {
			i = len(rows)
			at[key] = i
			key.visit.First = l.At
			rows = append(rows, key)
		}
		rows[i].visit.Last = l.At
		rows[i].visit.Count++
	}
	return rows
}

// nameOf is what a visitor is called: the program that it admits to be, or else
// the family of its browser.
func nameOf(l Look) string {
	if name := Program(l.Agent); name != "" {
		return name
	}
	return l.Browser
}

// remember notes which link a network has opened.
func (s *Service) remember(l Look) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.recent == nil || len(s.recent) >= maxNetworks && s.recent[l.Network] == nil {
		s.recent = make(map[string][]opening) // a guess may be worse for some seconds
	}
	var still []opening
	for _, o := range s.recent[l.Network] {
		if o.recipient != l.Recipient && l.At.Sub(o.at) < together {
			still = append(still, o)
		}
	}
	if len(still) < manyLinks {
		still = append(still, opening{l.Recipient, l.At})
	}
	s.recent[l.Network] = still
}

// links is how many links a network has opened at about the time of a look.
func (s *Service) links(l Look) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.recent[l.Network] {
		if d := o.at.Sub(l.At); -together < d && d < together {
			n++
		}
	}
	return n
}
