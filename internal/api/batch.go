package api

import (
	"time"

	"letterlock/internal/letterlock"
)

// A NewBatch plans the revocation of many messages: of all that a search finds, or
// of those that are named.
type NewBatch struct {
	Search   *letterlock.Search `json:"search,omitempty" doc:"At least one condition. Absent: the messages are named."`
	Messages []Target           `json:"messages,omitempty" nullable:"false" minItems:"1" maxItems:"1000" doc:"Absent: they are searched for."`
	Reason   string             `json:"reason,omitempty" doc:"For the records of the organisation. At most 1,000 bytes."`
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
	Reason     string            `json:"reason,omitempty"`
	Messages   int               `json:"messages"`
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
}

// A BatchPage is a part of the batches, newest first.
type BatchPage struct {
	Batches []Batch `json:"batches" nullable:"false"`
	Next    string  `json:"next,omitempty" doc:"Cursor of the next page; absent: this is the last."`
}

// A BatchItem is one message of a batch.
type BatchItem struct {
	Message Message `json:"message" doc:"With those recipients that the batch touches and no others; its state is theirs."`
	Read    int     `json:"read" doc:"How many of them had read when it was planned."`
	Result  string  `json:"result,omitempty" enum:"revoked,already-revoked,destroyed,failed,restored,kept" doc:"Absent: still to do."`
	Undo    string  `json:"undo,omitempty" enum:"revoked,already-revoked,destroyed,failed,restored,kept" doc:"Absent: not undone."`
}

// An ItemPage is a part of the messages of a batch, newest first.
type ItemPage struct {
	Items []BatchItem `json:"items" nullable:"false"`
	Next  string      `json:"next,omitempty" doc:"Cursor of the next page; absent: this is the last."`
}
