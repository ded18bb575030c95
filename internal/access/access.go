// Package access decides who may read a protected message now, lets them, and
// takes it away.
//
// Its one invariant: a recipient without access has no wrapped key in the
// database. Every request for content asks again, and every chunk of content is
// read only while the key is still there.
package access

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"letterlock/internal/journal"
	"letterlock/internal/letterlock"
	"letterlock/internal/metrics"
	"letterlock/internal/policy"
	"letterlock/internal/seal"
	"letterlock/internal/store"
	"letterlock/internal/vault"
)

// A Service answers for access to messages. It is safe for concurrent use.
type Service struct {
	DB     *store.DB
	Vault  *vault.Vault
	Pepper seal.Pepper
	Rules  policy.Settings
	// DownloadsUnderDoNotForward lets recipients save attachments of messages
	// that are not to be forwarded.
	DownloadsUnderDoNotForward bool
	// BrandAsks is what a message asks of its readers, with what its brand adds; nil: what
	// it says itself.
	BrandAsks func(letterlock.Message) letterlock.Demand
	Wake      func() // called after something was put into the outbox
	Now       func() time.Time
	Metrics   *metrics.Access // counts revocations and restores; nil: nobody does
	// SecondPersonAbove is how many messages a batch may have that one person runs
	// alone; 0: any number.
	SecondPersonAbove int
	Log               *slog.Logger // hears what stops a batch; nil: nobody does
	// Elsewhere does again what an entry of the revocation journal says that is about no
	// message, and reports whether that changed anything; nil: nothing does. See Replay.
	Elsewhere func(tx *store.Tx, e journal.Entry) (changed bool, err error)
	// Quiet is told that nothing is sent any more to those whose access has changed,
	// before anybody is told that it has; nil: nobody is. Tests stop the process there.
	Quiet func()

	leases  leases
	batches wakeup
}

// Readers returns how many leases are out: how much of protected messages is open
// or on its way right now.
func (s *Service) Readers() int { return s.leases.out() }

// Ended is the error of a reader whose access is over. It says no more than an
// end page shows, and only its reader gets it.
type Ended struct {
	State     letterlock.State // Revoked or Expired
	Message   letterlock.Message
	Recipient letterlock.Recipient
}

func (e *Ended) Error() string { return "access has ended: " + string(e.State) }

// Unwrap yields Gone, so that errors.Is(err, letterlock.Gone) holds.
func (e *Ended) Unwrap() error {
	return &letterlock.Error{Code: letterlock.Gone, Key: string(e.State)}
}

// A Gate is what a link leads to, for somebody who has proved nothing yet: only
// the masked address and the reference may be shown of it.
type Gate struct {
	Message   letterlock.Message
	Recipient letterlock.Recipient
}

// Gate returns what the link with that token leads to. Revoked and expired
// links answer like live ones; unknown and destroyed ones are NotFound.
func (s *Service) Gate(ctx context.Context, token string) (g Gate, err error) {
	hash := vault.TokenHash(s.Pepper, letterlock.Token(token))
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		if g.Recipient, err = tx.RecipientByToken(hash); err != nil {
			return err
		}
		if g.Message, err = tx.Message(g.Recipient.Message); err != nil {
			return err
		}
		if g.Message.Destroyed {
			return &letterlock.Error{Code: letterlock.NotFound}
		}
		return nil
	})
	if err != nil {
		return Gate{}, err
	}
	return g, nil
}

// Sent returns when a message was sent in whose notification that reference stands, for
// whoever asks. Of what is destroyed it says what it says of what never was: NotFound.
// What cannot be a reference is Invalid.
func (s *Service) Sent(ctx context.Context, typed string) (at time.Time, err error) {
	reference, begins, err := letterlock.ParseReference(typed)
	if err != nil {
		return at, err
	}
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		at, err = tx.SentWith(reference, begins)
		return err
	})
	return at, err
}

// GateOf returns what the link of a reader's own leads to. It is for whoever has proved
// their mailbox and is to prove more. The errors are those of [Service.Open], but that
// revoked and expired messages answer like live ones.
func (s *Service) GateOf(ctx context.Context, by letterlock.Actor, id letterlock.ID) (g Gate, err error) {
	if by.Kind != letterlock.Reader {
		return g, &letterlock.Error{Code: letterlock.Denied}
	}
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		m, err := tx.Message(id)
		if err != nil {
			return err
		}
		all, err := tx.Recipients(id)
		if err != nil {
			return err
		}
		if m.Destroyed {
			return &letterlock.Error{Code: letterlock.NotFound}
		}
		var ended *Ended
		r, err := findReader(by.Address, m, all, tx.Now)
		if err == nil || errors.As(err, &ended) {
			g, err = Gate{Message: m, Recipient: r}, nil
		}
		return err
	})
	return g, err
}

