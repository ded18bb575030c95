package api

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"letterlock/internal/letterlock"
)

// Prefix is where in a server's paths the API begins.
const Prefix = "/api/v1"

// maxAnswer bounds what the client reads of an answer in JSON, in bytes.
const maxAnswer = 64 << 20

// A Client asks a server. It is safe for concurrent use.
type Client struct {
	// Wait waits before a read is sent again that the server has put off, or says why
	// it will not; nil: it waits for that time, or until ctx ends.
	Wait func(ctx context.Context, d time.Duration) error

	base string
	http *http.Client
}

// NewClient returns a Client of the server at base, like "https://host", that goes
// through the transport.
func NewClient(base string, transport http.RoundTripper) *Client {
	return &Client{base: base + Prefix, http: &http.Client{
		Transport: transport,
		// The API never redirects; whoever does could be sent a password.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// pathOf joins what stands between slashes, each escaped.
func pathOf(pieces ...string) string {
	path := ""
	for _, p := range pieces {
		path += "/" + url.PathEscape(p)
	}
	return path
}

// sure refuses a path that a server would take for another one: a piece of it is empty,
// or says "here" or "above".
func sure(path string) error {
	path, _, _ = strings.Cut(path, "?")
	pieces := strings.Split(path, "/")[1:]
	for _, piece := range pieces[1:] {
		switch piece {
		case "", ".", "..", "%2F":
			key := map[string]string{"messages": "message-id", "accounts": "address"}[pieces[0]]
			return ProblemOf(&letterlock.Error{Code: letterlock.Invalid, Key: cmp.Or(key, "request")}).err()
		}
	}
	return nil
}

// A values is the query of a request; what is empty is left out.
type values url.Values

func (v values) text(name, value string) values {
	if value != "" {
		url.Values(v).Set(name, value)
	}
	return v
}

func (v values) time(name string, t time.Time) values {
	if t.IsZero() {
		return v
	}
	return v.text(name, t.Format(time.RFC3339))
}

func (v values) flag(name string, on bool) values {
	if !on {
		return v
	}
	return v.text(name, "true")
}

// page adds which page is wanted: 0 leaves its size to the server.
func (v values) page(next string, limit int) values {
	if limit > 0 {
		v.text("limit", strconv.Itoa(limit))
	}
	return v.text("cursor", next)
}

// on puts the query behind a path.
func (v values) on(path string) string {
	if len(v) == 0 {
		return path
	}
	return path + "?" + url.Values(v).Encode()
}

// get asks for what is at path.
func (c *Client) get(ctx context.Context, path string, got any) error {
	return c.do(ctx, http.MethodGet, path, nil, got)
}

// post asks for a change.
func (c *Client) post(ctx context.Context, path string, send, got any) error {
	return c.do(ctx, http.MethodPost, path, send, got)
}

// do sends one request and reads its answer into got, unless that is nil.
func (c *Client) do(ctx context.Context, method, path string, send, got any) error {
	answer, err := c.ask(ctx, method, path, send)
	if err != nil {
		return err
	}
	defer answer.Body.Close() // it was read, or is of no use
	if got == nil {
		return nil
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, maxAnswer)).Decode(got); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	return nil
}

// stream asks for an answer of any length. The caller closes it. One that was cut
// off does not end like a whole one: reading it fails.
func (c *Client) stream(ctx context.Context, path string) (io.ReadCloser, error) {
	answer, err := c.ask(ctx, http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	return answer.Body, nil
}

// patience is how long one read waits in all for a server that puts it off.
const patience = time.Minute

// ask sends one request, and a read again when the server says how long to wait: a long
// list is more requests than it takes at once. A change is for whoever asks to repeat.
// The answer is a good one.
func (c *Client) ask(ctx context.Context, method, path string, send any) (*http.Response, error) {
	for left := patience; ; {
		answer, err := c.once(ctx, method, path, send)
		d := letterlock.RetryAfterOf(err)
		if left -= d; err == nil || method != http.MethodGet || d == 0 || left < 0 {
			return answer, err
		}
		wait := c.Wait
		if wait == nil {
			wait = Wait
		}
		if err := wait(ctx, d); err != nil {
			return nil, err
		}
	}
}

// Wait waits for that time, or returns the error of ctx when that ends first.
func Wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// once sends one request. Its answer is a good one.
func (c *Client) once(ctx context.Context, method, path string, send any) (*http.Response, error) {
	if err := sure(path); err != nil {
		return nil, err
	}
	var body io.Reader
	if send != nil {
		b, err := json.Marshal(send)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, err
	}
	if send != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, &letterlock.Error{Code: letterlock.Busy, Key: "no-answer", Err: err}
	}
	if answer.StatusCode >= 200 && answer.StatusCode <= 299 {
		return answer, nil
	}
	defer answer.Body.Close() // it is read here
	return nil, refused(answer)
}

// refused is the error that an answer tells of.
func refused(answer *http.Response) error {
	var p Problem
	kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type")) // "" when it is none
	if answer.StatusCode >= 400 && kind == ProblemType {
		if err := json.NewDecoder(io.LimitReader(answer.Body, maxAnswer)).Decode(&p); err != nil {
			p = Problem{}
		}
	}
	p.Status = answer.StatusCode
	return p.err()
}
