package control

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// File is the name of the socket inside the data folder.
const File = "control.sock"

// maxFolder is how long the path of a folder may be, in bytes, for the kernel to
// take a socket in it: it takes 107, and the longest name that we add has 22.
const maxFolder = 80

// reach returns a name of the folder that is short enough for a socket in it, and
// what ends that name.
func reach(dir string) (string, func(), error) {
	if len(dir) <= maxFolder {
		return dir, func() {}, nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return "", nil, err
	}
	// Linux alone has this; elsewhere binding says that there is no such folder.
	return fmt.Sprintf("/proc/self/fd/%d", f.Fd()), func() { f.Close() }, nil
}

// Listen makes the socket in the data folder, for its owner alone. One that a
// program left behind that has ended is replaced; one that answers is not.
//
// It is made inside a private folder and moved into place: it is never there
// without its mode, whatever the umask and the mode of the data folder are.
func Listen(dir string) (net.Listener, error) {
	path := filepath.Join(dir, File)
	if err := makeWay(dir); err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	private, err := os.MkdirTemp(dir, ".control-")
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	defer os.RemoveAll(private) // empty by then, or of no use
	l, err := bind(dir, filepath.Base(private))
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	first := filepath.Join(private, "s")
	if err := errors.Join(os.Chmod(first, 0o600), os.Rename(first, path)); err != nil {
		return nil, fmt.Errorf("control socket: %w", errors.Join(err, l.Close()))
	}
	return &listener{l, path}, nil
}

// bind makes the socket "s" in a folder inside dir.
func bind(dir, private string) (net.Listener, error) {
	short, done, err := reach(dir)
	if err != nil {
		return nil, err
	}
	defer done()
	l, err := net.Listen("unix", filepath.Join(short, private, "s"))
	if err != nil {
		return nil, err
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false) // it is going to be elsewhere
	return l, nil
}

// connect connects to the socket in the data folder.
func connect(ctx context.Context, dir string) (net.Conn, error) {
	short, done, err := reach(dir)
	if err != nil {
		return nil, err
	}
	defer done()
	return (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "unix", filepath.Join(short, File))
}

// makeWay makes sure that nothing is in the place of the socket which somebody needs.
func makeWay(dir string) error {
	path := filepath.Join(dir, File)
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("%s is there and is no socket", path)
	}
	c, err := connect(context.Background(), dir)
	if err == nil {
		c.Close()
		return fmt.Errorf("another program answers at %s", path)
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return err
	}
	return nil // nobody listens: it is moved over
}

// A listener removes its socket when it is closed.
type listener struct {
	net.Listener
	path string
}

func (l *listener) Close() error {
	err := os.Remove(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil // closed before
	}
	return errors.Join(err, l.Listener.Close())
}

// NewServer returns a server for the socket. Each connection knows which user is
// at its other end.
func NewServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			uid, err := peer(c)
			if err != nil {
				log.Warn("control: nobody knows who asks", "err", err)
				return ctx // the handler refuses
			}
			return withUser(ctx, uid)
		},
		// The handler sets the times of a request and of its answer.
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// patience is how long to wait for the beginning of an answer. A plan of very many
// messages takes minutes.
const patience = 5 * time.Minute

// Dial returns the way to the server of a data folder, or fs.ErrNotExist when
// none runs there. The host in a URL means nothing to it.
func Dial(ctx context.Context, dir string) (*http.Transport, error) {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) { return connect(ctx, dir) }
	c, err := dial(ctx, "", "")
	if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, fs.ErrNotExist) {
		return nil, fs.ErrNotExist
	}
	if err != nil {
		return nil, err
	}
	if err := c.Close(); err != nil {
		return nil, err
	}
	return &http.Transport{DialContext: dial, DisableKeepAlives: true, ResponseHeaderTimeout: patience}, nil
}
