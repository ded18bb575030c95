// Package vault keeps mails sealed: it seals a mail chunk by chunk as it streams
// in, and opens it again, part by part, for whoever holds a key.
//
// A mail is stored once, as it came. Neither the mail nor an attachment is ever
// whole in memory, and nothing of it touches the disk in the clear.
package vault

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"letterlock/internal/eml"
	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
	"letterlock/internal/store"
)

// A Vault seals mails into a database and opens them.
type Vault struct {
	DB     *store.DB
	Keys   *seal.Keyring
	Limits eml.Limits
}

// flushAt is how many bytes of sealed chunks wait in memory for the next short
// transaction.
const flushAt = 1 << 20

// An Incoming is a mail that was sealed and is not accepted yet: nobody can see
// it, and Accept or Abandon ends it.
type Incoming struct {
	ID    letterlock.ID
	Index *eml.Index
	Hash  []byte // SHA-256 of the mail as it came

	key    seal.DataKey
	head   []byte
	size   int64 // of the sealed stream
	began  bool  // the database knows of it
	next   int   // sequence number of the first waiting chunk
	waits  [][]byte
	bytes  int
	vault  *Vault
	digest hash.Hash
}

// Receive reads a mail to its end, sealing it on the way. The chunks of a large
// mail go to the database by short transactions, so that a slow sender never
// holds the writer. On an error nothing is left behind.
func (v *Vault) Receive(ctx context.Context, mail io.Reader) (*Incoming, error) {
	return v.ReceiveUnder(ctx, mail, v.Limits)
}

// ReceiveUnder is Receive under limits of the mail's own.
func (v *Vault) ReceiveUnder(ctx context.Context, mail io.Reader, limits eml.Limits) (*Incoming, error) {
	in := &Incoming{ID: letterlock.NewID(), vault: v, digest: sha256.New()}
	if err := in.receive(ctx, mail, limits); err != nil {
		in.Abandon(context.WithoutCancel(ctx))
		return nil, err
	}
	return in, nil
}

