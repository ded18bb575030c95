package web

import (
	"slices"
	"strconv"

	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/track"
	"letterlock/views"
)

// A tracedMail is a message as somebody with a role sees it: what is known of it in
// the clear, and what they may do with it.
type tracedMail struct {
	sentMail
	detail track.Detail
	by     letterlock.Actor
	may    rights
}

func (s speaker) tracedMail(by letterlock.Actor, d track.Detail) tracedMail {
	return tracedMail{sentMail: s.newSentMail(by.Address, d.Message, d.Recipients), detail: d, by: by, may: s.rightsOf(by, d)}
}

// shownTo is how many recipients the head of a traced message names.
const shownTo = 5

// view fills the sheet. Links lead back to the search that is beside it.
func (v tracedMail) view(l lookup) views.TraceMessage {
	m := v.message
	t := tallyOf(v.recipients)
	out := views.TraceMessage{
		Subject: tracedSubject(v.server.Words, m), Band: v.traceBand(t, l), From: personOf(m.Sender),
		Sent: v.server.said(m.Accepted, v.server.Exact), Expires: v.server.when(m.Expires),
		MessageID: m.MessageID, Facts: slices.Concat(v.traceFacts(), writtenBy(v.server.Words, m, v.detail.First), turnFacts(v.server.Words, v.detail.Related)), MoreTo: max(0, len(v.recipients)-shownTo),
	}
	if t.revoked > 0 {
		out.Reason = t.last.Reason
		if t.last.Batch != "" {
			out.BatchURL = "/bulk/" + string(t.last.Batch)
		}
	}
	for _, r := range v.recipients[:min(len(v.recipients), shownTo)] {
		out.To = append(out.To, personOf(r.Mailbox))
	}
	for _, r := range v.recipients {
		out.Recipients = append(out.Recipients, v.traceRecipient(r, l))
	}
	out.Requests = v.requests(v.by, v.detail.Requests, func(id letterlock.ID, what string) string {
		return v.act("requests/"+string(id)+"/"+what, l, "")
	})
	if v.may.expire == nil && v.by.Is(letterlock.Revoker) {
		out.ExpiryURL = v.act("expiry", l, "")
	}
	if v.by.Is(letterlock.Admin) && !m.Destroyed {
		out.DestroyURL = v.act("destroy", l, "")
	}
	return out
}

// act is where something is done to the message, or to one of its recipients. The
// search goes along in a field of its own, for it has a recipient, too.
func (v tracedMail) act(what string, l lookup, recipient letterlock.Address) string {
	return tracedURL(v.message.ID, what, l, recipient)
}

// traceFacts is what stands after the Message-ID.
func (v tracedMail) traceFacts() []views.Fact {
	m := v.message
	var facts []views.Fact
	if m.Reference != "" {
		facts = append(facts, views.Fact{Label: v.server.Text("trace.cameWithMessageId"), Value: m.Reference, Mono: true})
	}
	template := m.Brand
	if template == "" {
		template = v.server.Text("trace.default", "House", v.server.house())
	}
	facts = append(facts,
		views.Fact{Label: v.server.Text("trace.template"), Value: template},
		views.Fact{Label: v.server.Text("trace.method"), Value: methodOf(v.server.Words, m)},
		views.Fact{Label: v.server.Text("trace.protection"), Value: string(m.Protection) + v.server.asking(m)})
	return append(append(facts, v.ruledFacts()...),
		views.Fact{Label: v.server.Text("trace.sentWith"), Value: viaName(v.server.Words, m.Via)},
		views.Fact{Label: v.server.Text("trace.size"), Value: v.server.Size(m.Size) + ", " + v.server.Count("count.attachment", m.Attachments)},
		views.Fact{Label: v.server.Text("trace.sendersKey"), Value: v.keyWords(v.detail.Keys[""])},
		views.Fact{Label: v.server.Text("trace.recipientsKeys"), Value: v.recipientKeys()})
}

func (v tracedMail) traceRecipient(r letterlock.Recipient, l lookup) views.TraceRecipient {
	state, note := v.single(r)
	if v.message.Destroyed {
		state, note = views.State{Kind: views.StateExpired, Text: v.server.Text("trace.destroyed")}, ""
	}
	out := views.TraceRecipient{
		Person: personOf(r.Mailbox), Field: fieldName(v.server.Words, r.Field), State: state, Note: note,
		Steps: v.traceSteps(r, v.detail.Events[r.ID]), Visits: v.traceVisits(v.detail.Visits[r.ID]),
	}
	if r.Experience != letterlock.Link {
		return out
	}
	if r.FirstRead.IsZero() {
		out.ProofURL = v.act("proof", l, r.Mailbox.Address)
	}
	if v.message.Destroyed || len(v.recipients) == 1 {
		return out
	}
	if r.Revocation.Revoked() {
		if slices.Contains(v.may.back, r.ID) {
			out.RestoreURL = v.act("restore", l, r.Mailbox.Address)
		}
	} else if v.may.all.revoke == nil && v.by.Is(letterlock.Revoker) {
		out.RevokeURL = v.act("revoke", l, r.Mailbox.Address)
	}
	return out
}

