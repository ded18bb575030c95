package web

import (
	"fmt"
	"time"

	"github.com/labstack/echo/v4"

	"letterlock/internal/access"
	"letterlock/internal/letterlock"
	"letterlock/internal/track"
	"letterlock/views"
)

// confirmRevoke fills the page that asks before an administrator removes access.
func (v tracedMail) confirmRevoke(l lookup, which []letterlock.Recipient) views.AdminRevoke {
	page := views.AdminRevoke{
		Behind:     v.view(l),
		What:       v.adminConsequence(which),
		CopiesStay: v.copies(v.detail, which, nil),
		RevokeURL:  v.act("revoke", l, ""),
		KeepURL:    l.message(v.message.ID),
	}
	for _, r := range which {
		page.Recipients = append(page.Recipients, v.adminRecipient(r))
	}
	if names := v.inlines(); names != "" {
		page.Untouched = append(page.Untouched, names+" received it inline; "+copiesStay(tallyOf(v.recipients).inlines))
	}
	if left := v.others(which); left > 0 {
		page.Untouched = append(page.Untouched, countOf(left, "other recipient")+" can still read it.")
	}
	return page
}

// adminConsequence says what will happen, to whom, and who keeps what.
func (v tracedMail) adminConsequence(which []letterlock.Recipient) string {
	var names []string
	for _, r := range which {
		names = append(names, r.Mailbox.Called())
	}
	who, link := listed(names), "The link then shows"
	if len(names) > 3 {
		who = fmt.Sprintf("These %d recipients", len(names))
	}
	if len(names) > 1 {
		link = "Their links then show"
	}
	return fmt.Sprintf("%s can no longer read “%s”, from the moment you confirm. %s “The message has been revoked by the sender”, and that an administrator did it. %s keeps the sender's copy; access can be restored.",
		who, tracedSubject(v.message), link, v.message.Sender.Called())
}

// adminRecipient says what a recipient did, and no names of files: those are
// sealed from whoever is not the sender.
func (v tracedMail) adminRecipient(r letterlock.Recipient) views.ConfirmRecipient {
	events := v.detail.Events[r.ID]
	out := views.ConfirmRecipient{Person: personOf(r.Mailbox), State: v.state(r), HasRead: !r.FirstRead.IsZero(), Read: "Not read yet"}
	if out.HasRead {
		out.Read = "Read " + v.readTimes(events)
	}
	if parts := taken(events, nil); len(parts) > 0 {
		var last time.Time
		for _, at := range parts {
			if at.After(last) {
				last = at
			}
		}
		name := fmt.Sprintf("%d of %s", len(parts), countOf(v.message.Attachments, "attachment"))
		if _, whole := parts[access.WholeMail]; whole {
			name = "the whole message"
		}
		out.Downloaded = []views.Attachment{{Name: name, Note: v.server.stepTime(last, time.Time{}).Text}}
	}
	return out
}

// confirmDestroy fills the page that asks before a message is destroyed.
func (s *Server) confirmDestroy(c echo.Context, d track.Detail, l lookup) views.AdminDestroy {
	v := s.tracedMail(actor(c), d)
	t := tallyOf(v.recipients)
	page := views.AdminDestroy{
		Page: s.page(c), Behind: v.view(l), Subject: tracedSubject(d.Message), MessageID: d.Message.MessageID,
		DestroyURL: v.act("destroy", l, ""), KeepURL: l.message(d.Message.ID),
		Lost: []string{
			"Every key of the message is deleted, and with it the copy of " + d.Message.Sender.Called() + ".",
			"The text, the attachments and the subject are erased here. Addresses, dates and what happened stay in the trace and in the audit log.",
		},
	}
	switch {
	case t.links == 1:
		page.Lost = append(page.Lost, "The link of 1 recipient then shows “This message is not available”.")
	case t.links > 1:
		page.Lost = append(page.Lost, fmt.Sprintf("The links of %d recipients then show “This message is not available”.", t.links))
	}
	if names := v.inlines(); names != "" {
		page.Lost = append(page.Lost, names+" received it inline; "+copiesStay(t.inlines))
	}
	return page
}
