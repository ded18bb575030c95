// Package release lets a sender read a code to a recipient by telephone, when the passcode
// does not come by mail.
//
// The code takes the place of the mailed one, for one message, in the one browser that has
// asked, and proves no mailbox: it is worth what the sender's ear is. So nothing is made
// before the sender of the message asks for it, nobody else can, and every step is in the
// message's history and in the audit log.
package release

import (
	"context"
	"errors"
	"slices"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/seal"
	"letterlock/internal/store"
	"letterlock/internal/vault"
)

const (
	open      = 4 * time.Hour    // how long a sender may take to answer
	validity  = 15 * time.Minute // of a code, from the moment that it is shown
	maxTries  = 5
	maxListed = 20 // requests for a message that its sender sees at once
)

// A Service takes requests for codes, shows the codes to senders and checks what is typed.
// It is safe for concurrent use.
type Service struct {
	DB     *store.DB
	Pepper seal.Pepper
	// Offered is that recipients may ask. False: nobody may, and no code that is out works.
	Offered bool
	// IPKey turns an IP address into the name of its budget: a /64 for IPv6.
	IPKey func(ip string) string
	Wake  func() // called after something was put into the outbox
	// On reports whether recipients can sign in with a passcode, which a code is in the place
	// of, under the brand that a message names; nil: under each.
	On func(brand string) bool
}

// A State says how it stands with a request.
type State int

const (
	Waiting State = iota // the sender has not answered
	Given                // there is a code, and tries left
	Refused              // the sender does not want to
	Spent                // too many wrong codes were typed
	Over                 // nobody answered in time, or no code was typed in time
)

// Asked is a request, as the browser that has made it sees it.
type Asked struct {
	Reference string // the sender sees it, too
	State     State
	Expires   time.Time // Waiting: of the request; Given: of the code
	TriesLeft int       // Given
}

// errOff is for whoever asks where no codes are given, or for what nobody has asked for:
// there is no such thing.
var errOff = &letterlock.Error{Code: letterlock.NotFound}

// Off is the Key of a code that cannot be given for a message: its brand wants no passcodes,
// or its sender has no account with which to see one.
const Off = "release-off"

// lets refuses codes for a message for which none can be given, as Denied [Off].
func (s *Service) lets(tx *store.Tx, message letterlock.ID) error {
	m, err := tx.Message(message)
	if err != nil {
		return err
	}
	a, err := tx.Account(m.Sender.Address)
	switch {
	case err != nil && !errors.Is(err, letterlock.NotFound):
		return err
	case err != nil, !a.Disabled.IsZero(), !slices.Contains(a.Roles, letterlock.Sender), !s.on(m):
		return &letterlock.Error{Code: letterlock.Denied, Key: Off}
	}
	return nil
}

func (s *Service) on(m letterlock.Message) bool { return s.On == nil || s.On(m.Brand) }

// Offers reports whether the sender of a message can be asked for codes.
func (s *Service) Offers(ctx context.Context, message letterlock.ID) (bool, error) {
	if !s.Offered {
		return false, nil
	}
	err := s.DB.Read(ctx, func(tx *store.Tx) error { return s.lets(tx, message) })
	if letterlock.KeyOf(err) == Off {
		return false, nil
	}
	return err == nil, err
}

func bind(q store.Release) string { return string(q.ID) + "|" + string(q.Browser) }

func (s *Service) browserKey(browser string) []byte { return s.Pepper.Hash("browser", browser) }

// budgets bound how much anybody can ask of a sender: 3 at once and one more in 20 minutes
// for a recipient in one browser, 4 and one more an hour for a recipient in all, 10 and one
// more in 6 minutes for a network.
func (s *Service) budgets(recipient letterlock.ID, browser []byte, ip string) []store.Budget {
	return []store.Budget{
		{Name: "release|" + string(recipient) + "|" + string(s.Pepper.Hash("budget", string(browser))[:8]), Size: 3, Every: 20 * time.Minute},
		{Name: "release|" + string(recipient), Size: 4, Every: time.Hour},
		{Name: "release|ip|" + s.IPKey(ip), Size: 10, Every: 6 * time.Minute},
	}
}

// news bounds the mails that a sender gets about requests, however many of a message's
// recipients make them.
func news(message letterlock.ID) store.Budget {
	return store.Budget{Name: "release-mail|" + string(message), Size: 1, Every: time.Hour}
}

// Ask asks the sender for a code, for whoever holds the link in that browser, or leaves the
// request alone that it has made and that is not answered, or whose code still lives. It
// does so whatever has become of the message: whoever asks learns nothing of it. Ip is
// where the request comes from, and from what the settings let be kept of that. Throttled
// "release-budget" says when to ask again; Invalid "browser": all browsers without a cookie
// would share a code; Denied [Off]: none can be given; NotFound: none are given here.
func (s *Service) Ask(ctx context.Context, recipient letterlock.ID, browser, ip string, from letterlock.Actor) error {
	switch {
	case !s.Offered:
		return errOff
	case browser == "":
		return &letterlock.Error{Code: letterlock.Invalid, Key: "browser"}
	}
	key := s.browserKey(browser)
	var refusal error
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		r, err := tx.Recipient(recipient)
		if err != nil {
			return err
		}
		if err := s.lets(tx, r.Message); err != nil {
			return err
		}
		q, err := tx.ReleaseIn(recipient, key)
		if err == nil && alive(q, tx.Now) || err != nil && !errors.Is(err, letterlock.NotFound) {
			return err
		}
		wait, err := tx.Spend(s.budgets(recipient, key, ip)...)
		if err != nil {
			return err
		}
		if wait > 0 {
			refusal = &letterlock.Error{Code: letterlock.Throttled, Key: "release-budget", RetryAfter: wait}
			return nil
		}
		return ask(tx, r, key, from)
	})
	if err != nil {
		return err
	}
	s.Wake()
	return refusal
}

