package apid

import (
	"context"

	"letterlock/internal/api"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
)

// classify says what addresses would get, as Compose does. One that is none refuses
// them all: a script must not take the rest for everything.
func (s *server) classify(ctx context.Context, _ letterlock.Actor, in *struct{ Body api.Classify }) (c api.Classification, err error) {
	e := intake.Envelope{Protection: letterlock.EncryptOnly, Portal: in.Body.Portal}
	if in.Body.Protection != "" {
		if e.Protection, err = letterlock.ParseProtection(in.Body.Protection); err != nil {
			return c, err
		}
	}
	for _, text := range in.Body.Addresses {
		a, err := letterlock.ParseAddress(text)
		if err != nil {
			return c, err
		}
		e.Recipients = append(e.Recipients, a)
	}
	list, _ := s.Classify(ctx, e)
	for _, v := range list {
		c.Recipients = append(c.Recipients, api.Classified{Address: string(v.Address), IdentityType: string(v.Identity),
			Experience: string(v.Experience), Why: v.Why, Reason: v.Reason()})
	}
	return c, nil
}
