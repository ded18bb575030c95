// Package passcode proves that whoever asks owns a mailbox: it mails them eight
// digits and checks that they come back.
//
// A passcode is for one recipient and one browser, for ten minutes, once. It is
// kept sealed, a try is spent before anything is compared, and what anybody can
// ask for is bounded per browser, per recipient and per network.
package passcode

import (
	"context"
	"errors"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/metrics"
	"letterlock/internal/ratelimit"
	"letterlock/internal/seal"
	"letterlock/internal/store"
	"letterlock/internal/vault"
)

const (
	validity = 10 * time.Minute
	maxTries = 5
	again    = 30 * time.Second // between two mails with one passcode
)

// A Service issues and checks passcodes. It is safe for concurrent use.
type Service struct {
	DB     *store.DB
	Pepper seal.Pepper
	// IPKey turns an IP address into the name of its budget: a /64 for IPv6.
	IPKey func(ip string) string
	Wake  func() // called after something was put into the outbox
	// On reports whether recipients can sign in with a passcode under the brand that a
	// message names; nil: under each.
	On func(brand string) bool
	// Metrics count passcodes; nil: nobody does.
	Metrics *metrics.Passcodes

	language string
}

// In mails passcodes in the language of the page on which they are asked for, by its tag;
// to an address for which another one is remembered, in that.
func (s *Service) In(language string) *Service {
	in := *s
	in.language = language
	return &in
}

// Asked is a passcode that is on its way, as its page shows it.
type Asked struct {
	Address   letterlock.Address // for its mask only
	Reference string             // the mail with the passcode says it, too
	Sent      time.Time
	Expires   time.Time
	AgainAt   time.Time // when it can be mailed again
	TriesLeft int
	Mail      Mail // Pending only
}

// Off is the Key of a passcode that is asked for, or typed, where a brand wants none.
const Off = "passcode-off"

var (
	errOff     = &letterlock.Error{Code: letterlock.Denied, Key: Off}
	errExpired = &letterlock.Error{Code: letterlock.Gone, Key: "passcode-expired"}
	errWrong   = &letterlock.Error{Code: letterlock.Invalid, Key: "passcode-wrong"}
)

func tooMany(wait time.Duration) error {
	return &letterlock.Error{Code: letterlock.Throttled, Key: "too-many-tries", RetryAfter: wait}
}

// browserKey is what the database keeps of a browser's cookie.
func (s *Service) browserKey(browser string) []byte { return s.Pepper.Hash("browser", browser) }

func bind(recipient letterlock.ID, browser []byte) string {
	return string(recipient) + "|" + string(browser)
}

// budgets bound how many passcode mails anybody can cause: 5 an hour for a
// recipient in one browser, 20 at once and one more every 3 minutes for a
// recipient in all, 30 an hour for a network.
func (s *Service) budgets(recipient letterlock.ID, browser []byte, ip string) []store.Budget {
	return []store.Budget{
		{Name: "passcode|" + string(recipient) + "|" + string(s.Pepper.Hash("budget", string(browser))[:8]), Size: 5, Every: 12 * time.Minute},
		{Name: "passcode|" + string(recipient), Size: 20, Every: 3 * time.Minute},
		{Name: "passcode|ip|" + s.IPKey(ip), Size: 30, Every: 2 * time.Minute},
	}
}

// Ask mails a new passcode to the recipient, or leaves the one alone that this
// browser has asked for and that still lives. Throttled says when to ask again:
// "locked" after too many wrong tries, "budget" after too many mails. Invalid
// "browser": all browsers without a cookie would share a passcode. Denied [Off]: the brand
// of the message wants none.
func (s *Service) Ask(ctx context.Context, recipient letterlock.ID, browser, ip string) (Asked, error) {
	if browser == "" {
		return Asked{}, &letterlock.Error{Code: letterlock.Invalid, Key: "browser"}
	}
	return s.issue(ctx, recipient, browser, ip, false)
}

// Resend mails the living passcode once more, the same digits. It is Throttled
// "too-soon" within half a minute of the last mail, and Gone when no passcode
// lives; otherwise its errors are those of Ask.
func (s *Service) Resend(ctx context.Context, recipient letterlock.ID, browser, ip string) (Asked, error) {
	return s.issue(ctx, recipient, browser, ip, true)
}

