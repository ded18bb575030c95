package web

import (
	"strconv"
	"time"

	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/track"
	"letterlock/views"
)

// traceFound fills the table of what was found, with one message chosen, or none.
func (s speaker) traceFound(by letterlock.Actor, l lookup, page track.TracePage, chosen letterlock.ID) views.TraceFound {
	f := views.TraceFound{
		Heading: foundHeading(s.Words, page.Total),
		Shown:   s.Text("trace.showing", "Messages", s.Count("count.message", len(page.Messages))),
		CSVURL:  l.url("/trace/export.csv", ""),
		JSONURL: l.url("/trace/export.json", ""),
	}
	if page.Total > len(page.Messages) {
		passed := l.passed
		if page.Total < track.MaxTotal {
			passed = min(passed, page.Total-len(page.Messages))
		}
		f.Shown = s.Text("trace.showingOf", "First", grouped(passed+1), "Last", grouped(passed+len(page.Messages)), "Total", totalOf(s.Words, page.Total))
	}
	if page.More != "" {
		f.OlderURL = l.older(page.More, len(page.Messages))
	}
	if l.before != "" {
		f.NewestURL = l.url("/trace", "")
	}
	if by.Is(letterlock.Revoker) && len(l.typed) > 0 {
		f.BulkURL = l.url("/bulk/new", "")
	}
	for _, field := range lookupFields {
		if l.typed[field.name] != "" {
			f.Conditions = append(f.Conditions, views.Link{
				Text: s.Text(field.label) + ": " + l.condition(s.Words, field.name), URL: l.without(field.name).url("/trace", ""),
			})
		}
	}
	var times []time.Time
	for _, m := range page.Messages {
		f.Rows = append(f.Rows, s.traceRow(by, l, m, chosen))
		times = append(times, m.Message.Accepted)
	}
	f.Zone = s.zones(times)
	return f
}

// foundHeading says how many messages were found.
func foundHeading(say language.Words, total int) string {
	if total == 0 {
		return say.Text("trace.nothingFound")
	}
	if total == 1 {
		return say.Text("trace.message")
	}
	return say.Text("trace.messages", "Total", totalOf(say, total))
}

// totalOf is a total that is not counted beyond track.MaxTotal.
func totalOf(say language.Words, total int) string {
	if total >= track.MaxTotal {
		return say.Text("trace.orMore", "MaxTotal", grouped(track.MaxTotal))
	}
	return grouped(total)
}

// grouped writes a number with a comma before every three digits from its end.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func (s speaker) traceRow(by letterlock.Actor, l lookup, m track.Sent, chosen letterlock.ID) views.TraceRow {
	v := s.newSentMail(by.Address, m.Message, m.Recipients)
	r := views.TraceRow{
		URL: l.message(m.Message.ID), When: s.minute(m.Message.Accepted),
		Subject: tracedSubject(s.Words, m.Message), Sender: tracedSender(s.Words, m.Message), To: s.Count("count.recipient", len(m.Recipients)),
		Revocable: v.revocable(), Current: m.Message.ID == chosen,
	}
	if len(m.Recipients) == 1 {
		r.To = string(m.Recipients[0].Mailbox.Address)
	}
	r.States, r.Note = v.states()
	return r
}

// tracedSubject is the subject as the trace shows it. A destroyed message has none
// any more.
func tracedSubject(say language.Words, m letterlock.Message) string {
	if m.Destroyed {
		return say.Text("trace.destroyedMessage")
	}
	return subjectOf(m)
}

// tracedSender is who wrote a message: its sender, unless a recipient did in the portal.
func tracedSender(say language.Words, m letterlock.Message) string {
	if m.Author.Address != "" {
		return say.Text("trace.inThePortal", "Address", string(m.Author.Address))
	}
	return string(m.Sender.Address)
}

// revocable says in a word or two whether an administrator can revoke a message.
func (v sentMail) revocable() string {
	t := tallyOf(v.recipients)
	left := t.links - t.revoked
	switch {
	case v.message.Destroyed:
		return v.server.Text("trace.noDestroyed")
	case t.links == 0:
		return v.server.Text("trace.noInline")
	case policy.Revoked(v.message, v.recipients):
		return v.server.Text("trace.revoked")
	case left < len(v.recipients):
		return v.server.Text("trace.yesOf", "Left", strconv.Itoa(left), "Recipients", strconv.Itoa(len(v.recipients)))
	}
	return v.server.Text("trace.yes")
}
