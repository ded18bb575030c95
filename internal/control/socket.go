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

// maxPath is how long the path of a socket may be on Linux, in bytes; what we add
// while we make it is in it.
const maxPath = 107

// Listen makes the socket in the data folder, for its owner alone. One that a
// program left behind that has ended is replaced; one that answers is not.
//
// It is made inside a private folder and moved into place: it is never there
// without its mode, whatever the umask and the mode of the data folder are.
func Listen(dir string) (net.Listener, error) {
	path := filepath.Join(dir, File)
	if err := makeWay(path); err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	private, err := os.MkdirTemp(dir, ".control-")
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	defer os.RemoveAll(private) // empty by then, or of no use
	first := filepath.Join(private, "s")
	if len(first) > maxPath {
		return nil, fmt.Errorf("control socket: the path of the data folder is too long for one: %s", dir)
	}
	l, err := net.Listen("unix", first)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false) // it would look for the first path
	if err := errors.Join(os.Chmod(first, 0o600), os.Rename(first, path)); err != nil {
		return nil, fmt.Errorf("control socket: %w", errors.Join(err, l.Close()))
	}
	return &listener{l, path}, nil
}

// makeWay makes sure that nothing is at path which somebody needs.
func makeWay(path string) error {
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
	c, err := net.DialTimeout("unix", path, time.Second)
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
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: patience, WriteTimeout: patience + 5*time.Second,
		IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// Dial returns the way to the server of a data folder, or fs.ErrNotExist when
// none runs there. The host in a URL means nothing to it.
func Dial(ctx context.Context, dir string) (*http.Transport, error) {
	path := filepath.Join(dir, File)
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "unix", path)
	}
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
