package intake

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"letterlock/internal/eml"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/store"
	"letterlock/internal/vault"
)

// Limits of forwarding: how many copies of a message can be made in a day, by
// everybody together, and to how many addresses each may go.
const (
	MaxForwards  = 10
	MaxForwardTo = 10
	forwardDay   = 24 * time.Hour
)

// A Writing is what a recipient writes in the portal.
type Writing struct {
	Form  string // names the page it was written on: the same sent twice is one message
	Text  string
	Files iter.Seq2[eml.File, error] // nil: none
}

// An answer is a writing on its way to become a message.
type answer struct {
	Writing
	act      letterlock.Act
	to, cc   []letterlock.Mailbox
	original io.Reader // forwards only
	about    policy.Answerable
	message  letterlock.Message
	now      time.Time
}

// Reply sends what a reader answers to the message with that ID: to its sender's
// ordinary mailbox, and with everybody to those whom it names, as links outside.
//
// It is a message of its own, which belongs to the sender of the original. Whether
// the reader still has access is looked at once more in the transaction that stores
// it. Sending the same again is no error and sends nothing. The errors are
//
//   - those of opening the message, above all Gone;
//   - Throttled "answers": too many for now;
//   - TooLarge, Invalid and Busy as of [Service.Accept].
//
// A crash before the commit leaves nothing; after it, the reply leaves in time.
func (s *Service) Reply(ctx context.Context, by letterlock.Actor, id letterlock.ID, w Writing, everybody bool) (Receipt, error) {
	a := answer{Writing: w, act: letterlock.ActReply}
	return s.answer(ctx, by, id, &a, func() { a.to, a.cc = a.about.ReplyTo(everybody) })
}

// Forward sends a copy of the message to others, as links, with what the reader has
// to say about it. It has the protection and the end of its original, and is ended
// with it. original is the mail as its reader gets it, and is read once.
//
// The errors are those of [Service.Reply], and Denied "do-not-forward"; Throttled
// "forwards" when the message was forwarded ten times within a day; Invalid "to" or
// TooLarge "to" when there is nobody to send it to, or there are too many; and
// [Barred] when one of them has lost access to it.
func (s *Service) Forward(ctx context.Context, by letterlock.Actor, id letterlock.ID, w Writing, to []letterlock.Mailbox, original io.Reader) (Receipt, error) {
	switch n := len(to); {
	case n == 0:
		return Receipt{}, &letterlock.Error{Code: letterlock.Invalid, Key: "to"}
	case n > MaxForwardTo:
		return Receipt{}, &letterlock.Error{Code: letterlock.TooLarge, Key: "to"}
	}
	a := answer{Writing: w, act: letterlock.ActForward, to: to, original: original}
	return s.answer(ctx, by, id, &a, func() {})
}

// MayForward says whether a reader may forward the message now, without doing
// anything: nil, or the error that Forward would return. A refusal is in the audit
// log as Forward's is.
func (s *Service) MayForward(ctx context.Context, by letterlock.Actor, id letterlock.ID) error {
	a := answer{act: letterlock.ActForward}
	err := s.DB.Read(ctx, func(tx *store.Tx) error { return s.mayAnswer(tx, by, id, &a) })
	if err != nil {
		return s.refusedAnswer(ctx, by, id, a.act, err)
	}
	return nil
}

// MayAttach says whether a reader may send a file ahead of what they answer to the
// message: nil, or the error that Reply would return, or Throttled "answers" when
// they have begun too many.
func (s *Service) MayAttach(ctx context.Context, by letterlock.Actor, id letterlock.ID, begins bool) error {
	a := answer{act: letterlock.ActReply}
	err := s.DB.Read(ctx, func(tx *store.Tx) error { return s.mayAnswer(tx, by, id, &a) })
	if err != nil || !begins {
		return err
	}
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		wait, err := tx.Spend(s.begun(by.Address))
		return throttled("answers", wait, err)
	})
}

// begun is how many files one reader may begin to send ahead: two hundred at once,
// and one more every half a minute.
func (s *Service) begun(a letterlock.Address) store.Budget {
	return store.Budget{Name: "begun|" + string(s.Pepper.Hash("budget", "begun "+string(a))[:16]), Size: 200, Every: 30 * time.Second}
}

// ForwardsLeft is how many more copies of a message can be made now.
func (s *Service) ForwardsLeft(ctx context.Context, m letterlock.Message) (left int, err error) {
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		made, err := tx.Forwards(m.First(), tx.Now.Add(-forwardDay))
		left = max(0, MaxForwards-len(made))
		return err
	})
	return left, err
}

