package bench

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// A visitor is one HTTP connection that is kept open. It reads answers with as
// little effort as it can: the generator shares the cores with the servers.
type visitor struct {
	conn net.Conn
	in   *bufio.Reader
	host string
	buf  []byte
}

func (b *bench) visitors(s *side, n int) []*visitor {
	b.t.Helper()
	var list []*visitor
	for range n {
		conn, err := net.Dial("tcp", s.hello.HTTP)
		b.check(err)
		b.t.Cleanup(func() { conn.Close() })
		list = append(list, &visitor{conn: conn, in: bufio.NewReaderSize(conn, 32<<10), host: s.hello.HTTP})
	}
	return list
}

// get asks for a page and reads all of it.
func (v *visitor) get(path, cookie string, status int) error {
	v.buf = fmt.Appendf(v.buf[:0], "GET %s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\n\r\n", path, v.host, cookie)
	return v.exchange(status)
}

func (v *visitor) post(path, cookie string, status int) error {
	v.buf = fmt.Appendf(v.buf[:0], "POST %s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\n"+
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 0\r\n\r\n", path, v.host, cookie)
	return v.exchange(status)
}

var (
	lengthField  = []byte("Content-Length: ")
	chunkedField = []byte("Transfer-Encoding: chunked")
)

func (v *visitor) exchange(status int) error {
	if _, err := v.conn.Write(v.buf); err != nil {
		return err
	}
	line, err := v.in.ReadSlice('\n')
	if err != nil {
		return err
	}
	got, _ := strconv.Atoi(string(line[min(9, len(line)):min(12, len(line))])) // 0 is not what is wanted either
	length, chunked := 0, false
	for {
		line, err := v.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) <= 2 {
			break
		}
		if rest, ok := bytes.CutPrefix(line, lengthField); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(rest))); err != nil {
				return err
			}
		}
		chunked = chunked || bytes.HasPrefix(line, chunkedField)
	}
	if err := v.skip(length, chunked); err != nil {
		return err
	}
	if got != status {
		return fmt.Errorf("%.40q is answered by %d, not %d", v.buf, got, status)
	}
	return nil
}

func (v *visitor) skip(length int, chunked bool) error {
	for chunked {
		line, err := v.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		n, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 64)
		if err != nil {
			return err
		}
		if _, err := v.in.Discard(int(n) + 2); err != nil || n == 0 {
			return err
		}
	}
	_, err := v.in.Discard(length)
	return err
}

// A browser does what is done once: it keeps cookies and follows nothing.
type browser struct {
	client  *http.Client
	base    string
	cookies map[string]string
}

func newBrowser(s *side) *browser {
	d := net.Dialer{LocalAddr: newSource()} // passcodes are limited by address
	return &browser{base: "http://" + s.hello.HTTP, cookies: map[string]string{}, client: &http.Client{
		Transport:     &http.Transport{DialContext: d.DialContext, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// do returns the body and where a redirect leads.
func (b *browser) do(method, path string, form url.Values) (body io.ReadCloser, location string, err error) {
	r, err := http.NewRequest(method, b.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, "", err
	}
	r.Header.Set("Cookie", b.cookie())
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := b.client.Do(r)
	if err != nil {
		return nil, "", err
	}
	for _, c := range res.Cookies() {
		b.cookies[c.Name] = c.Value
	}
	if res.StatusCode >= 400 {
		return nil, "", errors.Join(fmt.Errorf("%s %.30s is answered by %s", method, path, res.Status), res.Body.Close())
	}
	return res.Body, res.Header.Get("Location"), nil
}

// follow asks for something that is answered by a redirect.
func (b *browser) follow(method, path string, form url.Values) (string, error) {
	body, location, err := b.do(method, path, form)
	if err != nil {
		return "", err
	}
	if location == "" {
		err = fmt.Errorf("%s %.30s leads nowhere", method, path)
	}
	return location, errors.Join(err, body.Close())
}

// cookie is the field that a browser sends.
func (b *browser) cookie() string {
	var list []string
	for name, value := range b.cookies {
		list = append(list, name+"="+value)
	}
	return strings.Join(list, "; ")
}
