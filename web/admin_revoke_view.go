package web

import (
	"net/url"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"letterlock/internal/access"
	"letterlock/internal/letterlock"
	"letterlock/internal/track"
	"letterlock/views"
)

// confirmRevoke fills the page that asks before an administrator removes access. Who
// chooses among the recipients does it in a form like f.
func (v tracedMail) confirmRevoke(l lookup, which []letterlock.Recipient, chooses bool, f url.Values) views.AdminRevoke {
	page := views.AdminRevoke{
		Behind:     v.view(l),
		What:       v.adminConsequence(which, chooses),
		CopiesStay: v.copies(v.detail, which, nil),
		RevokeURL:  v.act("revoke", l, ""),
		KeepURL:    l.message(v.message.ID),
	}
	for _, r := range which {
		page.Recipients = append(page.Recipients, v.adminRecipient(r))
	}
	if chooses {
		page.Chosen = v.server.choice(page.Recipients, f)
	}
	if names := v.inlines(); names != "" {
		page.Untouched = append(page.Untouched, v.server.Text("adminConfirm.receivedItInline", "Names", names, "CopiesStay", copiesStay(v.server.Words, tallyOf(v.recipients).inlines)))
	}
	if left := v.others(which); left > 0 {
		page.Untouched = append(page.Untouched, v.server.Text("adminConfirm.canStillReadIt", "Otherrecipients", v.server.Count("count.otherRecipient", left)))
	}
	return page
}

// adminConsequence says what will happen, to whom, and who keeps what.
func (v tracedMail) adminConsequence(which []letterlock.Recipient, chooses bool) string {
	var names []string
	for _, r := range which {
		names = append(names, r.Mailbox.Called())
	}
	who, link := listed(v.server.Words, names), v.server.Text("adminConfirm.theLinkThenShows")
	if len(names) > 3 {
		who = v.server.Text("adminConfirm.theseRecipients", "Names", strconv.Itoa(len(names)))
	}
	if chooses {
		who = v.server.Text("confirm.whoYouChoose")
	}
	if len(names) > 1 {
		link = v.server.Text("adminConfirm.theirLinksThenShow")
	}
	return v.server.Text("adminConfirm.canNoLongerReadFrom", "Who", who, "TracedSubject", tracedSubject(v.server.Words, v.message), "Link", link, "Sentence", v.server.Text("end.heading.revoked"), "Name", v.message.Sender.Called())
}

// adminRecipient says what a recipient did, and no names of files: those are
// sealed from whoever is not the sender.
func (v tracedMail) adminRecipient(r letterlock.Recipient) views.ConfirmRecipient {
	events := v.detail.Events[r.ID]
	out := views.ConfirmRecipient{Person: personOf(r.Mailbox), State: v.state(r), HasRead: !r.FirstRead.IsZero(), Read: v.server.Text("adminConfirm.notReadYet")}
	if out.HasRead {
		out.Read = v.server.Text("adminConfirm.read", "ReadTimes", v.readTimes(events))
	}
	if parts := taken(events, nil); len(parts) > 0 {
		var last time.Time
		for _, at := range parts {
			if at.After(last) {
				last = at
			}
		}
		name := v.server.Text("adminConfirm.of", "Parts", strconv.Itoa(len(parts)), "Attachments", v.server.Count("count.attachment", v.message.Attachments))
		if _, whole := parts[access.WholeMail]; whole {
			name = v.server.Text("adminConfirm.theWholeMessage")
		}
		out.Downloaded = []views.Attachment{{Name: name, Note: v.server.stepTime(last, time.Time{}).Text}}
	}
	return out
}

// confirmDestroy fills the page that asks before a message is destroyed.
func (s *Server) confirmDestroy(c echo.Context, d track.Detail, l lookup) views.AdminDestroy {
	say := s.words(c)
	v := s.speaker(c).tracedMail(actor(c), d)
	t := tallyOf(v.recipients)
	page := views.AdminDestroy{
		Page: s.page(c), Behind: v.view(l), Subject: tracedSubject(say, d.Message), MessageID: d.Message.MessageID,
		DestroyURL: v.act("destroy", l, ""), KeepURL: l.message(d.Message.ID),
		Lost: []string{
			say.Text("adminConfirm.everyKeyOfTheMessage", "Name", d.Message.Sender.Called()),
			say.Text("adminConfirm.theTextTheAttachmentsAnd"),
		},
	}
	switch {
	case t.links == 1:
		page.Lost = append(page.Lost, say.Text("adminConfirm.theLinkOfRecipientThen"))
	case t.links > 1:
		page.Lost = append(page.Lost, say.Text("adminConfirm.theLinksOfRecipientsThen", "Links", strconv.Itoa(t.links)))
	}
	if names := v.inlines(); names != "" {
		page.Lost = append(page.Lost, say.Text("adminConfirm.receivedItInline", "Names", names, "CopiesStay", copiesStay(say, t.inlines)))
	}
	return page
}
