package access

import (
	"cmp"
	"context"
	"errors"
	"io"
	"time"

	"letterlock/internal/eml"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// A Letter is an opened message. Reading from Raw fails as soon as the access
// under which it was opened has ended.
type Letter struct {
	Message    letterlock.Message
	Recipients []letterlock.Recipient // for readers without other people's Bcc
	Recipient  letterlock.Recipient   // the reader's own; zero for the sender
	Index      *eml.Index
	Raw        io.ReaderAt
	Lease      *Lease // under which its content may be sent

	own *Mail
}

// Close gives the lease back. Whoever opened the letter calls it when the last
// of its content is sent.
func (l *Letter) Close() { l.Lease.Release() }

// An Attachment is a part of a message that is not its text.
type Attachment struct {
	Part int // number of the part; -1 is the whole mail
	Name string
	Type string // media type as its sender labelled it
	Size int64  // bytes, decoded
	Mail bool   // a mail of its own, which [Letter.Mail] opens
}

// WholeMail stands for the mail itself where a part is asked for.
const WholeMail = -1

// Open opens a message for a reader or for its sender. The errors are
//
//   - [Ended], which is Gone: the reader's access was revoked or has expired;
//   - Denied "different-address": the message was sent to others;
//   - Denied "prove-again", "prove-openid" or "unknown-demand": it asks for more than was proved, see [letterlock.Message.Met];
//   - NotFound: there is no such message for this actor.
//
// State, expiry and key are looked at on every call. Open notes nothing. The
// letter must be closed.
func (s *Service) Open(ctx context.Context, by letterlock.Actor, id letterlock.ID) (*Letter, error) {
	h, lease, err := s.lease(ctx, by, id, s.hold)
	if err != nil {
		return nil, err
	}
	l, err := s.open(ctx, h)
	if err != nil {
		lease.Release()
		return nil, err
	}
	l.Lease = lease
	return l, nil
}

// Watch returns a lease without opening the message, for a page that wants to
// know when access to what it shows ends. Its errors are those of Open. The lease
// must be released.
func (s *Service) Watch(ctx context.Context, by letterlock.Actor, id letterlock.ID) (*Lease, error) {
	_, lease, err := s.lease(ctx, by, id, s.hold)
	return lease, err
}

// WatchAll returns a lease for showing a reader what was sent to them, which ends
// with their access to any of it. It must be taken before the list is read, and
// released; a list whose lease was cut before it was sent is to be read again.
func (s *Service) WatchAll(by letterlock.Actor) (*Lease, error) {
	if by.Kind != letterlock.Reader || by.Address == "" {
		return nil, &letterlock.Error{Code: letterlock.Denied}
	}
	if !by.Within("") {
		return nil, &letterlock.Error{Code: letterlock.Denied, Key: letterlock.OnlyReleased}
	}
	return s.leases.take(leaseKey{address: by.Address}), nil
}

// Tell runs send, which hands a notification of a message to its recipient, if
// their access lives, and returns Gone without running it otherwise. A revocation
// waits for it as it does for content, and ends its context when that takes long:
// when Revoke has returned, no notification leaves. A failure of send is Gone as
// well if access has ended meanwhile.
func (s *Service) Tell(ctx context.Context, to letterlock.Recipient, send func(context.Context) error) error {
	by := letterlock.Actor{Kind: letterlock.Reader, Address: to.Mailbox.Address}
	_, l, err := s.lease(ctx, by, to.Message, s.find)
	if err != nil {
		return err
	}
	defer l.Release()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l.OnCut(cancel, false)
	err = l.Send(func() error { return send(ctx) })
	if err != nil && !l.Live() {
		return errors.Join(errCut, err)
	}
	return err
}

// lease takes the lease first and looks at the access then: the other way round
// a revocation in between would neither find the lease nor be found.
func (s *Service) lease(ctx context.Context, by letterlock.Actor, id letterlock.ID,
	look func(*store.Tx, letterlock.Actor, letterlock.ID) (holding, error)) (h holding, l *Lease, err error) {
	key := leaseKey{message: id}
	if by.Kind == letterlock.Reader {
		key.address = by.Address
	}
	l = s.leases.take(key)
	err = s.DB.Read(ctx, func(tx *store.Tx) (err error) { h, err = look(tx, by, id); return err })
	if err != nil {
		l.Release()
		return h, nil, err
	}
	if by.Kind == letterlock.Reader {
		l.expires(h.message.Expires, s.Now)
	}
	return h, l, nil
}

func (s *Service) open(ctx context.Context, h holding) (*Letter, error) {
	mail, err := s.Vault.Open(ctx, keyFor(h.key))
	if err != nil {
		return nil, ended(err, h)
	}
	l := &Letter{Message: h.message, Recipient: h.recipient, Index: mail.Index, Raw: &endedReader{mail.Raw, h}}
	for _, r := range h.recipients {
		if h.recipient.ID == "" || r.Field != letterlock.Bcc || r.ID == h.recipient.ID {
			l.Recipients = append(l.Recipients, r)
		}
	}
	return l, nil
}

// ended translates what a reader meets whose key went away while they read: the
// chunk is NotFound, and that is the end of their access. Which end it is, the
// next request says.
func ended(err error, h holding) error {
	if errors.Is(err, letterlock.NotFound) && h.recipient.ID != "" {
		return &letterlock.Error{Code: letterlock.Gone, Err: err}
	}
	return err
}

type endedReader struct {
	raw io.ReaderAt
	h   holding
}

func (r *endedReader) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.raw.ReadAt(p, off)
	return n, ended(err, r.h)
}

