package letterlock

import (
	"strings"
	"time"
)

// A Search says which messages are looked for: those that meet all of its
// conditions, and those about recipients by one of them who meets all. Every message
// meets the zero Search. Capital letters mean nothing in it.
//
// To programs a condition that is given and empty is not the same as one that is left
// out: the patterns refuse what would widen a search by mistake.
type Search struct {
	// An address, "@" and a domain, or a part of an address; and likewise, of a recipient.
	Sender    string `json:"sender,omitempty" pattern:"[^\\p{Z}\\p{C}]" patternDescription:"more than blanks"`
	Recipient string `json:"recipient,omitempty" pattern:"[^\\p{Z}\\p{C}]" patternDescription:"more than blanks"`
	// Words in any order; one that ends in * stands for all that begin so.
	Subject string `json:"subject,omitempty" pattern:"[^\\p{Z}\\p{C}]" patternDescription:"more than blanks"`
	// Whole, with or without its angle brackets; or a part.
	MessageID string `json:"message_id,omitempty" pattern:"[^\\p{Z}\\p{C}]" patternDescription:"more than blanks"`
	// Accepted then or later, and before; zero: no bound.
	From  time.Time `json:"from,omitzero" pattern:"^[1-9]" patternDescription:"of the year 1000 or later"`
	Until time.Time `json:"until,omitzero" pattern:"^[1-9]" patternDescription:"of the year 1000 or later"`
	// Of a recipient, or State of the message if it is IsDestroyed; empty: any.
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
	IsDelayed   Condition = "delayed"
	IsDestroyed Condition = "destroyed"
)

// Soon is how long before its end a message counts as expiring soon.
const Soon = 48 * time.Hour

// Narrows reports whether s asks something of a recipient.
func (s Search) Narrows() bool {
	return s.Recipient != "" || s.Identity != "" || s.State != "" && s.State != IsDestroyed
}

// Matches reports whether r, a recipient of m, is one of those that s looks for: whether
// its address, its identity type and its state now are what s asks of one recipient.
// Whether m meets the other conditions of s it does not say. Nobody matches a Search
// that cannot be understood.
func (s Search) Matches(r Recipient, m Message, now time.Time) bool {
	return ParseSought(s.Recipient).Matches(r.Mailbox.Address) && (s.Identity == "" || r.Identity == s.Identity) &&
		(s.State == "" || r.is(s.State, m, now))
}

// is reports whether r, or m, is in a state.
func (r Recipient) is(c Condition, m Message, now time.Time) bool {
	stands := r.Experience == Link && !r.Revocation.Revoked() && !m.Destroyed
	switch c {
	case IsUnread:
		return stands && !m.Ended(now) && r.FirstRead.IsZero() && r.Bounced.IsZero()
	case IsRead:
		return !r.FirstRead.IsZero() && !r.Revocation.Revoked()
	case IsRevoked:
		return r.Revocation.Revoked()
	case ExpiresSoon:
		return stands && !m.Ended(now) && m.Ended(now.Add(Soon))
	case IsExpired:
		return stands && m.Ended(now)
	case IsInline:
		return r.Experience == Inline
	case IsBounced:
		return !r.Bounced.IsZero()
	case IsDelayed:
		return r.Delayed(m, now)
	case IsDestroyed:
		return m.Destroyed
	}
	return false
}

// A Sought is what was typed to find addresses. At most one of its fields is set; the zero Sought
// stands for every address.
type Sought struct {
	Whole  string // an address
	Domain string // all addresses there
	Part   string // all addresses with that in them
}

// ParseSought reads what was typed: an address, "@" and a domain, or else a part. A part may
// be too short for an index.
//
// What is copied with an address is not sought: the name before one in angle brackets, and
// asterisks before or after a part, which is found wherever it is.
func ParseSought(typed string) Sought {
	s := inBrackets(strings.TrimSpace(typed))
	bare := strings.Trim(s, "*")
	if bare == "" {
		return Sought{Part: s} // asterisks alone must not stand for every address
	}
	if rest, ok := strings.CutPrefix(bare, "@"); ok && strings.HasSuffix(s, bare) {
		if a, err := ParseAddress("x@" + rest); err == nil {
			return Sought{Domain: a.Domain()}
		}
	}
	if a, err := ParseAddress(bare); err == nil && bare == s {
		return Sought{Whole: strings.ToLower(string(a))}
	}
	return Sought{Part: strings.ToLower(bare)}
}

// inBrackets returns what stands in angle brackets at the end of s, or s.
func inBrackets(s string) string {
	if i := strings.LastIndexByte(s, '<'); i >= 0 && strings.HasSuffix(s, ">") {
		if inner := strings.TrimSpace(s[i+1 : len(s)-1]); inner != "" {
			return inner
		}
	}
	return s
}

// Matches reports whether a is one of the addresses.
func (s Sought) Matches(a Address) bool {
	lower := strings.ToLower(string(a))
	return (s.Whole == "" || s.Whole == lower) && (s.Domain == "" || s.Domain == a.Domain()) && strings.Contains(lower, s.Part)
}
