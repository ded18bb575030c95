package intake

import (
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
)

// An Unprovable is the error of a message that asks its readers for the word of an OpenID
// provider, where none can vouch for some of them: it is refused rather than sent to
// people who could never open it. It is Invalid "unprovable".
type Unprovable struct {
	To    []letterlock.Address
	Brand bool // it is the brand that asks for it, for it wants no passcodes
}

const unprovable = "unprovable"

func (*Unprovable) Error() string { return "a message that some could never open" }

// Unwrap yields Invalid.
func (*Unprovable) Unwrap() error {
	return &letterlock.Error{Code: letterlock.Invalid, Key: unprovable}
}

// provable returns [Unprovable] with those who get the link and could not prove what a
// message asks for.
func (s *Service) provable(asks letterlock.Demand, brand string, list []policy.Verdict) error {
	without := Unprovable{Brand: !asks.Vouched()}
	if s.BrandNamed != nil {
		b, _ := s.BrandNamed(brand)
		asks = b.Asks(asks)
	}
	if !asks.Vouched() {
		return nil
	}
	for _, v := range list {
		if v.Experience == letterlock.Link && !s.vouched(v.Address, brand) {
			without.To = append(without.To, v.Address)
		}
	}
	if len(without.To) > 0 {
		return &without
	}
	return nil
}

// vouched reports whether a provider could vouch for an address on the pages of a brand,
// which may want none there.
func (s *Service) vouched(a letterlock.Address, brand string) bool {
	if s.BrandNamed != nil {
		if b, _ := s.BrandNamed(brand); b.NoSocial {
			return false
		}
	}
	return s.Vouched != nil && s.Vouched(a)
}

// verdicts are the answers of the policy on those who are to be added to a message.
func (s *Service) verdicts(m letterlock.Message, list []letterlock.Address, h hands) (all []policy.Verdict) {
	for _, a := range list {
		all = append(all, s.Rules.Answer(a, m, h.way(a)))
	}
	return all
}
