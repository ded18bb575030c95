package stress

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// patience bounds whatever a test waits for. Nothing takes that long.
const patience = 30 * time.Second

// A client is a browser with one session and one connection at a time. It is for
// one goroutine.
type client struct {
	wire   *wire
	cookie string
	narrow bool // asks the machine for a small buffer, as a slow line has

	conn net.Conn
	in   *bufio.Reader
	last bool // the server has said that it will answer no more on it
}

// An exchange is a request and what came of it.
type exchange struct {
	call, back int64 // when the client sent it, and had the answer or the end of the connection
	status     int   // 0: the connection ended before the head
	body       string
	err        error   // the answer is not whole
	writes     []write // of the server, for this answer
	line       *line
}

// first returns when the server began to answer.
func (x exchange) first() int64 { return x.writes[0].began }

// last returns when the server had written the last of its answer.
func (x exchange) last() int64 { return x.writes[len(x.writes)-1].ended }

func (c *client) get(path string) exchange { return c.do(http.MethodGet, path, readAll) }

func (c *client) post(path string) exchange { return c.do(http.MethodPost, path, readAll) }

func readAll(body io.Reader) (string, error) {
	b, err := io.ReadAll(body)
	return string(b), err
}

// do sends a request and has read read the answer. When it returns the server
// writes nothing more of it: the answer was read to its end, or the server has
// let go of the connection.
func (c *client) do(method, path string, read func(io.Reader) (string, error)) exchange {
	if err := c.dial(); err != nil {
		return exchange{err: err}
	}
	x := exchange{call: at()}
	x.status, x.body, x.err = c.roundTrip(method, path, read)
	x.back = at()
	x.line = c.wire.line(c.conn)
	if x.err != nil {
		c.conn.Close()
		if x.line != nil {
			select {
			case <-x.line.done:
			case <-time.After(patience):
				x.err = fmt.Errorf("the server holds on to a connection that is gone: %w", x.err)
			}
		}
	}
	if x.line != nil {
		x.writes = x.line.since(x.call)
	}
	if x.err != nil || c.last {
		c.close()
	}
	return x
}

func (c *client) dial() error {
	if c.conn != nil {
		return nil
	}
	conn, err := net.Dial("tcp", c.wire.Addr().String())
	if err != nil {
		return err
	}
	if c.narrow {
		if err := conn.(*net.TCPConn).SetReadBuffer(16 << 10); err != nil {
			return errors.Join(err, conn.Close())
		}
	}
	c.conn, c.last, c.in = conn, false, bufio.NewReaderSize(conn, 4<<10)
	return nil
}

func (c *client) roundTrip(method, path string, read func(io.Reader) (string, error)) (int, string, error) {
	if err := c.conn.SetDeadline(time.Now().Add(2 * patience)); err != nil {
		return 0, "", err
	}
	head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\n", method, path, c.wire.Addr(), c.cookie)
	if method == http.MethodPost {
		head += "Content-Length: 0\r\nContent-Type: application/x-www-form-urlencoded\r\n"
	}
	if _, err := io.Copy(c.conn, strings.NewReader(head+"\r\n")); err != nil {
		return 0, "", err
	}
	answer, err := http.ReadResponse(c.in, &http.Request{Method: method})
	if err != nil {
		return 0, "", err
	}
	body, err := read(answer.Body) // not closed: that would read what is left
	c.last = answer.Close
	return answer.StatusCode, body, err
}

// close lets go of the connection.
func (c *client) close() {
	if c.conn == nil {
		return
	}
	c.wire.forget(c.conn) // first: the next client may get the same port
	c.conn.Close()
	c.conn = nil
}
