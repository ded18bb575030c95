package smtpd

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"letterlock/internal/letterlock"
)

// A mailReader passes on a mail as it comes and ends with an error instead of
// io.EOF for one that is too large, cut off, or has line ends that two servers
// could read in two ways. Everything of it that was passed on is void then.
type mailReader struct {
	from io.Reader
	wire *wire
	room int64 // bytes that may still come
	cr   bool  // the last byte was a CR
	err  error // how it ended; io.EOF: well
}

var errBare = &letterlock.Error{
	Code: letterlock.Invalid, Key: "bare", Err: errors.New("bare LF, bare CR or NUL"),
}

var errSize = &letterlock.Error{
	Code: letterlock.TooLarge, Key: "size", Err: errors.New("mail is over the limit"),
}

// Read implements io.Reader.
func (m *mailReader) Read(p []byte) (int, error) {
	if m.err != nil {
		return 0, m.err
	}
	n, err := m.from.Read(p)
	m.room -= int64(n)
	switch {
	case !m.strict(p[:n]) || !m.wire.clean():
		m.err = errBare
	case m.room < 0:
		m.err = errSize
	case err == io.EOF:
		m.err = m.ending()
	case err != nil:
		m.err = fmt.Errorf("%w: %w", io.ErrUnexpectedEOF, err)
	}
	if m.err != nil && m.err != io.EOF {
		return 0, m.err
	}
	return n, m.err
}

func (m *mailReader) ending() error {
	switch {
	case !m.wire.whole():
		return io.ErrUnexpectedEOF
	case m.cr:
		return errBare
	}
	return io.EOF
}

// strict reports whether every CR in p is followed by LF, every LF preceded by
// CR, and no byte is NUL. A CR at the end is looked at with what follows.
func (m *mailReader) strict(p []byte) bool {
	if len(p) == 0 {
		return true
	}
	if bytes.IndexByte(p, 0) >= 0 {
		return false
	}
	if m.cr {
		if p[0] != '\n' {
			return false
		}
		m.cr, p = false, p[1:]
	}
	for {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			break
		}
		// The first CR of the line must be the byte before its LF.
		if i == 0 || bytes.IndexByte(p[:i], '\r') != i-1 {
			return false
		}
		p = p[i+1:]
	}
	i := bytes.IndexByte(p, '\r')
	m.cr = i >= 0 && i == len(p)-1
	return i < 0 || m.cr
}

// A dotScanner finds the one bare CR that go-smtp does not pass on: it reads a
// line that begins with a dot and a CR without LF as if neither were there. The
// scanner looks at the whole stream, commands and all; they have no such line.
type dotScanner struct {
	matched int // bytes of LF, dot, CR seen last
}

// scan reports whether such a line begins in p, or did at the end of what came before.
func (d *dotScanner) scan(p []byte) bool {
	for len(p) > 0 {
		switch {
		case d.matched == 0:
			i := bytes.IndexByte(p, '\n')
			if i < 0 {
				return false
			}
			d.matched, p = 1, p[i+1:]
		case d.matched == 3 && p[0] != '\n':
			return true
		case d.matched < 3 && p[0] == "\n.\r"[d.matched]:
			d.matched, p = d.matched+1, p[1:]
		default:
			d.matched = 0
		}
	}
	return false
}
