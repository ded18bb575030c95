// Package session remembers which browser has shown who uses it.
//
// A session is a row under the hash of a random id that only the browser's
// cookie holds: what the database knows signs nobody in. Every sign-in makes a
// new one; ending one deletes the row.
package session

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// A Service starts, finds and ends sessions. It is safe for concurrent use.
type Service struct {
	DB *store.DB
	// Vouches reports whether a provider of that short name is in the settings: no proof of
	// another counts, however long its session would last. nil: all do.
	Vouches func(provider string) bool
	// SSO reports whether there is single sign-on: without it no session counts that somebody
	// began by it. nil: they do.
	SSO func() bool
}

// A limit says how long sessions of a kind last.
type limit struct {
	idle, absolute time.Duration
}

// Readers prove their mailbox in a minute and may sit at a stranger's computer;
// staff work all day.
var limits = map[letterlock.Kind]limit{
	letterlock.Staff:  {idle: 12 * time.Hour, absolute: 7 * 24 * time.Hour},
	letterlock.Reader: {idle: time.Hour, absolute: 12 * time.Hour},
}

// idLength is the length of a session id in characters: 256 bits.
const idLength = 43

func newID() string {
	var b [32]byte
	rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func hash(id string) []byte {
	h := sha256.Sum256([]byte(id))
	return h[:]
}

// Start begins a session and returns its id, for the cookie and nothing else,
// and when it ends at the latest.
func (s *Service) Start(ctx context.Context, by letterlock.Actor) (id string, expires time.Time, err error) {
	l, ok := limits[by.Kind]
	if !ok || by.Address == "" {
		return "", time.Time{}, &letterlock.Error{Code: letterlock.Denied}
	}
	id = newID()
	row := store.Session{Kind: by.Kind, Address: by.Address, Proof: by.Proof, Message: by.ProvedFor}
	by.Proof = plain(by.Proof)
	if by.Kind == letterlock.Staff { // who see their sessions, and end them
		row.ID, row.Agent, row.IP = letterlock.NewID(), by.Agent, by.IP
	}
	err = s.DB.Write(ctx, func(tx *store.Tx) error {
		expires = tx.Now.Add(l.absolute)
		row.Expires = expires
		if err := tx.AddSession(hash(id), row); err != nil {
			return err
		}
		return tx.Audit(letterlock.Entry{Actor: by, Action: "sign in", Target: string(by.Address), Allowed: true})
	})
	return id, expires, err
}

// Tell notes which passphrase the reader of a session has given, and returns the id that
// the session has from now on; NotFound: there is none.
func (s *Service) Tell(ctx context.Context, id string, passphrase letterlock.ID) (next string, err error) {
	next = newID()
	err = s.DB.Write(ctx, func(tx *store.Tx) error { return tx.TellSession(hash(id), hash(next), passphrase) })
	return next, err
}

// Call notes how the reader of a session wants to be known in it, as
// [letterlock.ParseCalled] has made it, and returns the id that the session has from now
// on; NotFound: there is none.
func (s *Service) Call(ctx context.Context, id, called string) (next string, err error) {
	next = newID()
	err = s.DB.Write(ctx, func(tx *store.Tx) error { return tx.CallSession(hash(id), hash(next), called) })
	return next, err
}

// touchEvery is how stale the time of last use may get before it is written.
const touchEvery = time.Minute

// Find returns who the session belongs to, or NotFound when there is none, when
// it was idle too long, or when it has reached its end. It counts as a use.
func (s *Service) Find(ctx context.Context, id string) (letterlock.Actor, error) {
	row, now, err := s.look(ctx, id)
	if err != nil {
		return letterlock.Actor{}, err
	}
	if now.Sub(row.Seen) >= touchEvery {
		if err := s.DB.Write(ctx, func(tx *store.Tx) error { return tx.TouchSession(hash(id)) }); err != nil {
			return letterlock.Actor{}, err
		}
	}
	return actor(row), nil
}

// Peek is Find for what a page asks by itself: it does not count as a use, for
// otherwise a page that is left open would keep its session for ever.
func (s *Service) Peek(ctx context.Context, id string) (letterlock.Actor, error) {
	row, _, err := s.look(ctx, id)
	return actor(row), err
}

// plain is a proof as others know it: what a browser is remembered for makes it none of
// that.
func plain(p letterlock.Proof) letterlock.Proof {
	if _, ok := p.For(); ok {
		return letterlock.ByBrowser
	}
	return p
}

// actor is what a session says of who uses it.
func actor(row store.Session) letterlock.Actor {
	by := letterlock.Actor{Kind: row.Kind, Address: row.Address, Proof: plain(row.Proof)}
	if row.Message != "" || row.Kind == letterlock.Staff {
		by.ProvedFor, by.Proved = row.Message, row.Created
	}
	if row.Gave != "" {
		by.Gave, by.Told = row.Gave, row.Told
	}
	by.Called = row.Called
	return by
}

func (s *Service) look(ctx context.Context, id string) (row store.Session, now time.Time, err error) {
	none := &letterlock.Error{Code: letterlock.NotFound}
	if len(id) != idLength {
		return store.Session{}, now, none
	}
	err = s.DB.Read(ctx, func(tx *store.Tx) (err error) {
		now = tx.Now
		row, err = tx.Session(hash(id))
		return err
	})
	if err != nil {
		return store.Session{}, now, err
	}
	if !now.Before(row.Expires) || now.Sub(row.Seen) >= limits[row.Kind].idle || !s.counts(row) {
		return store.Session{}, now, none
	}
	return row, now, nil
}

// counts reports whether the proof that a session was begun with still is one. One of staff
// that has no name, as none had once, nobody could end without all others: it counts no more.
func (s *Service) counts(row store.Session) bool {
	if row.Kind == letterlock.Staff {
		return row.ID != "" && (!row.Proof.SSO() || s.SSO == nil || s.SSO())
	}
	proof := row.Proof
	if first, ok := proof.For(); ok {
		proof = first
	}
	return holds(proof, s.Vouches)
}

// holds reports whether a proof is not the word of a provider that has gone.
func holds(p letterlock.Proof, vouches func(provider string) bool) bool {
	provider, ok := p.Provider()
	return !ok || vouches == nil || vouches(provider)
}

// End deletes a session. Ending one that is not there is no error.
func (s *Service) End(ctx context.Context, id string) error {
	if len(id) != idLength {
		return nil
	}
	return s.DB.Write(ctx, func(tx *store.Tx) error { return tx.EndSession(hash(id)) })
}
