package smtpd

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// maxLobbyErrors is how often a client may say something that cannot be answered
// before TLS.
const maxLobbyErrors = 10

// lobby speaks with a client until TLS is set up, if the server has TLS. It knows
// the few commands that RFC 3207 section 4 allows before STARTTLS; nothing said
// here outlives it. A client that may go on without TLS does so by saying anything
// else: what it said last is then left for go-smtp to read.
//
// It reports whether the connection is to go on.
func (s *Server) lobby(w *wire) bool {
	if s.TLS == nil || w.secure {
		return true
	}
	v := &visit{Server: s, wire: w, in: bufio.NewReaderSize(w, 4096)}
	w.say("220 " + s.Domain + " ESMTP Service Ready")
	for v.errors <= maxLobbyErrors {
		line, ok := v.line()
		if !ok {
			return false
		}
		switch v.answer(line) {
		case leaves:
			return false
		case goesOn:
			return true
		}
	}
	w.say("421 4.7.0 too many errors")
	return false
}

// A visit is one connection's time in the lobby.
type visit struct {
	*Server
	wire   *wire
	in     *bufio.Reader
	hello  []byte // the last EHLO or HELO
	errors int
}

// line reads a command with its line end.
func (v *visit) line() ([]byte, bool) {
	if err := v.wire.SetReadDeadline(time.Now().Add(v.Timeouts.Command)); err != nil {
		return nil, false
	}
	line, err := v.in.ReadSlice('\n')
	switch {
	case err == nil:
		return line, true
	case errors.Is(err, bufio.ErrBufferFull):
		v.wire.say("500 5.5.2 line too long")
	case errors.Is(err, os.ErrDeadlineExceeded):
		v.wire.say("421 4.4.2 timeout")
	}
	return nil, false
}

// What becomes of a client after a command.
type outcome int

const (
	stays outcome = iota
	leaves
	goesOn
)

func (v *visit) answer(line []byte) outcome {
	verb, rest, _ := strings.Cut(strings.TrimRight(string(line), "\r\n"), " ")
	switch strings.ToUpper(verb) {
	case "EHLO", "HELO":
		v.greet(strings.ToUpper(verb), strings.TrimSpace(rest), line)
	case "STARTTLS":
		if rest == "" {
			return v.startTLS()
		}
		v.wire.say("501 5.5.4 STARTTLS takes no parameter")
	case "NOOP":
		v.wire.say("250 2.0.0 done")
	case "QUIT":
		v.wire.say("221 2.0.0 Bye")
		return leaves
	default:
		if v.openTo(v.wire) {
			v.passOn(line)
			return goesOn
		}
		v.errors++
		v.refuse(strings.ToUpper(verb))
	}
	return stays
}

func (v *visit) refuse(verb string) {
	switch verb {
	case "AUTH":
		v.wire.say(fmt.Sprintf("%d 5.7.10 %s", tlsFirst.Code, tlsFirst.Message))
	case "RSET":
		v.wire.say("250 2.0.0 Session reset")
	case "VRFY":
		v.wire.say("252 2.5.0 cannot verify")
	default:
		v.wire.say("530 5.7.0 STARTTLS first")
	}
}

// greet lists what go-smtp does, with STARTTLS, and without what has to wait for it.
func (v *visit) greet(verb, name string, line []byte) {
	if name == "" {
		v.errors++
		v.wire.say("501 5.5.2 name yourself")
		return
	}
	v.hello = bytes.Clone(line)
	if verb == "HELO" {
		v.wire.say("250 " + v.Domain)
		return
	}
	can := []string{v.Domain, "PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES", "CHUNKING"}
	if v.wire.loopback && v.Gateway == nil {
		can = append(can, "AUTH "+strings.Join(mechanisms, " "))
	}
	can = append(can, "SMTPUTF8", fmt.Sprintf("SIZE %d", v.MaxBytes), "STARTTLS")
	v.wire.say("250-" + strings.Join(can[:len(can)-1], "\r\n250-") + "\r\n250 " + can[len(can)-1])
}

// startTLS sets up TLS. What the client, or somebody in between, has sent after
// STARTTLS is thrown away: it did not come through TLS and must not look as if it
// had. Nothing said before counts either, RFC 3207 section 4.2.
func (v *visit) startTLS() outcome {
	v.wire.say("220 2.0.0 Ready to start TLS")
	if _, err := v.in.Discard(v.in.Buffered()); err != nil {
		return leaves
	}
	c := tls.Server(v.wire.raw, v.TLS)
	ctx, cancel := context.WithTimeout(v.ctx, v.Timeouts.Command)
	defer cancel()
	if err := c.HandshakeContext(ctx); err != nil {
		v.Log.Debug("smtp: no TLS", "ip", v.wire.ip, "err", err)
		return leaves
	}
	v.wire.upgrade(c)
	v.wire.out.mute = 1 // the greeting, which a client has once
	return goesOn
}

// passOn leaves to go-smtp what was read and not answered. It has not heard the
// client's EHLO yet; the client has had the answer to it.
func (v *visit) passOn(line []byte) {
	rest, _ := v.in.Peek(v.in.Buffered()) // cannot fail: these bytes are there
	v.wire.ahead = bytes.Join([][]byte{v.hello, line, rest}, nil)
	v.wire.out.mute = 1
	if v.hello != nil {
		v.wire.out.mute = 2
	}
}
