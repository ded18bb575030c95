package journal

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"letterlock/internal/audit"
	"letterlock/internal/host"
	"letterlock/internal/seal"
)

// maxLine is more than any line of ours has, in bytes.
const maxLine = 16 << 10

// A Fault is what is wrong with a journal, in a sentence.
type Fault struct {
	Path string
	Line int64 // 0: none in particular
	Says string
}

func (f *Fault) Error() string {
	if f.Line == 0 {
		return fmt.Sprintf("the revocation journal %s %s", f.Path, f.Says)
	}
	return fmt.Sprintf("the revocation journal %s, line %d: %s", f.Path, f.Line, f.Says)
}

// A File is a journal on the disk. It is safe for concurrent use.
type File struct {
	path   string
	signer seal.Signer

	mu   sync.Mutex
	f    *os.File // nil: there is none yet
	end  int64    // of the last whole line, in bytes
	seq  int64    // of the last entry
	at   int64    // when it was made, in seconds since 1970; 0: there is none
	hash audit.Hash
	// accepted is when an operator went on without lost entries, in seconds since
	// 1970; 0: never.
	accepted int64
	fault    error // of the last Append; nil: everything that it was given is on the disk
}

// Open opens the journal at path and goes along its chain. One that is not there
// has no entries, and is made by the first Append. A line at its end that a crash
// has cut off is none. What is found is on the disk when Open returns: a process that
// was killed before it had synced its last lines left them to chance. Signatures are
// looked at by [File.Each].
func Open(path string, by seal.Signer) (*File, error) {
	j := &File{path: path, signer: by}
	f, err := openFile(path, unix.O_RDWR)
	if errors.Is(err, fs.ErrNotExist) {
		return j, nil
	}
	if err != nil {
		return nil, fmt.Errorf("revocation journal: %w", err)
	}
	j.f = f
	err = walk(path, f, func(_ sealed, r Row, end int64) error {
		j.ends(r)
		j.end = end
		return nil
	})
	if err == nil {
		err = errors.Join(f.Sync(), host.Sync(filepath.Dir(path)))
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return j, nil
}

// ends notes the last entry.
func (j *File) ends(r Row) {
	j.seq, j.hash, j.at = r.Seq, r.Hash, r.At
	if r.Act == Accepted {
		j.accepted = r.At
	}
}

// openFile opens a file that is no link, pipe or the like: whoever could put one
// there would say what we read.
func openFile(path string, how int) (*os.File, error) {
	fd, err := unix.Open(path, how|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	f := os.NewFile(uintptr(fd), path)
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a file", path)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// walk calls f for each whole line, with where it ends, and checks the chain.
func walk(path string, from io.Reader, f func(s sealed, r Row, end int64) error) error {
	in := bufio.NewReaderSize(from, maxLine)
	var last Row
	for end, n := int64(0), int64(1); ; n++ {
		text, err := in.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF):
			return nil // what stands behind the last end of a line was cut off
		case errors.Is(err, bufio.ErrBufferFull):
			return &Fault{path, n, "it is longer than any line of ours"}
		case err != nil:
			return fmt.Errorf("revocation journal: %w", err)
		}
		s, r, err := parseLine(text)
		if err != nil {
			return &Fault{path, n, "it cannot be read as an entry"}
		}
		if r.Seq != n || string(r.Previous) != string(last.Hash) {
			return &Fault{path, n, "it does not follow from the line before: one of them was changed, or some are missing"}
		}
		end += int64(len(text))
		if err := f(s, r, end); err != nil {
			return err
		}
		last = r
	}
}

// errEnough ends a walk.
var errEnough = errors.New("enough")

// Each calls f for the entries behind the one with the number after, oldest first.
// Each was signed with one of the keys, or the journal is somebody else's.
func (j *File) Each(after int64, keys audit.Keys, f func(Row) error) error {
	return j.read(func(s sealed, r Row, _ int64) error {
		if r.Seq <= after {
			return nil
		}
		if !s.ours(r, keys) {
			return &Fault{j.path, r.Seq, "it was not signed by this installation"}
		}
		return f(r)
	})
}

// HashAt returns the hash of the entry with that number; nil if there is none.
func (j *File) HashAt(seq int64) (hash audit.Hash, err error) {
	err = j.read(func(_ sealed, r Row, _ int64) error {
		if r.Seq == seq {
			hash = r.Hash
			return errEnough
		}
		return nil
	})
	return hash, err
}

func (j *File) read(f func(sealed, Row, int64) error) error {
	err := walk(j.path, j.whole(), f)
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// Head returns the number of the last entry and its hash; 0 and none while it is
// empty.
func (j *File) Head() (seq int64, hash audit.Hash) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.seq, j.hash
}

// Latest is when its last entry was made; the zero time while it is empty.
func (j *File) Latest() time.Time {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.at == 0 {
		return time.Time{}
	}
	return time.Unix(j.at, 0).UTC()
}

// Path is where it lies.
func (j *File) Path() string { return j.path }

// Fault returns why the last entries are not on the disk, or nil.
func (j *File) Fault() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.fault
}

