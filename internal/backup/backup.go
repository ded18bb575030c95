package backup

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"filippo.io/age"

	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
	"letterlock/internal/store"
)

// A Service makes backups of a database that works. It is safe for concurrent use.
type Service struct {
	DB      *store.DB
	Signer  seal.Signer
	Version string // of the program
	Host    string // of the portal
	// Recipients can open backups for which nobody else is named.
	Recipients []string
	// Spare is how much of the disk a copy leaves free, in bytes.
	Spare int64

	making sync.Mutex
}

// Begin records that a backup is made and returns what writes it, encrypted to the
// recipients, or to those of the settings if there are none. Denied "role" for
// whoever is no administrator; Invalid "backup-recipients"; Busy "backup" while
// another one is made.
//
// The function that it returns must be called, once. It writes as it goes, in flat
// memory; when it fails, what was written is no backup, and cannot be read as one.
func (s *Service) Begin(ctx context.Context, by letterlock.Actor, to []string) (func(w io.Writer) error, error) {
	entry := letterlock.Entry{Actor: by, Action: "make backup"}
	if len(to) == 0 {
		to = s.Recipients
	}
	readers, err := ParseRecipients(to)
	if !by.Is(letterlock.Admin) {
		err = &letterlock.Error{Code: letterlock.Denied, Key: "role"}
	}
	if err != nil {
		if by.Kind != letterlock.Nobody {
			entry.Reason = letterlock.KeyOf(err)
			err = errors.Join(err, s.DB.Write(ctx, func(tx *store.Tx) error { return tx.Audit(entry) }))
		}
		return nil, err
	}
	if !s.making.TryLock() {
		return nil, &letterlock.Error{Code: letterlock.Busy, Key: "backup"}
	}
	entry.Target, entry.Allowed = strings.Join(to, " "), true
	// The journal first: the copy is to know that the file had everything, so that a
	// restore misses whatever the file has lost since.
	err = s.DB.ConfirmJournal(ctx)
	if err == nil {
		err = s.DB.Write(ctx, func(tx *store.Tx) error { return tx.Audit(entry) })
	}
	if err != nil {
		s.making.Unlock()
		return nil, err
	}
	return func(w io.Writer) error {
		defer s.making.Unlock()
		return s.write(ctx, w, readers)
	}, nil
}

func (s *Service) write(ctx context.Context, w io.Writer, to []age.Recipient) error {
	secret, err := age.Encrypt(w, to...)
	if err != nil {
		return err
	}
	out := tar.NewWriter(secret)
	err = s.DB.WithCopy(ctx, s.Spare, func(path string) error {
		facts, err := store.FactsOf(ctx, path)
		if err != nil {
			return err
		}
		m := Manifest{Format: format, Made: s.DB.Clock(), Version: s.Version, Host: s.Host, Facts: facts}
		piece, err := putFile(ctx, out, path)
		if err != nil {
			return err
		}
		m.Pieces = []Piece{piece}
		return s.putManifest(out, m)
	})
	if err != nil {
		return fmt.Errorf("making a backup: %w", err)
	}
	return errors.Join(out.Close(), secret.Close())
}

func putFile(ctx context.Context, out *tar.Writer, path string) (Piece, error) {
	f, err := os.Open(path)
	if err != nil {
		return Piece{}, err
	}
	defer f.Close() // it was only read
	info, err := f.Stat()
	if err != nil {
		return Piece{}, err
	}
	return put(out, databaseName, info.Size(), &until{ctx, f})
}

func (s *Service) putManifest(out *tar.Writer, m Manifest) error {
	m, err := m.signed(s.Signer)
	if err != nil {
		return err
	}
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	_, err = put(out, manifestName, int64(len(text)), bytes.NewReader(text))
	return err
}

// An until reads until its context ends.
type until struct {
	ctx  context.Context
	from io.Reader
}

func (u *until) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.from.Read(p)
}
