// Package outbox hands over what is to leave the house, with retries, and keeps
// every answer it gets.
//
// A notice is an intent in the database until the other side has taken it or it
// is given up; what it says is written only when it leaves, so that a revocation
// before that moment drops it. A crash between handing over and noting so sends
// a notice twice; none is lost.
package outbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/internal/metrics"
	"letterlock/internal/notify"
	"letterlock/internal/policy"
	"letterlock/internal/seal"
	"letterlock/internal/store"
	"letterlock/internal/vault"
)

// A Mailer hands a mail to the world. An error with the code Denied is final:
// the other side will never take it. Everything else may work later; of an error with
// the Key KeyPutOff others for the same domain are a part.
type Mailer interface {
	Send(ctx context.Context, from string, to letterlock.Address, mail io.Reader) error
}

// A Service delivers notices. Create it with New.
type Service struct {
	DB       *store.DB
	Vault    *vault.Vault
	Pepper   seal.Pepper
	Notifier *notify.Notifier
	// Languages are those in which recipients are written to; nil: English.
	Languages *language.Offer
	// StaffLanguages are those in which the organisation's own people are; nil: English.
	StaffLanguages *language.Offer
	// BrandLanguage is the tag of that in which a brand has its recipients written to; nil,
	// or not offered: in the first there is.
	BrandLanguage func(brand string) string
	Mailer        Mailer
	// Assured takes messages themselves to recipients outside. What it takes stays under
	// TLS to the mailbox; Denied "unassured" is that it would not, and has not left.
	// nil: nothing takes them.
	Assured Mailer
	// Tell runs send, which hands over a notification, while the recipient's access
	// lives, and is Gone otherwise; a revocation waits for it. nil: it may always.
	Tell func(ctx context.Context, to letterlock.Recipient, send func(context.Context) error) error
	// Sign reads a mail to its end and returns the fields that sign it, which belong in
	// front of it; nil: nothing is signed.
	Sign func(mail io.Reader) (string, error)
	// Admin is whom recipients' requests are told that only administrators can fulfil.
	// Empty: nobody, they stand in the trace.
	Admin letterlock.Address
	Log   *slog.Logger
	// Metrics count the attempts; nil: nobody does.
	Metrics *metrics.Outbox

	// Grace is how long attempts under way may take when Run is to end; 0 means
	// 10 seconds.
	Grace time.Duration
	// Slow is how long an attempt takes at most before others go on without waiting
	// for it; 0 means 5 seconds.
	Slow time.Duration

	wakes   [lanes]chan struct{}
	places  [lanes]chan struct{} // each holds those that are taken
	once    sync.Once
	held    held
	domains domains
}

// work is a notice with all that is needed to write it.
type work struct {
	notice    store.Notice
	message   letterlock.Message
	recipient letterlock.Recipient
	all       []letterlock.Recipient // of the message; what tells its sender of all of them
	key       vault.Key              // inline only
	quoted    quoted                 // replies to their sender only
	passcode  vault.PasscodeMail     // passcodes only
	account   invitation             // accounts only; instead of message and recipient
	change    vault.ChangeMail       // changes only
	said      string                 // with what their mail came back; failures only
	words     language.Words         // in which whoever gets it is written to
	broken    error                  // why key, passcode or token could not be opened
	now       time.Time
}

