package smtpout

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strings"
	"unicode"

	"github.com/emersion/go-smtp"

	"letterlock/internal/letterlock"
)

// maxReplyText bounds what is kept of a relay's answer.
const maxReplyText = 300

// A Reply is what a relay said. It is foreign text: bounded, in one line, and of
// visible characters only.
type Reply struct {
	Code     int
	Enhanced string // "5.1.1"; empty where the relay gave none
	Text     string
}

func (r *Reply) Error() string {
	s := fmt.Sprintf("%03d", r.Code)
	if r.Enhanced != "" {
		s += " " + r.Enhanced
	}
	return strings.TrimRight(s+" "+r.Text, " ")
}

// replyOf finds the answer of a relay in an error of go-smtp; nil if there is none.
func replyOf(err error) *Reply {
	var e *smtp.SMTPError
	if !errors.As(err, &e) {
		return nil
	}
	if c := e.EnhancedCode; c[0] > 0 {
		return newReply(e.Code, fmt.Sprintf("%d.%d.%d %s", c[0], c[1], c[2], e.Message))
	}
	return newReply(e.Code, e.Message)
}

var enhanced = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}(?: |$)`)

// newReply takes an answer apart.
func newReply(code int, text string) *Reply {
	text = visible(text)
	status := enhanced.FindString(text)
	return &Reply{Code: code, Enhanced: strings.TrimSpace(status), Text: text[len(status):]}
}

// visible makes one bounded line of visible characters of a foreign text. What
// turns the direction of writing is not visible.
func visible(s string) string {
	if len(s) > 4*maxReplyText {
		s = s[:4*maxReplyText]
	}
	s = strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, s)
	if len(s) > maxReplyText {
		s = strings.ToValidUTF8(s[:maxReplyText], "")
	}
	return strings.TrimSpace(s)
}

// A step is how far an attempt had come.
type step int

const (
	connecting step = iota // TCP, TLS, greeting and EHLO
	signingIn
	opening    // MAIL
	addressing // RCPT
	handing    // DATA and the mail itself
	finishing  // the answer to the final dot
)

// A verdict is what a failed attempt means for the mail and for the relay.
type verdict int

const (
	later   verdict = iota // this relay will not take this mail now
	broken                 // this relay takes no mail now
	refused                // the mail will never be taken
)

// A failure is an attempt that has failed.
type failure struct {
	step    step
	verdict verdict
	setting bool   // an operator has to change something
	words   string // what is wrong, in plain words; empty where the reply says it
	reply   *Reply // nil: there was none
	err     error

	unassured bool // the mail was to stay under TLS, and would not
}

func (f *failure) Error() string {
	switch {
	case f.words == "" && f.reply != nil:
		return f.reply.Error()
	case f.reply != nil:
		return f.words + ": " + f.reply.Error()
	case f.words == "":
		return visible(f.err.Error())
	case f.err == nil:
		return f.words
	}
	return f.words + ": " + visible(f.err.Error())
}

func (f *failure) Unwrap() error { return f.err }

// judge says what an error at some step means. A refusal is final only where it
// is about this mail; whatever is not clear can be tried again.
func judge(at step, err error) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	f = &failure{step: at, err: err, reply: replyOf(err)}
	if f.reply == nil {
		f.verdict, f.words = broken, wordsFor(at, err)
		return f
	}
	switch code := f.reply.Code; {
	case at == signingIn && code >= 500:
		f.verdict, f.setting, f.words = broken, true, "the relay refuses the user name or the password"
	case at <= signingIn || code == 421:
		f.verdict = broken
	case code == 530:
		f.verdict, f.setting, f.words = broken, true, "the relay wants a user name and a password, or TLS"
	case code >= 500:
		f.verdict = refused
	}
	return f
}

// wordsFor says in plain words what a failure without an answer is.
func wordsFor(at step, err error) string {
	var (
		name      x509.HostnameError
		authority x509.UnknownAuthorityError
		invalid   x509.CertificateInvalidError
		record    tls.RecordHeaderError
		dial      *net.OpError
		lookup    *net.DNSError
	)
	switch {
	case errors.As(err, &name):
		return "the relay's certificate is for another name"
	case errors.As(err, &authority):
		return "the relay's certificate is not trusted"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the relay's certificate has expired or is not valid yet"
	case errors.As(err, &invalid):
		return "the relay's certificate is not good"
	case errors.As(err, &record):
		return "the relay does not speak TLS here"
	case errors.As(err, &lookup):
		return "the relay's name cannot be looked up"
	case errors.As(err, &dial) && dial.Op == "dial":
		return "the relay cannot be reached"
	case at == finishing:
		return "the relay did not answer after the whole mail was sent, and may have taken it"
	case errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded):
		return "the relay does not answer"
	case errors.Is(err, io.EOF) || errors.As(err, &dial):
		return "the relay broke the connection"
	}
	return ""
}

// outcome makes of a failure what the caller of Send is told.
func (f *failure) outcome() error {
	e := &letterlock.Error{Code: letterlock.Busy, Err: f}
	switch {
	case f.unassured:
		e.Code, e.Key = letterlock.Denied, "unassured"
	case f.verdict == refused:
		e.Code = letterlock.Denied
	case f.verdict == later && f.step >= addressing && f.reply != nil:
		e.Key = "put-off"
	}
	return e
}