func (s *Service) issue(ctx context.Context, id letterlock.ID, browser, ip string, resend bool) (Asked, error) {
	asked, mailed, err := s.decide(ctx, id, browser, ip, resend)
	s.Metrics.Asked(mailed, err)
	return asked, err
}

// decide says whether a passcode is mailed, and puts it into the outbox if so.
func (s *Service) decide(ctx context.Context, id letterlock.ID, browser, ip string, resend bool) (asked Asked, mailed bool, _ error) {
	key := s.browserKey(browser)
	var refusal error
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		r, err := tx.Recipient(id)
		if err != nil {
			return err
		}
		if refusal, err = s.off(tx, r); refusal != nil || err != nil {
			return err
		}
		lock, err := tx.Lock(id)
		if err != nil {
			return err
		}
		if wait := lock.Until.Sub(tx.Now); wait > 0 {
			refusal = &letterlock.Error{Code: letterlock.Throttled, Key: "locked", RetryAfter: wait}
			return nil
		}
		p, err := tx.Passcode(id, key)
		if err != nil && !errors.Is(err, letterlock.NotFound) {
			return err
		}
		alive := err == nil && lives(p, tx.Now)
		switch {
		case alive && !resend:
			asked = shown(p, r)
			return nil
		case alive && tx.Now.Before(p.Sent.Add(again)):
			refusal = &letterlock.Error{Code: letterlock.Throttled, Key: "too-soon", RetryAfter: p.Sent.Add(again).Sub(tx.Now)}
			return nil
		case !alive && resend:
			refusal = errExpired
			return nil
		}
		wait, err := tx.Spend(s.budgets(id, key, ip)...)
		if err != nil {
			return err
		}
		if wait > 0 {
			refusal = &letterlock.Error{Code: letterlock.Throttled, Key: "budget", RetryAfter: wait}
			return nil
		}
		asked, err = s.send(tx, r, key, p, alive)
		mailed = err == nil
		return err
	})
	if err != nil {
		return Asked{}, false, err
	}
	s.Wake()
	return asked, mailed, refusal
}

// off refuses a passcode that the brand of the message does not want.
func (s *Service) off(tx *store.Tx, r letterlock.Recipient) (refusal, err error) {
	if s.On == nil {
		return nil, nil
	}
	m, err := tx.Message(r.Message)
	if err == nil && !s.On(m.Brand) {
		refusal = errOff
	}
	return refusal, err
}

// send puts a passcode mail into the outbox, with the living passcode or a new one.
func (s *Service) send(tx *store.Tx, r letterlock.Recipient, browser []byte, p store.Passcode, alive bool) (Asked, error) {
	if alive {
		if err := tx.MarkResent(r.ID, browser); err != nil {
			return Asked{}, err
		}
		p.Sent = tx.Now
	} else {
		p = store.Passcode{
			Sealed:    s.Pepper.Seal("passcode", bind(r.ID, browser), []byte(vault.NewPasscode().Reveal())),
			Reference: vault.NewReference(3), Sent: tx.Now, Expires: tx.Now.Add(validity),
		}
		if err := tx.PutPasscode(r.ID, browser, p); err != nil {
			return Asked{}, err
		}
	}
	code, err := s.Pepper.Open("passcode", bind(r.ID, browser), p.Sealed)
	if err != nil {
		return Asked{}, err
	}
	secret := vault.SealPasscode(s.Pepper, r.ID, vault.PasscodeMail{Code: letterlock.Passcode(code), Reference: p.Reference, Expires: p.Expires, Language: s.language})
	n := store.Notice{Kind: store.PasscodeNotice, Message: r.Message, Recipient: r.ID, Secret: secret}
	return shown(p, r), tx.EnqueuePasscode(n, browser)
}

func lives(p store.Passcode, now time.Time) bool {
	return !p.Used && p.Tries < maxTries && now.Before(p.Expires)
}

func shown(p store.Passcode, r letterlock.Recipient) Asked {
	return Asked{
		Address: r.Mailbox.Address, Reference: p.Reference, Sent: p.Sent, Expires: p.Expires,
		AgainAt: p.Sent.Add(again), TriesLeft: maxTries - p.Tries,
	}
}

