package smtpd

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// maxLine bounds a command line. It is more than the 4,096 bytes that go-smtp
// reads at once, because one read may hold a BDAT command and the beginning of
// its chunk, which may be one long line.
const maxLine = 8192

// goodbye is said to whoever is connected when the server ends.
const goodbye = "421 4.3.2 the server is going down, try again later"

// A wire is a connection as go-smtp sees it: always in the clear, whether TLS is
// below it or not. That is why TLS is the lobby's business and not go-smtp's:
// go-smtp takes the end of the connection inside a BDAT chunk for the end of the
// chunk, so a mail that was cut off would be taken for whole. Only who reads
// above TLS can tell.
//
// A wire also keeps time while a mail is on its way, where go-smtp sets one
// deadline for all of it; bounds command lines, and what is read of a mail that
// is refused already; ends a connection when the server ends; and puts our words
// in place of some of go-smtp's.
//
// One goroutine reads and writes. Others may retire, cut, or, during BDAT, begin
// and end a mail.
type wire struct {
	raw      net.Conn
	stream   io.ReadWriter // raw, or TLS over it
	ip       string
	loopback bool
	secure   bool // TLS is below
	limits   Timeouts
	maxBytes int64

	ahead []byte // was read already, by the lobby
	line  int    // bytes of the command line read so far
	dots  dotScanner
	out   replyWriter

	mu       sync.Mutex
	signInBy time.Time // zero: has signed in, or need not
	mode     mode
	until    time.Time // end of the time for the mail, in modes other than idle
	spare    int64     // bytes that may still be read, when draining
	retiring bool      // to be left when no mail is on its way
	left     bool      // nothing more is to be read
	ended    bool      // the end of the stream was handed to the reader
	swallow  bool      // see dotScanner
	closed   bool
	after    []func() // run once, on Close
}

// A mode says what is being read.
type mode int

const (
	idle     mode = iota // commands
	taking               // a mail, which the session reads
	draining             // the rest of a mail that is refused already
)

func newWire(conn net.Conn, s *Server) *wire {
	w := &wire{
		raw:      conn,
		stream:   conn,
		limits:   s.Timeouts,
		maxBytes: s.MaxBytes,
	}
	if s.Gateway == nil {
		w.signInBy = time.Now().Add(s.Timeouts.SignIn)
	}
	if at, err := netip.ParseAddrPort(conn.RemoteAddr().String()); err == nil {
		addr := at.Addr().Unmap()
		w.ip, w.loopback = addr.WithZone("").String(), addr.IsLoopback()
	}
	_, w.secure = conn.(*tls.Conn) // a listener that speaks TLS from the first byte
	w.out = replyWriter{words: s.replies, to: conn}
	return w
}

// upgrade puts TLS below.
func (w *wire) upgrade(c *tls.Conn) {
	w.stream, w.out.to, w.secure = c, c, true
}

// Read returns io.EOF at the end of the stream and when the server is done with
// the client.
func (w *wire) Read(p []byte) (int, error) {
	if !w.mayRead() {
		return 0, io.EOF
	}
	if len(w.ahead) > 0 {
		n := copy(p, w.ahead)
		w.ahead = w.ahead[n:]
		return n, nil // the lobby has looked at these
	}
	n, err := w.stream.Read(p)
	if n > 0 {
		if err := w.look(p[:n]); err != nil {
			return 0, err
		}
		return n, nil // an error beside bytes comes again with the next call
	}
	if !w.mayRead() { // woken up by retire
		return 0, io.EOF
	}
	return 0, w.broke(err)
}

// broke notes that the stream ended. In a mail go-smtp is given the reply instead
// of the error: it would answer 5xx, and the client would give up its mail.
func (w *wire) broke(err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case err == io.EOF:
		w.ended = true
	case w.mode == taking:
		w.left = true
		return brokenOff
	}
	return err
}

// mayRead sets the deadline of a read that belongs to a mail, and takes leave of
// the client if it is time to.
func (w *wire) mayRead() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.leave() {
		w.ended = true
		return false
	}
	if w.mode != idle {
		w.allowMore()
	}
	return true
}

// allowMore sets the deadline for the next bytes of a mail.
func (w *wire) allowMore() {
	by := time.Now().Add(w.limits.Data)
	if w.until.Before(by) {
		by = w.until
	}
	_ = w.raw.SetReadDeadline(by) // fails on a closed connection, and so will the read
}

