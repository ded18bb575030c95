package api

import "context"

// Classify asks what addresses would get of a message.
type Classify struct {
	Addresses  []string `json:"addresses" nullable:"false" minItems:"1" maxItems:"100"`
	Protection string   `json:"protection,omitempty" enum:"encrypt-only,do-not-forward" doc:"Of the message; absent: encrypt-only."`
	Portal     bool     `json:"portal,omitempty" doc:"Its sender wants everybody outside in the portal."`
}

// Classified says what one address would get.
type Classified struct {
	Address      string `json:"address" doc:"In the form in which it is compared."`
	IdentityType string `json:"identity_type"`
	Experience   string `json:"experience"`
	Why          string `json:"why" doc:"The key of the reason."`
	Reason       string `json:"reason" doc:"What it gets, and the reason, in words."`
}

// Classification is what addresses would get, in their order.
type Classification struct {
	Recipients []Classified `json:"recipients" nullable:"false"`
}

// Classify says what addresses would get. Like the keys it is not told over the network.
func (c *Client) Classify(ctx context.Context, ask Classify) (got Classification, err error) {
	err = c.post(ctx, "/classify", ask, &got)
	return got, err
}
