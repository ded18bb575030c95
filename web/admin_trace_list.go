package web

import (
	"fmt"
	"strconv"

	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
	"letterlock/internal/track"
	"letterlock/views"
)

// traceFound fills the table of what was found, with one message chosen, or none.
func (s *Server) traceFound(by letterlock.Actor, l lookup, page track.TracePage, chosen letterlock.ID) views.TraceFound {
	f := views.TraceFound{
		Heading: foundHeading(page.Total),
		Shown:   "Showing " + countOf(len(page.Messages), "message") + ".",
		CSVURL:  l.url("/trace/export.csv", ""),
		JSONURL: l.url("/trace/export.json", ""),
	}
	if page.Total > len(page.Messages) {
		f.Shown = fmt.Sprintf("Showing %d of %s.", len(page.Messages), totalOf(page.Total))
	}
	if page.More != "" {
		f.OlderURL = l.url("/trace", page.More)
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
				Text: field.label + ": " + l.condition(field.name), URL: l.without(field.name).url("/trace", ""),
			})
		}
	}
	for _, m := range page.Messages {
		f.Rows = append(f.Rows, s.traceRow(by, l, m, chosen))
	}
	return f
}

// foundHeading says how many messages were found.
func foundHeading(total int) string {
	if total == 0 {
		return "Nothing found"
	}
	if total == 1 {
		return "1 message"
	}
	return totalOf(total) + " messages"
}

// totalOf is a total that is not counted beyond track.MaxTotal.
func totalOf(total int) string {
	if total >= track.MaxTotal {
		return grouped(track.MaxTotal) + " or more"
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

func (s *Server) traceRow(by letterlock.Actor, l lookup, m track.Sent, chosen letterlock.ID) views.TraceRow {
	v := s.newSentMail(by.Address, m.Message, m.Recipients)
	r := views.TraceRow{
		URL: l.message(m.Message.ID), When: s.moment(m.Message.Accepted, s.shortForm(m.Message.Accepted)+" "+clockForm),
		Subject: tracedSubject(m.Message), Sender: tracedSender(m.Message), To: countOf(len(m.Recipients), "recipient"),
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
func tracedSubject(m letterlock.Message) string {
	if m.Destroyed {
		return "Destroyed message"
	}
	return subjectOf(m)
}

// tracedSender is who wrote a message: its sender, unless a recipient did in the portal.
func tracedSender(m letterlock.Message) string {
	if m.Author.Address != "" {
		return string(m.Author.Address) + ", in the portal,"
	}
	return string(m.Sender.Address)
}

// revocable says in a word or two whether an administrator can revoke a message.
func (v sentMail) revocable() string {
	t := tallyOf(v.recipients)
	left := t.links - t.revoked
	switch {
	case v.message.Destroyed:
		return "No, destroyed"
	case t.links == 0:
		return "No, inline"
	case policy.Revoked(v.message, v.recipients):
		return "Revoked"
	case left < len(v.recipients):
		return fmt.Sprintf("Yes, %d of %d", left, len(v.recipients))
	}
	return "Yes"
}
