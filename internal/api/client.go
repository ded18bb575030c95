package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"

	"letterlock/internal/letterlock"
)

// maxAnswer bounds what the client reads of an answer, in bytes.
const maxAnswer = 64 << 20

// A Client asks a server. It is safe for concurrent use.
type Client struct {
	base string
	http *http.Client
}

// NewClient returns a Client of the server at base, like "https://host", that goes
// through the transport.
func NewClient(base string, transport http.RoundTripper) *Client {
	return &Client{base: base, http: &http.Client{
		Transport: transport,
		// The API never redirects; whoever does could be sent a password.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Accounts returns all accounts by their addresses, disabled ones too.
func (c *Client) Accounts(ctx context.Context) ([]Account, error) {
	var got Accounts
	err := c.do(ctx, http.MethodGet, "/v1/accounts", nil, &got)
	return got.Accounts, err
}

// AddAccount adds an account; without a password its holder is mailed a link.
func (c *Client) AddAccount(ctx context.Context, a NewAccount) (m Mailed, err error) {
	err = c.do(ctx, http.MethodPost, "/v1/accounts", a, &m)
	return m, err
}

// DisableAccount keeps the holder of an account out.
func (c *Client) DisableAccount(ctx context.Context, address string) error {
	return c.do(ctx, http.MethodPost, accountPath(address, "disable"), nil, nil)
}

// EnableAccount lets the holder of a disabled account in again.
func (c *Client) EnableAccount(ctx context.Context, address string) error {
	return c.do(ctx, http.MethodPost, accountPath(address, "enable"), nil, nil)
}

// ResetPassword takes an account's password away and has its holder mailed a link
// to set another.
func (c *Client) ResetPassword(ctx context.Context, address string) (m Mailed, err error) {
	err = c.do(ctx, http.MethodPost, accountPath(address, "reset"), nil, &m)
	return m, err
}

// SetRoles gives an account these roles and no others.
func (c *Client) SetRoles(ctx context.Context, address string, roles []string) error {
	return c.do(ctx, http.MethodPut, accountPath(address, "roles"), Roles{roles}, nil)
}

func accountPath(address, act string) string {
	return "/v1/accounts/" + url.PathEscape(address) + "/" + act
}

// do sends one request and reads its answer into got, unless that is nil.
func (c *Client) do(ctx context.Context, method, path string, send, got any) error {
	var body io.Reader
	if send != nil {
		b, err := json.Marshal(send)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return err
	}
	if send != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return &letterlock.Error{Code: letterlock.Busy, Key: "no-answer", Err: err}
	}
	defer answer.Body.Close() // it was read, or is of no use
	return read(answer, got)
}

func read(answer *http.Response, got any) error {
	body := io.LimitReader(answer.Body, maxAnswer)
	kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type")) // "" when it is none
	switch {
	case answer.StatusCode >= 400 && kind == ProblemType:
		var p Problem
		if err := json.NewDecoder(body).Decode(&p); err != nil {
			p = Problem{}
		}
		p.Status = answer.StatusCode
		return p.err()
	case answer.StatusCode < 200 || answer.StatusCode > 299:
		return Problem{Status: answer.StatusCode}.err()
	case got == nil:
		return nil
	}
	if err := json.NewDecoder(body).Decode(got); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	return nil
}
