package intake

import (
	"context"
	"slices"

	"letterlock/internal/eml"
	"letterlock/internal/lane"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
)

// A known is what was found out before a mail is stored: within a transaction nobody
// is asked anything.
type known struct {
	hostings policy.Hostings
	promised []letterlock.Address
	assured  bool
}

// known finds out what decides on the recipients of an envelope.
func (s *Service) known(ctx context.Context, e Envelope) known {
	k := known{promised: e.Promised}
	if s.Assured != nil {
		k.assured = s.Assured()
	}
	if domains := s.Rules.ToLookUp(e.Recipients); s.LookUp != nil && len(domains) > 0 {
		done := lane.Waits(ctx) // others compute while the DNS is waited for
		k.hostings = s.LookUp(ctx, domains)
		done()
	}
	return k
}

// way is what is known of one recipient.
func (k known) way(a letterlock.Address) policy.Way {
	return policy.Way{Hosting: k.hostings[a.Domain()], Assured: k.assured, Promised: slices.Contains(k.promised, a)}
}

// hands are what recipients are added with.
type hands struct {
	known
	header   eml.Header
	grant    func(holder string) error // gives one who gets the link a key
	position int                       // of the first
}

func (k known) hands(h eml.Header, grant func(holder string) error) hands {
	return hands{known: k, header: h, grant: grant}
}
