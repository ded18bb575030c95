package session

import (
	"context"
	"errors"
	"time"

	"letterlock/internal/journal"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// An Open is a session of an account that is open, as its holder sees it.
type Open struct {
	ID    letterlock.ID
	Agent string // browser family; empty: not known
	IP    string // where it began; empty: not known
	Begun time.Time
	Seen  time.Time // last use, to within a minute
	Here  bool      // it is the one that asks
}

// mayEnd lets the holder of an account, and administrators, see and end its sessions. A
// program with a token is nobody's holder.
func mayEnd(by letterlock.Actor, of letterlock.Address) error {
	if by.Kind == letterlock.Staff && by.Address == of && by.Token == "" || by.Is(letterlock.Admin) {
		return nil
	}
	return &letterlock.Error{Code: letterlock.Denied, Key: "not-administrator"}
}

// Open returns the sessions of an account that are open, the one that was used last
// first, to its holder and to administrators; here is the id of the session that asks.
func (s *Service) Open(ctx context.Context, by letterlock.Actor, of letterlock.Address, here string) (list []Open, err error) {
	if err := mayEnd(by, of); err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		all, err := tx.Sessions(letterlock.Staff, of, mostListed)
		for _, row := range all {
			if tx.Now.Before(row.Expires) && tx.Now.Sub(row.Seen) < limits[letterlock.Staff].idle && s.counts(row) {
				list = append(list, Open{ID: row.ID, Agent: row.Agent, IP: row.IP, Begun: row.Created, Seen: row.Seen,
					Here: len(here) == idLength && string(row.Hash) == string(hash(here))})
			}
		}
		return err
	})
	return list, err
}

// EndNamed ends one session of an account from its next request on. One that has ended
// already, or is another account's, is not touched, and that is no error.
func (s *Service) EndNamed(ctx context.Context, by letterlock.Actor, of letterlock.Address, id letterlock.ID) error {
	refusal := mayEnd(by, of)
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		entry := letterlock.Entry{Actor: by, Action: "end session", Target: string(of), Reason: letterlock.KeyOf(refusal), Allowed: refusal == nil}
		if refusal != nil {
			return tx.Audit(entry)
		}
		was, err := tx.EndNamedSession(letterlock.Staff, of, id)
		if err != nil || !was {
			return err
		}
		return errors.Join(tx.Journal(journal.Entry{Act: journal.Visits}), tx.Audit(entry))
	})
	return errors.Join(err, refusal)
}

// EndOthers ends all sessions of whoever asks but the one with the id here.
func (s *Service) EndOthers(ctx context.Context, by letterlock.Actor, here string) error {
	if err := mayEnd(by, by.Address); err != nil || by.Kind != letterlock.Staff || len(here) != idLength {
		return &letterlock.Error{Code: letterlock.Denied}
	}
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		return errors.Join(tx.EndOtherSessions(letterlock.Staff, by.Address, hash(here)), tx.Journal(journal.Entry{Act: journal.Visits}),
			tx.Audit(letterlock.Entry{Actor: by, Action: "end other sessions", Target: string(by.Address), Allowed: true}))
	})
}
