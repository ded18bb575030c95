// Package rule holds an administrator's ordered rules and says what they ask of a
// mail: the floor of its protection, which its sender may raise and never lower.
//
// All rules that match count, and of what they ask the strictest holds; their order
// says which of them is named for it. What could not be read of a mail, because it
// is too long or too costly to read, counts as if it matched: a mail that is unclear
// is protected more, and never less.
//
// Everything here is pure: the same mail under the same rules has the same verdict.
package rule

import "letterlock/internal/letterlock"

// A Rule asks something of every mail that meets its conditions.
type Rule struct {
	ID      letterlock.ID
	Name    string
	Enabled bool
	Version int64 // of all rules together, when this one was changed last; the store gives it
	When    Conditions
	Then    Actions
}

// Conditions are what a mail must meet: all that are set, and of several values of
// one any. They are kept as JSON, and what is added later gets a name of its own.
type Conditions struct {
	Senders    []string `json:"senders,omitempty"`    // addresses, domains, or domains with *. before them
	Recipients []string `json:"recipients,omitempty"` // addresses, or local parts with @* behind them, of which one recipient at least has one
	Domains    []string `json:"domains,omitempty"`    // of a recipient; with *. before it: all below it as well
	Subject    []string `json:"subject,omitempty"`    // words, phrases, or patterns between slashes
	Body       []string `json:"body,omitempty"`       // likewise, in any part that is text
	Header     string   `json:"header,omitempty"`     // name of a field of the mail's header
	Values     []string `json:"values,omitempty"`     // words and patterns in it; none: that it is there is enough
	LargerThan int64    `json:"largerThan,omitempty"` // bytes of the raw mail; 0: any size
	Data       []Data   `json:"data,omitempty"`       // in the subject or in any part that is text
}

// Data is a kind of sensitive data that tells itself by more than its form.
type Data string

const (
	Card Data = "card" // card numbers of the issuers' ranges whose check digit is right
	IBAN Data = "iban" // account numbers of a country's length whose check digits are right
	SSN  Data = "ssn"  // US social security numbers that can have been issued
)

// Kinds are all kinds of sensitive data.
var Kinds = []Data{Card, IBAN, SSN}

// Actions are what is asked of a mail that meets the conditions.
type Actions struct {
	Protection letterlock.Protection `json:"protection,omitempty"` // at least; any other action but a brand asks for encrypt-only
	Expiry     letterlock.Span       `json:"expiry,omitempty"`     // how long it can be read at most; 0: as its sender says
	Brand      string                `json:"brand,omitempty"`      // that it bears, whatever its sender says; empty: as they say
	Portal     bool                  `json:"portal,omitempty"`     // everybody outside reads in the portal
	Asks       letterlock.Demand     `json:"asks,omitempty"`       // of those who read it
	Refuse     bool                  `json:"refuse,omitempty"`     // it is not sent at all
	Sentence   string                `json:"sentence,omitempty"`   // what the sender of a refused mail is told
	// Pass has a mail of the gateway go on as it came if nothing else asks for protection:
	// the default of the gateway does not hold for it. It must mean the whole mail: all of
	// its recipients, its only sender, and what could not be read counts for nothing.
	Pass bool `json:"pass,omitempty"`
}

// Bounds of rules.
const (
	MaxRules    = 200 // in all
	MaxName     = 80  // characters
	MaxSentence = 200 // characters
	MaxValues   = 100 // of one condition
	MaxValue    = 200 // characters of one
	maxProgram  = 500 // instructions that a pattern may become
	maxWords    = 10  // of a phrase
)
