package bench

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
)

// A letter is a mail that is sent many times, each time with a Message-ID of its own.
type letter struct {
	kind string // media type and encoding, as header fields
	body []byte
}

// filler is text of n bytes in lines, none of which begins with a dot.
func filler(n int) []byte {
	const line = "The delivery is on Thursday, the price is as we agreed, and nobody else is to know.\r\n"
	return []byte(strings.Repeat(line, n/len(line)+1)[:n-2] + "\r\n")
}

// Letters of the measurements.
func plain(n int) letter {
	return letter{kind: "Content-Type: text/plain; charset=utf-8", body: filler(n)}
}

// both is what most mail is: the text once plain and once as HTML.
func both(n int) letter {
	var b bytes.Buffer
	fmt.Fprintf(&b, "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body>\r\n", filler(n/4))
	for b.Len() < n-100 {
		b.WriteString("<p style=\"margin:0 0 8px\">The delivery is on <b>Thursday</b>, the price is <a href=\"https://contoso.example/offer\">as we agreed</a>.</p>\r\n")
	}
	b.WriteString("</body></html>\r\n--b--\r\n")
	return letter{kind: "Content-Type: multipart/alternative; boundary=b", body: b.Bytes()}
}

// attached has one attachment that is about n bytes as it is sent.
func attached(n int) letter {
	var b bytes.Buffer
	b.WriteString("--b\r\nContent-Type: text/plain\r\n\r\nAttached.\r\n--b\r\nContent-Type: application/pdf\r\n" +
		"Content-Disposition: attachment; filename=big.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	line := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("%PDF-1.4 large file "), 3)[:57]) + "\r\n"
	b.WriteString(strings.Repeat(line, n/len(line)))
	b.WriteString("--b--\r\n")
	return letter{kind: "Content-Type: multipart/mixed; boundary=b", body: b.Bytes()}
}

// mails numbers the mails of this run.
var mails atomic.Int64

// A mailer is one SMTP connection that is signed in.
type mailer struct {
	conn net.Conn
	in   *bufio.Reader
	from string
	buf  []byte
}

// sources numbers the addresses of this machine that were used: servers let only
// so many connections come from one.
var sources atomic.Int64

func newSource() net.Addr {
	i := sources.Add(1)
	return &net.TCPAddr{IP: net.IPv4(127, 1, byte(i>>8), byte(i))}
}

// mailers opens n connections, with at most sixteen from one address. They are
// to be closed.
func (b *bench) mailers(s *side, n int) mailers {
	b.t.Helper()
	var list mailers
	d := net.Dialer{}
	for i := range n {
		if i%16 == 0 {
			d.LocalAddr = newSource()
		}
		conn, err := d.DialContext(b.t.Context(), "tcp", s.hello.SMTP)
		b.check(err)
		m := &mailer{conn: conn, in: bufio.NewReader(conn), from: sender(i)}
		credentials := base64.StdEncoding.EncodeToString([]byte("\x00" + m.from + "\x00" + password))
		b.check(m.expect(220))
		b.check(m.command("EHLO generator.example\r\n", 250))
		b.check(m.command("AUTH PLAIN "+credentials+"\r\n", 235))
		list = append(list, m)
	}
	return list
}

type mailers []*mailer

func (list mailers) close() {
	for _, m := range list {
		_ = m.command("QUIT\r\n", 221) // as a polite client; it is over either way
		m.conn.Close()
	}
}

func (m *mailer) command(line string, code int) error {
	if _, err := m.conn.Write([]byte(line)); err != nil {
		return err
	}
	return m.expect(code)
}

func (m *mailer) expect(code int) error {
	for {
		line, err := m.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) > 3 && line[3] == '-' {
			continue
		}
		if got := fmt.Sprint(code); !bytes.HasPrefix(line, []byte(got)) {
			return fmt.Errorf("the server says %q, not %s", bytes.TrimSpace(line), got)
		}
		return nil
	}
}

// send sends one mail and returns when the server has it: two round trips.
func (m *mailer) send(to string, l letter) error {
	m.buf = fmt.Appendf(m.buf[:0], "MAIL FROM:<%s>\r\nRCPT TO:<%s>\r\nDATA\r\n", m.from, to)
	if _, err := m.conn.Write(m.buf); err != nil {
		return err
	}
	for _, code := range []int{250, 250, 354} {
		if err := m.expect(code); err != nil {
			return err
		}
	}
	m.buf = fmt.Appendf(m.buf[:0], "From: Sender <%s>\r\nTo: <%s>\r\nSubject: Offer for the third quarter\r\n"+
		"Date: Fri, 20 Nov 2026 10:00:00 +0000\r\nMessage-ID: <%d@generator.example>\r\nMIME-Version: 1.0\r\n%s\r\n\r\n",
		m.from, to, mails.Add(1), l.kind)
	m.buf = append(append(m.buf, l.body...), ".\r\n"...)
	if _, err := m.conn.Write(m.buf); err != nil {
		return err
	}
	return m.expect(250)
}

// submits is the task of sending a letter to somebody outside, each time
// somebody else.
func (list mailers) submits(l letter) task {
	return func(worker int) error {
		return list[worker].send(fmt.Sprintf("r%d@elsewhere.example", mails.Load()%5000), l)
	}
}