func (s *Service) answer(ctx context.Context, by letterlock.Actor, id letterlock.ID, a *answer, address func()) (Receipt, error) {
	var known Receipt
	err := s.DB.Read(ctx, func(tx *store.Tx) error {
		err := s.mayAnswer(tx, by, id, a)
		if err != nil && !errors.Is(err, letterlock.Throttled) {
			return err
		}
		address()
		a.begin(s.Domain)
		if receipt, again := repeated(tx, a); again == nil {
			known = receipt
			return nil // what was sent already may have been the last that was allowed
		}
		return err
	})
	if err == nil && known.Repeated {
		return known, nil // its files may have gone with it the first time
	}
	if err != nil {
		return Receipt{}, s.refusedAnswer(ctx, by, id, a.act, err)
	}
	if err := s.room(); err != nil {
		return Receipt{}, err
	}
	in, err := s.receive(ctx, a)
	if err != nil {
		return Receipt{}, err
	}
	k := s.known(ctx, Envelope{Recipients: addresses(a.to, a.cc)})
	var receipt Receipt
	err = s.DB.Write(ctx, func(tx *store.Tx) (err error) { receipt, err = s.storeAnswer(tx, by, id, a, k, in); return err })
	if err != nil || receipt.Repeated {
		in.Abandon(context.WithoutCancel(ctx))
	}
	if err != nil {
		return Receipt{}, s.refusedAnswer(ctx, by, id, a.act, err)
	}
	s.Wake()
	return receipt, nil
}

// answers is how much one reader may write: thirty at once, and one more every two
// minutes.
func (s *Service) answers(a letterlock.Address) store.Budget {
	return store.Budget{Name: "answers|" + string(s.Pepper.Hash("budget", "answers "+string(a))[:16]), Size: 30, Every: 2 * time.Minute}
}

// mayAnswer looks at everything that an answer depends on, and finds what it is
// about. It is asked before the writing is read, so that nobody sends a large file
// in vain, and again by those who store it.
func (s *Service) mayAnswer(tx *store.Tx, by letterlock.Actor, id letterlock.ID, a *answer) (err error) {
	if by.Kind != letterlock.Reader {
		return &letterlock.Error{Code: letterlock.Denied}
	}
	if a.about, err = s.Answerable(tx, by, id); err != nil {
		return err
	}
	a.now = tx.Now
	if a.act == letterlock.ActForward {
		if err := mayForward(tx, a.about); err != nil {
			return err
		}
		if err := mayReceive(tx, a.about.Message, a.to); err != nil {
			return err
		}
	}
	wait, err := tx.Wait(s.answers(by.Address))
	return throttled("answers", wait, err)
}

func mayForward(tx *store.Tx, about policy.Answerable) error {
	if err := about.MayForward(); err != nil {
		return err
	}
	made, err := tx.Forwards(about.Message.First(), tx.Now.Add(-forwardDay))
	if err != nil || len(made) < MaxForwards {
		return err
	}
	// Seconds are whole: the copy that frees a place is a day old in the next one.
	free := made[len(made)-MaxForwards].Add(forwardDay + time.Second)
	return throttled("forwards", free.Sub(tx.Now), nil)
}

func throttled(key string, wait time.Duration, err error) error {
	if err != nil || wait <= 0 {
		return err
	}
	return &letterlock.Error{Code: letterlock.Throttled, Key: key, RetryAfter: wait}
}

// refusals is how many refusals of one reader are noted: thirty at once, and one more
// every minute. Who asks again and again fills no log.
func (s *Service) refusals(a letterlock.Address) store.Budget {
	return store.Budget{Name: "refusals|" + string(s.Pepper.Hash("budget", "refusals "+string(a))[:16]), Size: 30, Every: time.Minute}
}

// refusedAnswer notes that a reader tried what they may not, and returns why.
func (s *Service) refusedAnswer(ctx context.Context, by letterlock.Actor, id letterlock.ID, act letterlock.Act, why error) error {
	switch letterlock.KeyOf(why) {
	case string(letterlock.DoNotForward), "forwards", barred:
	default:
		return why
	}
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		if wait, err := tx.Spend(s.refusals(by.Address)); err != nil || wait > 0 {
			return err
		}
		return tx.Audit(letterlock.Entry{Actor: by, Action: string(act), Message: id, Target: string(by.Address), Reason: letterlock.KeyOf(why)})
	})
	if err != nil {
		return err
	}
	return why
}

