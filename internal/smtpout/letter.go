package smtpout

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// maxHeader is how much of a mail is looked at for a header in UTF-8. It is read
// ahead and nothing of it is lost, so that another relay can still have it.
const maxHeader = 64 << 10

// A letter is a mail on its way out, with its envelope.
type letter struct {
	from, to string
	in       *bufio.Reader
	size     int64 // 0: not known
	asks     bool  // its header is in UTF-8
	needs    bool  // its envelope is in UTF-8
	begun    bool  // a relay has been given a part of it
	assured  bool  // it must stay under TLS to the mailbox
	declared bool  // the relay that is tried is declared to see to that
}

// newLetter checks what is to stand in commands, and looks ahead into the mail.
func newLetter(from, to string, mail io.Reader) (*letter, error) {
	if from != "" && !fits(from) || !fits(to) {
		return nil, &failure{verdict: refused, words: "5.1.3 this address cannot be written in SMTP"}
	}
	l := &letter{from: from, to: to, in: bufio.NewReaderSize(mail, maxHeader), needs: !ascii(from) || !ascii(to)}
	if m, ok := mail.(interface{ Len() int }); ok {
		l.size = int64(m.Len())
	}
	head, err := l.in.Peek(maxHeader)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if end := bytes.Index(head, []byte("\r\n\r\n")); end >= 0 {
		head = head[:end]
	}
	// What is not UTF-8 either is a header of old, which no extension is for.
	l.asks = l.needs || !ascii(head) && utf8.Valid(head)
	return l, nil
}

// fits reports whether an address can stand between the angle brackets of a
// command without ending them: what follows would be read as a parameter, and
// after a line end as a command.
func fits(address string) bool {
	if len(address) > 320 || !utf8.ValidString(address) || !strings.Contains(address, "@") {
		return false
	}
	quoted, escaped := false, false
	for _, r := range address {
		switch {
		case r < ' ' || r == 0x7f:
			return false
		case escaped:
			escaped = false
		case quoted && r == '\\':
			escaped = true
		case r == '"':
			quoted = !quoted
		case !quoted && strings.ContainsRune(" <>\\,;", r):
			return false
		}
	}
	return !quoted
}

func ascii[T string | []byte](s T) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

var errLine = &failure{step: handing, verdict: refused, words: "5.6.0 the mail contains a bare CR or a NUL"}

// copyTo hands the mail over.
func (l *letter) copyTo(w io.Writer) error {
	l.begun = true
	return copyMail(w, l.in)
}

// copyMail hands a mail over. A bare CR or a NUL ends it: between them some
// server on the way might find the end of the mail, and read the rest as a mail
// of somebody's choice. A bare LF becomes a line end on its way out.
func copyMail(w io.Writer, mail io.Reader) error {
	b := make([]byte, 32<<10)
	cr := false // the last byte was a CR
	for {
		n, err := mail.Read(b)
		for _, c := range b[:n] {
			if c == 0 || cr && c != '\n' {
				return errLine
			}
			cr = c == '\r'
		}
		if _, err := w.Write(b[:n]); err != nil {
			return err
		}
		switch {
		case errors.Is(err, io.EOF) && cr:
			return errLine
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return &failure{step: handing, verdict: later, words: "the mail could not be read", err: err}
		}
	}
}
