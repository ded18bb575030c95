package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"

	"letterlock/internal/audit"
	"letterlock/internal/eml"
	"letterlock/internal/host"
	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
	"letterlock/internal/store"
	"letterlock/internal/vault"
)

// sampleSize is how many messages of a backup Verify opens to their last byte.
const sampleSize = 100

// A Report is what Verify found.
type Report struct {
	Manifest Manifest `json:"manifest"`
	Rows     int64    `json:"audit_rows"` // whose chain fits
	Opened   int      `json:"opened"`     // messages, to their last byte
}

// Verify restores a backup into a folder of its own inside dir, looks at every page
// of its database and at its audit log, and opens messages with the keys: up to 100,
// drawn by lot. The folder is removed whatever happens; if the process is killed, by the
// next Verify there or by [Sweep]. The error is of the first thing that is wrong; Invalid
// "backup-keys" says that a message could not be opened.
// spare is how much of the disk is left free, in bytes.
func Verify(ctx context.Context, dir string, spare int64, from io.Reader, ids []age.Identity, keys seal.Keys) (r Report, err error) {
	if _, err := Sweep(dir); err != nil {
		return r, err
	}
	place, err := os.MkdirTemp(dir, restored)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(place)) }()
	lock, err := host.LockFolder(place)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	data := filepath.Join(place, "data")
	if r.Manifest, err = restore(ctx, data, spare, from, ids); err != nil {
		return r, err
	}
	if !r.Manifest.SignedBy(audit.KeysOf(keys.Audit.Public())) {
		return r, errBroken("it was not made by this installation: another key signed it")
	}
	db, err := store.Open(ctx, data, time.Now)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.Read(ctx, func(tx *store.Tx) error { r.Rows, err = tx.VerifyAudit(); return err }); err != nil {
		return r, err
	}
	sample, err := draw(ctx, db)
	if err != nil {
		return r, err
	}
	v := &vault.Vault{DB: db, Keys: keys.Ring, Limits: eml.Limits{}}
	for _, m := range sample {
		if err := open(ctx, v, m); err != nil {
			return r, &letterlock.Error{Code: letterlock.Invalid, Key: "backup-keys", Err: fmt.Errorf("message %s cannot be opened with these keys: %w", m.ID, err)}
		}
		r.Opened++
	}
	return r, nil
}

// restored is how the names of folders begin that Verify makes.
const restored = "restored-"

// Sweep removes what a Verify has left in a folder whose process was killed, and
// returns the names: subjects lie there in the clear, also of what is destroyed
// meanwhile.
func Sweep(dir string) (removed []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		info, err := e.Info()
		if !strings.HasPrefix(e.Name(), restored) || err != nil || !info.IsDir() || time.Since(info.ModTime()) < justMade {
			continue // not one of ours, or gone, or about to be locked
		}
		place := filepath.Join(dir, e.Name())
		lock, err := host.LockFolder(place)
		if err != nil {
			continue // somebody is at work there
		}
		if err := errors.Join(os.RemoveAll(place), lock.Release()); err != nil {
			return removed, err
		}
		removed = append(removed, place)
	}
	return removed, nil
}

// justMade is how long a Verify may take between making its folder and locking it.
const justMade = time.Minute

// draw picks messages that can be opened, each with the same chance.
func draw(ctx context.Context, db *store.DB) (sample []letterlock.Message, err error) {
	const page = 200
	seen := 0
	for before := int64(0); ; {
		var list []store.SentMessage
		err := db.Read(ctx, func(tx *store.Tx) (err error) { list, err = tx.Find(letterlock.Search{}, before, page); return err })
		if err != nil {
			return nil, err
		}
		for _, m := range list {
			before = m.Message.Seq
			if m.Message.Destroyed {
				continue
			}
			if seen++; len(sample) < sampleSize {
				sample = append(sample, m.Message)
			} else if i := rand.IntN(seen); i < sampleSize {
				sample[i] = m.Message
			}
		}
		if len(list) < page {
			return sample, nil
		}
	}
}

// open reads a message to its last byte, by its sender's copy of the key. The
// encryption shows whether it is whole.
func open(ctx context.Context, v *vault.Vault, m letterlock.Message) error {
	var key vault.Key
	err := v.DB.Read(ctx, func(tx *store.Tx) (err error) { key, err = v.Find(tx, m.ID, store.SenderCopy); return err })
	if err != nil {
		return err
	}
	mail, err := v.Open(ctx, key)
	if err != nil {
		return err
	}
	n, err := io.Copy(io.Discard, io.NewSectionReader(mail.Raw, 0, mail.Index.Size))
	if err == nil && n != mail.Index.Size {
		err = io.ErrUnexpectedEOF
	}
	return err
}
