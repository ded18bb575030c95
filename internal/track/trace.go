package track

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// A TraceQuery asks for a page of the message trace.
type TraceQuery struct {
	letterlock.Search
	Before string // TracePage.More of the page before; empty: from the newest
	Limit  int    // 1 to 200; 0: 50
}

// MaxTotal is where counting what a search finds ends.
const MaxTotal = 1000

// eachPage is how many messages one transaction of a walk through all of them reads.
const eachPage = 500

// A TracePage is a part of what a search found, newest first.
type TracePage struct {
	Messages []Sent
	Total    int    // MaxTotal: that many or more
	More     string // for the next page's Before; empty: this was the last
}

// Trace returns a page of the messages that were looked for. Denied "role" for
// whoever is no auditor; Invalid for what cannot be looked for, with a key that names
// the field: "sender", "recipient", "subject", "message-id", "state", or
// "part-short" and "subject-words".
func (s *Service) Trace(ctx context.Context, by letterlock.Actor, q TraceQuery) (page TracePage, err error) {
	if err := s.admit(ctx, by, "trace"); err != nil {
		return TracePage{}, err
	}
	if q.Limit < 1 || q.Limit > 200 {
		q.Limit = 50
	}
	err = s.DB.Search(ctx, func(tx *store.Tx) (err error) {
		page.Messages, page.Total, err = tx.Found(q.Search, parseCursor(q.Before), q.Limit+1, MaxTotal)
		return err
	})
	if err != nil {
		return TracePage{}, err
	}
	if len(page.Messages) > q.Limit {
		page.Messages = page.Messages[:q.Limit]
		page.More = cursor(page.Messages[q.Limit-1].Message)
	}
	return page, nil
}

// firstPlace is smaller than every place there is: that of the first second of 1970.
const firstPlace = 1 << 20

// cursor is a message's place in the order of all, as a cursor.
func cursor(m letterlock.Message) string { return strconv.FormatInt(m.Seq, 10) }

// parseCursor reads what cursor wrote; anything else means from the newest.
func parseCursor(s string) int64 {
	seq, err := strconv.ParseInt(s, 10, 64)
	if err != nil || seq < firstPlace {
		return 0
	}
	return seq
}

// TraceEach calls each for every message that a search finds, newest first, with no
// transaction open meanwhile. It records in the audit log that it was asked.
func (s *Service) TraceEach(ctx context.Context, by letterlock.Actor, q letterlock.Search, each func(Sent) error) error {
	if err := s.admit(ctx, by, "export trace"); err != nil {
		return err
	}
	what, err := json.Marshal(q)
	if err != nil {
		return err
	}
	if err := s.DB.CatchUp(ctx); err != nil {
		return err
	}
	// What cannot be looked for is refused before it is noted that all of it was shown.
	list, err := s.found(ctx, q, 0)
	if err != nil {
		return err
	}
	if err := s.record(ctx, by, "export trace", string(what)); err != nil {
		return err
	}
	for {
		for _, m := range list {
			if err := each(m); err != nil {
				return err
			}
		}
		if len(list) < eachPage {
			return nil
		}
		if list, err = s.found(ctx, q, list[eachPage-1].Message.Seq); err != nil {
			return err
		}
	}
}

// found reads the next messages of an export.
func (s *Service) found(ctx context.Context, q letterlock.Search, before int64) (list []Sent, err error) {
	err = s.DB.Read(ctx, func(tx *store.Tx) (err error) {
		list, err = tx.Find(q, before, eachPage)
		return err
	})
	return list, err
}

// Traced returns everything that is known in the clear about one message. NotFound
// "no-message": there is none.
func (s *Service) Traced(ctx context.Context, by letterlock.Actor, id letterlock.ID) (Detail, error) {
	return s.traced(ctx, by, func(tx *store.Tx) (letterlock.Message, error) { return tx.Message(id) })
}

// TracedMessageID is Traced for a Message-ID, with or without its angle brackets.
// Invalid "message-id": it is none.
func (s *Service) TracedMessageID(ctx context.Context, by letterlock.Actor, messageID string) (Detail, error) {
	return s.traced(ctx, by, func(tx *store.Tx) (letterlock.Message, error) {
		whole, err := letterlock.ParseMessageID(messageID)
		if err != nil {
			return letterlock.Message{}, err
		}
		return tx.MessageByMessageID(whole)
	})
}

func (s *Service) traced(ctx context.Context, by letterlock.Actor, find func(*store.Tx) (letterlock.Message, error)) (d Detail, err error) {
	if err := s.admit(ctx, by, "trace"); err != nil {
		return Detail{}, err
	}
	err = s.DB.Read(ctx, func(tx *store.Tx) (err error) {
		if d.Message, err = find(tx); err != nil {
			return err
		}
		if d.Recipients, err = tx.Recipients(d.Message.ID); err != nil {
			return err
		}
		if d.Events, err = tx.Events(d.Message.ID); err != nil {
			return err
		}
		if d.Acts, err = tx.ActsOn(d.Message.ID); err != nil {
			return err
		}
		if d.Requests, err = tx.Requests(d.Message.ID); err != nil {
			return err
		}
		if d.Visits, err = tx.Visits(d.Message.ID); err != nil {
			return err
		}
		if d.Keys, err = keysOf(tx, d.Message.ID); err != nil {
			return err
		}
		return related(tx, &d)
	})
	if errors.Is(err, letterlock.NotFound) {
		err = &letterlock.Error{Code: letterlock.NotFound, Key: "no-message"}
	}
	if err != nil {
		return Detail{}, err
	}
	return d, nil
}
