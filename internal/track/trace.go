package track

import (
	"context"

	"letterlock/internal/letterlock"
)

// A TraceQuery asks for a page of the message trace.
type TraceQuery struct {
	letterlock.Search
	Before string // TracePage.More of the page before; empty: from the newest
	Limit  int    // 1 to 200; 0: 50
}

// MaxTotal is where counting what a search finds ends.
const MaxTotal = 1000

// A TracePage is a part of what a search found, newest first.
type TracePage struct {
	Messages []Sent
	Total    int    // MaxTotal: that many or more
	More     string // for the next page's Before; empty: this was the last
}

// Trace returns a page of the messages that were looked for. Denied "role" for
// whoever is no auditor; Invalid, with a key that names the field, for what cannot
// be looked for.
func (s *Service) Trace(ctx context.Context, by letterlock.Actor, q TraceQuery) (TracePage, error) {
	panic("track: to be built")
}

// TraceEach calls each for every message that a search finds, newest first, with no
// transaction open meanwhile. It records in the audit log that it was asked.
func (s *Service) TraceEach(ctx context.Context, by letterlock.Actor, q letterlock.Search, each func(Sent) error) error {
	panic("track: to be built")
}

// Traced returns everything that is known in the clear about one message.
func (s *Service) Traced(ctx context.Context, by letterlock.Actor, id letterlock.ID) (Detail, error) {
	panic("track: to be built")
}

// TracedMessageID is Traced for a Message-ID, with or without its angle brackets.
// Invalid "message-id": it is none. NotFound "message-id": there is no such message.
func (s *Service) TracedMessageID(ctx context.Context, by letterlock.Actor, messageID string) (Detail, error) {
	panic("track: to be built")
}
