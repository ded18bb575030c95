package smtpout

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
)

// maxReply bounds an answer, so that a relay which never ends one does not fill
// the memory: go-smtp bounds its lines and not their number.
const maxReply = 64 << 10

var errEndless = errors.New("the relay's answer does not end")

// A wire is a connection to a relay. It makes good for what go-smtp leaves open:
// the length of an answer, and time limits while a mail is written.
type wire struct {
	net.Conn // what is spoken through: raw, or TLS on it
	raw      net.Conn
	ahead    []byte // read before everything else
	left     int    // bytes that may come before we speak again
	write    time.Duration
}

func newWire(raw net.Conn, write time.Duration) *wire {
	return &wire{Conn: raw, raw: raw, left: maxReply, write: write}
}

func (w *wire) Read(p []byte) (n int, err error) {
	if len(w.ahead) > 0 {
		n = copy(p, w.ahead)
		w.ahead = w.ahead[n:]
		return n, nil
	}
	if w.left <= 0 {
		return 0, errEndless
	}
	n, err = w.Conn.Read(p[:min(len(p), w.left)])
	w.left -= n
	return n, err
}

func (w *wire) Write(p []byte) (int, error) {
	w.left = maxReply
	if err := w.SetWriteDeadline(time.Now().Add(w.write)); err != nil {
		return 0, err
	}
	return w.Conn.Write(p)
}

// Close ends the connection at once. Closing TLS in good order could wait for a
// relay that does not read.
func (w *wire) Close() error { return w.raw.Close() }

// startTLS speaks with a relay in the clear until it agrees to TLS. go-smtp could
// do it, but names itself localhost at this point, which some relays refuse, and
// drops what comes after the agreement without a word.
//
// Nothing that is said here outlives it, RFC 3207 section 4.2.
func (w *wire) startTLS(hello string, timeout time.Duration) error {
	if err := w.SetDeadline(time.Now().Add(timeout)); err != nil {
		return err
	}
	in := bufio.NewReaderSize(w, 4096)
	if _, err := w.ask(in, "", 220); err != nil {
		return err
	}
	can, err := w.ask(in, "EHLO "+hello, 250)
	if err != nil {
		return err
	}
	if !offers(can, "STARTTLS") {
		return &failure{verdict: broken, setting: true, words: "the relay does not offer STARTTLS, and mail never leaves without TLS"}
	}
	if _, err := w.ask(in, "STARTTLS", 220); err != nil {
		return err
	}
	// What is there already did not come through TLS and must not look as if it
	// had: somebody in between put it there.
	if in.Buffered() > 0 {
		return &failure{verdict: broken, words: "somebody has added something to the relay's answer to STARTTLS"}
	}
	return nil
}

// ask says a command, unless it is empty, and returns the lines of the answer.
func (w *wire) ask(in *bufio.Reader, command string, want int) (lines []string, err error) {
	if command != "" {
		if _, err := io.WriteString(w, command+"\r\n"); err != nil {
			return nil, err
		}
	}
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return nil, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) < 3 || len(line) > 3 && line[3] != ' ' && line[3] != '-' {
			return nil, errors.New("the relay does not speak SMTP")
		}
		code, err := strconv.Atoi(string(line[:3]))
		if err != nil {
			return nil, errors.New("the relay does not speak SMTP")
		}
		lines = append(lines, string(line[min(4, len(line)):]))
		if len(line) > 3 && line[3] == '-' {
			continue
		}
		if code != want {
			return nil, &smtp.SMTPError{Code: code, Message: strings.Join(lines, " ")}
		}
		return lines, nil
	}
}

// offers reports whether an answer to EHLO names an extension.
func offers(lines []string, extension string) bool {
	for _, line := range lines[1:] {
		word, _, _ := strings.Cut(line, " ")
		if strings.EqualFold(word, extension) {
			return true
		}
	}
	return false
}

// upgrade puts TLS on the wire. The certificate is always checked.
func (w *wire) upgrade(c *tls.Conn) { w.Conn = c }