// readAgain is how long a recipient may go on looking at a message, by reloading
// or on a page that refreshes itself, for it to count as one read.
const readAgain = 5 * time.Minute

// Read opens a message as Open does, and notes that its recipient read it. The
// note and the audit entry are on disk before any content leaves.
func (s *Service) Read(ctx context.Context, by letterlock.Actor, id letterlock.ID) (*Letter, error) {
	l, err := s.Open(ctx, by, id)
	if err != nil || by.Kind != letterlock.Reader {
		return l, err
	}
	noted, err := s.Noted(ctx, by, l, readAgain)
	if noted {
		return l, nil
	}
	if err != nil {
		l.Close()
		return nil, err
	}
	if err := s.note(ctx, by, id, letterlock.Event{Kind: letterlock.Read}); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// Noted reports whether it was noted less than a while ago that the message was read by its
// recipient; and, where it asks who reads, by somebody of the same name.
func (s *Service) Noted(ctx context.Context, by letterlock.Actor, l *Letter, while time.Duration) (noted bool, err error) {
	if l.Recipient.LastRead.IsZero() {
		return false, nil
	}
	err = s.DB.Read(ctx, func(tx *store.Tx) (err error) {
		noted = tx.Now.Sub(l.Recipient.LastRead) < while
		if noted && s.Asks(l.Message).Named() {
			noted, err = tx.ReadAs(l.Recipient, by.Called, tx.Now.Add(-while))
		}
		return err
	})
	return noted, err
}

// note writes one act of a reader, as events of one kind, into the history and the
// audit log, if their access still lives.
func (s *Service) note(ctx context.Context, by letterlock.Actor, id letterlock.ID, events ...letterlock.Event) error {
	told := false
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		h, err := s.hold(tx, by, id)
		if err != nil {
			return err
		}
		for _, e := range events {
			// A session from before sessions said it began with a passcode: there was
			// nothing else.
			e.Proof, e.Agent, e.IP = cmp.Or(by.Proof, letterlock.ByPasscode), by.Agent, by.IP
			if s.Asks(h.message).Named() {
				e.Called = by.Called
			}
			if err := tx.AddEvent(h.recipient, e); err != nil {
				return err
			}
			if e.Kind == letterlock.Read {
				if told, err = s.tellRead(tx, h.recipient); err != nil {
					return err
				}
			}
		}
		reason := ""
		if by.Proof == letterlock.ByRelease {
			reason = "by release code" // nobody has proved the mailbox
		}
		action := map[letterlock.EventKind]string{letterlock.Read: "read", letterlock.Downloaded: "download"}[events[0].Kind]
		return tx.Audit(letterlock.Entry{Actor: by, Action: action, Message: id, Target: string(by.Address), Reason: reason, Allowed: true})
	})
	if err == nil && told {
		s.Wake()
	}
	return err
}

// Download opens one attachment, or the whole mail for [WholeMail], and notes
// that its recipient took it. Under do-not-forward the whole mail is Denied
// "do-not-forward", and so are attachments where the settings say so. The errors
// are otherwise those of Open.
func (s *Service) Download(ctx context.Context, by letterlock.Actor, id letterlock.ID, part int) (*Letter, Attachment, io.Reader, error) {
	l, err := s.Open(ctx, by, id)
	if err != nil {
		return nil, Attachment{}, nil, err
	}
	a, r, err := s.pick(l, part)
	if err == nil && by.Kind == letterlock.Reader {
		err = s.note(ctx, by, id, letterlock.Event{Kind: letterlock.Downloaded, Part: part})
	}
	if err != nil {
		l.Close()
		return nil, Attachment{}, nil, err
	}
	return l, a, r, nil
}

func (s *Service) pick(l *Letter, part int) (Attachment, io.Reader, error) {
	if err := s.mayDownload(l, part); err != nil {
		return Attachment{}, nil, err
	}
	if part == WholeMail {
		return Attachment{Part: part, Name: "message.eml", Type: "message/rfc822"}, l.clean(), nil
	}
	return l.attachment(part)
}

// Attachments lists the parts of the message that are not its text. A mail that
// is attached is one of them, whatever is attached to it in turn.
func (l *Letter) Attachments() []Attachment { return l.Own().Attachments() }

// mayDownload refuses what do-not-forward keeps in the portal.
func (s *Service) mayDownload(l *Letter, part int) error {
	bound := l.Recipient.ID != "" && l.Message.Protection == letterlock.DoNotForward
	if bound && (part == WholeMail || !s.DownloadsUnderDoNotForward) {
		return &letterlock.Error{Code: letterlock.Denied, Key: "do-not-forward"}
	}
	return nil
}

// maxText is how much of a text is shown in a page; the rest is in the raw mail.
const maxText = 4 << 20

// maxImage bounds one inline image.
const maxImage = 8 << 20

// clean is the whole mail as its reader gets it: without hidden recipients and
// without the words between the sender's program and us. The sender gets it as it
// came, but for those.
func (l *Letter) clean() io.Reader {
	if l.Recipient.ID == "" {
		return l.Index.WithoutHidden(l.Raw)
	}
	return l.Index.Clean(l.Raw, l.from(), l.Message.Subject)
}

// from is who the mail says it is from: its sender, or the portal in the name of
// the recipient who wrote it.
func (l *Letter) from() letterlock.Mailbox {
	if h := l.Index.Header; l.Message.Author.Address != "" && len(h.From) > 0 {
		return h.From[0]
	}
	return l.Message.Sender
}

// Copy is the whole mail as its reader may send it on. Whether they may is not its
// matter.
func (l *Letter) Copy() io.Reader { return l.clean() }
