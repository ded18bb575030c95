package letterlock

import "time"

// A BatchState says how far a revocation of many messages is.
type BatchState string

const (
	BatchPlanned   BatchState = "planned" // says what it would touch, and has touched nothing
	BatchWaiting   BatchState = "waiting" // for a second administrator
	BatchRunning   BatchState = "running"
	BatchDone      BatchState = "done"
	BatchUndoing   BatchState = "undoing"
	BatchUndone    BatchState = "undone"
	BatchDiscarded BatchState = "discarded" // it never ran, and never will
)

// A Batch is a revocation of many messages. What it touches is settled when it is
// planned: a message that comes later is not part of it.
type Batch struct {
	ID         ID
	State      BatchState
	Search     Search // zero: the messages were chosen one by one
	Reason     string
	Messages   int
	Recipients int // of all the messages
	Read       int // of the recipients, when it was planned
	Finished   int // messages it is through with, of the run or of the undoing
	Created    time.Time
	By         Mailbox // who planned it
	Approved   Mailbox // the second administrator; zero: none was needed, or none yet
	Started    time.Time
	Ended      time.Time // of the run; zero: not yet
	UndoneBy   Mailbox
	Undone     time.Time
}

// A BatchResult says what a batch did with one message.
type BatchResult string

const (
	ResultRevoked   BatchResult = "revoked"
	ResultAlready   BatchResult = "already-revoked" // somebody else had revoked all of it meanwhile
	ResultDestroyed BatchResult = "destroyed"       // meanwhile
	ResultFailed    BatchResult = "failed"          // a fault of ours; it can be run again
	ResultRestored  BatchResult = "restored"        // undone
	ResultKept      BatchResult = "kept"            // not undone: what it revoked was changed by somebody since
)

// A BatchNote is what the audit log says of a batch: entries about one have it, as
// JSON, for their Target. So a plan and what became of it stand in the chain of the log,
// and not in tables alone.
type BatchNote struct {
	Search     Search         `json:"search,omitzero"` // zero: the messages were chosen one by one
	Messages   int            `json:"messages,omitempty"`
	Recipients int            `json:"recipients,omitempty"` // of all the messages
	Read       int            `json:"read,omitempty"`       // of the recipients, when it was planned
	Results    map[string]int `json:"results,omitempty"`    // messages, by BatchResult; at the end of a run or of an undoing
}

// Note is what the audit log says of a batch that is not at its end.
func (b Batch) Note() BatchNote {
	return BatchNote{Search: b.Search, Messages: b.Messages, Recipients: b.Recipients, Read: b.Read}
}

// A BatchItem is one message of a batch.
type BatchItem struct {
	Seq        int64 // its place; for the next page
	Message    Message
	Recipients []Recipient // those that the batch touches, as they are now
	Read       int         // how many of them had read when it was planned
	Result     BatchResult // empty: still to do
	Undo       BatchResult // empty: not undone
}

// A Target is a message with those recipients whose access is to be removed.
type Target struct {
	Message    ID
	Recipients []Address // none: all with a link
}
