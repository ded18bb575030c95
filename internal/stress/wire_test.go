package stress

import (
	"bytes"
	"net"
	"sync"
	"time"
)

// epoch is when the tests began. All times of a history are since then, by the
// clock that never goes back.
var epoch = time.Now()

func at() int64 { return int64(time.Since(epoch)) }

// A write is one write of the server to a connection: when it was asked for, when
// it had ended, and how many bytes the connection had taken by then.
type write struct {
	began, ended int64
	n            int
}

// A wire is a listener whose connections keep the time of each write.
type wire struct {
	net.Listener

	mu    sync.Mutex
	lines map[string]*line // by the client's address
}

func newWire(on net.Listener) *wire { return &wire{Listener: on, lines: map[string]*line{}} }

// Accept returns the next connection, a line.
func (w *wire) Accept() (net.Conn, error) {
	conn, err := w.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l := &line{Conn: conn, done: make(chan struct{})}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lines[conn.RemoteAddr().String()] = l
	return l, nil
}

// line returns the server's end of a client's connection; nil when the server has
// not accepted it.
func (w *wire) line(client net.Conn) *line {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lines[client.LocalAddr().String()]
}

func (w *wire) forget(client net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.lines, client.LocalAddr().String())
}

// A line is the server's end of a connection.
type line struct {
	net.Conn
	done chan struct{} // closed: the server has let go of it
	once sync.Once

	mu     sync.Mutex // held while writing, so that whoever has the answer finds its writes
	writes []write
}

// lastChunk ends an answer of unknown length. It is no content.
var lastChunk = []byte("0\r\n\r\n")

// Write writes, and keeps when.
func (l *line) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	began := at()
	n, err := l.Conn.Write(p)
	if n > 0 && !bytes.Equal(p, lastChunk) {
		l.writes = append(l.writes, write{began, at(), n})
	}
	return n, err
}

// Close closes the connection. The server does so when its handler has returned.
func (l *line) Close() error {
	l.once.Do(func() { close(l.done) })
	return l.Conn.Close()
}

// since returns the writes that began at a time or later.
func (l *line) since(from int64) (list []write) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, w := range l.writes {
		if w.began >= from {
			list = append(list, w)
		}
	}
	return list
}

// after returns how many bytes were written by writes that ended after a time.
func (l *line) after(t int64) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, w := range l.writes {
		if w.ended > t {
			n += w.n
		}
	}
	return n
}
