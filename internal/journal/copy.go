package journal

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"letterlock/internal/audit"
	"letterlock/internal/host"
)

// ErrOther says that a copy has what the journal has not.
var ErrOther = errors.New("the copy has entries that the revocation journal has not")

// CopyTo brings the copy at path up to the journal, and returns how long it is, in
// bytes, once that is on the disk. A copy is the same bytes, so it can take the place of
// a lost journal as it is. One that has anything else is left alone: ErrOther.
//
// known is what the last call returned, or 0: so much of the copy is not read again, for
// it may be far away.
func (j *File) CopyTo(path string, known int64) (end int64, err error) {
	whole := j.whole()
	if end = whole.Size(); end == known {
		return end, nil
	}
	f, err := openFile(path, unix.O_RDWR|unix.O_CREAT)
	if err != nil {
		return 0, err
	}
	defer f.Close() // what matters was synced
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	there := info.Size()
	if there < known {
		known = 0 // it is another one
	}
	same, err := equal(io.NewSectionReader(f, known, there-known), io.NewSectionReader(whole, known, there-known))
	if err != nil {
		return 0, err
	}
	if !same {
		return 0, ErrOther
	}
	if _, err := io.Copy(io.NewOffsetWriter(f, there), io.NewSectionReader(whole, there, end-there)); err != nil {
		return 0, err
	}
	return end, errors.Join(f.Sync(), host.Sync(filepath.Dir(path)))
}

// whole reads the whole lines that there are now.
func (j *File) whole() *io.SectionReader {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.f == nil {
		return io.NewSectionReader(bytes.NewReader(nil), 0, 0)
	}
	return io.NewSectionReader(j.f, 0, j.end)
}

// equal reports whether two readers read the same.
func equal(a, b io.Reader) (bool, error) {
	one, other := make([]byte, 64<<10), make([]byte, 64<<10)
	for {
		n, err1 := io.ReadFull(a, one)
		m, err2 := io.ReadFull(b, other)
		if !bytes.Equal(one[:n], other[:m]) {
			return false, nil
		}
		if ended(err1) && ended(err2) {
			return true, nil
		}
		if err := errors.Join(err1, err2); err != nil {
			return false, err
		}
	}
}

func ended(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// End returns where the line of the entry with that number ends, in bytes; 0 if there
// is none.
func (j *File) End(seq int64) (end int64, err error) {
	err = j.read(func(_ sealed, r Row, e int64) error {
		if r.Seq == seq {
			end = e
			return errEnough
		}
		return nil
	})
	return end, err
}

// Lines calls f for each line that begins at from, in bytes, or behind it, without
// its end, and says where that is.
func (j *File) Lines(from int64, f func(line []byte, end int64) error) error {
	whole := j.whole()
	in := bufio.NewReaderSize(io.NewSectionReader(whole, from, whole.Size()-from), maxLine)
	for {
		line, err := in.ReadSlice('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("revocation journal: %w", err)
		}
		from += int64(len(line))
		if err := f(line[:len(line)-1], from); err != nil {
			return err
		}
	}
}

// A Witness is what somebody else knows of a journal: that it had an entry, and
// what that said.
type Witness struct {
	Of   string // where that is known
	Seq  int64
	Hash audit.Hash
	At   time.Time // when it was so
}

// WitnessOf is the last entry of a copy, or the zero Witness for one that is not
// there, empty, or not signed with one of the keys.
func WitnessOf(path string, keys audit.Keys) (Witness, error) {
	f, err := openFile(path, unix.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return Witness{}, nil
	}
	if err != nil {
		return Witness{}, err
	}
	defer f.Close() // it is only read
	text, _, err := host.LastLine(f, maxLine)
	if err != nil || text == nil {
		return Witness{}, err
	}
	s, r, err := parseLine(text)
	if err != nil || !s.ours(r, keys) {
		return Witness{}, nil
	}
	return Witness{Of: path, Seq: r.Seq, Hash: r.Hash, At: time.Unix(r.At, 0).UTC()}, nil
}

// Check returns a Fault if a witness has seen an entry that is not there, or is
// another one, and no operator has accepted that since.
func (j *File) Check(w Witness) error {
	j.mu.Lock()
	seq, accepted := j.seq, j.accepted
	j.mu.Unlock()
	if w.Seq == 0 || w.At.Unix() <= accepted {
		return nil
	}
	if w.Seq > seq {
		return &Fault{Path: j.path, Says: fmt.Sprintf("ends with entry %d, and %s knows of entry %d: its end was lost", seq, w.Of, w.Seq)}
	}
	hash, err := j.HashAt(w.Seq)
	if err == nil && !bytes.Equal(hash, w.Hash) {
		err = &Fault{Path: j.path, Line: w.Seq, Says: "it says something else than " + w.Of + " knows"}
	}
	return err
}
