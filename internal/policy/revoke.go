package policy

import "letterlock/internal/letterlock"

// MayRevoke says whether by may remove access of recipients of m, by the rule
// and not by what is left to do: revoking twice is allowed. The refusals are
//
//   - NotFound: the message does not exist for this actor, or not any more;
//   - Gone "destroyed": what does not exist any more for others, for an auditor;
//   - Denied "several-recipients": the sender's scope ends at one recipient;
//   - Denied "inline": nobody got a link, so there is nothing to remove;
//   - Denied "role": the actor sees the message, but may not revoke it.
func (s Settings) MayRevoke(by letterlock.Actor, m letterlock.Message, all []letterlock.Recipient) error {
	sender := isSender(by, m)
	if !sender && !by.Is(letterlock.Auditor) {
		return &letterlock.Error{Code: letterlock.NotFound}
	}
	if m.Destroyed {
		if by.Is(letterlock.Auditor) {
			return &letterlock.Error{Code: letterlock.Gone, Key: string(letterlock.Destroyed)}
		}
		return &letterlock.Error{Code: letterlock.NotFound}
	}
	if countLinks(all) == 0 {
		return &letterlock.Error{Code: letterlock.Denied, Key: "inline"}
	}
	if by.Is(letterlock.Revoker) {
		return nil
	}
	if !sender {
		return &letterlock.Error{Code: letterlock.Denied, Key: "role"}
	}
	if s.SenderScope != EveryLink && len(all) != 1 {
		return &letterlock.Error{Code: letterlock.Denied, Key: "several-recipients"}
	}
	return nil
}

// MayRestore says whether by may give access back to one recipient. A sender
// restores only what a sender removed: Denied "by-administrator" else.
func (s Settings) MayRestore(by letterlock.Actor, m letterlock.Message, all []letterlock.Recipient, r letterlock.Recipient) error {
	if err := s.MayRevoke(by, m, all); err != nil {
		return err
	}
	if r.Revocation.Revoked() && r.Revocation.Standing != letterlock.BySender && !by.Is(letterlock.Revoker) {
		return &letterlock.Error{Code: letterlock.Denied, Key: "by-administrator"}
	}
	return nil
}

// MayTell says whether by may have m ask for another passphrase, or for one at all: its
// sender, for the passphrase is part of what only the sender knows. The refusals are
// those of MayRevoke, but for the number of recipients; "role" is everybody else's who
// sees the message, an administrator's too.
func (s Settings) MayTell(by letterlock.Actor, m letterlock.Message, all []letterlock.Recipient) error {
	s.SenderScope = EveryLink
	if err := s.MayRevoke(by, m, all); err != nil || isSender(by, m) {
		return err
	}
	return &letterlock.Error{Code: letterlock.Denied, Key: "role"}
}

// MayUntell says whether by may have m ask for no passphrase any more, as MayTell;
// original is what m is a forwarded copy of, and zero where it is none. Invalid
// "untold": it asks for none. Denied "rule": a rule asks for it; "original": so does the
// message that it is a copy of.
func (s Settings) MayUntell(by letterlock.Actor, m, original letterlock.Message, all []letterlock.Recipient) error {
	switch err := s.MayTell(by, m, all); {
	case err != nil:
		return err
	case !m.Asks.Told():
		return &letterlock.Error{Code: letterlock.Invalid, Key: "untold"}
	case m.RuledAsks.Told():
		return &letterlock.Error{Code: letterlock.Denied, Key: "rule"}
	case original.Asks.Told():
		return &letterlock.Error{Code: letterlock.Denied, Key: "original"}
	}
	return nil
}

// Standing says in what capacity by acts on m.
func Standing(by letterlock.Actor, m letterlock.Message) letterlock.Standing {
	if isSender(by, m) {
		return letterlock.BySender
	}
	return letterlock.ByAdministrator
}

func isSender(by letterlock.Actor, m letterlock.Message) bool {
	return by.Is(letterlock.Sender) && by.Address == m.Sender.Address
}

func countLinks(all []letterlock.Recipient) (n int) {
	for _, r := range all {
		if r.Experience == letterlock.Link {
			n++
		}
	}
	return n
}
