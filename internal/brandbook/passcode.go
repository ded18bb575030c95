package brandbook

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"letterlock/internal/brand"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

func lockOut(key, text string, people ...letterlock.Address) error {
	why := brand.Because(key, "the one-time passcode cannot be off, for "+text)
	why.People = people
	return &letterlock.Error{Code: letterlock.Invalid, Key: "brand-" + string(brand.Passcode), Err: fmt.Errorf("passcode of the brand: %w", why)}
}

// lets refuses a brand under which nobody could sign in.
func (s *Service) lets(b brand.Settings) error {
	switch {
	case !b.NoPasscode:
		return nil
	case b.NoSocial:
		return lockOut("providerOff", "signing in with a provider is off as well, and nobody could read these messages")
	case s.Vouched == nil:
		return lockOut("noProvider", "no OpenID provider is set up here, and nobody could read these messages")
	}
	return nil
}

// opens looks at all brands as they would be with some put and some deleted, and refuses
// what would keep somebody out who can read a message now. Who a message can be sent to
// under such a brand is looked at when it is sent; and who has got one in the moment
// between, or loses a provider later, finds it closed and is told so. The caller holds mu.
func (s *Service) opens(ctx context.Context, put []store.Brand, deleted ...string) error {
	was := s.now.Load()
	list := slices.DeleteFunc(was.list(), func(b store.Brand) bool {
		return slices.Contains(deleted, b.ID) || at(put, b.ID) >= 0
	})
	next, err := s.shelve(append(list, put...))
	if err != nil {
		return err
	}
	for _, id := range append([]string{brand.Default}, next.ids...) {
		if err := s.lets(next.brands[id].settings); err != nil && next.brands[id].settings.Use != was.kept(id).settings.Use {
			return err
		}
	}
	closes := func(id string) bool {
		return next.kept(id).settings.NoPasscode && !was.kept(id).settings.NoPasscode
	}
	if !slices.ContainsFunc(append([]string{brand.Default}, append(was.ids, next.ids...)...), closes) {
		return nil
	}
	out, err := s.keptOut(ctx, closes)
	if err == nil && len(out) > 0 {
		err = lockOut("keptOut", "no OpenID provider that is set up here can vouch for "+named(out)+", who can read messages of this brand now", out...)
	}
	return err
}

// aStretch is how many messages are looked at in one transaction.
const aStretch = 5000

// keptOut returns who can read a message of one of these brands by a passcode alone.
func (s *Service) keptOut(ctx context.Context, closes func(id string) bool) (out []letterlock.Address, err error) {
	seen := map[letterlock.Address]bool{}
	for after, last := int64(0), int64(0); ; after = last {
		var list []store.Holder
		err := s.db.Read(ctx, func(tx *store.Tx) (err error) {
			if last, err = tx.Stretch(after, aStretch); err == nil {
				list, err = tx.Holders(after, last)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		if last <= after {
			break
		}
		for _, h := range list {
			if seen[h.Address] || h.Asks.Vouched() || !closes(h.Brand) {
				continue
			}
			if seen[h.Address] = true; !s.Vouched(h.Address) {
				out = append(out, h.Address)
			}
		}
	}
	slices.Sort(out)
	return out, nil
}

// mostNamed is how many people a refusal names.
const mostNamed = 5

func named(list []letterlock.Address) string {
	var names []string
	for i, a := range list {
		if i == mostNamed {
			names = append(names, fmt.Sprintf("%d more", len(list)-i))
			break
		}
		names = append(names, string(a))
	}
	if len(names) == 1 {
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
