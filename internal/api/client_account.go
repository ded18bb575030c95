package api

import (
	"context"
	"net/http"
)

// Accounts returns all accounts by their addresses, disabled ones too.
func (c *Client) Accounts(ctx context.Context) ([]Account, error) {
	var got Accounts
	err := c.get(ctx, "/accounts", &got)
	return got.Accounts, err
}

// AddAccount adds an account; without a password its holder is mailed a link.
func (c *Client) AddAccount(ctx context.Context, a NewAccount) (m Mailed, err error) {
	err = c.post(ctx, "/accounts", a, &m)
	return m, err
}

// DisableAccount keeps the holder of an account out.
func (c *Client) DisableAccount(ctx context.Context, address string) error {
	return c.post(ctx, pathOf("accounts", address, "disable"), nil, nil)
}

// EnableAccount lets the holder of a disabled account in again.
func (c *Client) EnableAccount(ctx context.Context, address string) error {
	return c.post(ctx, pathOf("accounts", address, "enable"), nil, nil)
}

// ResetPassword takes an account's password away and has its holder mailed a link
// to set another.
func (c *Client) ResetPassword(ctx context.Context, address string) (m Mailed, err error) {
	err = c.post(ctx, pathOf("accounts", address, "reset"), nil, &m)
	return m, err
}

// ResetFactor takes away all that an account has beside its password.
func (c *Client) ResetFactor(ctx context.Context, address string) error {
	return c.post(ctx, pathOf("accounts", address, "reset-factor"), nil, nil)
}

// UnbindAccount forgets who at the provider of single sign-on an account belongs to.
func (c *Client) UnbindAccount(ctx context.Context, address string) error {
	return c.post(ctx, pathOf("accounts", address, "unbind"), nil, nil)
}

// SignOutAccount ends the sessions of an account and removes its app passwords.
func (c *Client) SignOutAccount(ctx context.Context, address string) error {
	return c.post(ctx, pathOf("accounts", address, "sign-out"), nil, nil)
}

// SetRoles gives an account these roles and no others.
func (c *Client) SetRoles(ctx context.Context, address string, roles []string) error {
	return c.do(ctx, http.MethodPut, pathOf("accounts", address, "roles"), Roles{roles}, nil)
}

// Tokens returns all tokens, the newest first, also those that have ended.
func (c *Client) Tokens(ctx context.Context) ([]Token, error) {
	var got Tokens
	err := c.get(ctx, "/tokens", &got)
	return got.Tokens, err
}

// AddToken makes a token. Its Secret is in this answer and nowhere else.
func (c *Client) AddToken(ctx context.Context, n NewToken) (t Token, err error) {
	err = c.post(ctx, "/tokens", n, &t)
	return t, err
}

// EndToken makes sure that a token works no more.
func (c *Client) EndToken(ctx context.Context, id string) error {
	return c.post(ctx, pathOf("tokens", id, "end"), nil, nil)
}
