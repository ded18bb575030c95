package letterlock

import "time"

// A Request is what a recipient whose access has ended asks for.
type Request struct {
	ID        ID
	Message   ID
	Recipient ID
	Kind      RequestKind
	Reason    string // in their own words; may be empty
	Asked     time.Time
	Answered  time.Time // zero: nobody has answered
	By        Address   // who answered
	Answer    Answer    // empty: nobody has
}

// A RequestKind says what is asked for.
type RequestKind string

const (
	MoreTime    RequestKind = "time"   // to an expired message
	AccessAgain RequestKind = "access" // to one that was revoked
)

// An Answer is what became of a Request.
type Answer string

const (
	Approved Answer = "approved"
	Declined Answer = "declined"
)
