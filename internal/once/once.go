// Package once has a change done once, however often a program asks for it that has
// not heard the answer: with the same key it gets the first answer again.
package once

import (
	"context"
	"crypto/subtle"
	"errors"
	"strings"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
	"letterlock/internal/store"
)

const (
	// Lasts is how long an answer is kept.
	Lasts = 24 * time.Hour
	// stuck is after how long somebody who is still being answered must have been
	// lost, in a crash. It is longer than any answer takes.
	stuck = 5 * time.Minute
	// again is when to ask again whoever is still being answered.
	again = 2 * time.Second

	maxKey  = 255     // bytes of a key
	maxBody = 1 << 20 // bytes of an answer that is kept
)

// A Service keeps answers. It is safe for concurrent use.
type Service struct {
	DB     *store.DB
	Pepper seal.Pepper // keeps what a request said, a password say, from being guessed by its hash
}

// A Call is one request for a change.
type Call struct {
	Who     string // asks; another's key is another
	Key     string // that they have made up; empty: none, and nothing is kept
	Request string // all of what is asked
}

// An Answer is what was said to a Call.
type Answer struct {
	Status  int
	Body    []byte
	Message letterlock.ID // that it is about; it is forgotten when that is destroyed
	// Passing says that the answer is of this moment only, and asking again is right.
	Passing bool
}

// Do returns the answer that the call got before, or what f returns. f is called
// without a transaction. Invalid "idempotency-key": the key is none, or was used for
// another request; Busy "idempotency-busy": the same call is being answered.
//
// A crash while f runs leaves the call unanswered; whoever asks again is answered
// after some minutes, and f runs again.
func (s *Service) Do(ctx context.Context, c Call, f func() Answer) (a Answer, again bool, err error) {
	if c.Key == "" {
		return f(), false, nil
	}
	if !rightKey(c.Key) {
		return Answer{}, false, errKey
	}
	key := s.Pepper.Hash("answer", c.Who+"\x00"+c.Key)
	request := s.Pepper.Hash("request", c.Request)
	before, err := s.begin(ctx, key, request)
	if err != nil || before.Status != 0 {
		return before, err == nil, err
	}
	a = f()
	// Whoever asked may have left: what was done is noted all the same.
	return a, false, s.end(context.WithoutCancel(ctx), key, request, a)
}

var (
	errKey  = &letterlock.Error{Code: letterlock.Invalid, Key: "idempotency-key"}
	errBusy = &letterlock.Error{Code: letterlock.Busy, Key: "idempotency-busy", RetryAfter: again}
)

// rightKey wants printable ASCII, as a header can carry it.
func rightKey(key string) bool {
	return len(key) <= maxKey && !strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r > '~' })
}

// begin notes that a call is being answered, or returns the answer that it got.
func (s *Service) begin(ctx context.Context, key, request []byte) (a Answer, err error) {
	err = s.DB.Write(ctx, func(tx *store.Tx) error {
		row, err := tx.Answer(key)
		switch {
		case errors.Is(err, letterlock.NotFound), err == nil && tx.Now.Sub(row.Created) >= Lasts:
			return tx.PutAnswer(key, store.Answer{Request: request})
		case err != nil:
			return err
		case subtle.ConstantTimeCompare(row.Request, request) == 0:
			return errKey
		case row.Status != 0:
			a = Answer{Status: row.Status, Body: row.Body, Message: row.Message}
			return nil
		case tx.Now.Sub(row.Created) < stuck:
			return errBusy
		}
		return tx.PutAnswer(key, store.Answer{Request: request})
	})
	return a, err
}

// end keeps an answer, unless asking again is right. One about a message that was
// destroyed while it was made may hold its subject, and is kept by nobody.
func (s *Service) end(ctx context.Context, key, request []byte, a Answer) error {
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		m := letterlock.Message{}
		if a.Message != "" {
			var err error
			if m, err = tx.Message(a.Message); err != nil && !errors.Is(err, letterlock.NotFound) {
				return err
			}
		}
		if a.Passing || len(a.Body) > maxBody || m.Destroyed {
			return tx.DropAnswer(key)
		}
		return tx.PutAnswer(key, store.Answer{Request: request, Status: a.Status, Body: a.Body, Message: a.Message})
	})
}

// Sweep forgets answers that nobody will ask for again.
func (s *Service) Sweep(ctx context.Context) error {
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.SweepAnswers(tx.Now.Add(-Lasts))
		return err
	})
}
