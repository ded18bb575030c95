// Package passphrase checks what senders tell recipients by another way than mail.
//
// It is one thing for a whole message, kept as an argon2id hash under the pepper. A try
// is spent before anything is compared, for a recipient in all browsers together, and
// five wrong ones make them wait, never for good.
package passphrase

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"letterlock/internal/letterlock"
	"letterlock/internal/ratelimit"
	"letterlock/internal/seal"
	"letterlock/internal/store"
	"letterlock/internal/vault"
)

// Bounds of what a sender chooses.
const (
	MinLength = 8   // characters
	MaxLength = 128 // bytes
	MaxHint   = 120 // characters
)

const maxTries = 5

// A Service makes and checks passphrases. It is safe for concurrent use.
type Service struct {
	DB     *store.DB
	Pepper seal.Pepper
	// Hash and Verify work with argon2id, in places that are few.
	Hash   func(ctx context.Context, secret string) (string, error)
	Verify func(ctx context.Context, hashed, secret string) (bool, error)
}

// Normalize is what counts of what was typed: two keyboards may write one letter in two
// ways, and nobody sees a blank at the end.
func Normalize(typed string) string { return strings.TrimSpace(norm.NFC.String(typed)) }

// Why a passphrase is refused, as the Key of Invalid.
const (
	Short   = "passphrase-short"
	Long    = "passphrase-long"
	Hinted  = "passphrase-hint"  // the hint says it
	Written = "passphrase-words" // the subject or the text says it
	Hint    = "hint"             // the hint is too long
)

// Check says why a passphrase is none for a mail of that subject and text; nil: it is one.
func Check(typed, hint, subject, text string) error {
	says := func(s string) bool { return strings.Contains(fold(s), fold(typed)) }
	key := ""
	switch p := Normalize(typed); {
	case utf8.RuneCountInString(p) < MinLength:
		key = Short
	case len(p) > MaxLength:
		key = Long
	case utf8.RuneCountInString(hint) > MaxHint:
		key = Hint
	case says(hint):
		key = Hinted
	case says(subject), says(text):
		key = Written
	default:
		return nil
	}
	return &letterlock.Error{Code: letterlock.Invalid, Key: key}
}

func fold(s string) string { return strings.ToLower(Normalize(s)) }

// Make returns what is to be kept of a passphrase.
func (s *Service) Make(ctx context.Context, typed, hint string) (vault.Passphrase, error) {
	hashed, err := s.Hash(ctx, Normalize(typed))
	return vault.Passphrase{Hash: hashed, Hint: Normalize(hint)}, err
}

// HintOf is what the sender has written for whoever has proved the mailbox.
func (s *Service) HintOf(ctx context.Context, message letterlock.ID) (string, error) {
	p, _, err := s.kept(ctx, message)
	return p.Hint, err
}

// kept returns what is kept of a passphrase, and its name. A message that asks for one and
// has none is a fault of ours, and closed.
func (s *Service) kept(ctx context.Context, message letterlock.ID) (p vault.Passphrase, name letterlock.ID, err error) {
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		m, err := tx.Message(message)
		if err != nil {
			return err
		}
		name = m.Passphrase
		sealed, err := tx.Passphrase(message)
		if errors.Is(err, letterlock.NotFound) {
			return &letterlock.Error{Code: letterlock.Internal, Err: errors.New("a message without its passphrase")}
		}
		if err != nil {
			return err
		}
		p, err = vault.OpenPassphrase(s.Pepper, message, sealed)
		return err
	})
	return p, name, err
}

// Try checks what a recipient typed, who has proved the mailbox, and returns the name of
// the passphrase that they have given. Invalid "passphrase": it
// is not right, and there are tries left; Throttled "passphrase": there are none for now.
// What was wrong is in the recipient's history. One that is changed while it is compared
// is wrong.
func (s *Service) Try(ctx context.Context, by letterlock.Actor, r letterlock.Recipient, typed string) (given letterlock.ID, err error) {
	p, name, err := s.kept(ctx, r.Message)
	if err != nil {
		return "", err
	}
	wait, last, err := s.take(ctx, r.ID)
	if err != nil {
		return "", err
	}
	if !last && wait > 0 {
		return "", throttled(wait)
	}
	right, err := s.Verify(ctx, p.Hash, Normalize(typed))
	if err != nil {
		return "", err
	}
	err = s.DB.Write(ctx, func(tx *store.Tx) error {
		m, err := tx.Message(r.Message)
		if err != nil {
			return err
		}
		right = right && m.Passphrase == name
		e := letterlock.Entry{Actor: by, Action: "give passphrase", Message: r.Message, Target: string(r.Mailbox.Address), Allowed: right}
		if right {
			return errors.Join(tx.ForgetPassphraseTries(r.ID), tx.Audit(e))
		}
		return errors.Join(tx.Audit(e), tx.AddEvent(r, letterlock.Event{Kind: letterlock.PassphraseWrong, Agent: by.Agent, IP: by.IP}))
	})
	switch {
	case err != nil:
		return "", err
	case right:
		return name, nil
	case last:
		return "", throttled(wait)
	}
	return "", &letterlock.Error{Code: letterlock.Invalid, Key: "passphrase"}
}

func throttled(wait time.Duration) error {
	return &letterlock.Error{Code: letterlock.Throttled, Key: "passphrase", RetryAfter: wait}
}

// take spends a try, and says how long to wait if there was none left, or if this is the
// last: that locks before it is compared, so that nothing in between makes it free.
func (s *Service) take(ctx context.Context, recipient letterlock.ID) (wait time.Duration, last bool, err error) {
	err = s.DB.Write(ctx, func(tx *store.Tx) error {
		tries, err := tx.TakePassphraseTry(recipient, maxTries)
		if err != nil && !errors.Is(err, letterlock.NotFound) {
			return err
		}
		l, lockErr := tx.PassphraseLock(recipient)
		if lockErr != nil {
			return lockErr
		}
		if err != nil {
			wait = max(time.Second, l.Until.Sub(tx.Now))
			return nil
		}
		if last = tries >= maxTries; !last {
			return nil
		}
		l.Failures++
		wait = ratelimit.CoolDown(l.Failures)
		l.Until = tx.Now.Add(wait)
		return tx.LockPassphrase(recipient, l)
	})
	return wait, last, err
}
