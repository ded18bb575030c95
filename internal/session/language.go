package session

import (
	"context"
	"errors"

	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// Speak remembers in which language somebody reads who has proved their mailbox: pages
// and mails are in it from then on. What it was before is not written again.
func (s *Service) Speak(ctx context.Context, by letterlock.Actor, tag string) error {
	if by.Kind != letterlock.Reader || by.Address == "" || by.Proof == letterlock.ByRelease {
		return &letterlock.Error{Code: letterlock.Denied}
	}
	if _, ok := language.Find(tag); !ok {
		return &letterlock.Error{Code: letterlock.Invalid, Key: "language"}
	}
	if spoken, err := s.Spoken(ctx, by.Address); err != nil || spoken == tag {
		return err
	}
	return s.DB.Write(ctx, func(tx *store.Tx) error { return tx.PutLanguage(by.Address, tag) })
}

// Spoken returns the tag of the language in which the holder of an address reads; empty:
// they have chosen none.
func (s *Service) Spoken(ctx context.Context, a letterlock.Address) (tag string, err error) {
	err = s.DB.Read(ctx, func(tx *store.Tx) (err error) {
		tag, err = tx.LanguageOf(a)
		return err
	})
	if errors.Is(err, letterlock.NotFound) {
		return "", nil
	}
	return tag, err
}
