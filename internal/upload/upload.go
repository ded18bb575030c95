// Package upload takes files into a message that is still being written: piece by
// piece, so that a line that breaks costs no more than what was under way.
//
// An upload belongs to an account and to no message; that of a recipient who answers
// belongs to their mailbox, and goes with answers to one message alone. It is sealed as it arrives,
// under a key of its own, and nothing of it touches the disk in the clear. What is
// neither sent nor discarded is gone after a day.
package upload

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
	"letterlock/internal/store"
)

// Bounds of what one account may have under way.
const (
	MaxFiles = 100            // files
	maxName  = 1000           // bytes of a name
	keptFor  = 24 * time.Hour // since something came last
	idleFor  = time.Hour      // likewise; then it makes room for others
)

// A Service takes files, keeps them and lets them go. It is safe for concurrent
// use.
type Service struct {
	DB   *store.DB
	Keys *seal.Keyring
	Most int64 // bytes of one account's uploads together, as announced
	// Room returns an error while no new bytes may be stored, as host.Reserve does;
	// nil: there is always room.
	Room func() error

	about letterlock.ID // what recipients answer; empty: only accounts have uploads here
}

// About is the service for recipients who answer a message. It does not ask whether
// they may: whoever calls it does, each time.
func (s *Service) About(id letterlock.ID) *Service {
	of := *s
	of.about = id
	return &of
}

// owner names whose an upload is. It is no mail address for a recipient, so that
// an account of the same address has other uploads.
func (s *Service) owner(by letterlock.Actor) (letterlock.Address, error) {
	switch {
	case by.Address == "":
	case s.about == "" && by.Is(letterlock.Sender):
		return by.Address, nil
	case s.about != "" && by.Kind == letterlock.Reader:
		return "reader " + by.Address, nil
	}
	return "", &letterlock.Error{Code: letterlock.Denied}
}

// A File is what is known of an upload.
type File struct {
	ID       letterlock.ID
	Name     string
	Type     string // as the browser says
	Size     int64  // bytes, as announced
	Received int64  // bytes that have arrived
}

// Whole reports whether all of the file has arrived.
func (f File) Whole() bool { return f.Received == f.Size }

// head is what is sealed of a file beside its bytes.
type head struct {
	Name  string        `json:"n"`
	Type  string        `json:"t"`
	About letterlock.ID `json:"a,omitempty"` // the message that it goes with an answer to
}

// headPlace is the place of the head among the pieces.
const headPlace = -1

// Begin announces a file of size bytes, of which nothing has arrived. The errors are
//
//   - Denied: who asks is no sender, nor a recipient who answers;
//   - Invalid "upload": the name or the size is none;
//   - TooLarge "uploads": the account has too much under way;
//   - Busy "disk": there is no room.
//
// When the account has too much under way, what has been idle for an hour makes
// room: windows get closed over files that were never sent.
func (s *Service) Begin(ctx context.Context, by letterlock.Actor, name, kind string, size int64) (File, error) {
	owner, err := s.owner(by)
	if err != nil {
		return File{}, err
	}
	if size < 0 || name == "" || len(name) > maxName || len(kind) > maxName {
		return File{}, &letterlock.Error{Code: letterlock.Invalid, Key: "upload"}
	}
	if err := s.tidy(ctx); err != nil {
		return File{}, err
	}
	if err := s.room(); err != nil {
		return File{}, err
	}
	f := File{ID: letterlock.NewID(), Name: strings.ToValidUTF8(name, "\uFFFD"), Type: strings.ToValidUTF8(kind, ""), Size: size}
	text, err := json.Marshal(head{f.Name, f.Type, s.about})
	if err != nil {
		return File{}, err
	}
	key := seal.NewDataKey()
	u := store.Upload{
		ID: f.ID, Account: owner,
		Head: key.SealPiece(f.ID, headPlace, size, text), Size: size,
	}
	err = s.DB.Write(ctx, func(tx *store.Tx) error {
		if err := s.makeRoom(tx, owner, size); err != nil {
			return err
		}
		u.Wrapped = s.Keys.Wrap(key, f.ID, store.UploadCopy)
		u.Epoch = seal.EpochOf(u.Wrapped)
		return tx.AddUpload(u)
	})
	if err != nil {
		return File{}, err
	}
	return f, nil
}

