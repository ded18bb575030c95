package api

import (
	"context"
	"time"
)

// A DKIMKey is one that mail is signed with.
type DKIMKey struct {
	Selector  string    `json:"selector"`
	Algorithm string    `json:"algorithm" doc:"rsa or ed25519."`
	State     string    `json:"state" doc:"new, active or former."`
	Made      time.Time `json:"made"`
	Activated time.Time `json:"activated,omitzero"`
	Replaced  time.Time `json:"replaced,omitzero"`
	Until     time.Time `json:"until,omitzero" doc:"Until when the record of a former key must stay."`
	Name      string    `json:"name" doc:"Where its record belongs in the DNS."`
	Record    string    `json:"record" doc:"The text of its TXT record."`
}

// DKIM is how mail is signed. Signing is false as long as no key is active, or the
// settings say so.
type DKIM struct {
	Domain  string    `json:"domain"`
	Signing bool      `json:"signing"`
	Keys    []DKIMKey `json:"keys" nullable:"false"`
}

// NewDKIMKey asks for a key.
type NewDKIMKey struct {
	Algorithm string `json:"algorithm" doc:"rsa or ed25519."`
	Selector  string `json:"selector,omitempty" doc:"Absent: one made of the date."`
}

// ActivateDKIM asks that a key signs from now on.
type ActivateDKIM struct {
	Unchecked bool `json:"unchecked,omitempty" doc:"Do not look into the DNS whether its record is there."`
}

// RetireDKIM asks that a key is destroyed.
type RetireDKIM struct {
	Early bool `json:"early,omitempty" doc:"Even if mail that it has signed may still be on its way."`
}

// Keys that mail is signed with are, like all others, for the operator alone.

// DKIM returns how mail is signed.
func (c *Client) DKIM(ctx context.Context) (d DKIM, err error) {
	err = c.get(ctx, "/dkim", &d)
	return d, err
}

// AddDKIMKey makes a key, which signs nothing yet.
func (c *Client) AddDKIMKey(ctx context.Context, n NewDKIMKey) (k DKIMKey, err error) {
	err = c.post(ctx, "/dkim", n, &k)
	return k, err
}

// ActivateDKIMKey makes a key sign whatever leaves from now on.
func (c *Client) ActivateDKIMKey(ctx context.Context, selector string, a ActivateDKIM) (k DKIMKey, err error) {
	err = c.post(ctx, pathOf("dkim", selector, "activate"), a, &k)
	return k, err
}

// RetireDKIMKey destroys a key that signs nothing, and returns what it was.
func (c *Client) RetireDKIMKey(ctx context.Context, selector string, r RetireDKIM) (k DKIMKey, err error) {
	err = c.post(ctx, pathOf("dkim", selector, "retire"), r, &k)
	return k, err
}