// begin fills what the message takes from the one that it answers.
func (a *answer) begin(domain string) {
	o := a.about.Message
	a.message = letterlock.Message{
		MessageID: a.messageID(domain), Sender: o.Sender, Protection: o.Protection, Method: o.Method,
		DecidedBy: "the message it answers", Via: letterlock.ByPortal, Portal: true, Asks: o.Asks, Expires: o.Expires, LatestEnd: o.LatestEnd, Brand: o.Brand,
		Author: a.about.Reader.Mailbox, Original: o.First(), Act: a.act, Source: a.about.Reader.ID,
	}
	prefix := "Re: "
	if a.act == letterlock.ActForward {
		prefix = "Fwd: "
	}
	a.message.Subject = prefixed(prefix, o.Subject)
}

var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// messageID is the same whenever the same words are sent to the same people from
// the same page: a form that is sent twice is recognised by it.
func (a *answer) messageID(domain string) string {
	if a.Form == "" {
		return eml.NewMessageID(domain)
	}
	h := sha256.New()
	for _, s := range []string{a.Form, string(a.about.Reader.ID), string(a.act), a.Text} {
		fmt.Fprintf(h, "%d|%s", len(s), s)
	}
	for _, m := range append(a.to[:len(a.to):len(a.to)], a.cc...) {
		fmt.Fprintf(h, "%d|%s", len(m.Address), m.Address)
	}
	return "<" + idEncoding.EncodeToString(h.Sum(nil)[:16]) + "@" + domain + ">"
}

// prefixed is a subject with what programs put before it, once.
func prefixed(prefix, subject string) string {
	if len(subject) >= len(prefix)-1 && strings.EqualFold(subject[:len(prefix)-1], prefix[:len(prefix)-1]) {
		return subject
	}
	return prefix + subject
}

// draft is the mail to be stored. It quotes nothing of the original: a quote is
// looked up where it is shown, for as long as it may be.
func (a *answer) draft(portal letterlock.Mailbox) eml.Draft {
	m, o := a.message, a.about.Message
	references := []string{o.MessageID}
	if o.Reference != "" { // what the sender's own program calls it
		references = []string{o.Reference, o.MessageID}
	}
	return eml.Draft{
		From:    Via(m.Author, portal),
		ReplyTo: []letterlock.Mailbox{m.Author},
		To:      a.to, Cc: a.cc, Subject: m.Subject, MessageID: m.MessageID,
		InReplyTo: o.MessageID, References: references,
		Date: a.now, Text: a.Text, Files: a.Files, Enclosed: a.original,
	}
}

// Via is somebody in whose name the portal writes, so that nobody takes the mail
// for one of theirs, nor a mail server for a forged one.
func Via(who, portal letterlock.Mailbox) letterlock.Mailbox {
	return letterlock.Mailbox{Name: who.Called() + " via " + portal.Name, Address: portal.Address}
}

// aroundCopy is what stands around a mail that is forwarded: the header, and the
// words of who forwards it, which may have become three times as long.
const aroundCopy = 4 << 20

// copiesOfCopies is how often a copy can be forwarded again, if its original was as
// deep as can be.
const copiesOfCopies = 10

// limits are those of the mail to be stored. A copy may be larger than what came in
// by what stands around its original, which fitted exactly, perhaps.
func (a *answer) limits(l eml.Limits) eml.Limits {
	if a.original == nil {
		return l
	}
	d := eml.DefaultLimits()
	l.Size = max(cmp.Or(l.Size, d.Size), a.about.Message.Size+aroundCopy)
	l.Depth = cmp.Or(l.Depth, d.Depth) + 2*copiesOfCopies // the whole, and the message in it
	l.Parts = cmp.Or(l.Parts, d.Parts) + 3*copiesOfCopies // and the words
	return l
}

var errRefused = errors.New("the mail was not taken")

// receive seals a mail while it is written: a file goes from the reader's browser
// to its sealed chunks with no more than a few kilobytes of it in memory.
func (s *Service) receive(ctx context.Context, a *answer) (*vault.Incoming, error) {
	in, out := io.Pipe()
	written := make(chan error, 1)
	go func() {
		err := compose(out, a.draft(s.Portal))
		written <- err
		out.CloseWithError(err) // nil ends the mail
	}()
	mail, err := s.Vault.ReceiveUnder(ctx, in, a.limits(s.Vault.Limits))
	in.CloseWithError(errRefused) // the writer stops, if it is still at it
	// The writer reads the request's body, which nobody may do once it is answered.
	cause := <-written
	if err == nil {
		return mail, nil
	}
	if cause != nil && !errors.Is(cause, errRefused) {
		err = cause
	}
	return nil, fmt.Errorf("receiving an answer: %w", err)
}

// compose writes the mail. It turns a panic into an error, because it runs where
// nobody else would, and the program would end.
func compose(w io.Writer, d eml.Draft) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return eml.Compose(w, d)
}
