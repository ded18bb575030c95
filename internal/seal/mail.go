package seal

import (
	"errors"
	"io"
	"log/slog"

	"letterlock/internal/letterlock"

	"filippo.io/age"
)

// ChunkSize is the length of a full sealed chunk: 64 KiB of mail and its tag.
// Only the last chunk of a mail is shorter.
const ChunkSize = 64*1024 + 16

const dataKeySize = 16 // of age's file key

// A DataKey opens one message. It prints as a mask.
type DataKey struct{ key [dataKeySize]byte }

func (DataKey) String() string       { return "[key]" }
func (DataKey) GoString() string     { return "[key]" }
func (DataKey) LogValue() slog.Value { return slog.StringValue("[key]") }

// A Sink takes a sealed mail: its head once, then its chunks in order. It must
// not keep the slices.
type Sink interface {
	Head([]byte) error
	Chunk([]byte) error
}

// A MailWriter seals what is written to it. Close must be called: without it the
// end is missing and the mail cannot be opened.
type MailWriter struct {
	key    DataKey
	stream io.WriteCloser
}

// NewMailWriter starts sealing a mail under a fresh data key.
//
// The stream is an age file whose only stanza is empty: age makes the file key,
// captures hands it to us, and it is kept wrapped outside the stream. age's
// STREAM construction detects reordered, changed and missing chunks.
func NewMailWriter(to Sink) (*MailWriter, error) {
	c := &captured{}
	w := &cutter{to: to}
	stream, err := age.Encrypt(w, c)
	if err != nil {
		return nil, err
	}
	if err := to.Head(w.head); err != nil {
		return nil, err
	}
	w.inChunks = true
	return &MailWriter{key: DataKey{c.key}, stream: stream}, nil
}

// Key returns the data key of the mail.
func (w *MailWriter) Key() DataKey { return w.key }

func (w *MailWriter) Write(p []byte) (int, error) { return w.stream.Write(p) }

// Close seals the rest of the mail and its end.
func (w *MailWriter) Close() error { return w.stream.Close() }

// captured is the age recipient that keeps the file key instead of wrapping it.
type captured struct{ key [dataKeySize]byte }

func (c *captured) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	if len(fileKey) != dataKeySize {
		return nil, errors.New("seal: internal error: unexpected length of the file key")
	}
	copy(c.key[:], fileKey)
	return []*age.Stanza{{Type: "letterlock-v1"}}, nil
}

// A cutter gathers what age writes before its first chunk as the head, and hands
// on every write after that as a chunk: age writes each chunk in one piece.
type cutter struct {
	to       Sink
	head     []byte
	inChunks bool
}

func (c *cutter) Write(p []byte) (int, error) {
	if !c.inChunks {
		c.head = append(c.head, p...)
		return len(p), nil
	}
	if len(p) > ChunkSize {
		return 0, errors.New("seal: internal error: chunk too long")
	}
	return len(p), c.to.Chunk(p)
}

// OpenMail opens a sealed mail of size bytes for reading at any place, and
// returns the length of the mail. src holds the head with all chunks behind it.
// A read that fails with ErrTampered means damage or a wrong key; errors of src
// are passed on. It is for one reader at a time.
func OpenMail(d DataKey, src io.ReaderAt, size int64) (io.ReaderAt, int64, error) {
	s := &source{src: src}
	r, n, err := age.DecryptReaderAt(s, size, age.NewInjectedFileKeyIdentity(d.key[:]))
	if err != nil {
		return nil, 0, s.blame(err)
	}
	return &opened{r, s}, n, nil
}

// A source remembers the first error of what it reads from, because age wraps it
// into its own in ways that differ from place to place.
type source struct {
	src io.ReaderAt
	err error
}

func (s *source) ReadAt(p []byte, off int64) (int, error) {
	n, err := s.src.ReadAt(p, off)
	if err != nil && err != io.EOF && s.err == nil {
		s.err = err
	}
	return n, err
}

// blame says whose fault a failure is: that of the source, or the ciphertext's.
func (s *source) blame(err error) error {
	if s.err != nil {
		return s.err
	}
	return errors.Join(ErrTampered, err)
}

type opened struct {
	r   io.ReaderAt
	src *source
}

func (o *opened) ReadAt(p []byte, off int64) (int, error) {
	n, err := o.r.ReadAt(p, off)
	if err != nil && err != io.EOF {
		err = o.src.blame(err)
	}
	return n, err
}

// SealIndex encrypts the index of a message's parts under its data key.
func (d DataKey) SealIndex(message letterlock.ID, index []byte) []byte {
	return d.forIndex().close(string(message), index)
}

// OpenIndex decrypts what SealIndex made for the same message.
func (d DataKey) OpenIndex(message letterlock.ID, sealed []byte) ([]byte, error) {
	return d.forIndex().open(string(message), sealed)
}

func (d DataKey) forIndex() secret {
	var s secret
	copy(s[:], d.key[:])
	return s.derive(nil, "letterlock/v1/index")
}
