// Package intake accepts a mail: it seals it as it streams in, decides what each
// recipient gets, and stores the message with everything that is to leave.
//
// When [Service.Accept] returns nil the message is on disk and will not be lost;
// when it returns an error nothing of the mail is left.
package intake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"letterlock/internal/brand"
	"letterlock/internal/eml"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/rule"
	"letterlock/internal/seal"
	"letterlock/internal/store"
	"letterlock/internal/vault"
)

// MaxRecipients is how many recipients a message may have.
const MaxRecipients = 100

// A Service accepts mail. It is safe for concurrent use.
type Service struct {
	DB     *store.DB
	Vault  *vault.Vault
	Pepper seal.Pepper
	Rules  policy.Settings
	Domain string // for Message-IDs of mails that came without
	Wake   func() // called after something was put into the outbox
	// LookUp finds out who takes the mail of domains, in bounded time, and never within
	// a transaction. nil: nobody does.
	LookUp func(ctx context.Context, domains []string) policy.Hostings
	// Assured reports whether the way out keeps TLS to the mailbox, as far as is known
	// now. nil: as the rules say.
	Assured func() bool
	// Room returns an error while no new mail may be stored, as host.Reserve
	// does; nil: there is always room.
	Room func() error
	// Answerable finds the message that a reader may read now, within the caller's
	// transaction; its errors are those of opening it. nil: nobody answers.
	Answerable func(tx *store.Tx, by letterlock.Actor, id letterlock.ID) (policy.Answerable, error)
	Portal     letterlock.Mailbox // in whose name mails of recipients leave
	// RulesNow returns the rules of the administrators that hold, read anew if the
	// newest known have the version not; nil: there are none.
	RulesNow   func(ctx context.Context, not int64) (*rule.Set, error)
	RuleLimits rule.Limits // of what looking into one mail may cost
	// Gateway protects what comes by the gateway and asks for nothing. Empty: that is
	// passed on as it came.
	Gateway letterlock.Protection
	// BrandNamed returns the brand of a name, and whether there is one; BrandOfSender that
	// of whoever sends. nil: there is the default one only.
	BrandNamed    func(id string) (brand.Choice, bool)
	BrandOfSender func(letterlock.Address) brand.Choice
	// Vouched reports whether an OpenID provider could vouch for an address. nil: none can.
	Vouched func(letterlock.Address) bool
}

// An Envelope is what is known of a mail beside the mail itself.
type Envelope struct {
	Recipients []letterlock.Address
	Via        letterlock.Via
	Protection letterlock.Protection // asked for by Compose; empty for SMTP, where the mail says it
	Expires    time.Time             // chosen in Compose, where zero is never; for SMTP the mail or the settings say it
	Portal     bool                  // everybody outside reads in the portal; the mail may say it, too
	Promised   []letterlock.Address  // whom Compose has said to be able to take back: they get the link
	Asks       letterlock.Demand     // chosen in Compose; for SMTP the mail may say it
	Passphrase vault.Passphrase      // chosen in Compose; zero: none
	Brand      string                // chosen in Compose; empty: as the mail says, or that of its sender
	Notices    *policy.Choice        // chosen in Compose; nil: as the settings say
	// Pass hands a mail of the gateway on to where it would have gone without us. Its errors
	// are those of whoever is to take it then.
	Pass func(ctx context.Context, mail io.Reader) error
}

// A Receipt says what became of an accepted mail.
type Receipt struct {
	ID        letterlock.ID
	MessageID string
	Repeated  bool // a retry of a mail that was already accepted
	// Passed says that it was passed on and is no message: nothing of it is kept.
	Passed    bool
	DecidedBy string // what decided, as of a message
}

