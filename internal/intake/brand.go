package intake

import (
	"strings"

	"letterlock/internal/brand"
	"letterlock/internal/eml"
	"letterlock/internal/letterlock"
)

// brandOf decides which brand a message bears: the one that its sender asks for, in
// Compose or by the X-Letterlock-Brand header, and else that of whoever sends. A name
// that no brand has is Invalid "brand": the sender would not learn otherwise that the
// recipient sees another one.
func (s *Service) brandOf(by letterlock.Actor, e Envelope, h eml.Header) (brand.Choice, error) {
	asked := e.Brand
	if h.Brands > 0 {
		asked = strings.ToLower(strings.TrimSpace(h.Brand))
	}
	if h.Brands > 1 || h.Brands == 1 && asked == "" {
		return brand.Choice{}, &letterlock.Error{Code: letterlock.Invalid, Key: "brand"}
	}
	if asked == "" {
		if s.BrandOfSender == nil {
			return brand.Choice{}, nil
		}
		return s.BrandOfSender(by.Address), nil
	}
	if s.BrandNamed != nil {
		if c, is := s.BrandNamed(asked); is {
			return c, nil
		}
	}
	return brand.Choice{}, &letterlock.Error{Code: letterlock.Invalid, Key: "brand"}
}
