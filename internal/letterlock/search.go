package letterlock

import "time"

// A Search says which messages are looked for: those that meet all of its
// conditions. Every message meets the zero Search. Capital letters mean nothing in it.
//
// To programs a condition that is given and empty is not the same as one that is left
// out: the patterns refuse what would widen a search by mistake.
type Search struct {
	// An address, "@" and a domain, or a part of an address; and likewise, of one
	// recipient at least.
	Sender    string `json:"sender,omitempty" pattern:"[^\\p{Z}\\p{C}]" patternDescription:"more than blanks"`
	Recipient string `json:"recipient,omitempty" pattern:"[^\\p{Z}\\p{C}]" patternDescription:"more than blanks"`
	// Words in any order; one that ends in * stands for all that begin so.
	Subject string `json:"subject,omitempty" pattern:"[^\\p{Z}\\p{C}]" patternDescription:"more than blanks"`
	// Whole, with or without its angle brackets; or a part.
	MessageID string `json:"message_id,omitempty" pattern:"[^\\p{Z}\\p{C}]" patternDescription:"more than blanks"`
	// Accepted then or later, and before; zero: no bound.
	From  time.Time `json:"from,omitzero" pattern:"^[1-9]" patternDescription:"of the year 1000 or later"`
	Until time.Time `json:"until,omitzero" pattern:"^[1-9]" patternDescription:"of the year 1000 or later"`
	// Of one recipient at least; empty: any.
	State    Condition    `json:"state,omitempty" pattern:"[^\\p{Z}\\p{C}]" patternDescription:"more than blanks"`
	Identity IdentityType `json:"identity,omitempty" pattern:"[^\\p{Z}\\p{C}]" patternDescription:"more than blanks"`
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
