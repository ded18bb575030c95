package outbox

import (
	"context"
	"errors"
	"io"
	"slices"

	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/store"
	"letterlock/internal/vault"
)

// unassured is the key of the error that a message itself was not taken because it
// would not have stayed under TLS to the mailbox.
const unassured = "unassured"

// itself is what takes a message itself to a recipient: the organisation's own get it
// through the relay, which is theirs; whoever is outside, only where that is safe.
func (s *Service) itself(w work) Mailer {
	switch {
	case w.recipient.Why == policy.WhyOrganization:
		return s.Mailer
	case s.Assured == nil:
		return unsafe{}
	}
	return s.Assured
}

// unsafe takes nothing.
type unsafe struct{}

func (unsafe) Send(context.Context, string, letterlock.Address, io.Reader) error {
	return &letterlock.Error{Code: letterlock.Denied, Key: unassured, Err: errors.New("there is no way out that keeps mail under TLS to the mailbox")}
}

// fallBack gives a recipient the link in place of the message itself, which could not
// leave safely. It is one transaction: a crash before it leaves the notice to be tried
// again, and after it the link is on its way.
//
// Who has taken the message back meanwhile does not want a reader more. Then nothing
// leaves, and the sender is told.
func (s *Service) fallBack(tx *store.Tx, w work, result error) error {
	m, err := tx.Message(w.message.ID)
	if err != nil {
		return err
	}
	all, err := tx.Recipients(m.ID)
	if err != nil {
		return err
	}
	switch i := slices.IndexFunc(all, func(r letterlock.Recipient) bool { return r.ID == w.recipient.ID }); {
	case m.Destroyed:
		return tx.Finish(w.notice.ID, store.Dropped)
	case i < 0 || settled(all[i]):
		return tx.NoteAttempt(w.notice.ID, w.notice.Attempts, reply(result))
	}
	if policy.Revoked(m, all) {
		return s.fail(tx, w, "encryption to the end was not assured, and the message was taken back before a link could be sent instead")
	}
	if err := s.relink(tx, m, w.recipient); err != nil {
		return err
	}
	return errors.Join(
		tx.NoteAttempt(w.notice.ID, w.notice.Attempts, reply(result)),
		tx.Finish(w.notice.ID, store.Dropped),
		tx.AddEvent(w.recipient, letterlock.Event{Kind: letterlock.FellBack, Detail: reply(result)}))
}

// settled reports whether another attempt, which began when the lease of this one was
// over, has sent the message itself, or a link, or given up.
func settled(r letterlock.Recipient) bool {
	return r.Experience == letterlock.Link || !r.Notified.IsZero() || !r.Bounced.IsZero()
}

// relink makes a link recipient of one, with a key and a notification. Of a message
// that has expired there is no key any more, and nobody is told of it.
func (s *Service) relink(tx *store.Tx, m letterlock.Message, r letterlock.Recipient) error {
	token := vault.NewToken()
	if err := tx.FallBack(r.ID, policy.WhyFellBack, vault.TokenHash(s.Pepper, token)); err != nil {
		return err
	}
	if m.Ended(tx.Now) {
		return nil
	}
	if err := s.Vault.Regrant(tx, m.ID, string(r.ID)); err != nil {
		return err
	}
	return tx.Enqueue(store.Notice{Kind: store.LinkNotice, Message: m.ID, Recipient: r.ID, Secret: vault.SealToken(s.Pepper, r.ID, token)})
}
