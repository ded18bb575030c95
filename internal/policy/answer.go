package policy

import "letterlock/internal/letterlock"

// An Answerable is a message as one of its recipients has it, who may read it now.
type Answerable struct {
	Message    letterlock.Message
	Recipients []letterlock.Recipient // of the message
	Reader     letterlock.Recipient   // who answers
}

// ReplyTo returns whom a reply is for: the sender always, and whoever wrote the
// message, if that was a recipient. A reply to everybody is for those as well whom
// the message names; nobody hears from it that there are hidden recipients.
func (a Answerable) ReplyTo(everybody bool) (to, cc []letterlock.Mailbox) {
	seen := map[letterlock.Address]bool{a.Reader.Mailbox.Address: true, a.Message.Sender.Address: true}
	to = []letterlock.Mailbox{a.Message.Sender}
	if w := a.Message.Writer(); !seen[w.Address] {
		seen[w.Address] = true
		to = append(to, w)
	}
	if !everybody {
		return to, nil
	}
	for _, r := range a.Recipients {
		if r.Field == letterlock.Bcc || seen[r.Mailbox.Address] {
			continue
		}
		seen[r.Mailbox.Address] = true
		cc = append(cc, r.Mailbox)
	}
	return to, cc
}

// MayForward says whether the reader may send a copy on: Denied "do-not-forward"
// where its sender said so.
func (a Answerable) MayForward() error {
	if a.Message.Protection == letterlock.DoNotForward {
		return &letterlock.Error{Code: letterlock.Denied, Key: string(letterlock.DoNotForward)}
	}
	return nil
}

// Answer decides how a recipient gets a message, of which m says what was wanted. The
// owner of a conversation gets a reply in their mailbox, as ordinary mail; a forwarded
// copy is a link to everybody, because it must end with its original. Of w the
// hosting, the assurance and the promise count.
func (s Settings) Answer(a letterlock.Address, m letterlock.Message, w Way) Verdict {
	switch {
	case m.Act == letterlock.ActReply && a == m.Sender.Address:
		return Verdict{Address: a, Identity: s.Identity(a), Experience: letterlock.Inline, Why: WhyOrganization}
	case m.Act == letterlock.ActForward:
		return Verdict{Address: a, Identity: s.Type(a, w.Hosting), Experience: letterlock.Link, Why: WhyForced}
	}
	w.Protection, w.Portal = m.Protection, m.Portal
	return s.Recipient(a, w)
}
