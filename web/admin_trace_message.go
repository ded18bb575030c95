package web

import (
	"fmt"
	"slices"

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

func (s *Server) tracedMail(by letterlock.Actor, d track.Detail) tracedMail {
	return tracedMail{sentMail: s.newSentMail(by.Address, d.Message, d.Recipients), detail: d, by: by, may: s.rightsOf(by, d)}
}

// shownTo is how many recipients the head of a traced message names.
const shownTo = 5

// view fills the sheet. Links lead back to the search that is beside it.
func (v tracedMail) view(l lookup) views.TraceMessage {
	m := v.message
	t := tallyOf(v.recipients)
	out := views.TraceMessage{
		Subject: tracedSubject(m), Band: v.traceBand(t, l), From: personOf(m.Sender),
		Sent: v.server.moment(m.Accepted, exactForm), Expires: v.server.when(m.Expires),
		MessageID: m.MessageID, Facts: slices.Concat(v.traceFacts(), writtenBy(m, v.detail.First), turnFacts(v.detail.Related)), MoreTo: max(0, len(v.recipients)-shownTo),
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
		facts = append(facts, views.Fact{Label: "Came with Message-ID", Value: m.Reference, Mono: true})
	}
	template := m.Brand
	if template == "" {
		template = v.server.house() + " (default)"
	}
	facts = append(facts,
		views.Fact{Label: "Template", Value: template},
		views.Fact{Label: "Method", Value: methodOf(m)},
		views.Fact{Label: "Protection", Value: string(m.Protection) + v.server.asking(m)})
	return append(append(facts, v.ruledFacts()...),
		views.Fact{Label: "Sent with", Value: viaName(m.Via)},
		views.Fact{Label: "Size", Value: size(m.Size) + ", " + countOf(m.Attachments, "attachment")},
		views.Fact{Label: "Sender's key", Value: v.keyWords(v.detail.Keys[""])},
		views.Fact{Label: "Recipients' keys", Value: v.recipientKeys()})
}

func (v tracedMail) traceRecipient(r letterlock.Recipient, l lookup) views.TraceRecipient {
	state, note := v.single(r)
	if v.message.Destroyed {
		state, note = views.State{Kind: views.StateExpired, Text: "Destroyed"}, ""
	}
	out := views.TraceRecipient{
		Person: personOf(r.Mailbox), Field: fieldName(r.Field), State: state, Note: note,
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
		return views.Band{Kind: views.BandCannot, Lead: "Destroyed.", Text: "Nobody can read this message any more, its sender included."}
	case t.links == 0:
		b := v.bandInline()
		b.Lead, b.Text = "Not revocable.", b.Lead+" "+b.Text
		return b
	case policy.Revoked(v.message, v.recipients):
		return v.traceBandRevoked(t, l)
	}
	b := views.Band{Kind: views.BandCan, Lead: "Revocable.", Text: v.whoHasAccess(t), Revoke: "Revoke message"}
	if v.by.Is(letterlock.Revoker) {
		b.RevokeURL = v.act("revoke", l, "")
	} else {
		b.Text += " You may look; whoever has the role revoker can revoke it."
	}
	return b
}

func (v tracedMail) traceBandRevoked(t tally, l lookup) views.Band {
	b := views.Band{
		Kind: views.BandRevoked, Lead: "Revoked.", Text: "External access has been removed " + v.remover(t.last),
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
		text = "The message expired on " + v.server.day(v.message.Expires).Text + ", so nobody can read it by a link; access can still be removed."
	case all == 1:
		text = "1 recipient has access."
	case left == 1:
		text = fmt.Sprintf("1 of %d recipients has access.", all)
	default:
		text = fmt.Sprintf("%d of %d recipients have access.", left, all)
	}
	if t.revoked > 0 {
		text += fmt.Sprintf(" Access of %s has been removed.", countOf(t.revoked, "recipient"))
	}
	if t.bounced > 0 && len(v.recipients) == 1 {
		text += " The notification did not reach them."
	} else if t.bounced > 0 {
		text += " The notification did not reach " + countOf(t.bounced, "recipient") + "."
	}
	if t.inlines > 0 {
		text += " " + v.inlines() + " received it inline; " + copiesStay(t.inlines)
	}
	return text
}

// whyExperience says which identity type a recipient was taken for, and what that
// decided.
func whyExperience(r letterlock.Recipient) string {
	text := "identity type " + string(r.Identity) + ", experience " + string(r.Experience)
	switch r.Why {
	case policy.WhyForced:
		text += " because the sender wanted everybody in the portal"
	case policy.WhyDoNotForward:
		text += " because it must not be forwarded"
	case policy.WhyNoTLS:
		text += " because encryption to the end was not assured"
	case policy.WhyFellBack:
		text += " because encryption to the end was not assured when the message itself was to leave"
	case policy.WhyPromised:
		text += " because Compose had said that it can be taken back"
	case policy.WhyNoAnswer:
		text += " because the DNS did not say who takes the domain's mail"
	case policy.WhyRouted:
		text += " because its % or ! may lead to a mailbox elsewhere"
	case policy.WhyLinkDomain, policy.WhyInlineDomain:
		text += " because the settings say so for the domain"
	}
	return text
}