// Preview says what each recipient of an envelope would get, and what if everybody
// outside were to read in the portal. Until every domain has been looked up it waits,
// as Accept does, for a bounded time.
func (s *Service) Preview(ctx context.Context, e Envelope) (as, forced []policy.Verdict) {
	known := s.known(ctx, e)
	for _, a := range e.Recipients {
		w := known.way(a)
		w.Protection, w.Portal = e.Protection, e.Portal || e.Asks != letterlock.NoDemand
		as = append(as, s.Rules.Recipient(a, w))
		w.Portal = true
		forced = append(forced, s.Rules.Recipient(a, w))
	}
	return as, forced
}

// Accept takes one mail from an account of the organisation, or by the gateway from
// whomever a mail server that is trusted says it is from. What comes by the gateway and
// is not to be protected is passed on before Accept returns; an error of that is the
// envelope's own. The errors are
//
//   - Denied "sender": the From of the mail is not the account's;
//   - Denied "foreign", "account": a mail of the gateway is to be protected, and its From is none of the organisation, or that of an account that may not send;
//   - Denied "unprotected": the mail asks to be sent open;
//   - [Refusal]: a rule of the administrators refuses it;
//   - Denied "rules": a retry names new recipients, for whom the rules want more than the message has;
//   - Denied "ended": a retry names new recipients of a message that has ended;
//   - [Unprovable]: it asks for the word of an OpenID provider, and none can vouch for some;
//   - Invalid "passphrase": it asks for one, and has none, as mail by SMTP never has;
//   - Invalid "loop": a mail of the gateway has passed so many servers that it goes round;
//   - Invalid "bare", "structure", "from", "protection", "recipients", "expires", "proof", "ask-name", "portal", "brand": the mail or its envelope is malformed;
//   - TooLarge with the limit's name: it passes one;
//   - Busy "disk": there is no room for it;
//   - Busy: it could not be stored; trying again may work.
//
// A retry (same sender, Message-ID and bytes) is recognised, and recipients that
// it adds are added, so that an envelope split by a relay loses nobody. A crash
// before the commit leaves nothing; after it, the retry finds the message.
func (s *Service) Accept(ctx context.Context, by letterlock.Actor, e Envelope, mail io.Reader) (Receipt, error) {
	if !by.Is(letterlock.Sender) && !fromServer(by, e) {
		return Receipt{}, s.refused(ctx, by, &letterlock.Error{Code: letterlock.Denied, Key: "sender"})
	}
	if err := checkRecipients(e.Recipients); err != nil {
		return Receipt{}, err
	}
	if err := s.room(); err != nil {
		return Receipt{}, err
	}
	in, err := s.Vault.Receive(ctx, mail)
	if err != nil {
		return Receipt{}, fmt.Errorf("receiving a mail: %w", err)
	}
	// A large mail takes its time, and others came in meanwhile.
	var receipt Receipt
	if err = s.room(); err == nil {
		receipt, err = s.decide(ctx, by, e, in)
	}
	if err != nil || receipt.Passed {
		in.Abandon(context.WithoutCancel(ctx))
		return receipt, err
	}
	s.Wake()
	return receipt, nil
}

func (s *Service) room() error {
	if s.Room == nil {
		return nil
	}
	return s.Room()
}

func checkRecipients(list []letterlock.Address) error {
	if len(list) == 0 {
		return &letterlock.Error{Code: letterlock.Invalid, Key: "recipients"}
	}
	if len(list) > MaxRecipients {
		return &letterlock.Error{Code: letterlock.TooLarge, Key: "recipients"}
	}
	return nil
}