// leave reports whether the client is left, and says so to it if it is not told yet.
func (w *wire) leave() bool {
	if w.retiring && w.mode == idle && !w.left {
		w.left = true
		w.say(goodbye)
	}
	return w.left || w.closed
}

// look holds what was just read against the limits.
func (w *wire) look(p []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.dots.scan(p) {
		w.swallow = true
	}
	switch w.mode {
	case idle:
		if i := bytes.LastIndexByte(p, '\n'); i >= 0 {
			w.line, p = 0, p[i+1:]
		}
		if w.line += len(p); w.line > maxLine {
			w.left = true
			return smtp.ErrTooLongLine
		}
	case draining:
		if w.spare -= int64(len(p)); w.spare < 0 {
			w.left = true // the next read ends it
		}
	}
	return nil
}

// Write takes replies, one line or a piece of one at a time.
func (w *wire) Write(p []byte) (int, error) { return w.out.Write(p) }

// say writes a reply of our own; a client that does not hear it has gone.
func (w *wire) say(reply string) {
	_ = w.raw.SetWriteDeadline(time.Now().Add(w.limits.Write))
	_, _ = io.WriteString(w.out.to, reply+"\r\n")
}

// SetReadDeadline is called by go-smtp before each command line. An error makes
// it give up at once, pipelined commands that it has read already included.
func (w *wire) SetReadDeadline(t time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.mode == draining {
		w.mode = idle
	}
	if w.leave() {
		return net.ErrClosed
	}
	if !w.signInBy.IsZero() && w.signInBy.Before(t) {
		t = w.signInBy
	}
	return w.raw.SetReadDeadline(t)
}

// SetWriteDeadline implements net.Conn.
func (w *wire) SetWriteDeadline(t time.Time) error { return w.raw.SetWriteDeadline(t) }

// SetDeadline implements net.Conn.
func (w *wire) SetDeadline(t time.Time) error {
	if err := w.SetReadDeadline(t); err != nil {
		return err
	}
	return w.SetWriteDeadline(t)
}

// LocalAddr implements net.Conn.
func (w *wire) LocalAddr() net.Addr { return w.raw.LocalAddr() }

// RemoteAddr implements net.Conn.
func (w *wire) RemoteAddr() net.Addr { return w.raw.RemoteAddr() }

// Close ends the connection and gives back its place.
func (w *wire) Close() error {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return nil
	}
	w.closed = true
	after := w.after
	w.mu.Unlock()
	for _, f := range after {
		f()
	}
	if c, ok := w.stream.(io.Closer); ok {
		return c.Close() // TLS tells the client
	}
	return w.raw.Close()
}

// onClose has f run when w closes, or now when it has.
func (w *wire) onClose(f func()) {
	w.mu.Lock()
	closed := w.closed
	if !closed {
		w.after = append(w.after, f)
	}
	w.mu.Unlock()
	if closed {
		f()
	}
}

// turnAway refuses a connection for which there is no room, without waiting for it.
func (w *wire) turnAway(reply string) {
	if !w.secure { // else TLS would have to be set up first
		_ = w.raw.SetDeadline(time.Now().Add(time.Second))
		w.say(reply)
	}
	_ = w.raw.Close() // refused, whatever it says
}

// hangUp ends the connection after the reply to the present command.
func (w *wire) hangUp() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left = true
}

// retire ends the connection as soon as no mail is on its way.
func (w *wire) retire() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.retiring = true
	if w.mode == idle {
		_ = w.raw.SetReadDeadline(time.Unix(1, 0)) // wakes up a reader that waits
	}
}

// cut ends the connection now.
func (w *wire) cut() { _ = w.raw.Close() }

// signedIn lifts the limit on the time before it.
func (w *wire) signedIn() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.signInBy = time.Time{}
}

// begin says that a mail is on its way, and reports false if the client is being left.
func (w *wire) begin() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mode, w.line, w.until = taking, 0, time.Now().Add(w.limits.Message)
	w.allowMore() // by BDAT, a read is under way already
	return !w.retiring && !w.left
}

// end says that no more of the mail is wanted. What remains of one that was
// refused is read, within limits, because the client listens only after it.
func (w *wire) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mode, w.spare = draining, w.maxBytes
}

// underWay reports whether a mail is on its way.
func (w *wire) underWay() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.mode == taking
}

// whole reports whether nothing is missing of what go-smtp has handed on.
func (w *wire) whole() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.ended
}

// clean reports whether no bare CR was swallowed, see dotScanner.
func (w *wire) clean() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.swallow
}
