package api

import (
	"time"

	"letterlock/internal/letterlock"
)

// A NewBatch plans the revocation of many messages: of all that a search finds, or
// of those that are named.
type NewBatch struct {
	Search    *letterlock.Search `json:"search,omitempty" doc:"At least one condition. Absent: the messages are named."`
	Messages  []Target           `json:"messages,omitempty" nullable:"false" minItems:"1" maxItems:"1000" doc:"Absent: they are searched for."`
	Everybody bool               `json:"everybody,omitempty" doc:"All recipients of the messages found lose access. Otherwise only those that match recipient, state and identity, where the search has such conditions."`
	Reason    string             `json:"reason,omitempty" doc:"For the records of the organisation. At most 1,000 bytes."`
}

// A Target is a message with those recipients whose access is to be removed.
type Target struct {
	MessageID  string   `json:"message_id" doc:"Message-ID, or id."`
	Recipients []string `json:"recipients,omitempty" nullable:"false" minItems:"1" doc:"Addresses. Absent: everybody who got a link."`
}

// A Batch is a revocation of many messages. What it touches is settled when it is
// planned.
type Batch struct {
	ID         string            `json:"id"`
	State      string            `json:"state" enum:"planned,waiting,running,done,undoing,undone,discarded"`
	Search     letterlock.Search `json:"search,omitzero" doc:"Absent: the messages were named."`
	Everybody  bool              `json:"everybody,omitempty" doc:"It touches all recipients of what was found, and not only those that match the search."`
	Reason     string            `json:"reason,omitempty"`
	Found      int               `json:"found,omitempty" doc:"Messages that were found or named; absent: not known, it was planned by an earlier release."`
	Left       *LeftOut          `json:"left_out,omitempty" doc:"How many of these it leaves out, and why. Absent: none."`
	Messages   int               `json:"messages" doc:"That it touches, copies that recipients have forwarded included."`
	Recipients int               `json:"recipients" doc:"Of all the messages."`
	Read       int               `json:"read" doc:"How many of the recipients had read when it was planned."`
	Finished   int               `json:"finished" doc:"Messages that it is through with, of the run or of the undoing."`
	Created    time.Time         `json:"created"`
	By         string            `json:"by" doc:"Who planned it."`
	Approved   string            `json:"approved,omitempty" doc:"The second administrator."`
	Started    time.Time         `json:"started,omitzero"`
	Ended      time.Time         `json:"ended,omitzero"`
	UndoneBy   string            `json:"undone_by,omitempty"`
	Undone     time.Time         `json:"undone,omitzero"`
	Results    *BatchTally       `json:"results,omitempty" doc:"What became of its messages, once it has run or begun to. Absent in lists."`
	Undos      *BatchTally       `json:"undo_results,omitempty" doc:"Likewise of its undoing."`
}

// LeftOut says of how many messages that were found a batch touches nothing.
type LeftOut struct {
	Inline    int `json:"inline" doc:"They were received inline, so that there is no link to end."`
	Revoked   int `json:"revoked" doc:"Access is removed already."`
	Destroyed int `json:"destroyed"`
}

// A BatchTally says how many messages of a batch have which result.
type BatchTally struct {
	Revoked   int `json:"revoked"`
	Already   int `json:"already_revoked" doc:"By somebody else, after it was planned."`
	Destroyed int `json:"destroyed" doc:"By somebody else, likewise."`
	Failed    int `json:"failed" doc:"They can be tried again."`
	Restored  int `json:"restored"`
	Kept      int `json:"kept" doc:"Not restored: somebody has changed them since."`
}

// A BatchPage is a part of the batches, newest first.
type BatchPage struct {
	Batches []Batch `json:"batches" nullable:"false"`
	Next    string  `json:"next,omitempty" doc:"Cursor of the next page; absent: this is the last."`
}

// A BatchItem is one message of a batch.
type BatchItem struct {
	Message Message  `json:"message" doc:"With those recipients that the batch touches and no others; its state is theirs."`
	Inline  []string `json:"inline,omitempty" nullable:"false" doc:"Addresses that received the message inline, and keep it."`
	Others  int      `json:"others,omitempty" doc:"Recipients with a link and access whom it does not touch."`
	Read    int      `json:"read" doc:"How many of them had read when it was planned."`
	Result  string   `json:"result,omitempty" enum:"revoked,already-revoked,destroyed,failed,restored,kept" doc:"Absent: still to do."`
	Undo    string   `json:"undo,omitempty" enum:"revoked,already-revoked,destroyed,failed,restored,kept" doc:"Absent: not undone."`
}

// An ItemPage is a part of the messages of a batch, newest first.
type ItemPage struct {
	Items []BatchItem `json:"items" nullable:"false"`
	Next  string      `json:"next,omitempty" doc:"Cursor of the next page; absent: this is the last."`
}
