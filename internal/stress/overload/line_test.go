package overload

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// givenUp is how long after the moment when a request was to come nobody waits for
// its answer any more.
const givenUp = 2 * time.Second

// What became of a request that was not answered as it should be.
var (
	errRefused = errors.New("refused: 503, 451 or 454")
	errLate    = errors.New("not answered in time")
	errWrong   = errors.New("answered wrongly")
)

// A line is one HTTP connection.
type line struct {
	host string
	conn net.Conn
	in   *bufio.Reader
}

// An ask is one HTTP request.
type ask struct {
	method, path, cookie string
	status               int // that is wanted
}

// do asks and returns the body of the answer.
func (l *line) do(a ask, until time.Time) (body []byte, err error) {
	if l.conn == nil {
		if l.conn, err = net.DialTimeout("tcp", l.host, time.Until(until)); err != nil {
			return nil, errors.Join(errLate, err)
		}
		l.in = bufio.NewReaderSize(l.conn, 16<<10)
	}
	body, err = l.exchange(a, until)
	if err != nil && !errors.Is(err, errRefused) && !errors.Is(err, errWrong) {
		l.close()
		err = errors.Join(errLate, err)
	}
	return body, err
}

func (l *line) exchange(a ask, until time.Time) ([]byte, error) {
	if err := l.conn.SetDeadline(until); err != nil {
		return nil, err
	}
	head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\n", a.method, a.path, l.host, a.cookie)
	if a.method == http.MethodPost {
		head += "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 0\r\n"
	}
	if _, err := io.WriteString(l.conn, head+"\r\n"); err != nil {
		return nil, err
	}
	answer, err := http.ReadResponse(l.in, &http.Request{Method: a.method})
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(answer.Body)
	switch {
	case err != nil:
		return nil, err
	case answer.Close:
		l.close()
	}
	switch answer.StatusCode {
	case a.status:
		return body, nil
	case http.StatusServiceUnavailable:
		return body, errRefused
	}
	return body, fmt.Errorf("%w: %s %.12s by %d, not %d", errWrong, a.method, a.path, answer.StatusCode, a.status)
}

func (l *line) close() {
	if l.conn != nil {
		l.conn.Close()
		l.conn = nil
	}
}

// mails numbers the mails of this run.
var mails atomic.Int64

// A mailer is one SMTP connection.
type mailer struct {
	host   string
	number int
	conn   net.Conn
	in     *bufio.Reader
}

var letterBody = strings.Repeat("The delivery is on Thursday, and nobody else is to know.\r\n", 40) + ".\r\n"

// send sends one mail and returns its Message-ID if the server took it. A mail program
// waits for minutes once it has begun, whatever is in time here.
func (m *mailer) send(until time.Time) (id string, err error) {
	if m.conn == nil {
		if err := m.signIn(); err != nil {
			return "", errors.Join(errLate, err)
		}
		if !time.Now().Before(until) {
			return "", errLate // the next mail has the connection; to sign in for each would keep the server at that
		}
	}
	id = fmt.Sprintf("<%d@generator.example>", mails.Add(1))
	if err = m.transaction(id); err != nil && !errors.Is(err, errRefused) {
		m.close()
		err = errors.Join(errLate, err)
	}
	return id, err
}

func (m *mailer) transaction(id string) error {
	if err := m.conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return err
	}
	from := sender(m.number)
	if _, err := fmt.Fprintf(m.conn, "MAIL FROM:<%s>\r\nRCPT TO:<somebody@elsewhere.example>\r\nDATA\r\n", from); err != nil {
		return err
	}
	if err := errors.Join(m.expect("250"), m.expect("250"), m.expect("354")); err != nil {
		return err
	}
	return m.command(fmt.Sprintf("From: <%s>\r\nTo: <somebody@elsewhere.example>\r\nSubject: Offer\r\nDate: Fri, 20 Nov 2026 10:00:00 +0000\r\n"+
		"Message-ID: %s\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n%s", from, id, letterBody), "250")
}

// signIn connects, which takes the server long: it checks a password.
func (m *mailer) signIn() error {
	d := net.Dialer{Timeout: time.Minute, LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 1, 0, byte(1+m.number/8))}}
	conn, err := d.Dial("tcp", m.host)
	if err != nil {
		return err
	}
	m.conn, m.in = conn, bufio.NewReader(conn)
	err = errors.Join(conn.SetDeadline(time.Now().Add(time.Minute)), m.expect("220"), m.command("EHLO generator.example\r\n", "250"))
	if err == nil {
		err = m.command("AUTH PLAIN "+base64.StdEncoding.EncodeToString([]byte("\x00"+string(sender(m.number))+"\x00"+password))+"\r\n", "235")
	}
	if err != nil {
		m.close()
	}
	return err
}

func (m *mailer) command(text, code string) error {
	if _, err := io.WriteString(m.conn, text); err != nil {
		return err
	}
	return m.expect(code)
}

func (m *mailer) expect(code string) error {
	for {
		got, err := m.in.ReadSlice('\n')
		switch {
		case err != nil:
			return err
		case len(got) > 3 && got[3] == '-':
		case bytes.HasPrefix(got, []byte(code)):
			return nil
		case bytes.HasPrefix(got, []byte("451")), bytes.HasPrefix(got, []byte("454")), bytes.HasPrefix(got, []byte("503")): // the last after the first
			return errRefused
		default:
			return fmt.Errorf("%w: the server says %q, not %s", errWrong, bytes.TrimSpace(got), code)
		}
	}
}

func (m *mailer) close() {
	if m.conn != nil {
		m.conn.Close()
		m.conn = nil
	}
}
