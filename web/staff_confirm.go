package web

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"letterlock/internal/access"
	"letterlock/internal/letterlock"
	"letterlock/internal/track"
	"letterlock/views"
)

// confirm fills the page that asks before access of some recipients is removed. Who
// chooses among them does it in a form like f.
func (v sentMail) confirm(d track.Detail, which []letterlock.Recipient, chooses bool, f url.Values, files []access.Attachment) views.Confirm {
	page := views.Confirm{
		What:       v.consequence(which, chooses),
		CopiesStay: v.copies(d, which, files),
		RemoveURL:  v.url() + "/remove",
		KeepURL:    v.url(),
	}
	for _, r := range which {
		page.Recipients = append(page.Recipients, v.confirmRecipient(r, d.Events[r.ID], files))
	}
	if chooses {
		page.Chosen = v.server.choice(page.Recipients, f)
	}
	if names := v.inlines(); names != "" {
		stays := "; " + v.server.Text("confirm.thatCopyStays")
		if tallyOf(v.recipients).inlines > 1 {
			stays = "; " + v.server.Text("confirm.thoseCopiesStay")
		}
		page.Untouched = append(page.Untouched, v.server.Text("confirm.receivedItInline", "Names", names, "Stays", stays))
	}
	if left := v.others(which); left > 0 {
		page.Untouched = append(page.Untouched, v.server.Text("confirm.canStillReadIt", "Otherrecipients", v.server.Count("count.otherRecipient", left)))
	}
	return page
}

// others counts the recipients who keep their link.
func (v sentMail) others(which []letterlock.Recipient) int {
	t := tallyOf(v.recipients)
	return t.links - t.revoked - len(which)
}

// consequence says what will happen, to whom, and what the sender keeps.
func (v sentMail) consequence(which []letterlock.Recipient, chooses bool) string {
	var names []string
	for _, r := range which {
		names = append(names, r.Mailbox.Called())
	}
	who := listed(v.server.Words, names)
	if len(names) > 3 {
		who = v.server.Text("confirm.theseRecipients", "Names", strconv.Itoa(len(names)))
	}
	if chooses {
		who = v.server.Text("confirm.whoYouChoose")
	}
	link := v.server.Text("confirm.theLinkThenShows")
	if len(which) > 1 {
		link = v.server.Text("confirm.theirLinksThenShow")
	}
	return v.server.Text("confirm.canNoLongerReadFrom", "Who", who, "SubjectOf", subjectOf(v.message), "Link", link, "Sentence", v.server.Text("end.heading.revoked"))
}

// copies says what stays where it is.
func (v sentMail) copies(d track.Detail, which []letterlock.Recipient, files []access.Attachment) string {
	downloaded := 0
	for _, r := range which {
		downloaded += len(takenNames(v.server.Words, d.Events[r.ID], files))
	}
	text := v.server.Text("confirm.whatWasAlreadySavedBySeveral")
	if len(which) == 1 {
		text = v.server.Text("confirm.whatWasAlreadySavedPrinted", "Who", which[0].Mailbox.Called())
	}
	switch {
	case downloaded == 1:
		text += ", " + v.server.Text("confirm.theDownloadedFileIncluded")
	case downloaded > 1:
		text += ", " + v.server.Text("confirm.theDownloadedFilesIncluded")
	}
	return text + "."
}

func (v sentMail) confirmRecipient(r letterlock.Recipient, events []letterlock.Event, files []access.Attachment) views.ConfirmRecipient {
	out := views.ConfirmRecipient{Person: personOf(r.Mailbox), State: v.state(r), HasRead: !r.FirstRead.IsZero(), Read: v.server.Text("confirm.notReadYet")}
	if out.HasRead {
		out.Read = v.server.Text("confirm.read", "ReadTimes", v.readTimes(events))
	}
	parts := taken(events, files)
	if at, whole := parts[access.WholeMail]; whole {
		out.Downloaded = append(out.Downloaded, views.Attachment{Name: v.server.Text("confirm.theWholeMessage"), Note: v.server.stepTime(at, time.Time{}).Text})
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
		return v.server.Text("confirm.andInAll", "ReadTimes", v.readTimes(reads[n-1:]), "Times", v.server.Count("count.time", n))
	}
	var times []string
	for i, e := range reads {
		switch {
		case i > 0 && v.server.midnight(e.At).Equal(v.server.midnight(reads[i-1].At)):
			times = append(times, v.server.clock(e.At).Text)
		case v.server.daysAgo(e.At) == 0:
			times = append(times, v.server.Text("confirm.todayAt", "Clock", v.server.clock(e.At).Text))
		case v.server.daysAgo(e.At) == 1:
			times = append(times, v.server.Text("confirm.yesterdayAt", "Clock", v.server.clock(e.At).Text))
		default:
			times = append(times, v.server.Text("confirm.onAt", "Date", v.server.day(e.At).Text, "Clock", v.server.clock(e.At).Text))
		}
	}
	return strings.TrimSpace(listed(v.server.Words, times))
}