// holding is what a transaction finds for somebody who may read a message now.
type holding struct {
	message    letterlock.Message
	recipients []letterlock.Recipient
	recipient  letterlock.Recipient // a reader's own; zero for the sender
	key        vault.Key
}

// hold finds the key of whoever asks. This is the one place that decides who may
// read: a reader who is a link recipient, while their access lives, and has proved what
// the message asks for; and the sender, whose copy only destruction ends. Everybody else
// is refused here.
func (s *Service) hold(tx *store.Tx, by letterlock.Actor, id letterlock.ID) (h holding, err error) {
	h, err = s.find(tx, by, id)
	if err == nil && by.Kind == letterlock.Reader {
		err = s.Met(h.message, by, tx.Now)
	}
	return h, err
}

// Asks is what a message asks of its readers: what it says itself, and what its brand does.
func (s *Service) Asks(m letterlock.Message) letterlock.Demand {
	if s.BrandAsks == nil {
		return m.Asks
	}
	return s.BrandAsks(m)
}

// Met is [letterlock.Message.Met], and looks at what the brand of the message asks, too.
func (s *Service) Met(m letterlock.Message, by letterlock.Actor, now time.Time) error {
	m.Asks = s.Asks(m)
	return m.Met(by, now)
}

// find is hold for whoever reads nothing: it does not ask what a reader has proved.
func (s *Service) find(tx *store.Tx, by letterlock.Actor, id letterlock.ID) (h holding, err error) {
	if by.Kind != letterlock.Reader && !by.Is(letterlock.Sender) {
		return h, &letterlock.Error{Code: letterlock.Denied}
	}
	if h.message, err = tx.Message(id); err != nil {
		return h, err
	}
	if h.message.Destroyed {
		return h, &letterlock.Error{Code: letterlock.NotFound}
	}
	if h.recipients, err = tx.Recipients(id); err != nil {
		return h, err
	}
	holder := store.SenderCopy
	if by.Kind == letterlock.Reader {
		if !by.Within(id) {
			return h, &letterlock.Error{Code: letterlock.Denied, Key: letterlock.ProveAgain}
		}
		if h.recipient, err = findReader(by.Address, h.message, h.recipients, tx.Now); err != nil {
			return h, err
		}
		holder = string(h.recipient.ID)
	} else if h.message.Sender.Address != by.Address {
		return h, &letterlock.Error{Code: letterlock.NotFound}
	}
	h.key, err = s.Vault.Find(tx, id, holder)
	if errors.Is(err, letterlock.NotFound) {
		if by.Kind == letterlock.Reader && h.message.Ended(s.Now()) {
			// It expired, and the sweep took its keys, after this transaction had
			// read the clock and before it saw the database.
			return h, &Ended{State: letterlock.Expired, Message: h.message, Recipient: h.recipient}
		}
		// Live without a key is a fault of ours. It must not look like an end
		// that somebody decided on.
		return h, &letterlock.Error{Code: letterlock.Internal, Err: errors.New("no key for a live recipient")}
	}
	return h, err
}

// Answerable finds, within the caller's transaction, what a reader answers to who
// may read the message now. The errors are those of [Service.Open].
func (s *Service) Answerable(tx *store.Tx, by letterlock.Actor, id letterlock.ID) (policy.Answerable, error) {
	if by.Kind != letterlock.Reader {
		return policy.Answerable{}, &letterlock.Error{Code: letterlock.Denied}
	}
	h, err := s.hold(tx, by, id)
	if err == nil && !by.Within("") { // what they write would bear the name of a mailbox that nobody has proved
		err = &letterlock.Error{Code: letterlock.Denied, Key: letterlock.OnlyReleased}
	}
	return policy.Answerable{Message: h.message, Recipients: h.recipients, Reader: h.recipient}, err
}

func findReader(a letterlock.Address, m letterlock.Message, all []letterlock.Recipient, now time.Time) (letterlock.Recipient, error) {
	for _, r := range all {
		if r.Mailbox.Address != a {
			continue
		}
		if r.Experience != letterlock.Link {
			return r, &letterlock.Error{Code: letterlock.NotFound}
		}
		if state := r.State(m, now); state != letterlock.Live {
			return r, &Ended{State: state, Message: m, Recipient: r}
		}
		return r, nil
	}
	return letterlock.Recipient{}, &letterlock.Error{Code: letterlock.Denied, Key: "different-address"}
}
