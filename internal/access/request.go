package access

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/store"
	"letterlock/internal/vault"
)

// MaxAsk is how many characters a recipient may give as the reason of a request.
const MaxAsk = 500

// askAgain is how long after it was declined something may be asked for again.
const askAgain = 24 * time.Hour

// What a request is called in the audit log.
var askActions = map[letterlock.RequestKind]string{
	letterlock.MoreTime: "ask for more time", letterlock.AccessAgain: "ask for access",
}

// Ask has a reader whose access to a message has ended ask for it: for more time
// when it has expired, for access when it was removed. Its sender learns of it, or
// the administrators where only they could give it. Asking again while nobody has
// answered changes nothing, and neither does asking for what one can read.
//
// Whoever asks learns nothing by it that their end page does not say. The errors
// beside those of Open are Denied [letterlock.OnlyReleased], Throttled, for a day after it was declined, and Invalid
// "reason", when it is longer than MaxAsk.
func (s *Service) Ask(ctx context.Context, by letterlock.Actor, id letterlock.ID, reason string) error {
	if by.Kind != letterlock.Reader {
		return &letterlock.Error{Code: letterlock.Denied}
	}
	if reason = strings.TrimSpace(reason); utf8.RuneCountInString(reason) > MaxAsk || !utf8.ValidString(reason) {
		return &letterlock.Error{Code: letterlock.Invalid, Key: "reason"}
	}
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		_, err := s.hold(tx, by, id)
		var e *Ended
		if !errors.As(err, &e) || e.State == letterlock.Destroyed {
			return err
		}
		if !by.Within("") { // it would be asked in the name of a mailbox that nobody has proved
			return &letterlock.Error{Code: letterlock.Denied, Key: letterlock.OnlyReleased}
		}
		kind, err := mayAsk(tx, e)
		if err != nil || kind == "" {
			return err
		}
		return s.ask(tx, by, e, kind, reason)
	})
	if err == nil {
		s.Wake()
	}
	return err
}

// mayAsk says what a reader whose access has ended can ask for now; empty: they have
// asked.
func mayAsk(tx *store.Tx, e *Ended) (letterlock.RequestKind, error) {
	kind := requestKind(e)
	last, err := tx.LastRequest(e.Recipient.ID, kind)
	switch {
	case errors.Is(err, letterlock.NotFound):
		return kind, nil
	case err != nil:
		return "", err
	case last.Answered.IsZero():
		return "", nil
	}
	if wait := last.Answered.Add(askAgain).Sub(tx.Now); last.Answer == letterlock.Declined && wait > 0 {
		return "", &letterlock.Error{Code: letterlock.Throttled, Key: "declined", RetryAfter: wait}
	}
	return kind, nil
}

func requestKind(e *Ended) letterlock.RequestKind {
	if e.State == letterlock.Revoked {
		return letterlock.AccessAgain
	}
	return letterlock.MoreTime
}

func (s *Service) ask(tx *store.Tx, by letterlock.Actor, e *Ended, kind letterlock.RequestKind, reason string) error {
	r := e.Recipient
	q := letterlock.Request{ID: letterlock.NewID(), Message: r.Message, Recipient: r.ID, Kind: kind, Reason: reason}
	notice := store.RequestNotice
	all, err := tx.Recipients(r.Message)
	if err != nil {
		return err
	}
	if !s.senderMayGive(e, all, tx.Now) {
		notice = store.AdminNotice
	}
	return errors.Join(tx.AddRequest(q),
		tx.AddEvent(r, letterlock.Event{Kind: letterlock.AskedEvent, Detail: string(kind)}),
		tx.Audit(letterlock.Entry{Actor: by, Action: askActions[kind], Message: r.Message, Target: string(r.Mailbox.Address), Allowed: true}),
		tx.Enqueue(store.Notice{Kind: notice, Message: r.Message, Recipient: r.ID}))
}