// one claims one notice of a lane and delivers it. It reports whether there was
// one. The attempt goes on when ctx ends, and is cut off when under does.
func (s *Service) one(ctx, under context.Context, lane store.Lane, p *place) (bool, error) {
	var w work
	err := s.DB.Write(ctx, func(tx *store.Tx) (err error) {
		w, err = s.claim(tx, lane)
		return err
	})
	if errors.Is(err, letterlock.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("claiming a notice: %w", err)
	}
	if w.dropped() {
		s.Metrics.Attempted(string(w.notice.Kind), metrics.Dropped, 0)
		return true, s.settle(w, w.drop)
	}
	if w.broken != nil {
		s.Metrics.Attempted(string(w.notice.Kind), outcome(w, w.broken), 0)
		return true, s.note(w, w.broken)
	}
	urgent := w.notice.Kind.Urgent()
	t, until := s.domains.enter(s.addressee(w), urgent, w.now)
	if t == nil {
		return true, s.holdBack(w, urgent, until)
	}
	begun := time.Now()
	result := s.hold(under, w, p, t)
	s.domains.leave(t, result, w.now.Add(time.Since(begun)))
	if wasCut(under, result) {
		return true, s.settle(w, func(tx *store.Tx) error { return tx.Release(w.notice.ID) })
	}
	s.Metrics.Attempted(string(w.notice.Kind), outcome(w, result), time.Since(begun))
	return true, s.note(w, result)
}

// outcome says for the metrics what note makes of a result.
func outcome(w work, result error) string {
	switch {
	case result == nil:
		return metrics.Sent
	case errors.Is(result, letterlock.Gone):
		return metrics.Dropped
	case w.notice.Kind == store.InlineNotice && letterlock.KeyOf(result) == unassured:
		return metrics.Dropped // a link goes instead
	case w.final(result):
		return metrics.Failed
	}
	return metrics.Deferred
}

// final reports whether a failed attempt was the last.
func (w work) final(result error) bool {
	return errors.Is(result, letterlock.Denied) || w.now.Sub(w.notice.Created) >= giveUp
}

func (s *Service) claim(tx *store.Tx, lane store.Lane) (w work, err error) {
	if w.notice, err = tx.ClaimIn(lane, lease); err != nil {
		return w, err
	}
	w.now = tx.Now
	switch {
	case w.notice.Kind == store.AccountNotice:
		err = s.claimAccount(tx, &w)
	case w.notice.Kind.OfAccount():
		s.claimChange(tx, &w)
	default:
		err = s.claimMessage(tx, &w)
	}
	if err != nil {
		return w, err
	}
	w.words, err = s.wordsFor(tx, w)
	return w, err
}

// claimMessage finds what a notice about a message needs.
func (s *Service) claimMessage(tx *store.Tx, w *work) (err error) {
	if w.message, err = tx.Message(w.notice.Message); err != nil {
		return err
	}
	if w.recipient, err = tx.Recipient(w.notice.Recipient); err != nil {
		return err
	}
	if w.notice.Kind == store.UnreadNotice || w.notice.Kind == store.ExpiringNotice {
		if w.all, err = tx.Recipients(w.notice.Message); err != nil {
			return err
		}
	}
	if w.notice.Kind == store.FailureNotice {
		if w.said, err = tx.WhyBounced(w.recipient); err != nil && !errors.Is(err, letterlock.NotFound) {
			return err
		}
	}
	s.unseal(tx, w)
	return nil
}

// unseal opens what a notice needs. A failure belongs to the attempt, not to the
// claim: a claim that is undone would leave the notice first in the queue, and
// everything else behind it would wait for ever.
func (s *Service) unseal(tx *store.Tx, w *work) {
	switch {
	case w.notice.Kind == store.PasscodeNotice:
		w.passcode, w.broken = vault.OpenPasscode(s.Pepper, w.recipient.ID, w.notice.Secret)
	case w.notice.Kind == store.InlineNotice && !w.message.Destroyed:
		w.key, w.broken = s.Vault.Find(tx, w.message.ID, store.SenderCopy)
		if w.broken == nil {
			w.quoted, w.broken = s.quotedBy(tx, w)
		}
	}
	if w.broken != nil {
		w.broken = fmt.Errorf("opening what is to be sent: %w", w.broken)
	}
}