func (in *Incoming) receive(ctx context.Context, mail io.Reader, limits eml.Limits) error {
	w, err := seal.NewMailWriter(in)
	if err != nil {
		return err
	}
	in.key = w.Key()
	indexer := eml.NewIndexer(limits)
	to := io.MultiWriter(indexer, in.digest, w)
	buf := make([]byte, 32<<10)
	for {
		n, err := mail.Read(buf)
		if _, werr := to.Write(buf[:n]); werr != nil {
			return werr
		}
		if ferr := in.flushFull(ctx); ferr != nil {
			return ferr
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	clear(buf)
	if in.Index, err = indexer.Close(); err != nil {
		return err
	}
	in.Hash = in.digest.Sum(nil)
	return w.Close()
}

// Head takes the head of the sealed stream.
func (in *Incoming) Head(p []byte) error {
	in.head = bytes.Clone(p)
	in.size += int64(len(p))
	return nil
}

// Chunk takes the next chunk of the sealed stream.
func (in *Incoming) Chunk(p []byte) error {
	in.waits = append(in.waits, bytes.Clone(p))
	in.bytes += len(p)
	in.size += int64(len(p))
	return nil
}

func (in *Incoming) flushFull(ctx context.Context) error {
	if in.bytes < flushAt {
		return nil
	}
	return in.vault.DB.Write(ctx, in.flush)
}

// flush stores the waiting chunks.
func (in *Incoming) flush(tx *store.Tx) error {
	if !in.began {
		if err := tx.BeginMessage(in.ID); err != nil {
			return err
		}
	}
	if err := in.addWaiting(tx); err != nil {
		return err
	}
	in.began = true
	in.next += len(in.waits)
	in.waits, in.bytes = nil, 0
	return nil
}

// addWaiting stores the waiting chunks. It leaves them waiting, for the
// transaction may still fail.
func (in *Incoming) addWaiting(tx *store.Tx) error {
	for i, c := range in.waits {
		if err := tx.AddChunk(in.ID, in.next+i, c); err != nil {
			return err
		}
	}
	return nil
}

// Mail opens the mail for whoever must look into it before it is accepted. Its reader
// ends with ctx, and with Accept and Abandon; it must not be read in a transaction.
func (in *Incoming) Mail(ctx context.Context) *Mail {
	k := Key{id: in.ID, key: in.key, sealed: store.Sealed{Head: in.head, Size: in.size}}
	return &Mail{Index: in.Index, Raw: rawOf(ctx, k, func(seq int64) (chunk []byte, err error) {
		if waits := seq - int64(in.next); waits >= 0 {
			if waits >= int64(len(in.waits)) {
				return nil, io.ErrUnexpectedEOF
			}
			return in.waits[waits], nil
		}
		err = in.vault.DB.Read(ctx, func(tx *store.Tx) error {
			chunk, err = tx.IncomingChunk(in.ID, seq)
			return err
		})
		return chunk, err
	})}
}

// Accept makes the mail a message, within the caller's transaction, and gives
// its sender a key. m.ID and m.Size are set from the mail.
func (in *Incoming) Accept(tx *store.Tx, m letterlock.Message) error {
	index, err := json.Marshal(in.Index)
	if err != nil {
		return err
	}
	m.ID, m.Size = in.ID, in.Index.Size
	s := store.Sealed{Head: in.head, Size: in.size, Index: in.key.SealIndex(in.ID, index)}
	// A mail that fitted into memory was never begun, and is written once.
	if in.began {
		err = errors.Join(in.flush(tx), tx.AcceptMessage(m, in.Hash, s))
	} else {
		err = errors.Join(tx.AddMessage(m, in.Hash, s), in.addWaiting(tx))
	}
	if err != nil {
		return err
	}
	return in.Grant(tx, store.SenderCopy)
}

// Grant gives holder a key to the mail, within the caller's transaction.
func (in *Incoming) Grant(tx *store.Tx, holder seal.Holder) error {
	return in.vault.grant(tx, in.key, in.ID, holder)
}

func (v *Vault) grant(tx *store.Tx, key seal.DataKey, id letterlock.ID, holder seal.Holder) error {
	wrapped := v.Keys.Wrap(key, id, holder)
	return tx.Grant(id, holder, seal.EpochOf(wrapped), wrapped)
}

// Abandon removes what was stored of the mail. If that fails, the sweeper does
// it later.
func (in *Incoming) Abandon(ctx context.Context) {
	if !in.began {
		return
	}
	if err := in.vault.DB.Write(ctx, func(tx *store.Tx) error { return tx.AbandonMessage(in.ID) }); err == nil {
		_ = in.vault.removeAbandoned(ctx)
	}
}

// Sweep removes what came in and was never accepted: what was abandoned, and what
// began so long ago that nobody sends it any more.
func (v *Vault) Sweep(ctx context.Context) error {
	err := v.DB.Write(ctx, func(tx *store.Tx) error { return tx.AbandonOld(tx.Now.Add(-abandonAfter)) })
	if err != nil {
		return err
	}
	return v.removeAbandoned(ctx)
}

const (
	abandonAfter = 24 * time.Hour // an incoming mail whose sender went away
	sweepStep    = 32             // chunks that are removed in one transaction
)

func (v *Vault) removeAbandoned(ctx context.Context) (err error) {
	for more := true; more && err == nil; {
		err = v.DB.Write(ctx, func(tx *store.Tx) (err error) { more, err = tx.RemoveAbandoned(sweepStep); return err })
	}
	return err
}

// Regrant gives holder a key again, taken from the sender's copy.
func (v *Vault) Regrant(tx *store.Tx, id letterlock.ID, holder seal.Holder) error {
	key, err := v.unwrap(tx, id, store.SenderCopy)
	if err != nil {
		return err
	}
	return v.grant(tx, key, id, holder)
}

func (v *Vault) unwrap(tx *store.Tx, id letterlock.ID, holder seal.Holder) (seal.DataKey, error) {
	wrapped, err := tx.Wrapped(id, holder)
	if err != nil {
		return seal.DataKey{}, err
	}
	key, err := v.Keys.Unwrap(wrapped, id, holder)
	if err != nil {
		return seal.DataKey{}, fmt.Errorf("key of message %s: %w", id, err)
	}
	return key, nil
}

// A Mail is an opened mail: its index, and its raw bytes at any place. Each
// chunk is read from the database only while the holder's key still exists
// there, so that what was opened before a revocation ends with it.
type Mail struct {
	Index *eml.Index
	Raw   io.ReaderAt
}

// A Key is what Find gets out of the database: enough to open a mail.
type Key struct {
	id     letterlock.ID
	holder seal.Holder
	key    seal.DataKey
	sealed store.Sealed
}

// Find returns holder's key to a message, or NotFound when there is none.
func (v *Vault) Find(tx *store.Tx, id letterlock.ID, holder seal.Holder) (Key, error) {
	key, err := v.unwrap(tx, id, holder)
	if err != nil {
		return Key{}, err
	}
	s, err := tx.Sealed(id)
	return Key{id: id, holder: holder, key: key, sealed: s}, err
}

// Open opens the mail that k belongs to. Its reader ends with ctx. It must not
// be called inside a transaction: reading takes transactions of its own.
func (v *Vault) Open(ctx context.Context, k Key) (*Mail, error) {
	text, err := k.key.OpenIndex(k.id, k.sealed.Index)
	if err != nil {
		return nil, fmt.Errorf("index of message %s: %w", k.id, err)
	}
	var index eml.Index
	if err := json.Unmarshal(text, &index); err != nil {
		return nil, fmt.Errorf("index of message %s: %w", k.id, err)
	}
	return &Mail{Index: &index, Raw: rawOf(ctx, k, v.fetch(ctx, k))}, nil
}

// rawOf reads the mail that k belongs to, from chunks that fetch gets.
func rawOf(ctx context.Context, k Key, fetch func(seq int64) ([]byte, error)) io.ReaderAt {
	return &lazyMail{src: &chunkReader{ctx: ctx, fetch: fetch, key: k, seq: -1}}
}

// fetch gets chunks from the database, as long as the holder of k has a key there.
func (v *Vault) fetch(ctx context.Context, k Key) func(seq int64) ([]byte, error) {
	return func(seq int64) (chunk []byte, err error) {
		err = v.DB.Read(ctx, func(tx *store.Tx) error {
			chunk, err = tx.Chunk(k.id, seq, k.holder)
			return err
		})
		return chunk, err
	}
}

// A lazyMail opens the sealed stream when its first byte is asked for: many
// pages need the index alone. It is for one reader at a time.
type lazyMail struct {
	src *chunkReader
	raw io.ReaderAt
}

func (m *lazyMail) ReadAt(p []byte, off int64) (int, error) {
	if m.raw == nil {
		k := m.src.key
		raw, _, err := seal.OpenMail(k.key, m.src, k.sealed.Size)
		if err != nil {
			return 0, fmt.Errorf("mail of message %s: %w", k.id, err)
		}
		m.raw = raw
	}
	return m.raw.ReadAt(p, off)
}

// A chunkReader reads a sealed stream: the head, then the chunks. It keeps the last
// chunk, and is for one reader at a time.
type chunkReader struct {
	ctx   context.Context
	fetch func(seq int64) ([]byte, error)
	key   Key
	seq   int64
	chunk []byte
}

func (r *chunkReader) ReadAt(p []byte, off int64) (n int, err error) {
	head := r.key.sealed.Head
	for n < len(p) {
		at := off + int64(n)
		switch {
		case at >= r.key.sealed.Size:
			return n, io.EOF
		case at < int64(len(head)):
			n += copy(p[n:], head[at:])
		default:
			at -= int64(len(head))
			if err := r.load(at / seal.ChunkSize); err != nil {
				return n, err
			}
			inside := at % seal.ChunkSize
			if inside >= int64(len(r.chunk)) {
				return n, io.ErrUnexpectedEOF
			}
			n += copy(p[n:], r.chunk[inside:])
		}
	}
	return n, nil
}

func (r *chunkReader) load(seq int64) error {
	// A context that has ended must end the reading for certain: the database has
	// the choice between a free connection and the end of the context.
	if err := r.ctx.Err(); err != nil {
		return &letterlock.Error{Code: letterlock.Busy, Err: err}
	}
	if seq == r.seq {
		return nil
	}
	chunk, err := r.fetch(seq)
	if err == nil {
		r.seq, r.chunk = seq, chunk
	}
	return err
}