// senderMayGive reports whether the sender may give back what has ended.
func (s *Service) senderMayGive(e *Ended, all []letterlock.Recipient, now time.Time) bool {
	sender := letterlock.Actor{Kind: letterlock.Staff, Address: e.Message.Sender.Address, Roles: []letterlock.Role{letterlock.Sender}}
	if e.State == letterlock.Revoked {
		return s.Rules.MayRestore(sender, e.Message, all, e.Recipient) == nil
	}
	return s.mayEnd(sender, e.Message, all, now) == nil
}

// An Asked is how it stands with what a reader can ask for.
type Asked struct {
	Last     letterlock.Request // zero: they never asked
	Again    time.Time          // when they may ask once more; zero: now, unless Last is open
	BySender bool               // it is the sender's to give, and not only the administrators'
}

// Asked returns how it stands with what a reader whose access has ended can ask for.
func (s *Service) Asked(ctx context.Context, e *Ended) (a Asked, err error) {
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		all, err := tx.Recipients(e.Message.ID)
		if err != nil {
			return err
		}
		a.BySender = s.senderMayGive(e, all, tx.Now)
		a.Last, err = tx.LastRequest(e.Recipient.ID, requestKind(e))
		if errors.Is(err, letterlock.NotFound) {
			return nil
		}
		if again := a.Last.Answered.Add(askAgain); a.Last.Answer == letterlock.Declined && again.After(tx.Now) {
			a.Again = again
		}
		return err
	})
	return a, err
}

// Approve gives a recipient what they asked for: access again, or time until end,
// which counts for everybody who has a link; the zero time is for ever. They are sent
// a link. Approving or declining what was answered already changes nothing. Whoever
// may not restore access, or change the expiry, may not approve; NotFound "request"
// is a request that there is not; Invalid "expires" and [letterlock.PastRule] as of
// SetExpiry.
func (s *Service) Approve(ctx context.Context, by letterlock.Actor, request letterlock.ID, end time.Time) error {
	ruled := func(tx *store.Tx, m letterlock.Message, q letterlock.Request) (reason string, refusal, err error) {
		if q.Kind != letterlock.MoreTime {
			return "", nil, nil
		}
		if end, err = withinOriginal(tx, m, end); policy.BeyondRules(m, end) {
			reason = endOf(m, end)
		}
		return reason, policy.CheckRuled(by, m, end), err
	}
	return s.answer(ctx, by, request, "approve", ruled, func(tx *store.Tx, m letterlock.Message, all []letterlock.Recipient, r letterlock.Recipient, q letterlock.Request) (touched []letterlock.Recipient, err error) {
		switch {
		case q.Kind == letterlock.AccessAgain && r.Revocation.Revoked():
			return s.restoreOne(tx, withdrawal{by: by}, m, r)
		case q.Kind == letterlock.MoreTime:
			if err := policy.CheckEnd(end, tx.Now); err != nil {
				return nil, err
			}
			if touched, err = s.setExpiry(tx, by, m, all, end); err != nil {
				return nil, err
			}
		}
		return touched, s.approve(tx, by, r, q.Kind) // unless that was part of the above
	})
}

// Decline refuses what a recipient asked for. They see it on the end page, and may
// ask again a day later.
func (s *Service) Decline(ctx context.Context, by letterlock.Actor, request letterlock.ID) error {
	anyhow := func(*store.Tx, letterlock.Message, letterlock.Request) (string, error, error) { return "", nil, nil }
	return s.answer(ctx, by, request, "decline", anyhow, func(tx *store.Tx, _ letterlock.Message, _ []letterlock.Recipient, r letterlock.Recipient, q letterlock.Request) ([]letterlock.Recipient, error) {
		return nil, errors.Join(tx.AnswerRequest(q.ID, letterlock.Declined, by.Address),
			tx.AddEvent(r, letterlock.Event{Kind: letterlock.DeclinedEvent, Detail: string(q.Kind)}))
	})
}

var errNoRequest = &letterlock.Error{Code: letterlock.NotFound, Key: "request"}