// dropped reports whether a notice is not wanted any more. A revocation drops
// what waits; this catches what it cannot see.
func (w work) dropped() bool {
	switch w.notice.Kind {
	case store.LinkNotice, store.AgainNotice:
		return w.recipient.State(w.message, w.now) != letterlock.Live
	case store.UnreadNotice:
		return len(policy.Waiting(w.message, w.all, w.now)) == 0
	case store.ExpiringNotice:
		return len(policy.Reading(w.message, w.all, w.now)) == 0 || w.message.Expires.IsZero()
	case store.RequestNotice, store.ReleaseNotice, store.AdminNotice, store.ReadNotice:
		return w.message.Destroyed || w.now.Sub(w.notice.Created) >= giveUp
	case store.InlineNotice:
		// Who has a link had fallen back to it before that was removed, in a database that
		// was restored from before.
		return w.message.Destroyed || w.recipient.Experience == letterlock.Link
	case store.PasscodeNotice:
		expired := w.broken == nil && !w.now.Before(w.passcode.Expires)
		return expired || w.now.Sub(w.notice.Created) >= 10*time.Minute
	case store.AccountNotice:
		return w.broken == nil && !w.now.Before(w.account.link.Expires)
	}
	return false
}

// drop ends a notice that is not wanted. One that came in while access was removed is
// kept as those are that waited then: giving access back revives it.
func (w work) drop(tx *store.Tx) error {
	if k := w.notice.Kind; (k == store.LinkNotice || k == store.AgainNotice) && w.recipient.Revocation.Revoked() {
		return tx.DropNotices(w.recipient.ID)
	}
	return tx.Finish(w.notice.ID, store.Dropped)
}

// attempt sends a notice. A panic on the way is a failed attempt: it must not
// end the program, which would only claim the notice again when it starts.
func (s *Service) attempt(ctx context.Context, w work) (err error) {
	defer func() {
		if p := recover(); p != nil {
			s.Log.Error("panic while sending", "notice", w.notice.ID, "panic", p, "stack", string(debug.Stack()))
			err = errors.New("internal error while sending")
		}
	}()
	if (w.notice.Kind == store.LinkNotice || w.notice.Kind == store.AgainNotice) && s.Tell != nil {
		return s.Tell(ctx, w.recipient, func(ctx context.Context) error { return s.send(ctx, w) })
	}
	return s.send(ctx, w)
}

// addressee is whom a notice goes to.
func (s *Service) addressee(w work) letterlock.Address {
	switch w.notice.Kind {
	case store.FailureNotice, store.RequestNotice, store.ReleaseNotice, store.ReadNotice, store.UnreadNotice, store.ExpiringNotice:
		return w.message.Sender.Address
	case store.AdminNotice:
		return s.Admin
	case store.AccountNotice, store.FactorNotice, store.ChangeNotice:
		return w.notice.Address
	}
	return w.recipient.Mailbox.Address
}

// send writes the mail and hands it over.
func (s *Service) send(ctx context.Context, w work) error {
	to := s.addressee(w)
	if w.notice.Kind == store.InlineNotice {
		mail, err := s.Vault.Open(ctx, w.key)
		if err != nil {
			return err
		}
		quote, err := s.quote(ctx, w)
		if err != nil {
			return err
		}
		whole := func() io.Reader {
			return mail.Index.CleanWith(mail.Raw, s.from(w, mail.Index), w.message.Subject, quote)
		}
		fields, err := s.marked(whole, to)
		if err != nil {
			return err
		}
		return s.itself(w).Send(ctx, s.returnPath(w), to, io.MultiReader(strings.NewReader(fields), whole()))
	}
	if w.notice.Kind == store.AdminNotice && s.Admin == "" {
		return nil // it stands in the trace
	}
	var b bytes.Buffer
	if err := s.write(&b, w); err != nil {
		return err
	}
	fields, err := s.marked(func() io.Reader { return bytes.NewReader(b.Bytes()) }, to)
	if err != nil {
		return err
	}
	mail := bytes.NewReader(slices.Concat([]byte(fields), b.Bytes()))
	switch w.notice.Kind {
	case store.FailureNotice, store.RequestNotice, store.ReleaseNotice, store.ReadNotice, store.UnreadNotice, store.ExpiringNotice, store.AdminNotice:
		return s.Mailer.Send(ctx, "", to, mail)
	case store.AccountNotice, store.FactorNotice, store.ChangeNotice:
		return s.Mailer.Send(ctx, string(s.Notifier.From), to, mail)
	}
	return s.Mailer.Send(ctx, s.returnPath(w), to, mail)
}

