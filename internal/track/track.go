// Package track is the read side: what a sender sees of sent messages, what a
// recipient sees of received ones, and what an auditor sees of all. It shows what
// was recorded and changes nothing but the audit log, which says who asked.
package track

import (
	"context"
	"strings"

	"letterlock/internal/audit"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// A Service answers questions about messages. It is safe for concurrent use.
type Service struct {
	DB *store.DB
	// Hidden are the brands whose subjects are not for everybody who has proved the mailbox
	// of a recipient, as they are now; nil: there are none.
	Hidden func() store.Brands

	long long // what was found last
}

// admit returns nil if the actor may read what is about everybody's messages, and
// Denied "role" if not. Then it notes in the audit log that they tried, unless they
// have shown nothing.
func (s *Service) admit(ctx context.Context, by letterlock.Actor, action string) error {
	if by.Is(letterlock.Auditor) {
		return nil
	}
	refusal := &letterlock.Error{Code: letterlock.Denied, Key: "role"}
	if by.Kind == letterlock.Nobody {
		return refusal
	}
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		return tx.Audit(letterlock.Entry{Actor: by, Action: action, Reason: refusal.Key})
	})
	if err != nil {
		return err
	}
	return refusal
}

// record notes in the audit log that somebody took a copy of what is about
// everybody's messages.
func (s *Service) record(ctx context.Context, by letterlock.Actor, action, what string) error {
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		return tx.Audit(letterlock.Entry{Actor: by, Action: action, Target: what, Allowed: true})
	})
}

// A Query asks for a page of the Sent folder.
type Query struct {
	Filter string // one of Filters; empty or unknown: all
	Search string // part of a recipient, the subject or the Message-ID
	Before string // Page.More of the page before; empty: from the newest
	Limit  int    // 1 to 200; 0: 50
}

// A Sent is a message with its recipients, as the list shows it.
type Sent = store.SentMessage

// A Page is a part of the Sent folder, newest first.
type Page struct {
	Messages []Sent
	Filters  []string       // all filters in their order
	Counts   map[string]int // messages that match the search, by filter; of the newest MaxCount of them
	More     string         // for the next page's Query.Before; empty: this was the last
}

// MaxCount is how many messages of the Sent folder are counted: a long folder opens
// as fast as a short one.
const MaxCount = store.MaxSentCount

// maxSearch bounds what is searched for, in bytes.
const maxSearch = 200

// Sent returns a page of the actor's own Sent folder.
func (s *Service) Sent(ctx context.Context, by letterlock.Actor, q Query) (Page, error) {
	if !by.Is(letterlock.Sender) {
		return Page{}, &letterlock.Error{Code: letterlock.Denied}
	}
	// SQLite would take a search up to its first NUL, and find what was not asked for.
	if len(q.Search) > maxSearch || strings.ContainsRune(q.Search, 0) {
		return Page{}, &letterlock.Error{Code: letterlock.Invalid, Key: "search"}
	}
	if q.Limit < 1 || q.Limit > 200 {
		q.Limit = 50
	}
	sq := store.SentQuery{
		Sender: by.Address, Filter: store.Filter(q.Filter), Search: strings.TrimSpace(q.Search),
		Before: parseCursor(q.Before), Limit: q.Limit + 1,
	}
	page := Page{Counts: make(map[string]int)}
	err := s.DB.Read(ctx, func(tx *store.Tx) (err error) {
		if page.Messages, err = tx.Sent(sq); err != nil {
			return err
		}
		counts, err := tx.SentCounts(sq)
		for f, n := range counts {
			page.Counts[string(f)] = n
		}
		return err
	})
	if err != nil {
		return Page{}, err
	}
	for _, f := range store.Filters {
		page.Filters = append(page.Filters, string(f))
	}
	if len(page.Messages) > q.Limit {
		page.Messages = page.Messages[:q.Limit]
		page.More = cursor(page.Messages[q.Limit-1].Message)
	}
	return page, nil
}

// A Detail is everything that is known in the clear about one message.
type Detail struct {
	Message    letterlock.Message
	Recipients []letterlock.Recipient
	Events     map[letterlock.ID][]letterlock.Event // by recipient, oldest first
	Visits     map[letterlock.ID][]letterlock.Visit // by recipient; in the trace only
	Acts       []audit.Row                          // about access, newest first; in the trace only
	Related    []Sent                               // what goes on with the message, oldest first
	First      letterlock.Message                   // of the conversation; zero: the message itself is
	Requests   []letterlock.Request                 // that nobody has answered, oldest first
	Asking     map[letterlock.ID]bool               // those of Related for which there are such requests
	Keys       map[letterlock.ID]Key                // by recipient, "" for the sender's copy; in the trace only
}

// SentMessage returns one of the actor's own messages. Messages of other
// senders do not exist: NotFound.
func (s *Service) SentMessage(ctx context.Context, by letterlock.Actor, id letterlock.ID) (d Detail, err error) {
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		if d.Message, err = tx.Message(id); err != nil {
			return err
		}
		if !by.Is(letterlock.Sender) || d.Message.Sender.Address != by.Address {
			return &letterlock.Error{Code: letterlock.NotFound}
		}
		if d.Recipients, err = tx.Recipients(id); err != nil {
			return err
		}
		if d.Events, err = tx.Events(id); err != nil {
			return err
		}
		if d.Requests, err = tx.Requests(id); err != nil {
			return err
		}
		return related(tx, &d)
	})
	if err != nil {
		return Detail{}, err
	}
	return d, nil
}

// A Received is a message as one of its recipients has it.
type Received = store.Received

// receivedPage is how many messages a page of "My messages" lists.
const receivedPage = 50

// Received returns a page of the messages that were sent to a reader's address as
// links, newest first, and more for the next page's before; empty: this was the last.
// search is a part of the sender or, of what was not revoked and asks for nothing more, of
// the subject. Of those whose access has ended it may show the state only.
func (s *Service) Received(ctx context.Context, by letterlock.Actor, search, before string) (list []Received, more string, err error) {
	if by.Kind != letterlock.Reader || by.Address == "" {
		return nil, "", &letterlock.Error{Code: letterlock.Denied}
	}
	if !by.Within("") {
		return nil, "", &letterlock.Error{Code: letterlock.Denied, Key: letterlock.OnlyReleased}
	}
	if len(search) > maxSearch || strings.ContainsRune(search, 0) {
		return nil, "", &letterlock.Error{Code: letterlock.Invalid, Key: "search"}
	}
	q := store.ReceivedQuery{Address: by.Address, Search: strings.TrimSpace(search), Before: parseCursor(before), Limit: receivedPage + 1}
	if s.Hidden != nil {
		q.Hidden = s.Hidden()
	}
	err = s.DB.Read(ctx, func(tx *store.Tx) (err error) {
		list, err = tx.Received(q)
		return err
	})
	if len(list) > receivedPage {
		list = list[:receivedPage]
		more = cursor(list[receivedPage-1].Message)
	}
	return list, more, err
}
