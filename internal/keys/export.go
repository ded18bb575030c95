package keys

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"

	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
	"letterlock/internal/store"
)

// maxExport is more than an export of keys ever has, in bytes.
const maxExport = 16 << 20

// Export writes the keys of the data folder, encrypted to an age recipient. Those of
// epochs are encrypted under the master key besides, which is not among them. What
// is exported is noted before it leaves.
func (s *Service) Export(ctx context.Context, by letterlock.Actor, to string, out io.Writer) error {
	if !by.Is(letterlock.Admin) {
		return errRole
	}
	recipients, err := age.ParseRecipients(strings.NewReader(to))
	if err != nil {
		return &letterlock.Error{Code: letterlock.Invalid, Key: "recipient-key", Err: errors.New("that is no recipient of age: they begin with age1")}
	}
	s.mu.Lock() // so that no epoch ends in between
	defer s.mu.Unlock()
	bundle, err := s.Files.Bundle()
	if err != nil {
		return err
	}
	err = s.DB.Write(ctx, func(tx *store.Tx) error {
		return tx.Audit(letterlock.Entry{Actor: by, Action: "export keys", Target: target(s.Ring.Epoch()), Allowed: true})
	})
	if err != nil {
		return err
	}
	w, err := age.Encrypt(out, recipients...)
	if err != nil {
		return err
	}
	return errors.Join(json.NewEncoder(w).Encode(bundle), w.Close())
}

// Opened reads an export with one of the identities that open it.
func Opened(export io.Reader, ids []age.Identity) (b seal.Bundle, err error) {
	r, err := age.Decrypt(export, ids...)
	if err != nil {
		return b, fmt.Errorf("opening the export: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(r, maxExport))
	if err != nil {
		return b, fmt.Errorf("opening the export: %w", err)
	}
	return b, json.Unmarshal(text, &b)
}
