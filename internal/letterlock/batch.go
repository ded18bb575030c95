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
	Everybody  bool   // it touches all recipients of what was found, and not only those that match Search
	Reason     string
	Found      int // messages that were found or chosen; 0: an earlier release did not keep it
	Left       LeftOut
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
	Results    Tally // of the run; not counted in a list of batches
	Undos      Tally // of the undoing, likewise
}

// Narrow reports whether a batch touches only some recipients of what was found,
// because its search has conditions about recipients.
func (b Batch) Narrow() bool { return b.Search.Narrows() && !b.Everybody }

// LeftOut says of how many messages that were found a batch touches nothing, because
// nobody of whom it is about got a link, or has access left.
type LeftOut struct {
	Inline, Revoked, Destroyed int
}

// All returns how many they are.
func (l LeftOut) All() int { return l.Inline + l.Revoked + l.Destroyed }

// A Tally says how many messages of a batch have which result.
type Tally struct {
	Revoked, Already, Destroyed, Failed, Restored, Kept int
}

// Of returns how many have that result.
func (t *Tally) Of(r BatchResult) *int {
	switch r {
	case ResultRevoked:
		return &t.Revoked
	case ResultAlready:
		return &t.Already
	case ResultDestroyed:
		return &t.Destroyed
	case ResultFailed:
		return &t.Failed
	case ResultRestored:
		return &t.Restored
	case ResultKept:
		return &t.Kept
	}
	return new(int) // nobody's
}

// ByResult are the results that messages have, and of how many.
func (t Tally) ByResult() map[BatchResult]int {
	counts := make(map[BatchResult]int)
	for _, r := range BatchResults {
		if n := *t.Of(r); n > 0 {
			counts[r] = n
		}
	}
	return counts
}

// All returns how many have a result.
func (t Tally) All() int { return t.Revoked + t.Already + t.Destroyed + t.Failed + t.Restored + t.Kept }

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

// BatchResults are all results.
var BatchResults = [...]BatchResult{ResultRevoked, ResultAlready, ResultDestroyed, ResultFailed, ResultRestored, ResultKept}

// A BatchNote is what the audit log says of a batch: entries about one have it, as
// JSON, for their Target. So a plan and what became of it stand in the chain of the log,
// and not in tables alone.
type BatchNote struct {
	Search     Search              `json:"search,omitzero"`     // zero: the messages were chosen one by one
	Everybody  bool                `json:"everybody,omitempty"` // see Batch
	Messages   int                 `json:"messages,omitempty"`
	Recipients int                 `json:"recipients,omitempty"` // of all the messages
	Read       int                 `json:"read,omitempty"`       // of the recipients, when it was planned
	Results    map[BatchResult]int `json:"results,omitempty"`    // messages; at the end of a run or of an undoing
}

// Note is what the audit log says of a batch that is not at its end.
func (b Batch) Note() BatchNote {
	return BatchNote{Search: b.Search, Everybody: b.Everybody && b.Search.Narrows(), Messages: b.Messages, Recipients: b.Recipients, Read: b.Read}
}

// A BatchItem is one message of a batch.
type BatchItem struct {
	Seq        int64 // its place; for the next page
	Message    Message
	Recipients []Recipient // those that the batch touches, as they are now
	Inline     []Recipient // who received the message itself
	Others     int         // who have a link and access, and are not touched
	Read       int         // how many of Recipients had read when it was planned
	Result     BatchResult // empty: still to do
	Undo       BatchResult // empty: not undone
}

// A Target is a message with those recipients whose access is to be removed.
type Target struct {
	Message    ID
	Recipients []Address // none: all with a link
}