// Append adds rows that follow from its last entry, and returns when they are on
// the disk. When it fails, it is as it was, and the same rows can be added again:
// what a failed fsync has left is written anew, for nobody knows what became of it.
func (j *File) Append(rows []Row) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.fault = j.append(rows); j.fault != nil {
		j.fault = fmt.Errorf("revocation journal: %w", j.fault)
	}
	return j.fault
}

func (j *File) append(rows []Row) error {
	if len(rows) == 0 {
		return nil
	}
	var text []byte
	last := Row{Entry: Entry{Seq: j.seq}, Hash: j.hash}
	for _, r := range rows {
		if r.Seq != last.Seq+1 || string(r.Previous) != string(last.Hash) {
			return fmt.Errorf("entry %d does not follow from entry %d", r.Seq, last.Seq)
		}
		text = append(text, line(j.signer, r)...)
		last = r
	}
	if err := j.create(); err != nil {
		return err
	}
	if err := j.inPlace(); err != nil {
		return err
	}
	if err := j.f.Truncate(j.end); err != nil { // of what a crash or a full disk cut off
		return err
	}
	if _, err := j.f.WriteAt(text, j.end); err != nil {
		return err
	}
	if err := j.f.Sync(); err != nil {
		return err
	}
	j.end += int64(len(text))
	for _, r := range rows {
		j.ends(r)
	}
	return nil
}

// inPlace refuses to write into a file that somebody has moved or removed: it would
// be gone when it is needed.
func (j *File) inPlace() error {
	there, err := os.Lstat(j.path)
	if err != nil {
		return err
	}
	ours, err := j.f.Stat()
	if err == nil && !os.SameFile(there, ours) {
		err = fmt.Errorf("%s is not the file any more that it was at the start", j.path)
	}
	return err
}

// create makes the file and its folder, durably, if there is none.
func (j *File) create() error {
	if j.f != nil {
		return nil
	}
	dir := filepath.Dir(j.path)
	if err := host.MakeFolder(dir); err != nil {
		return err
	}
	f, err := openFile(j.path, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL)
	if err != nil {
		return err
	}
	if err := host.Sync(dir); err != nil {
		return errors.Join(err, f.Close(), os.Remove(j.path))
	}
	j.f = f
	return nil
}

// MoveAside gives what lies at a path another name, for people to look at, and
// returns that. Nothing there is no error, and "".
func MoveAside(path, suffix string) (string, error) {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	kept := path + suffix
	if err := os.Link(path, kept); err != nil { // unlike Rename it fails where the name is taken
		return "", err
	}
	return kept, errors.Join(os.Remove(path), host.Sync(filepath.Dir(path)))
}

// Close closes the file.
func (j *File) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.f == nil {
		return nil
	}
	err := j.f.Close()
	j.f = nil
	j.fault = fs.ErrClosed
	return err
}
