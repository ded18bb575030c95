package account

import (
	"context"
	"errors"

	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// Speak remembers in which language the holder of an account reads, who is signed in: pages
// and mails are in it from then on. What it was before is not written again.
func (s *Service) Speak(ctx context.Context, by letterlock.Actor, tag string) error {
	if by.Kind != letterlock.Staff || by.Address == "" {
		return &letterlock.Error{Code: letterlock.Denied}
	}
	if _, ok := language.Find(tag); !ok {
		return &letterlock.Error{Code: letterlock.Invalid, Key: "language"}
	}
	if spoken, err := s.Spoken(ctx, by.Address); err != nil || spoken == tag {
		return err
	}
	return s.DB.Write(ctx, func(tx *store.Tx) error { return tx.PutAccountLanguage(by.Address, tag) })
}

// Spoken returns the tag of the language in which the holder of an account reads; empty: it
// is not known.
func (s *Service) Spoken(ctx context.Context, a letterlock.Address) (tag string, err error) {
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		tag, err = tx.AccountLanguage(a)
		return err
	})
	if errors.Is(err, letterlock.NotFound) {
		return "", nil
	}
	return tag, err
}

// speakAtFirst remembers a language for an account of which none is known, if there are texts
// in it.
func speakAtFirst(tx *store.Tx, a letterlock.Address, tag string) error {
	spoken, err := tx.AccountLanguage(a)
	if _, ok := language.Find(tag); err != nil || spoken != "" || !ok {
		return err
	}
	return tx.PutAccountLanguage(a, tag)
}