// answer decides on a request in one transaction with its audit entry. A refusal
// commits its entry and nothing else. ruled says what the rules have to say about it: a
// reason for the entry, and why they refuse it.
func (s *Service) answer(ctx context.Context, by letterlock.Actor, request letterlock.ID, action string,
	ruled func(*store.Tx, letterlock.Message, letterlock.Request) (reason string, refusal, err error),
	act func(*store.Tx, letterlock.Message, []letterlock.Recipient, letterlock.Recipient, letterlock.Request) ([]letterlock.Recipient, error)) error {
	var refusal error
	var all, touched []letterlock.Recipient
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		q, err := tx.Request(request)
		if errors.Is(err, letterlock.NotFound) {
			return errNoRequest
		}
		if err != nil {
			return err
		}
		m, err := tx.Message(q.Message)
		if err != nil {
			return err
		}
		if all, err = tx.Recipients(q.Message); err != nil {
			return err
		}
		r, err := tx.Recipient(q.Recipient)
		if err != nil {
			return err
		}
		entry := letterlock.Entry{Actor: by, Action: action + " request for " + string(q.Kind), Message: m.ID, Target: string(r.Mailbox.Address)}
		if refusal = s.mayAnswer(by, m, all, r, q, tx.Now); refusal == nil && q.Answered.IsZero() {
			if entry.Reason, refusal, err = ruled(tx, m, q); err != nil {
				return err
			}
		}
		if entry.Allowed = refusal == nil; refusal != nil {
			entry.Reason = letterlock.KeyOf(refusal)
		}
		if err := tx.Audit(entry); err != nil || refusal != nil || !q.Answered.IsZero() {
			return err
		}
		touched, err = act(tx, m, all, r, q)
		return err
	})
	if letterlock.CodeOf(err) == letterlock.Invalid || errors.Is(err, errNoRequest) {
		return err
	}
	if err != nil {
		return fmt.Errorf("%s of request %s: %w", action, request, err)
	}
	if refusal == nil {
		s.leases.cut(keysOf(append(touched, all...))...) // their lists, and pages that know the old end
		s.Wake()
	}
	return refusal
}

// mayAnswer says whether by may give what is asked for, and so refuse it as well.
func (s *Service) mayAnswer(by letterlock.Actor, m letterlock.Message, all []letterlock.Recipient, r letterlock.Recipient, q letterlock.Request, now time.Time) error {
	if q.Kind == letterlock.AccessAgain {
		return s.Rules.MayRestore(by, m, all, r)
	}
	return s.mayEnd(by, m, all, now)
}

// MayAnswer says whether by may approve or decline a request, as Approve does.
func (s *Service) MayAnswer(by letterlock.Actor, m letterlock.Message, all []letterlock.Recipient, q letterlock.Request) error {
	for _, r := range all {
		if r.ID == q.Recipient {
			return s.mayAnswer(by, m, all, r, q, s.Now())
		}
	}
	return errNoRequest
}

func openRequest(tx *store.Tx, r letterlock.Recipient, kind letterlock.RequestKind) (letterlock.Request, error) {
	q, err := tx.LastRequest(r.ID, kind)
	if err == nil && !q.Answered.IsZero() {
		return q, errNoRequest
	}
	return q, err
}

// approve answers the open request of a recipient, if there is one, whose wish has
// been fulfilled, and sends them a link.
func (s *Service) approve(tx *store.Tx, by letterlock.Actor, r letterlock.Recipient, kind letterlock.RequestKind) error {
	q, err := openRequest(tx, r, kind)
	if errors.Is(err, letterlock.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(tx.AnswerRequest(q.ID, letterlock.Approved, by.Address),
		tx.AddEvent(r, letterlock.Event{Kind: letterlock.ApprovedEvent, Detail: string(kind)}),
		s.sendLink(tx, r, store.AgainNotice))
}

// sendLink gives a recipient one more link, and enqueues the mail with it. The ones
// that they have stay good.
func (s *Service) sendLink(tx *store.Tx, r letterlock.Recipient, kind store.NoticeKind) error {
	token := vault.NewToken()
	if err := tx.AddLink(r.ID, vault.TokenHash(s.Pepper, token)); err != nil {
		return err
	}
	return tx.Enqueue(store.Notice{Kind: kind, Message: r.Message, Recipient: r.ID, Secret: vault.SealToken(s.Pepper, r.ID, token)})
}