// decide decides on the mail that has been read, and stores it as a message.
func (s *Service) decide(ctx context.Context, by letterlock.Actor, e Envelope, in *vault.Incoming) (receipt Receipt, err error) {
	var k known
	not := int64(-1) // judged by no rules yet
	for range tries {
		var r ruling
		if r, err = s.rule(ctx, by, e, in.Index, in.Mail(ctx).Raw, not); err == nil && r.open() {
			err = s.stay(ctx, by, &r, in)
		}
		if by = r.by; err != nil {
			return Receipt{DecidedBy: r.decision.DecidedBy}, s.refused(ctx, by, err)
		}
		if k.hostings == nil && !r.open() {
			k = s.known(ctx, e)
		}
		if r.open() {
			receipt, err = s.passOn(ctx, e, r, in)
		} else {
			err = s.DB.Write(ctx, func(tx *store.Tx) error {
				receipt, err = s.store(tx, by, s.newMessage(by, e, in, r), r, e, k, in)
				return err
			})
			receipt.DecidedBy = r.decision.DecidedBy
		}
		if !errors.Is(err, errRulesChanged) {
			break
		}
		not = r.verdict.Version
	}
	if errors.Is(err, errRulesChanged) {
		return Receipt{}, &letterlock.Error{Code: letterlock.Busy, Err: err}
	}
	if letterlock.KeyOf(err) == ruled {
		return Receipt{}, s.refused(ctx, by, err)
	}
	if err == nil && receipt.Repeated {
		in.Abandon(context.WithoutCancel(ctx))
	}
	return receipt, err
}

// tries is how often a mail is judged anew because the rules were changed meanwhile.
const tries = 5

func (s *Service) newMessage(by letterlock.Actor, e Envelope, in *vault.Incoming, r ruling) letterlock.Message {
	h, d := in.Index.Header, r.decision
	return letterlock.Message{
		ID: in.ID, MessageID: h.MessageID, Sender: letterlock.Mailbox{Name: senderName(by, h), Address: by.Address},
		Subject: d.Subject, Protection: d.Protection, Method: d.Method, DecidedBy: d.DecidedBy, Via: e.Via,
		Portal: r.portal, Asks: r.asks, RuledAsks: r.verdict.Asks, Brand: r.brand.ID, Attachments: len(in.Index.Attachments()),
	}
}

// refused notes that an account tried what it may not, and returns why. A mail
// that is merely malformed is no act and leaves no entry, and neither does
// somebody who has shown nothing.
func (s *Service) refused(ctx context.Context, by letterlock.Actor, why error) error {
	if !errors.Is(why, letterlock.Denied) || by.Kind == letterlock.Nobody {
		return why
	}
	entry := letterlock.Entry{Actor: by, Action: "accept", Reason: letterlock.KeyOf(why)}
	if r := (*Refusal)(nil); errors.As(why, &r) {
		entry.Reason = ruleWord + r.Rule
	}
	err := s.DB.Write(ctx, func(tx *store.Tx) error { return tx.Audit(entry) })
	if err != nil {
		return err
	}
	return why
}

// check refuses what no honest mail program sends: bytes that mail servers read
// differently, and a From that is not one address of the account.
func check(by letterlock.Actor, x *eml.Index) error {
	switch h := x.Header; {
	case x.BareCR || x.BareLF || x.NUL:
		return &letterlock.Error{Code: letterlock.Invalid, Key: "bare"}
	case x.Defects.Has(eml.MailCut):
		// The fields behind the cut, a Bcc perhaps, would be shown as text.
		return &letterlock.Error{Code: letterlock.Invalid, Key: "structure"}
	case h.FromFields != 1 || len(h.From) != 1 || h.FromBad > 0:
		return &letterlock.Error{Code: letterlock.Invalid, Key: "from"}
	case h.From[0].Address != by.Address, len(h.Sender) > 0 && h.Sender[0].Address != by.Address:
		return &letterlock.Error{Code: letterlock.Denied, Key: "sender"}
	}
	return nil
}

// senderName is how the sender is called in notifications: as the account says,
// and only without that as the mail does, if it is no address in disguise.
func senderName(by letterlock.Actor, h eml.Header) string {
	if by.Name != "" {
		return by.Name
	}
	if len(h.From) == 0 {
		return ""
	}
	if n := h.From[0].Name; !strings.ContainsAny(n, "@/") {
		return n
	}
	return ""
}

