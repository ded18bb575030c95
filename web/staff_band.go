package web

import (
	"strconv"
	"strings"

	"letterlock/internal/language"
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
		return views.Band{Kind: views.BandCannot, Lead: v.server.Text("sent.thisMessageHasBeenDestroyed"), Text: v.server.Text("sent.nobodyCanReadItAny")}
	case t.links == 0 && v.message.Act == letterlock.ActReply:
		return v.bandReply()
	case t.links == 0:
		return v.bandInline()
	case t.revoked == t.links:
		return v.bandRevoked(t, may.restore)
	case letterlock.KeyOf(may.revoke) == "several-recipients":
		return v.bandAsk(t, contact)
	case may.revoke != nil:
		return views.Band{Kind: views.BandCannot, Lead: v.reach(t), Text: v.server.Text("sent.youCannotRemoveAccess")}
	}
	return v.bandCan(t)
}

func (v sentMail) url() string { return "/sent/" + string(v.message.ID) }

// bandInline is for a message of which nobody got a link.
func (v sentMail) bandInline() views.Band {
	b := views.Band{Kind: views.BandCannot, Lead: v.server.Text("sent.everyRecipientReceivesTheMessage"), Text: v.server.Text("sent.itCannotBeTakenBack")}
	if len(v.recipients) == 1 {
		r := v.recipients[0]
		b.Lead = v.server.Text("sent.receivedTheMessageItself", "Name", r.Mailbox.Called())
		if r.Notified.IsZero() {
			b.Lead = v.server.Text("sent.receivesTheMessageItself", "Name", r.Mailbox.Called())
		}
		b.Text = v.server.Text("sent.itCannotBeTakenBackB", "WhyInline", whyInline(v.server.Words, r.Mailbox.Address, r.Why))
		if !r.Notified.IsZero() {
			b.Text = v.server.Text("sent.itCannotBeTakenBackBB", "WhyLeft", whyLeft(v.server.Words, r.Mailbox.Address, r.Why))
		}
	}
	return b
}

// bandRevoked is for a message that nobody can read by a link any more, because
// somebody decided so.
func (v sentMail) bandRevoked(t tally, restore error) views.Band {
	b := views.Band{
		Kind: views.BandRevoked, Lead: v.server.Text("sent.externalAccessHasBeenRemoved"),
		Text: v.remover(t.last), When: v.server.spoken(t.last.At), Tail: ". " + v.outcome(t),
	}
	switch letterlock.KeyOf(restore) {
	case "by-administrator", "several-recipients":
		b.Tail += " " + v.server.Text("sent.onlyAnAdministratorCanRestore")
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
		return v.server.Text("sent.byAnAdministrator", "Name", r.By.Called())
	}
	return v.by(r)
}

// outcome says who can no longer read the message, and who keeps it.
func (v sentMail) outcome(t tally) string {
	switch all := len(v.recipients); {
	case all == 1:
		return v.server.Text("sent.canNoLongerReadThis", "Name", v.recipients[0].Mailbox.Called())
	case t.revoked == 2 && all == 2:
		return v.server.Text("sent.bothRecipientsCanNoLonger")
	case t.revoked == all:
		return v.server.Text("sent.allRecipientsCanNoLonger", "All", strconv.Itoa(all))
	case t.inlines == 0 || t.revoked < t.links:
		return v.server.Text("sent.ofRecipientsCanNoLonger", "Revoked", strconv.Itoa(t.revoked), "All", strconv.Itoa(all))
	}
	return v.server.Text("sent.ofRecipientsCanNoLongerRead", "Revoked", strconv.Itoa(t.revoked), "Recipients", strconv.Itoa(len(v.recipients)), "Inlines", v.inlines())
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
		return v.server.Text("sent.andOthers", "Names", names[0], "Value", strconv.Itoa(len(names)-1))
	}
	return listed(v.server.Words, names)
}

// bandAsk is for a sender whose scope ends at one recipient.
func (v sentMail) bandAsk(t tally, contact letterlock.Address) views.Band {
	b := views.Band{
		Kind: views.BandCannot, Lead: v.server.Text("sent.youCannotRemoveAccessBecause"),
		Text: v.server.Text("sent.anAdministratorCan"), Ask: string(contact),
	}
	if contact != "" {
		b.Text, b.Tail = v.server.Text("sent.anAdministratorCanB"), "."
	}
	if t.inlines > 0 {
		b.Tail += " " + v.server.Text("sent.itWouldRemainWithWho", "Inlines", v.inlines())
	}
	if t.revoked > 0 {
		b.Tail += " " + v.outcome(t)
	}
	if v.expired() {
		b.Tail += " " + v.server.Text("sent.itExpiredOn", "Date", v.server.day(v.message.Expires).Text)
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
		text = append(text, v.server.Text("sent.youCanStillRemoveAccess"))
	case t.revoked > 0:
		text = append(text, v.server.Text("sent.canStillBeTakenBack", "Left", strconv.Itoa(left)))
	case t.inlines == 0:
		text = append(text, v.server.Text("sent.youCanTakeItBack"))
	}
	if t.inlines > 0 {
		text = append(text, v.server.Text("sent.receivedItInline", "Inlines", v.inlines(), "CopiesStay", copiesStay(v.server.Words, t.inlines)))
	}
	b.Text = strings.Join(text, " ")
	switch {
	case left == 2:
		b.Revoke = v.server.Text("sent.removeExternalAccessForBoth")
	case left > 2:
		b.Revoke = v.server.Text("sent.removeExternalAccessForAll", "Left", strconv.Itoa(left))
	}
	return b
}

func copiesStay(say language.Words, n int) string {
	if n == 1 {
		return say.Text("sent.thatCopyStays")
	}
	return say.Text("sent.thoseCopiesStay")
}

// reach says who can read the message now.
func (v sentMail) reach(t tally) string {
	switch all := len(v.recipients); {
	case v.expired():
		return v.server.Text("sent.theMessageExpiredOn", "Date", v.server.day(v.message.Expires).Text)
	case t.revoked > 0:
		return v.outcome(t)
	case all > 1 && t.inlines > 0:
		return v.server.Text("sent.ofRecipientsCanBeTaken", "Links", strconv.Itoa(t.links), "All", strconv.Itoa(all))
	case all > 1:
		return v.server.Text("sent.recipientsCanReadThisMessage", "All", strconv.Itoa(all))
	case !v.recipients[0].Bounced.IsZero():
		return v.server.Text("sent.theNotificationDidNotReach", "Name", v.recipients[0].Mailbox.Called())
	}
	return v.server.Text("sent.canReadThisMessage", "Name", v.recipients[0].Mailbox.Called())
}

// offer is what can be done when there is one recipient, who has a link.
func (v sentMail) offer(r letterlock.Recipient) string {
	switch {
	case v.expired():
		return v.server.Text("sent.canNoLongerReadIt", "Name", r.Mailbox.Called())
	case !r.Bounced.IsZero():
		return v.server.Text("sent.youCanTakeTheMessage")
	}
	return v.server.Text("sent.youCanTakeItBack")
}