// traceBand says who has access now, and what can be done about it.
func (v tracedMail) traceBand(t tally, l lookup) views.Band {
	switch {
	case v.message.Destroyed:
		return views.Band{Kind: views.BandCannot, Lead: v.server.Text("trace.destroyedB"), Text: v.server.Text("trace.nobodyCanReadThisMessage")}
	case t.links == 0:
		b := v.bandInline()
		b.Lead, b.Text = v.server.Text("trace.notRevocable"), b.Lead+" "+b.Text
		return b
	case policy.Revoked(v.message, v.recipients):
		return v.traceBandRevoked(t, l)
	}
	b := views.Band{Kind: views.BandCan, Lead: v.server.Text("trace.revocableB"), Text: v.whoHasAccess(t), Revoke: v.server.Text("trace.revokeMessage")}
	if v.by.Is(letterlock.Revoker) {
		b.RevokeURL = v.act("revoke", l, "")
	} else {
		b.Text += " " + v.server.Text("trace.youMayLookWhoeverHas")
	}
	return b
}

func (v tracedMail) traceBandRevoked(t tally, l lookup) views.Band {
	b := views.Band{
		Kind: views.BandRevoked, Lead: v.server.Text("trace.revokedB"), Text: v.server.Text("trace.externalAccessHasBeenRemoved", "Remover", v.remover(t.last)),
		When: v.server.spoken(t.last.At), Tail: ". " + v.outcome(t),
	}
	if len(v.may.back) > 0 && v.by.Is(letterlock.Revoker) {
		b.RestoreURL = v.act("restore", l, "")
	}
	return b
}

// whoHasAccess says how many can read the message now, and who keeps it anyway.
func (v tracedMail) whoHasAccess(t tally) string {
	left := t.links - t.revoked
	text := ""
	switch all := len(v.recipients); {
	case v.expired():
		text = v.server.Text("trace.theMessageExpiredOnSo", "Date", v.server.day(v.message.Expires).Text)
	case all == 1:
		text = v.server.Text("trace.recipientHasAccess")
	case left == 1:
		text = v.server.Text("trace.ofRecipientsHasAccess", "All", strconv.Itoa(all))
	default:
		text = v.server.Text("trace.ofRecipientsHaveAccess", "Left", strconv.Itoa(left), "All", strconv.Itoa(all))
	}
	if t.revoked > 0 {
		text += " " + v.server.Text("trace.accessOfHasBeenRemoved", "Recipients", v.server.Count("count.recipient", t.revoked))
	}
	if t.bounced > 0 && len(v.recipients) == 1 {
		text += " " + v.server.Text("trace.theNotificationDidNotReach")
	} else if t.bounced > 0 {
		text += " " + v.server.Text("trace.theNotificationDidNotReachB", "Recipients", v.server.Count("count.recipient", t.bounced))
	}
	if t.inlines > 0 {
		text += " " + v.server.Text("trace.receivedItInline", "Inlines", v.inlines(), "CopiesStay", copiesStay(v.server.Words, t.inlines))
	}
	return text
}

// whyExperience says which identity type a recipient was taken for, and what that
// decided.
func whyExperience(say language.Words, r letterlock.Recipient) string {
	text := say.Text("trace.identityTypeExperience", "Identity", string(r.Identity), "Experience", string(r.Experience))
	switch r.Why {
	case policy.WhyForced:
		text += " " + say.Text("trace.becauseTheSenderWantedEverybody")
	case policy.WhyDoNotForward:
		text += " " + say.Text("trace.becauseItMustNotBe")
	case policy.WhyNoTLS:
		text += " " + say.Text("trace.becauseEncryptionToTheEnd")
	case policy.WhyFellBack:
		text += " " + say.Text("trace.becauseEncryptionToTheEndWas")
	case policy.WhyPromised:
		text += " " + say.Text("trace.becauseComposeHadSaidThat")
	case policy.WhyNoAnswer:
		text += " " + say.Text("trace.becauseTheDnsDidNot")
	case policy.WhyRouted:
		text += " " + say.Text("trace.becauseItsOrMayLead")
	case policy.WhyLinkDomain, policy.WhyInlineDomain:
		text += " " + say.Text("trace.becauseTheSettingsSaySo")
	}
	return text
}