// Pending returns the passcode that this browser waits for. NotFound: it never
// asked, or has used it; Gone "passcode-expired"; Throttled "too-many-tries".
func (s *Service) Pending(ctx context.Context, recipient letterlock.ID, browser string) (asked Asked, err error) {
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		r, err := tx.Recipient(recipient)
		if err != nil {
			return err
		}
		p, err := tx.Passcode(recipient, s.browserKey(browser))
		if err != nil {
			return err
		}
		asked = shown(p, r)
		if asked.Mail, err = s.mail(tx, recipient, browser, p); err != nil {
			return err
		}
		return standing(tx, recipient, p)
	})
	return asked, err
}

// standing says why a passcode takes no try, or nil if it does.
func standing(tx *store.Tx, recipient letterlock.ID, p store.Passcode) error {
	switch {
	case p.Used:
		return &letterlock.Error{Code: letterlock.NotFound}
	case p.Tries >= maxTries:
		lock, err := tx.Lock(recipient)
		if err != nil {
			return err
		}
		return tooMany(max(0, lock.Until.Sub(tx.Now)))
	case !tx.Now.Before(p.Expires):
		return errExpired
	}
	return nil
}

// Verify checks what somebody typed and returns the address that it proves. It
// works once. Invalid "passcode-wrong": it is not right, and a try is spent;
// Throttled "too-many-tries": that was the last, or there was none left; Gone
// "passcode-expired"; NotFound: this browser never asked, or has used it; Denied [Off]: a
// passcode does not count any more. A try that
// was spent in vain is in the recipient's history, with where it came from as far as
// from says.
func (s *Service) Verify(ctx context.Context, recipient letterlock.ID, browser, code string, from letterlock.Actor) (letterlock.Address, error) {
	key := s.browserKey(browser)
	var address letterlock.Address
	var refusal error
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		r, err := tx.Recipient(recipient)
		if err != nil {
			return err
		}
		if refusal, err = s.off(tx, r); refusal != nil || err != nil {
			return err
		}
		p, err := tx.Passcode(recipient, key)
		if err != nil {
			return err
		}
		if refusal = standing(tx, recipient, p); refusal != nil {
			return nil
		}
		if p.Tries, err = tx.TakeTry(recipient, key, maxTries); err != nil {
			return err
		}
		by := letterlock.Actor{IP: from.IP, Agent: from.Agent}
		if !s.fits(recipient, key, p, code) {
			refusal, err = s.wrong(tx, by, r, p)
			return err
		}
		by.Kind, by.Address = letterlock.Reader, r.Mailbox.Address
		address = r.Mailbox.Address
		return errors.Join(tx.UsePasscode(recipient, key), tx.Unlock(recipient),
			tx.Audit(letterlock.Entry{Actor: by, Action: "prove mailbox", Message: r.Message, Target: string(address), Allowed: true}))
	})
	if err == nil {
		err = refusal
	}
	s.Metrics.Typed(err)
	if err != nil {
		return "", err
	}
	return address, nil
}

// wrong notes a wrong passcode. The last try locks the recipient for a while
// that grows with each passcode used up, and is never long.
func (s *Service) wrong(tx *store.Tx, by letterlock.Actor, r letterlock.Recipient, p store.Passcode) (refusal, err error) {
	err = errors.Join(
		tx.Audit(letterlock.Entry{Actor: by, Action: "prove mailbox", Message: r.Message, Target: string(r.Mailbox.Address)}),
		tx.AddEvent(r, letterlock.Event{Kind: letterlock.PasscodeWrong, Agent: by.Agent, IP: by.IP}))
	if err != nil {
		return nil, err
	}
	if p.Tries < maxTries {
		return errWrong, nil
	}
	lock, err := tx.Lock(r.ID)
	if err != nil {
		return nil, err
	}
	lock.Failures++
	wait := ratelimit.CoolDown(lock.Failures)
	lock.Until = tx.Now.Add(wait)
	return tooMany(wait), tx.PutLock(r.ID, lock)
}

// fits compares what was typed with what is kept sealed.
func (s *Service) fits(recipient letterlock.ID, browser []byte, p store.Passcode, code string) bool {
	want, err := s.Pepper.Open("passcode", bind(recipient, browser), p.Sealed)
	return err == nil && vault.IsPasscode(letterlock.Passcode(want), code)
}
