package outbox

import (
	"context"
	"errors"
	"fmt"
	"io"

	"letterlock/internal/dsn"
	"letterlock/internal/letterlock"
	"letterlock/internal/metrics"
	"letterlock/internal/store"
	"letterlock/internal/vault"
)

// maxBounce is how much of a mail that comes back is kept in memory to be read: what
// servers say stands before the mail that they return.
const maxBounce = 128 << 10

var errNoReport = &letterlock.Error{Code: letterlock.Denied, Key: "no-report", Err: errors.New("neither a delivery report nor an automatic answer")}

// Awaits reports whether an address is the return path of a notice of ours: with its
// tag, which only whoever was sent the notice has seen. Return paths without one, as
// they were before, are awaited no more; anybody could make one.
func (s *Service) Awaits(to letterlock.Address) bool {
	_, err := vault.OpenReturnPath(s.Pepper, to, s.Notifier.From.Domain())
	return err == nil
}

// TakeBounce takes a mail that came to return paths, and notes what it says of them;
// fromNobody says that its envelope names no sender. It never makes a mail to whoever
// sent it. What programs answer to a notification, and what says nothing new, changes
// nothing and is taken; the same bounce twice is that. What a person may have written
// is Denied "no-report", so that they learn that nobody reads it here.
//
// A crash before the commit leaves the mail with whoever sends it; after it, they send
// it again, and it is nothing new then.
func (s *Service) TakeBounce(ctx context.Context, fromNobody bool, to []letterlock.Address, mail io.Reader) error {
	raw, err := io.ReadAll(io.LimitReader(mail, maxBounce))
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, mail); err != nil {
		return err // it is not whole
	}
	m := dsn.Read(raw, fromNobody)
	switch m.Kind {
	case dsn.Bounce:
	case dsn.Other:
		s.Metrics.Bounced(metrics.BounceRefused)
		return errNoReport
	default:
		s.Metrics.Bounced(metrics.BounceNone)
		return nil
	}
	for _, a := range to {
		if err := s.cameBack(ctx, a, m); err != nil {
			return err
		}
	}
	return nil
}

// cameBack notes what a bounce says of one return path.
func (s *Service) cameBack(ctx context.Context, to letterlock.Address, m dsn.Mail) error {
	path, err := vault.OpenReturnPath(s.Pepper, to, s.Notifier.From.Domain())
	if err != nil {
		return err
	}
	result := metrics.BounceLate
	err = s.DB.Write(ctx, func(tx *store.Tx) error {
		w, outcome, err := s.sentBefore(tx, path)
		if errors.Is(err, letterlock.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		result, err = s.learn(tx, w, outcome, m.About(w.recipient.Mailbox.Address))
		return err
	})
	if err != nil {
		return fmt.Errorf("noting a bounce: %w", err)
	}
	s.Metrics.Bounced(result)
	s.Wake() // there may be something to tell the sender
	return nil
}

// sentBefore finds the notice of a return path, or NotFound: it was never handed over,
// or nothing more is kept of its message.
func (s *Service) sentBefore(tx *store.Tx, path vault.ReturnPath) (w work, outcome store.Outcome, err error) {
	if w.notice, outcome, err = tx.Notice(path.Notice); err != nil {
		return w, "", err
	}
	if w.notice.Recipient != path.Recipient || w.notice.Attempts == 0 || outcome == store.Dropped {
		return w, "", &letterlock.Error{Code: letterlock.NotFound}
	}
	if w.message, err = tx.Message(w.notice.Message); err != nil {
		return w, "", err
	}
	if w.message.Destroyed {
		return w, "", &letterlock.Error{Code: letterlock.NotFound}
	}
	w.recipient, err = tx.Recipient(path.Recipient)
	w.now = tx.Now
	return w, outcome, err
}

// learn notes what became of a notice, and says for the metrics what was new. What was
// given up stays so, and a delay is noted once, however often a server speaks of it.
func (s *Service) learn(tx *store.Tx, w work, outcome store.Outcome, r dsn.Report) (result string, err error) {
	if outcome == store.Failed {
		return metrics.BounceKnown, nil
	}
	if outcome == "" { // we have not come to noting that it was taken
		if err := handedOver(tx, w); err != nil {
			return "", err
		}
	}
	before, err := tx.AttemptReply(w.notice.ID, w.notice.Attempts)
	if err != nil {
		return "", err
	}
	switch {
	case r.Fate == dsn.Failed:
		return metrics.Failed, s.fail(tx, w, r.Reply)
	case r.Fate == dsn.Delayed && before == "":
		return metrics.Deferred, delay(tx, w, r.Reply)
	case r.Fate != dsn.Delayed && before != "" && before != atLast:
		return metrics.BounceDelivered, arrived(tx, w)
	}
	return metrics.BounceKnown, nil
}

// atLast stands for the answer to an attempt that was delayed and arrived. Whatever a
// server says of it after that, other than that it failed, is not noted any more: a
// history must not grow for as long as somebody likes.
const atLast = "delivered after a delay"

// delay notes that a server has taken a notice and cannot pass it on yet.
func delay(tx *store.Tx, w work, said string) error {
	detail := letterlock.FurtherOn
	if said != "" {
		detail += ": " + said
	}
	err := tx.NoteAttempt(w.notice.ID, w.notice.Attempts, detail)
	if _, toRecipient := taken[w.notice.Kind]; toRecipient {
		err = errors.Join(err, tx.AddEvent(w.recipient, letterlock.Event{Kind: letterlock.Deferred, Detail: detail}))
	}
	if tells(w.notice.Kind) {
		err = errors.Join(err, tx.PutOffLater(w.recipient.ID, detail))
	}
	return err
}

// arrived notes that what was delayed has arrived.
func arrived(tx *store.Tx, w work) error {
	err := tx.NoteAttempt(w.notice.ID, w.notice.Attempts, atLast)
	if kind, ok := taken[w.notice.Kind]; ok && kind != letterlock.PasscodeSent { // it was sent once
		err = errors.Join(err, tx.AddEvent(w.recipient, letterlock.Event{Kind: kind}))
	}
	return err
}