func (s *Service) store(tx *store.Tx, by letterlock.Actor, m letterlock.Message, r ruling, e Envelope, k known, in *vault.Incoming) (Receipt, error) {
	if m.MessageID != "" {
		known, err := tx.Retried(by.Address, m.MessageID, in.Hash)
		if err == nil {
			return s.repeat(tx, by, known, r, e, k, in)
		}
		if !errors.Is(err, letterlock.NotFound) {
			return Receipt{}, err
		}
	}
	// Only now: a retry may come when what it asks for is over already, or when
	// another rule holds.
	if err := s.current(tx, r.verdict); err != nil {
		return Receipt{}, err
	}
	if err := r.refusal(); err != nil {
		return Receipt{}, err
	}
	var err error
	if m.Expires, err = s.expires(e, in.Index.Header, r, tx.Now); err != nil {
		return Receipt{}, err
	}
	m.LatestEnd = r.latest(time.Time{}, tx.Now)
	earlier, err := join(tx, &m, referred(in.Index.Header.InReplyTo, in.Index.Header.References))
	if err != nil {
		return Receipt{}, err
	}
	words, err := s.carry(tx, &m, earlier, e.Passphrase)
	if err != nil {
		return Receipt{}, err
	}
	if err := nameAnew(tx, &m, s.Domain); err != nil {
		return Receipt{}, err
	}
	if err := in.Accept(tx, m); err != nil {
		return Receipt{}, err
	}
	if err := s.keepPassphrase(tx, m, words); err != nil {
		return Receipt{}, err
	}
	if err := s.addRecipients(tx, m, e.Recipients, k.hands(in.Index.Header, func(holder string) error { return in.Grant(tx, holder) })); err != nil {
		return Receipt{}, err
	}
	if err := s.plan(tx, m, in.Index.Header, e.Notices); err != nil {
		return Receipt{}, err
	}
	return Receipt{ID: m.ID, MessageID: m.MessageID}, tx.Audit(letterlock.Entry{Actor: by, Action: "accept", Message: m.ID, Target: targets(e.Recipients), Allowed: true})
}

func wishOf(e Envelope, h eml.Header, b brand.Choice) policy.Wish {
	return policy.Wish{Chosen: e.Expires, Compose: e.Via == letterlock.ByCompose, Header: h.Expires, Headers: h.Expiries, Brand: b.Expiry}
}