func ask(tx *store.Tx, r letterlock.Recipient, browser []byte, from letterlock.Actor) error {
	q := store.Release{
		ID: letterlock.NewID(), Message: r.Message, Recipient: r.ID, Browser: browser, Reference: vault.NewReference(4),
		Agent: from.Agent, IP: from.IP, Expires: tx.Now.Add(open),
	}
	err := errors.Join(tx.AskRelease(q), note(tx, letterlock.Actor{IP: from.IP, Agent: from.Agent}, r, q, "ask for release code", letterlock.ReleaseAsked))
	if err != nil {
		return err
	}
	wait, err := tx.Spend(news(r.Message))
	if err != nil || wait > 0 {
		return err
	}
	return tx.Enqueue(store.Notice{Kind: store.ReleaseNotice, Message: r.Message, Recipient: r.ID})
}

// note writes what was done about a request into the history and the audit log.
func note(tx *store.Tx, by letterlock.Actor, r letterlock.Recipient, q store.Release, action string, kind letterlock.EventKind) error {
	e := letterlock.Event{Kind: kind, Detail: q.Reference}
	if by.Kind != letterlock.Staff { // a history says where recipients are, and not senders
		e.Agent, e.IP = by.Agent, by.IP
	}
	return errors.Join(tx.AddEvent(r, e),
		tx.Audit(letterlock.Entry{Actor: by, Action: action, Message: r.Message, Target: string(r.Mailbox.Address), Reason: q.Reference,
			Allowed: kind != letterlock.ReleaseWrong}))
}

func alive(q store.Release, now time.Time) bool {
	s := stateOf(q, now)
	return s == Waiting || s == Given
}

func stateOf(q store.Release, now time.Time) State {
	switch {
	case q.Outcome == store.ReleaseRefused:
		return Refused
	case q.Outcome != "":
		return Over
	case q.Tries >= maxTries:
		return Spent
	case !now.Before(q.Expires):
		return Over
	case q.Sealed != nil:
		return Given
	}
	return Waiting
}

// Pending returns what this browser has asked for last. NotFound: it never has, or it was
// let in by the code; Denied [Off]: no code can be given any more.
func (s *Service) Pending(ctx context.Context, recipient letterlock.ID, browser string) (a Asked, err error) {
	if !s.Offered || browser == "" {
		return a, errOff
	}
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		_, q, err := s.find(tx, recipient, browser)
		a = Asked{Reference: q.Reference, State: stateOf(q, tx.Now), Expires: q.Expires, TriesLeft: maxTries - q.Tries}
		return err
	})
	return a, err
}

func (s *Service) find(tx *store.Tx, recipient letterlock.ID, browser string) (r letterlock.Recipient, q store.Release, err error) {
	if r, err = tx.Recipient(recipient); err != nil {
		return r, q, err
	}
	if err = s.lets(tx, r.Message); err != nil {
		return r, q, err
	}
	q, err = tx.ReleaseIn(recipient, s.browserKey(browser))
	if err == nil && q.Outcome == store.ReleaseUsed {
		err = &letterlock.Error{Code: letterlock.NotFound}
	}
	return r, q, err
}

// Verify checks what somebody typed in the browser that has asked, and returns the address
// as which its message may be read, and no other message. It works once. Invalid
// "release-code": it is not right, and a try is spent; Gone "release": no code takes a try,
// and Pending says why; Denied [Off]: none can be given any more; NotFound: this browser
// never asked, or was let in by it.
func (s *Service) Verify(ctx context.Context, recipient letterlock.ID, browser, code string, from letterlock.Actor) (letterlock.Address, error) {
	if !s.Offered || browser == "" {
		return "", errOff
	}
	var address letterlock.Address
	var refusal error
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		r, q, err := s.find(tx, recipient, browser)
		if err != nil {
			return err
		}
		if q.Tries, err = tx.TakeReleaseTry(q.ID, maxTries); errors.Is(err, letterlock.NotFound) {
			refusal = &letterlock.Error{Code: letterlock.Gone, Key: "release"}
			return nil
		}
		if err != nil {
			return err
		}
		by := letterlock.Actor{IP: from.IP, Agent: from.Agent}
		want, err := s.Pepper.Open("release code", bind(q), q.Sealed)
		if err != nil || !vault.IsPasscode(letterlock.Passcode(want), code) {
			if refusal = error(&letterlock.Error{Code: letterlock.Invalid, Key: "release-code"}); q.Tries >= maxTries {
				refusal = &letterlock.Error{Code: letterlock.Gone, Key: "release"}
			}
			return note(tx, by, r, q, "use release code", letterlock.ReleaseWrong)
		}
		by.Kind, by.Address, by.Proof = letterlock.Reader, r.Mailbox.Address, letterlock.ByRelease
		address = r.Mailbox.Address
		return errors.Join(tx.EndRelease(q.ID, store.ReleaseUsed), note(tx, by, r, q, "use release code", letterlock.ReleaseUsed))
	})
	if err == nil {
		err = refusal
	}
	if err != nil {
		return "", err
	}
	return address, nil
}
