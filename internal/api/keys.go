package api

import (
	"context"
	"io"
	"time"
)

// A KeyEpoch is one of the keyring's.
type KeyEpoch struct {
	Number    uint32    `json:"number"`
	Made      time.Time `json:"made,omitzero"`
	State     string    `json:"state" doc:"current, ending, destroyed or missing."`
	Keys      int       `json:"keys" doc:"Keys of messages that are wrapped under it."`
	Destroyed time.Time `json:"destroyed,omitzero"`
}

// Keys are the epochs of the keyring, the newest first.
type Keys struct {
	Epochs []KeyEpoch `json:"epochs" nullable:"false"`
}

// Rotate asks for a new epoch.
type Rotate struct {
	Continue bool `json:"continue,omitempty" doc:"Begin no new epoch, and go on with ending the old ones."`
}

// Rotated says how far a rotation is.
type Rotated struct {
	Epoch     uint32 `json:"epoch" doc:"That everything is wrapped under now."`
	Rewrapped int    `json:"rewrapped" doc:"Keys that were wrapped anew just now."`
	Ended     int    `json:"ended" doc:"Epochs that were destroyed just now."`
	WaitsFor  string `json:"waits_for,omitempty" doc:"keys to be wrapped anew, or readers of what was before; absent: the old epochs are destroyed."`
}

// The keys are for the operator alone, at the machine of the server: these answers
// come over the socket in the data folder and not over the network.

// Keys returns the epochs of the keyring.
func (c *Client) Keys(ctx context.Context) (k Keys, err error) {
	err = c.get(ctx, "/keys", &k)
	return k, err
}

// RotateKeys begins a new epoch, or goes on with ending the old ones.
func (c *Client) RotateKeys(ctx context.Context, r Rotate) (p Rotated, err error) {
	err = c.post(ctx, "/keys/rotate", r, &p)
	return p, err
}

// ExportKeys returns the keys of the data folder, encrypted to an age recipient.
func (c *Client) ExportKeys(ctx context.Context, recipient string) (io.ReadCloser, error) {
	return c.stream(ctx, values{}.text("recipient", recipient).on("/exports/keys"))
}