// nameAnew gives a message a Message-ID where it has none, or one that is taken:
// then it keeps the old one as reference.
func nameAnew(tx *store.Tx, m *letterlock.Message, domain string) error {
	if m.MessageID != "" {
		_, err := tx.MessageByMessageID(m.MessageID)
		if errors.Is(err, letterlock.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		m.Reference = m.MessageID
	}
	m.MessageID = eml.NewMessageID(domain)
	return nil
}

// repeat adds to a known message the recipients that a retry of it names anew.
func (s *Service) repeat(tx *store.Tx, by letterlock.Actor, m letterlock.Message, r ruling, e Envelope, k known, in *vault.Incoming) (Receipt, error) {
	have, err := tx.Recipients(m.ID)
	if err != nil {
		return Receipt{}, err
	}
	added := slices.DeleteFunc(slices.Clone(e.Recipients), func(a letterlock.Address) bool {
		return slices.ContainsFunc(have, func(r letterlock.Recipient) bool { return r.Mailbox.Address == a })
	})
	receipt := Receipt{ID: m.ID, MessageID: m.MessageID, Repeated: true}
	if len(added) == 0 {
		return receipt, nil
	}
	if m.Ended(tx.Now) || m.Via != e.Via || slices.ContainsFunc(have, revoked) {
		// Not an envelope that a relay has split, but a message that has had its
		// life: it must not grow a reader, nor change who may take it back.
		return Receipt{}, &letterlock.Error{Code: letterlock.Denied, Key: "ended"}
	}
	if err := s.current(tx, r.verdict); err != nil {
		return Receipt{}, err
	}
	if err := r.refusal(); err != nil {
		return Receipt{}, err
	}
	if !r.holds(m) {
		// They would get it with less than the rules want for them, and those who
		// have it already cannot be given more.
		return Receipt{}, &letterlock.Error{Code: letterlock.Denied, Key: "rules"}
	}
	if len(have)+len(added) > MaxRecipients {
		return Receipt{}, &letterlock.Error{Code: letterlock.TooLarge, Key: "recipients"}
	}
	h := k.hands(in.Index.Header, func(holder string) error { return s.Vault.Regrant(tx, m.ID, holder) })
	h.position = len(have)
	if err := s.addRecipients(tx, m, added, h); err != nil {
		return Receipt{}, err
	}
	if latest := r.latest(m.LatestEnd, m.Accepted); !latest.Equal(m.LatestEnd) {
		// It ends early enough for those who are added, and must go on doing so.
		if err := tx.SetLatestEnd(m.ID, latest); err != nil {
			return Receipt{}, err
		}
	}
	if asks := m.RuledAsks.And(r.verdict.Asks); asks != m.RuledAsks {
		// The message asks for it anyway; its sender must not lift it for those either.
		if err := tx.SetRuledAsks(m.ID, asks); err != nil {
			return Receipt{}, err
		}
	}
	if err := tx.SearchAgain(m.ID); err != nil {
		return Receipt{}, err
	}
	return receipt, tx.Audit(letterlock.Entry{Actor: by, Action: "add recipients", Message: m.ID, Target: targets(added), Allowed: true})
}

func targets(list []letterlock.Address) string {
	names := make([]string, len(list))
	for i, a := range list {
		names[i] = string(a)
	}
	return strings.Join(names, " ")
}

func revoked(r letterlock.Recipient) bool { return r.Revocation.Revoked() }

func (s *Service) addRecipients(tx *store.Tx, m letterlock.Message, list []letterlock.Address, h hands) error {
	if err := s.provable(m.Asks, m.Brand, s.verdicts(m, list, h)); err != nil {
		return err
	}
	seen := make(map[letterlock.Address]bool)
	for _, a := range list {
		if seen[a] {
			continue
		}
		seen[a] = true
		if err := s.addRecipient(tx, m, a, h); err != nil {
			return err
		}
		h.position++
	}
	return nil
}

func (s *Service) addRecipient(tx *store.Tx, m letterlock.Message, a letterlock.Address, h hands) error {
	v := s.Rules.Answer(a, m, h.way(a))
	r := letterlock.Recipient{
		ID: letterlock.NewID(), Message: m.ID, Identity: v.Identity, Experience: v.Experience, Why: v.Why,
	}
	r.Reference = r.ID.Reference()
	r.Mailbox, r.Field = placeOf(a, h.header)
	n := store.Notice{Kind: store.InlineNotice, Message: m.ID, Recipient: r.ID}
	var tokenHash []byte
	if v.Experience == letterlock.Link {
		token := vault.NewToken()
		tokenHash = vault.TokenHash(s.Pepper, token)
		n.Kind, n.Secret = store.LinkNotice, vault.SealToken(s.Pepper, r.ID, token)
	}
	if err := tx.AddRecipient(r, h.position, tokenHash); err != nil {
		return err
	}
	if v.Experience == letterlock.Link {
		if err := h.grant(string(r.ID)); err != nil {
			return err
		}
	}
	if err := tx.AddEvent(r, letterlock.Event{Kind: letterlock.Accepted}); err != nil {
		return err
	}
	return tx.Enqueue(n)
}

// placeOf finds which header field names an address. An address that none names
// is a Bcc.
func placeOf(a letterlock.Address, h eml.Header) (letterlock.Mailbox, letterlock.Field) {
	for _, place := range []struct {
		field letterlock.Field
		list  []letterlock.Mailbox
	}{{letterlock.To, h.To}, {letterlock.Cc, h.Cc}} {
		for _, m := range place.list {
			if m.Address == a {
				return m, place.field
			}
		}
	}
	for _, m := range h.Bcc {
		if m.Address == a {
			return m, letterlock.Bcc
		}
	}
	return letterlock.Mailbox{Address: a}, letterlock.Bcc
}
