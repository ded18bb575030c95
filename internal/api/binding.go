package api

import (
	"context"
	"net/url"
)

// ForgottenBindings says how many accounts at OpenID providers can no longer prove an
// address because they did so first.
type ForgottenBindings struct {
	Address   string `json:"address"`
	Forgotten int    `json:"forgotten" doc:"0: none was bound to it."`
}

// ForgetBindings lets the next account that a provider vouches for prove an address; at
// all providers if none is named.
func (c *Client) ForgetBindings(ctx context.Context, address, provider string) (f ForgottenBindings, err error) {
	path := pathOf("mailboxes", address, "forget-bindings")
	if provider != "" {
		path += "?" + url.Values{"provider": {provider}}.Encode()
	}
	err = c.post(ctx, path, nil, &f)
	return f, err
}

// ForgottenBrowsers says how many browsers are no longer remembered for an address.
type ForgottenBrowsers struct {
	Address   string `json:"address"`
	Forgotten int    `json:"forgotten" doc:"0: none was remembered."`
}

// ForgetBrowsers forgets all browsers that are remembered for a recipient's address, and
// signs out whoever is signed in with it.
func (c *Client) ForgetBrowsers(ctx context.Context, address string) (f ForgottenBrowsers, err error) {
	err = c.post(ctx, pathOf("mailboxes", address, "forget-browsers"), nil, &f)
	return f, err
}