func (s *Service) room() error {
	if s.Room == nil {
		return nil
	}
	return s.Room()
}

// makeRoom checks that an account may have size bytes more under way.
func (s *Service) makeRoom(tx *store.Tx, account letterlock.Address, size int64) error {
	fits := func() (bool, error) {
		n, bytes, err := tx.UploadTotals(account)
		return n < MaxFiles && size <= s.Most-bytes, err
	}
	ok, err := fits()
	if ok || err != nil {
		return err
	}
	if err := tx.ReleaseIdleUploads(account, tx.Now.Add(-idleFor)); err != nil {
		return err
	}
	if ok, err = fits(); ok || err != nil {
		return err
	}
	return &letterlock.Error{Code: letterlock.TooLarge, Key: "uploads"}
}

// An opened is an upload with its key.
type opened struct {
	File
	account letterlock.Address
	key     seal.DataKey
}

// Find returns an account's upload. Another account's is NotFound, as is one that
// was discarded, sent or left alone for a day.
func (s *Service) Find(ctx context.Context, by letterlock.Actor, id letterlock.ID) (File, error) {
	u, err := s.find(ctx, by, id)
	return u.File, err
}

func (s *Service) find(ctx context.Context, by letterlock.Actor, id letterlock.ID) (u opened, err error) {
	if u.account, err = s.owner(by); err != nil {
		return u, err
	}
	var row store.Upload
	err = s.DB.Read(ctx, func(tx *store.Tx) (err error) {
		if row, err = tx.Upload(id, u.account); err != nil {
			return err
		}
		u.key, err = s.Keys.Unwrap(row.Wrapped, id, store.UploadCopy)
		return err
	})
	if err != nil {
		return u, err
	}
	text, err := u.key.OpenPiece(id, headPlace, row.Size, row.Head)
	if err != nil {
		return u, err
	}
	var h head
	if err := json.Unmarshal(text, &h); err != nil {
		return u, err
	}
	if h.About != s.about {
		return u, &letterlock.Error{Code: letterlock.NotFound}
	}
	u.File = File{ID: id, Name: h.Name, Type: h.Type, Size: row.Size, Received: row.Received}
	return u, nil
}

// Discard lets go of an account's uploads: they are sent, or not wanted. What is
// not there is no error. Their keys are gone when it returns, their bytes soon
// after.
func (s *Service) Discard(ctx context.Context, by letterlock.Actor, ids ...letterlock.ID) error {
	owner, err := s.owner(by)
	if err != nil || len(ids) == 0 {
		return err
	}
	return s.DB.Write(ctx, func(tx *store.Tx) (err error) {
		for _, id := range ids {
			err = errors.Join(err, tx.ReleaseUpload(id, owner))
		}
		return err
	})
}

// tidy removes what was let go when there is much of it, before more may come: who
// sends and discards again and again does the sweeper's work themselves.
func (s *Service) tidy(ctx context.Context) error {
	var bytes int64
	err := s.DB.Read(ctx, func(tx *store.Tx) (err error) { _, bytes, err = tx.UploadTotals(nobody); return err })
	if err != nil || bytes <= s.Most {
		return err
	}
	return s.removeReleased(ctx)
}

// nobody is whose an upload is that was let go.
const nobody = letterlock.Address("")

func (s *Service) removeReleased(ctx context.Context) (err error) {
	for more := true; more && err == nil; {
		err = s.DB.Write(ctx, func(tx *store.Tx) (err error) { more, err = tx.RemoveReleased(sweepStep); return err })
	}
	return err
}

// sweepStep is how many pieces are removed in one transaction.
const sweepStep = 32

// Sweep lets go of what nothing has come to for a day, and removes the bytes of
// everything that was let go.
func (s *Service) Sweep(ctx context.Context) error {
	err := s.DB.Write(ctx, func(tx *store.Tx) error { return tx.ReleaseOldUploads(tx.Now.Add(-keptFor)) })
	if err != nil {
		return err
	}
	return s.removeReleased(ctx)
}
