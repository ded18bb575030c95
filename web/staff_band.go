package web

import (
	"fmt"
	"strings"

	"letterlock/internal/letterlock"
	"letterlock/views"
)

// A right is what the one who looks may do with a message: nil, or why not.
type right struct{ revoke, restore error }

// band says who has access to a message and what can be done about it.
func (v sentMail) band(may right, contact letterlock.Address) views.Band {
	t := tallyOf(v.recipients)
	switch {
	case v.message.Destroyed:
		return views.Band{Kind: views.BandCannot, Lead: "This message has been destroyed.", Text: "Nobody can read it any more."}
	case t.links == 0 && v.message.Act == letterlock.ActReply:
		return v.bandReply()
	case t.links == 0:
		return v.bandInline()
	case t.revoked == t.links:
		return v.bandRevoked(t, may.restore)
	case letterlock.KeyOf(may.revoke) == "several-recipients":
		return v.bandAsk(t, contact)
	case may.revoke != nil:
		return views.Band{Kind: views.BandCannot, Lead: v.reach(t), Text: "You cannot remove access."}
	}
	return v.bandCan(t)
}

func (v sentMail) url() string { return "/sent/" + string(v.message.ID) }

// bandInline is for a message of which nobody got a link.
func (v sentMail) bandInline() views.Band {
	b := views.Band{Kind: views.BandCannot, Lead: "Every recipient receives the message itself.", Text: "It cannot be taken back."}
	if len(v.recipients) == 1 {
		r := v.recipients[0]
		b.Lead = r.Mailbox.Called() + " received the message itself."
		if r.Notified.IsZero() {
			b.Lead = r.Mailbox.Called() + " receives the message itself."
		}
		b.Text = "It cannot be taken back: " + whyInline(r.Mailbox.Address, r.Why) + "."
		if !r.Notified.IsZero() {
			b.Text = "It cannot be taken back: " + whyLeft(r.Mailbox.Address, r.Why) + "."
		}
	}
	return b
}

// bandRevoked is for a message that nobody can read by a link any more, because
// somebody decided so.
func (v sentMail) bandRevoked(t tally, restore error) views.Band {
	b := views.Band{
		Kind: views.BandRevoked, Lead: "External access has been removed",
		Text: v.remover(t.last), When: v.server.spoken(t.last.At), Tail: ". " + v.outcome(t),
	}
	switch letterlock.KeyOf(restore) {
	case "by-administrator", "several-recipients":
		b.Tail += " Only an administrator can restore it."
	}
	if restore == nil {
		b.RestoreURL = v.url() + "/restore"
	}
	return b
}

// remover says who removed access, by name: the sender may know who it was.
func (v sentMail) remover(r letterlock.Revocation) string {
	switch {
	case r.By.Address == v.viewer && r.By.Name != "":
		return v.by(r) + ", " + r.By.Name + ","
	case r.By.Address != v.viewer && r.Standing == letterlock.ByAdministrator && r.By.Called() != "":
		return "by " + r.By.Called() + ", an administrator,"
	}
	return v.by(r)
}

// outcome says who can no longer read the message, and who keeps it.
func (v sentMail) outcome(t tally) string {
	switch all := len(v.recipients); {
	case all == 1:
		return v.recipients[0].Mailbox.Called() + " can no longer read this message."
	case t.revoked == 2 && all == 2:
		return "Both recipients can no longer read it."
	case t.revoked == all:
		return fmt.Sprintf("All %d recipients can no longer read it.", all)
	case t.inlines == 0 || t.revoked < t.links:
		return fmt.Sprintf("%d of %d recipients can no longer read it.", t.revoked, all)
	}
	return fmt.Sprintf("%d of %d recipients can no longer read it; %s received it inline.", t.revoked, len(v.recipients), v.inlines())
}

// inlines names those who received the message itself.
func (v sentMail) inlines() string {
	var names []string
	for _, r := range v.recipients {
		if r.Experience == letterlock.Inline {
			names = append(names, string(r.Mailbox.Address))
		}
	}
	if len(names) > 3 {
		return fmt.Sprintf("%s and %d others", names[0], len(names)-1)
	}
	return listed(names)
}

// bandAsk is for a sender whose scope ends at one recipient.
func (v sentMail) bandAsk(t tally, contact letterlock.Address) views.Band {
	b := views.Band{
		Kind: views.BandCannot, Lead: "You cannot remove access because this message has more than one recipient.",
		Text: "An administrator can.", Ask: string(contact),
	}
	if contact != "" {
		b.Text, b.Tail = "An administrator can:", "."
	}
	if t.inlines > 0 {
		b.Tail += " It would remain with " + v.inlines() + ", who received it inline."
	}
	if t.revoked > 0 {
		b.Tail += " " + v.outcome(t)
	}
	if v.expired() {
		b.Tail += " It expired on " + v.server.day(v.message.Expires).Text + "."
	}
	return b
}

// bandCan is for a message that can be taken back.
func (v sentMail) bandCan(t tally) views.Band {
	b := views.Band{Kind: views.BandCan, Lead: v.reach(t), RevokeURL: v.url() + "/remove"}
	if len(v.recipients) == 1 {
		b.Text = v.offer(v.recipients[0])
		return b
	}
	left := t.links - t.revoked
	var text []string
	switch {
	case v.expired():
		text = append(text, "You can still remove access.")
	case t.revoked > 0:
		text = append(text, fmt.Sprintf("%d can still be taken back.", left))
	case t.inlines == 0:
		text = append(text, "You can take it back.")
	}
	if t.inlines > 0 {
		text = append(text, v.inlines()+" received it inline; "+copiesStay(t.inlines))
	}
	b.Text = strings.Join(text, " ")
	switch {
	case left == 2:
		b.Revoke = "Remove external access for both"
	case left > 2:
		b.Revoke = fmt.Sprintf("Remove external access for all %d", left)
	}
	return b
}

func copiesStay(n int) string {
	if n == 1 {
		return "that copy stays."
	}
	return "those copies stay."
}

// reach says who can read the message now.
func (v sentMail) reach(t tally) string {
	switch all := len(v.recipients); {
	case v.expired():
		return "The message expired on " + v.server.day(v.message.Expires).Text + "."
	case t.revoked > 0:
		return v.outcome(t)
	case all > 1 && t.inlines > 0:
		return fmt.Sprintf("%d of %d recipients can be taken back.", t.links, all)
	case all > 1:
		return fmt.Sprintf("%d recipients can read this message.", all)
	case !v.recipients[0].Bounced.IsZero():
		return "The notification did not reach " + v.recipients[0].Mailbox.Called() + "."
	}
	return v.recipients[0].Mailbox.Called() + " can read this message."
}

// offer is what can be done when there is one recipient, who has a link.
func (v sentMail) offer(r letterlock.Recipient) string {
	switch {
	case v.expired():
		return r.Mailbox.Called() + " can no longer read it. You can still remove access."
	case !r.Bounced.IsZero():
		return "You can take the message back all the same."
	}
	return "You can take it back."
}