// sign returns the fields that sign a mail. What cannot be signed does not leave: a
// domain whose mail is always signed may have asked receivers to refuse the rest.
func (s *Service) sign(mail io.Reader) (string, error) {
	if s.Sign == nil {
		return "", nil
	}
	fields, err := s.Sign(mail)
	if err != nil {
		return "", fmt.Errorf("signing the mail: %w", err)
	}
	return fields, nil
}

func (s *Service) write(b *bytes.Buffer, w work) error {
	n := s.Notifier.In(w.words)
	switch w.notice.Kind {
	case store.LinkNotice:
		token, err := vault.OpenToken(s.Pepper, w.recipient.ID, w.notice.Secret)
		if err != nil {
			return err
		}
		return n.Notification(b, w.now, w.message, w.recipient, token)
	case store.AgainNotice:
		token, err := vault.OpenToken(s.Pepper, w.recipient.ID, w.notice.Secret)
		if err != nil {
			return err
		}
		return n.Again(b, w.now, w.message, w.recipient, token)
	case store.RequestNotice:
		return n.Request(b, w.now, w.message, w.recipient)
	case store.ReleaseNotice:
		return n.ReleaseAsked(b, w.now, w.message, w.recipient)
	case store.ReadNotice:
		return n.FirstRead(b, w.now, w.message, w.recipient)
	case store.UnreadNotice:
		return n.Unread(b, w.now, w.message, w.all)
	case store.ExpiringNotice:
		return n.Expiring(b, w.now, w.message, w.all)
	case store.AdminNotice:
		return n.AdminRequest(b, w.now, w.message, w.recipient, s.Admin)
	case store.PasscodeNotice:
		p := w.passcode
		return n.Passcode(b, w.now, w.message, w.recipient, p.Code, p.Reference, p.Expires)
	case store.FailureNotice:
		return n.Failure(b, w.now, w.message, w.recipient, w.said)
	case store.AccountNotice:
		a := w.account
		return n.Account(b, w.now, a.holder, a.token, a.link.Purpose == store.Invite, a.link.Expires)
	case store.FactorNotice:
		return n.FactorReset(b, w.now, w.account.holder)
	case store.ChangeNotice:
		return n.Changed(b, w.now, w.account.holder, w.change.What, w.notice.Created, w.change.Agent, w.change.IP)
	}
	return fmt.Errorf("unknown notice %q", w.notice.Kind)
}

// returnPath is where bounces of a notice go: an address of our own that names it and
// its recipient, so that a bounce is matched by it (VERP).
func (s *Service) returnPath(w work) string {
	path := vault.ReturnPath{Recipient: w.recipient.ID, Notice: w.notice.ID}
	return string(path.Address(s.Pepper, s.Notifier.From.Domain()))
}

// taken is the event that a handed-over notice makes in the recipient's history.
var taken = map[store.NoticeKind]letterlock.EventKind{
	store.LinkNotice:     letterlock.Notified,
	store.AgainNotice:    letterlock.Notified,
	store.InlineNotice:   letterlock.Delivered,
	store.PasscodeNotice: letterlock.PasscodeSent,
}

// tells reports whether a recipient is told of a message by a notice, or given it: what
// becomes of that one is what has become of the recipient.
func tells(k store.NoticeKind) bool {
	return k == store.LinkNotice || k == store.AgainNotice || k == store.InlineNotice
}

