package host

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// lockFile is the name of the lock inside the data folder.
const lockFile = "lock"

// A Lock keeps a data folder for this process. Two processes on one database
// would each believe that they know who is reading, and a revocation in one would
// cut no reader of the other.
type Lock struct{ fd int }

// ErrInUse is the error of a data folder that another process has.
var ErrInUse = errors.New("in use")

// LockFolder takes the data folder for this process, or says which process has
// it: ErrInUse. The lock ends with the process, however that ends: the kernel holds it, and
// the file that stays behind means nothing.
func LockFolder(dir string) (*Lock, error) {
	path := filepath.Join(dir, lockFile)
	// A bare descriptor, because an os.File that nobody refers to any more closes
	// itself, and the lock would be gone in the middle of a run.
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CREAT|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("locking data folder %s: %w", dir, err)
	}
	err = unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) { // whoever only looks has it for a moment, see FolderInUse
		time.Sleep(aMoment)
		err = unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
	}
	switch {
	case errors.Is(err, unix.EWOULDBLOCK):
		err = inUse(dir, fd)
	case err != nil:
		err = fmt.Errorf("locking data folder %s: %w", dir, err)
	default:
		err = sign(fd)
	}
	if err != nil {
		unix.Close(fd) // nothing was written that could be lost
		return nil, err
	}
	return &Lock{fd}, nil
}

// aMoment is longer than anybody looks.
const aMoment = 50 * time.Millisecond

func inUse(dir string, fd int) error {
	return fmt.Errorf("data folder %s is %w by %s", dir, ErrInUse, holder(fd))
}

// FolderInUse looks whether a process has taken a data folder, and says which as a sentence;
// empty: none has. It makes and changes no file, because whoever looks may be another user,
// whose lock would keep the server out, and keeps nobody out for longer than a moment.
func FolderInUse(dir string) (by string, err error) {
	fd, err := unix.Open(filepath.Join(dir, lockFile), unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	switch {
	case errors.Is(err, unix.ENOENT):
		return "", nil // nobody ever has
	case err != nil:
		return "", fmt.Errorf("looking at the lock of data folder %s: %w", dir, err)
	}
	defer unix.Close(fd) // and with it the lock
	switch err := unix.Flock(fd, unix.LOCK_SH|unix.LOCK_NB); {
	case errors.Is(err, unix.EWOULDBLOCK):
		return inUse(dir, fd).Error(), nil
	case err != nil:
		return "", fmt.Errorf("looking at the lock of data folder %s: %w", dir, err)
	}
	return "", nil
}

// sign writes who holds the lock, for people.
func sign(fd int) error {
	if err := unix.Ftruncate(fd, 0); err != nil {
		return err
	}
	_, err := unix.Pwrite(fd, []byte(strconv.Itoa(unix.Getpid())+"\n"), 0)
	return err
}

// holder names the process that wrote itself into the lock.
func holder(fd int) string {
	b := make([]byte, 20)
	n, err := unix.Pread(fd, b, 0)
	if err != nil {
		n = 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b[:n])))
	if err != nil || pid <= 0 {
		return "another process" // that has only just locked it
	}
	return fmt.Sprintf("process %d", pid)
}

// Release gives the folder free. The file stays: were it removed, two processes
// could each hold the lock of a file of that name.
func (l *Lock) Release() error { return unix.Close(l.fd) }
