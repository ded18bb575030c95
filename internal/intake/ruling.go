package intake

import (
	"context"
	"errors"
	"io"
	"time"

	"letterlock/internal/brand"
	"letterlock/internal/eml"
	"letterlock/internal/lane"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/rule"
	"letterlock/internal/store"
	"letterlock/internal/vault"
)

// A Refusal is the error of a mail that a rule of the administrators refuses. It is
// Denied "rule".
type Refusal struct {
	Rule     string // its name, for the organisation's records
	Sentence string // for the sender, in the administrator's words
}

const ruled = "rule"

func (*Refusal) Error() string { return "a mail that a rule refuses" }

// Unwrap yields Denied.
func (*Refusal) Unwrap() error { return &letterlock.Error{Code: letterlock.Denied, Key: ruled} }

// A ruling is what is decided about a mail before it is stored.
type ruling struct {
	by       letterlock.Actor // who sends it
	decision policy.Decision
	asks     letterlock.Demand
	portal   bool
	brand    brand.Choice
	verdict  rule.Verdict
	own      bool // Letterlock itself has sent it
}

// refusal is why a mail may not be sent at all, or nil.
func (r ruling) refusal() error {
	if !r.verdict.Refused {
		return nil
	}
	return &Refusal{Rule: r.verdict.RefusedBy, Sentence: r.verdict.Sentence}
}

// rule decides on a mail: by what it says itself, and by the rules, which set the
// floor. raw is read only if a rule looks into the mail. What a rule refuses is no
// error yet: a retry of what was accepted is a retry still.
func (s *Service) rule(ctx context.Context, by letterlock.Actor, e Envelope, ix *eml.Index, raw io.ReaderAt, not int64) (r ruling, err error) {
	h := ix.Header
	r.by = by
	if err = s.check(by, e, ix); err != nil {
		return r, err
	}
	if s.own(e, ix) {
		r.own, r.decision.DecidedBy = true, vault.OwnField+" header"
		return r, nil
	}
	if r.decision, err = s.protect(e, ix, raw); err != nil {
		return r, err
	}
	if r.asks, err = policy.Asks(e.Asks, h.Proof, h.Proofs); err != nil {
		return r, err
	}
	names, err := policy.AsksName(h.AskName, h.AskNames)
	if err != nil {
		return r, err
	}
	if names {
		r.asks = r.asks.And(letterlock.ByName)
	}
	portal, err := policy.ForcesPortal(h.Portal, h.Portals)
	if err != nil {
		return r, err
	}
	if r.verdict, err = s.judge(ctx, by, e, ix, raw, not); err != nil {
		return r, err
	}
	v := r.verdict
	if v.Pass {
		r.decision = r.decision.Opened(ruleWord + v.PassedBy)
	}
	r.decision = r.decision.AtLeast(v.Protection, ruleWord+v.By)
	r.asks = r.asks.And(v.Asks)
	if e.Via == letterlock.ByGateway && !r.open() {
		r.by, err = s.author(ctx, by, ix)
	}
	if err == nil {
		r.brand, err = s.brandOf(r.by, e, h, v)
	}
	r.portal = e.Portal || portal || v.Portal || r.brand.ForcePortal || r.asks != letterlock.NoDemand
	if v.Refused {
		err = nil // whoever sends it, a rule has the last word
	}
	return r, err
}

// protect decides on the protection of a mail by what it says itself.
func (s *Service) protect(e Envelope, ix *eml.Index, raw io.ReaderAt) (policy.Decision, error) {
	h := ix.Header
	r := policy.Request{
		Asked: e.Protection, Header: h.Protection, Headers: h.Protections, Sensitivity: h.Sensitivity, Subject: h.Subject,
	}
	if e.Via == letterlock.ByGateway {
		r.Gateway, r.Default = true, s.Gateway
		var err error
		if r.Needs, err = needs(ix, raw); err != nil {
			return policy.Decision{}, err
		}
	}
	return policy.Protect(r)
}

// check refuses what no rule can make good.
func (s *Service) check(by letterlock.Actor, e Envelope, ix *eml.Index) error {
	if e.Via == letterlock.ByGateway {
		return checkGateway(ix)
	}
	return check(by, ix)
}

// ruleWord stands before the name of the rule that decided on a message.
const ruleWord = "rule "

// judge asks the rules that hold, which are others than those of the version not.
func (s *Service) judge(ctx context.Context, by letterlock.Actor, e Envelope, ix *eml.Index, raw io.ReaderAt, not int64) (rule.Verdict, error) {
	if s.RulesNow == nil {
		return rule.Verdict{}, nil
	}
	set, err := s.RulesNow(ctx, not)
	if err != nil || set.Empty() {
		return rule.Verdict{Version: versionOf(set)}, err
	}
	done, err := lane.Computes(ctx, lane.Judge)
	if err != nil {
		return rule.Verdict{}, err
	}
	defer done()
	m, err := rule.Of(ix, raw, by.Address, e.Recipients, s.RuleLimits)
	if err != nil {
		return rule.Verdict{}, err
	}
	if e.Via == letterlock.ByGateway {
		named(&m, ix)
	}
	return set.Judge(m)
}

func versionOf(set *rule.Set) int64 {
	if set == nil {
		return 0
	}
	return set.Version
}

