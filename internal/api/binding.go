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