// note keeps what became of an attempt.
func (s *Service) note(w work, result error) error {
	n := w.notice
	switch {
	case errors.Is(result, letterlock.Gone):
		// Access ended after the notice was claimed. A revocation has dropped it,
		// so that a restore can revive it; what has expired is dropped when it is
		// claimed again.
		return nil
	case result == nil:
		return s.settle(w, unlessBack(n, func(tx *store.Tx) error { return handedOver(tx, w) }))
	case n.Kind == store.InlineNotice && letterlock.KeyOf(result) == unassured:
		return s.settle(w, func(tx *store.Tx) error { return s.fallBack(tx, w, result) })
	case w.final(result):
		return s.settle(w, unlessBack(n, func(tx *store.Tx) error { return s.fail(tx, w, reply(result)) }))
	}
	wait := backOff(n)
	return s.settle(w, unlessBack(n, func(tx *store.Tx) error {
		err := errors.Join(tx.NoteAttempt(n.ID, n.Attempts, reply(result)), tx.Postpone(n.ID, tx.Now.Add(wait)))
		if _, toRecipient := taken[n.Kind]; n.Attempts == 1 && toRecipient {
			err = errors.Join(err, tx.AddEvent(w.recipient, letterlock.Event{Kind: letterlock.Deferred, Detail: reply(result)}))
		}
		if tells(n.Kind) {
			err = errors.Join(err, tx.PutOff(n.Recipient, reply(result)))
		}
		return err
	}))
}

// unlessBack runs f if nothing has come back of the notice yet. A bounce can be faster
// than we are with noting what it is about, and knows better then.
func unlessBack(n store.Notice, f func(tx *store.Tx) error) func(tx *store.Tx) error {
	return func(tx *store.Tx) error {
		_, outcome, err := tx.Notice(n.ID)
		if err != nil || outcome == store.Sent || outcome == store.Failed {
			return err
		}
		return f(tx)
	}
}

// handedOver notes that the other side has taken a notice.
func handedOver(tx *store.Tx, w work) error {
	err := errors.Join(tx.NoteAttempt(w.notice.ID, w.notice.Attempts, ""), tx.Finish(w.notice.ID, store.Sent))
	if kind, ok := taken[w.notice.Kind]; ok {
		err = errors.Join(err, tx.AddEvent(w.recipient, letterlock.Event{Kind: kind}))
	}
	return err
}

// fail gives a notice up, because of what the other side has said, and tells the
// sender: once, for it is given up once.
func (s *Service) fail(tx *store.Tx, w work, said string) error {
	err := errors.Join(tx.NoteAttempt(w.notice.ID, w.notice.Attempts, said), tx.Finish(w.notice.ID, store.Failed))
	k := w.notice.Kind
	if !tells(k) {
		return err
	}
	err = errors.Join(err, tx.AddEvent(w.recipient, letterlock.Event{Kind: letterlock.Bounced, Detail: said}))
	switch {
	case w.recipient.Mailbox.Address == w.message.Sender.Address:
		return err // the notice would go where the message could not
	case k != store.InlineNotice && (w.recipient.Revocation.Revoked() || w.message.Destroyed):
		return err // they were to hear nothing more of it
	case k == store.LinkNotice && !w.recipient.FirstRead.IsZero():
		return err // they have found their way all the same
	}
	return errors.Join(err, tx.Enqueue(store.Notice{Kind: store.FailureNotice, Message: w.message.ID, Recipient: w.recipient.ID}))
}

// settle writes an outcome even while the program is stopping: the attempt has
// been made, and forgetting it would make it again.
func (s *Service) settle(w work, f func(tx *store.Tx) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.DB.Write(ctx, f); err != nil {
		return fmt.Errorf("settling notice %d: %w", w.notice.ID, err)
	}
	return nil
}

// reply is what is kept of an error: its text, in one line of bounded length.
func reply(err error) string {
	b := []byte(err.Error())
	var e *letterlock.Error
	if errors.As(err, &e) && e.Err != nil {
		b = []byte(e.Err.Error())
	}
	for i, c := range b {
		if c < ' ' || c == 0x7f {
			b[i] = ' '
		}
	}
	return string(bytes.ToValidUTF8(b[:min(len(b), 300)], nil))
}