// errRulesChanged says that a mail was judged by rules that do not hold any more.
var errRulesChanged = errors.New("the rules were changed while the mail was judged")

// current returns errRulesChanged if other rules hold than those of a verdict.
func (s *Service) current(tx *store.Tx, v rule.Verdict) error {
	if s.RulesNow == nil {
		return nil
	}
	version, err := tx.RuleVersion()
	if err == nil && version != v.Version {
		return errRulesChanged
	}
	return err
}

// holds reports whether a message that was accepted before is no weaker than the
// rules want it for those whom a retry adds.
func (r ruling) holds(m letterlock.Message) bool {
	v := r.verdict
	switch {
	case v.Protection == letterlock.DoNotForward && m.Protection != letterlock.DoNotForward:
		return false
	case (v.Portal || v.Brand != "" && r.brand.ForcePortal) && !m.Portal, !m.Asks.Covers(v.Asks):
		return false
	}
	return m.Expires.Equal(policy.NoLater(m.Expires, v.Expiry, m.Accepted))
}

// expires is when a message ends that is accepted now: as its sender wishes, and no
// later than a rule wants.
func (s *Service) expires(e Envelope, h eml.Header, r ruling, now time.Time) (time.Time, error) {
	end, err := s.Rules.Expires(wishOf(e, h, r.brand), now)
	return policy.NoLater(end, r.verdict.Expiry, now), err
}

// latest is the latest end that the rules allow a message that was accepted then; known
// is what they have allowed it before.
func (r ruling) latest(known, accepted time.Time) time.Time {
	return policy.NoLater(known, r.verdict.Expiry, accepted)
}

// A Trial is what would become of a mail if it were sent now.
type Trial struct {
	Err        error // why it would be refused; nil: it would be accepted
	Passed     bool  // it would be passed on as it came, and is no message
	Verdict    rule.Verdict
	Decision   policy.Decision
	Asks       letterlock.Demand
	Brand      string // empty: the default one
	Expires    time.Time
	Recipients []policy.Verdict
}

// Try says what would become of a mail that an account sends, and stores nothing: not
// the mail, nor that it was tried. It decides by the same steps as [Service.Accept].
// The errors are those of reading the mail.
func (s *Service) Try(ctx context.Context, by, sender letterlock.Actor, e Envelope, mail io.ReaderAt, size int64) (Trial, error) {
	if !by.Is(letterlock.Admin) {
		return Trial{}, &letterlock.Error{Code: letterlock.Denied, Key: "not-administrator"}
	}
	x := eml.NewIndexer(s.Vault.Limits)
	_, err := io.Copy(x, io.NewSectionReader(mail, 0, size))
	if err != nil {
		return Trial{Err: err}, nil
	}
	ix, err := x.Close()
	if err != nil {
		return Trial{Err: err}, nil
	}
	if err := checkRecipients(e.Recipients); err != nil {
		return Trial{Err: err}, nil
	}
	r, err := s.rule(ctx, sender, e, ix, mail, -1)
	if err != nil {
		if code := letterlock.CodeOf(err); code == letterlock.Internal || code == letterlock.Busy {
			return Trial{}, err // ours, and not the mail's
		}
		return Trial{Err: err}, nil
	}
	t := Trial{Verdict: r.verdict, Decision: r.decision, Asks: r.asks, Brand: r.brand.ID, Passed: r.open()}
	if t.Passed {
		return t, nil
	}
	err = s.DB.Read(ctx, func(tx *store.Tx) error {
		t.Expires, t.Err = s.expires(e, ix.Header, r, tx.Now)
		return nil
	})
	if t.Err == nil {
		t.Err = r.refusal()
	}
	t.Recipients, _ = s.Preview(ctx, Envelope{Recipients: e.Recipients, Protection: r.decision.Protection, Portal: r.portal})
	if t.Err == nil {
		t.Err = errors.Join(passphraseOf(r.asks, e.Passphrase), s.provable(r.asks, r.brand.ID, t.Recipients))
	}
	return t, err
}

// Floor says what the rules would ask of a message that is being written, as far as
// it is known: its subject, its text, and who is to get it.
func (s *Service) Floor(ctx context.Context, by letterlock.Actor, e Envelope, subject, text string) (rule.Verdict, error) {
	if s.RulesNow == nil {
		return rule.Verdict{}, nil
	}
	set, err := s.RulesNow(ctx, -1)
	if err != nil || set.Empty() {
		return rule.Verdict{Version: versionOf(set)}, err
	}
	done, err := lane.Computes(ctx, lane.Judge)
	if err != nil {
		return rule.Verdict{}, err
	}
	defer done()
	return set.Judge(rule.Mail{
		Sender: by.Address, Recipients: e.Recipients, Subject: subject, Limits: s.RuleLimits,
		Texts: func(yield func(rule.Text, error) bool) { yield(rule.Text{Text: text}, nil) },
	})
}

// Under returns the envelope with what a verdict asks of it.
func (e Envelope) Under(v rule.Verdict) Envelope {
	if v.Protection == letterlock.DoNotForward {
		e.Protection = v.Protection
	}
	e.Portal = e.Portal || v.Portal
	e.Asks = e.Asks.And(v.Asks)
	if v.Brand != "" {
		e.Brand = v.Brand
	}
	return e
}
