package track

import (
	"context"
	"errors"

	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// A Thread is what a reader has of the conversation that a message is part of.
type Thread struct {
	Received []Received // messages of it that were sent to them, oldest first; the one itself is among them
	Made     []Sent     // what they wrote about the message itself, oldest first
	Answered Received   // the message that this one answers, if the reader has it; zero: they have not
}

// maxThread is how much of a conversation is shown.
const maxThread = 100

// Thread returns what a reader has of a message's conversation. It gives nothing to
// read: of messages whose access has ended it may show that alone.
func (s *Service) Thread(ctx context.Context, by letterlock.Actor, m letterlock.Message, r letterlock.Recipient) (t Thread, err error) {
	if by.Kind != letterlock.Reader || r.Mailbox.Address != by.Address || r.Message != m.ID {
		return Thread{}, &letterlock.Error{Code: letterlock.Denied}
	}
	if !by.Within("") { // the rest of it is not theirs to see
		return Thread{}, nil
	}
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		if t.Received, err = tx.ReceivedIn(m.First(), by.Address, maxThread); err != nil {
			return err
		}
		if t.Made, err = tx.Made(r.ID); err != nil || m.Source == "" {
			return err
		}
		source, err := tx.Recipient(m.Source)
		for _, x := range t.Received {
			if x.Message.ID == source.Message {
				t.Answered = x
			}
		}
		return err
	})
	if err != nil {
		return Thread{}, err
	}
	return t, nil
}

// related finds the rest of a message's conversation, as its sender sees it: all of
// it for the first message, and for others what was written about them.
func related(tx *store.Tx, d *Detail) error {
	list, err := tx.Conversation(d.Message.First(), maxThread)
	if err != nil {
		return err
	}
	own := make(map[letterlock.ID]bool)
	d.Asking = make(map[letterlock.ID]bool)
	for _, r := range d.Recipients {
		own[r.ID] = true
	}
	for _, m := range list {
		if m.Message.ID != d.Message.ID && (d.Message.Original == "" || own[m.Message.Source]) {
			d.Related = append(d.Related, m)
			open, err := tx.Requests(m.Message.ID)
			if err != nil {
				return err
			}
			codes, err := tx.ReleasesWaiting(m.Message.ID)
			if err != nil {
				return err
			}
			if len(open)+codes > 0 {
				d.Asking[m.Message.ID] = true
			}
		}
	}
	if d.Message.Original == "" {
		return nil
	}
	first, err := tx.Message(d.Message.Original)
	if errors.Is(err, letterlock.NotFound) {
		return nil
	}
	d.First = first
	return err
}
