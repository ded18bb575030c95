package auditlog

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

// syslogWithin bounds sending one line.
const syslogWithin = 5 * time.Second

// A Syslog is where a syslog server takes lines, in the words of net.Dial: over
// "unix", "udp" or "tcp". The zero Syslog is none.
type Syslog struct{ Network, Address string }

// send sends a line of a kind in the form of RFC 5424. Over UDP nobody says whether it
// came.
func (s Syslog) send(ctx context.Context, kind string, line []byte) error {
	ctx, cancel := context.WithTimeout(ctx, syslogWithin)
	defer cancel()
	c, err := s.dial(ctx)
	if err != nil {
		return err
	}
	deadline, _ := ctx.Deadline() // it has one
	text := syslogText(time.Now(), kind, line)
	switch c.RemoteAddr().Network() {
	case "tcp":
		text = fmt.Sprintf("%d %s", len(text), text) // RFC 6587 section 3.4.1: a stream has no ends of its own
	case "unix":
		text += "\n"
	}
	err = c.SetDeadline(deadline)
	if err == nil {
		_, err = c.Write([]byte(text))
	}
	return errors.Join(err, c.Close())
}

// Reach says what stands in the way of sending to it. Over UDP that shows late or
// never.
func (s Syslog) Reach(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, syslogWithin)
	defer cancel()
	c, err := s.dial(ctx)
	if err != nil {
		return err
	}
	return c.Close()
}

// dial connects. A local socket is mostly one of datagrams, and sometimes a stream.
func (s Syslog) dial(ctx context.Context) (net.Conn, error) {
	var d net.Dialer
	if s.Network == "unix" {
		if c, err := d.DialContext(ctx, "unixgram", s.Address); err == nil {
			return c, nil
		}
	}
	return d.DialContext(ctx, s.Network, s.Address)
}

// priority is facility 13, log audit, at severity 5, notice: RFC 5424 section 6.2.1.
const priority = 13*8 + 5

func syslogText(now time.Time, kind string, line []byte) string {
	host, err := os.Hostname()
	if err != nil {
		host = "-"
	}
	return fmt.Sprintf("<%d>1 %s %s letterlock %d %s - %s", priority, now.UTC().Format(time.RFC3339), host, os.Getpid(), kind, line)
}
