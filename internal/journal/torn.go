package journal

import (
	"bytes"
	"errors"
	"io"

	"golang.org/x/sys/unix"

	"letterlock/internal/seal"
)

// MendTorn cuts off what a power cut has left of an Append that had not returned:
// lines of which any sectors are on the disk, and zeros in the place of the others. rows
// are those that the database has behind the last that was in the file for certain. It
// reports whether it did; then the file can be opened, and what is missing is written
// anew.
//
// It does so only where every byte is of these rows, or none: a line that was changed,
// or that the database does not know, stays as it is, and is for people to look at.
func MendTorn(path string, by seal.Signer, rows []Row) (mended bool, err error) {
	f, err := openFile(path, unix.O_RDWR)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	var seq, end int64
	err = walk(path, f, func(_ sealed, r Row, at int64) error {
		seq, end = r.Seq, at
		return nil
	})
	if fault := (*Fault)(nil); !errors.As(err, &fault) {
		return false, err // it is not torn
	}
	if _, err := f.Seek(end, io.SeekStart); err != nil {
		return false, err
	}
	var want []byte
	for _, r := range rows {
		if r.Seq > seq {
			want = append(want, line(by, r)...)
		}
	}
	torn, err := io.ReadAll(io.LimitReader(f, int64(len(want))+1))
	if err != nil || !remainsOf(torn, want) {
		return false, err
	}
	return true, errors.Join(f.Truncate(end), f.Sync())
}

// remainsOf reports whether torn is the beginning of a text, but for zeros.
func remainsOf(torn, text []byte) bool {
	if len(torn) > len(text) {
		return false
	}
	whole := bytes.Clone(text[:len(torn)])
	for i, b := range torn {
		if b == 0 {
			whole[i] = 0
		}
	}
	return bytes.Equal(torn, whole)
}
