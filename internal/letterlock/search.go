package letterlock

import "time"

// A Search says which messages are looked for: those that meet all of its
// conditions. Every message meets the zero Search. Capital letters mean nothing in it.
type Search struct {
	Sender    string       `json:"sender,omitempty"`     // an address, "@" and a domain, or a part of an address
	Recipient string       `json:"recipient,omitempty"`  // likewise, of one recipient at least
	Subject   string       `json:"subject,omitempty"`    // words in any order; one that ends in * stands for all that begin so
	MessageID string       `json:"message_id,omitempty"` // whole, with or without its angle brackets; or a part
	From      time.Time    `json:"from,omitzero"`        // accepted then or later; zero: no bound
	Until     time.Time    `json:"until,omitzero"`       // accepted before; zero: no bound
	State     Condition    `json:"state,omitempty"`      // of one recipient at least; empty: any
	Identity  IdentityType `json:"identity,omitempty"`   // of one recipient at least; empty: any
}

// A Condition is what a message can be looked for by that changes in its life.
type Condition string

const (
	IsUnread    Condition = "unread"
	IsRead      Condition = "read"
	IsRevoked   Condition = "revoked"
	ExpiresSoon Condition = "expires-soon"
	IsExpired   Condition = "expired"
	IsInline    Condition = "inline"
	IsBounced   Condition = "bounced"
	IsDestroyed Condition = "destroyed"
)
