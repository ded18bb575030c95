package web

import (
	"fmt"
	"strings"
	"time"

	"letterlock/internal/access"
	"letterlock/internal/letterlock"
	"letterlock/internal/track"
	"letterlock/views"
)

// confirm fills the page that asks before access of some recipients is removed.
func (v sentMail) confirm(d track.Detail, which []letterlock.Recipient, files []access.Attachment) views.Confirm {
	page := views.Confirm{
		What:       v.consequence(which),
		CopiesStay: v.copies(d, which, files),
		RemoveURL:  v.url() + "/remove",
		KeepURL:    v.url(),
	}
	for _, r := range which {
		page.Recipients = append(page.Recipients, v.confirmRecipient(r, d.Events[r.ID], files))
	}
	if names := v.inlines(); names != "" {
		stays := "; that copy stays."
		if tallyOf(v.recipients).inlines > 1 {
			stays = "; those copies stay."
		}
		page.Untouched = append(page.Untouched, names+" received it inline"+stays)
	}
	if left := v.others(which); left > 0 {
		page.Untouched = append(page.Untouched, countOf(left, "other recipient")+" can still read it.")
	}
	return page
}

// others counts the recipients who keep their link.
func (v sentMail) others(which []letterlock.Recipient) int {
	t := tallyOf(v.recipients)
	return t.links - t.revoked - len(which)
}

// consequence says what will happen, to whom, and what the sender keeps.
func (v sentMail) consequence(which []letterlock.Recipient) string {
	var names []string
	for _, r := range which {
		names = append(names, r.Mailbox.Called())
	}
	who := listed(names)
	if len(names) > 3 {
		who = fmt.Sprintf("These %d recipients", len(names))
	}
	link := "The link then shows"
	if len(which) > 1 {
		link = "Their links then show"
	}
	return fmt.Sprintf("%s can no longer read “%s”, from the moment you confirm. %s “The message has been revoked by the sender”. You keep your copy and may restore access.",
		who, subjectOf(v.message), link)
}

// copies says what stays where it is.
func (v sentMail) copies(d track.Detail, which []letterlock.Recipient, files []access.Attachment) string {
	who, downloaded := "them", 0
	if len(which) == 1 {
		who = which[0].Mailbox.Called()
	}
	for _, r := range which {
		downloaded += len(takenNames(d.Events[r.ID], files))
	}
	text := "What was already saved, printed or photographed stays with " + who
	switch {
	case downloaded == 1:
		text += ", the downloaded file included"
	case downloaded > 1:
		text += ", the downloaded files included"
	}
	return text + "."
}

func (v sentMail) confirmRecipient(r letterlock.Recipient, events []letterlock.Event, files []access.Attachment) views.ConfirmRecipient {
	out := views.ConfirmRecipient{Person: personOf(r.Mailbox), State: v.state(r), HasRead: !r.FirstRead.IsZero(), Read: "Not read yet"}
	if out.HasRead {
		out.Read = "Read " + v.readTimes(events)
	}
	parts := taken(events, files)
	if at, whole := parts[access.WholeMail]; whole {
		out.Downloaded = append(out.Downloaded, views.Attachment{Name: "the whole message", Note: v.server.stepTime(at, time.Time{}).Text})
	}
	for _, f := range files {
		if at, ok := parts[f.Part]; ok {
			out.Downloaded = append(out.Downloaded, views.Attachment{Name: f.Name, Note: v.server.stepTime(at, time.Time{}).Text})
		} else {
			out.NotDownloaded = append(out.NotDownloaded, f.Name)
		}
	}
	return out
}

// readTimes says when it was read: "today at 11:20 and 11:47".
func (v sentMail) readTimes(events []letterlock.Event) string {
	var reads []letterlock.Event
	for _, e := range events {
		if e.Kind == letterlock.Read {
			reads = append(reads, e)
		}
	}
	if len(reads) == 0 {
		return ""
	}
	if n := len(reads); n > shownTimes {
		return fmt.Sprintf("%s, and %s in all", v.readTimes(reads[n-1:]), countOf(n, "time"))
	}
	var times []string
	for i, e := range reads {
		switch {
		case i > 0 && v.server.midnight(e.At).Equal(v.server.midnight(reads[i-1].At)):
			times = append(times, v.server.clock(e.At).Text)
		case v.server.daysAgo(e.At) == 0:
			times = append(times, "today at "+v.server.clock(e.At).Text)
		case v.server.daysAgo(e.At) == 1:
			times = append(times, "yesterday at "+v.server.clock(e.At).Text)
		default:
			times = append(times, "on "+v.server.day(e.At).Text+" at "+v.server.clock(e.At).Text)
		}
	}
	return strings.TrimSpace(listed(times))
}
