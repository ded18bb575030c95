package intake

import (
	"strings"

	"letterlock/internal/brand"
	"letterlock/internal/eml"
	"letterlock/internal/letterlock"
	"letterlock/internal/rule"
)

// brandOf decides which brand a message bears: the one that a rule names, else the one
// that its sender asks for, in Compose or by the X-Letterlock-Brand header, and else that
// of whoever sends. Of a rule's brand that is deleted the default one stands in. A name
// that no brand has is Invalid "brand": the sender would not learn otherwise that the
// recipient sees another one.
func (s *Service) brandOf(by letterlock.Actor, e Envelope, h eml.Header, v rule.Verdict) (brand.Choice, error) {
	asked := e.Brand
	if h.Brands > 0 {
		asked = strings.ToLower(strings.TrimSpace(h.Brand))
	}
	if h.Brands > 1 || h.Brands == 1 && asked == "" {
		return brand.Choice{}, &letterlock.Error{Code: letterlock.Invalid, Key: "brand"}
	}
	if asked != "" && (s.BrandNamed == nil || !s.isBrand(asked)) {
		return brand.Choice{}, &letterlock.Error{Code: letterlock.Invalid, Key: "brand"}
	}
	if v.Brand != "" {
		asked = v.Brand
	}
	switch {
	case asked == "" && s.BrandOfSender != nil:
		return s.BrandOfSender(by.Address), nil
	case asked == "" || s.BrandNamed == nil:
		return brand.Choice{}, nil
	}
	c, _ := s.BrandNamed(asked)
	return c, nil
}

func (s *Service) isBrand(id string) bool {
	_, is := s.BrandNamed(id)
	return is
}
