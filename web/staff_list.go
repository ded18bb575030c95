package web

import (
	"net/url"
	"strconv"
	"strings"

	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/internal/track"
	"letterlock/views"
)

// filterNames are the words of the filters.
var filterNames = map[string]string{
	"all": "sentPage.all", "unread": "sentPage.unread", "read": "sentPage.read", "revoked": "sentPage.revoked", "expires-soon": "sentPage.expiresSoon",
	"expired": "sentPage.expired", "inline": "sentPage.inline", "bounced": "sentPage.bounced", "asked": "sentPage.asked",
}

// everything is the filter that leaves nothing out.
const everything = "all"

// A folder is where one is in the Sent folder.
type folder struct {
	query  string        // as typed
	filter string        // everything when none was chosen
	before string        // cursor; empty: from the newest
	chosen letterlock.ID // the message beside the list; empty: none
	limit  int
}

// folderOf reads where one wants to be. What cannot be understood is left out:
// a link to the folder always shows the folder.
func folderOf(q url.Values) folder {
	f := folder{query: bounded(q.Get("q"), 200), filter: q.Get("show"), before: q.Get("before"), limit: 50}
	if filterNames[f.filter] == "" {
		f.filter = everything
	}
	return f
}

// bounded is s without what is more than n bytes.
func bounded(s string, n int) string {
	return strings.ToValidUTF8(s[:min(len(s), n)], "")
}

// url is where a folder is found, at the cursor before.
func (f folder) url(filter, before string) string {
	q := url.Values{}
	if f.query != "" {
		q.Set("q", f.query)
	}
	if filter != everything {
		q.Set("show", filter)
	}
	if before != "" {
		q.Set("before", before)
	}
	return withQuery("/sent", q)
}

// message is where a message is found, with the list beside it as it is now.
func (f folder) message(id letterlock.ID) string {
	list := strings.TrimPrefix(f.url(f.filter, f.before), "/sent")
	return "/sent/" + string(id) + list
}

func withQuery(path string, q url.Values) string {
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// sentList fills the list of the Sent folder.
func (s speaker) sentList(viewer letterlock.Address, f folder, page track.Page) views.SentList {
	list := views.SentList{Query: f.query, Shown: len(page.Messages), Total: counted(page, f.filter)}
	if f.filter != everything {
		list.Filter = f.filter
	}
	if page.More != "" {
		list.OlderURL = f.url(f.filter, page.More)
	}
	if f.before != "" {
		list.NewerURL = f.url(f.filter, "")
	}
	if f.query != "" || f.filter != everything {
		list.ClearURL = "/sent"
	}
	for _, name := range page.Filters {
		if page.Counts[name] > 0 || name == f.filter || long(page) {
			list.Filters = append(list.Filters, views.Filter{Name: sayText(s.Words, filterNames[name]), URL: f.url(name, ""), Count: counted(page, name), Current: name == f.filter})
		}
	}
	if page.Counts[everything] == 0 && f.query == "" {
		list.Filters = nil // of an empty folder there is nothing to narrow
	}
	for _, m := range page.Messages {
		s.addItem(&list, f, s.newSentMail(viewer, m.Message, m.Recipients))
	}
	return list
}

// long reports whether there may be more messages than were counted.
func long(page track.Page) bool { return page.Counts[everything] >= track.MaxCount }

// counted says how many messages a filter holds; of a long folder, at least how many.
func counted(page track.Page, filter string) string {
	n := page.Counts[filter]
	switch {
	case !long(page):
		return strconv.Itoa(n)
	case n == 0:
		return "" // of those that were counted
	}
	return strconv.Itoa(n) + "+"
}

// addItem adds a message to the day it belongs to; the list comes newest first.
func (s speaker) addItem(list *views.SentList, f folder, v sentMail) {
	m := v.message
	item := views.SentItem{
		URL: f.message(m.ID), Who: who(s.Words, v.recipients), When: s.itemTime(m.Accepted), Subject: subjectOf(m),
		Attachments: m.Attachments, Current: m.ID == f.chosen,
	}
	item.States, item.Note = v.states()
	name := s.dayHeading(m.Accepted)
	if n := len(list.Days); n == 0 || list.Days[n-1].Name != name {
		list.Days = append(list.Days, views.Day{Name: name})
	}
	day := &list.Days[len(list.Days)-1]
	day.Items = append(day.Items, item)
}

// who names the recipients of a message, three at most.
func who(say language.Words, list []letterlock.Recipient) string {
	var names []string
	for _, r := range list[:min(len(list), 3)] {
		names = append(names, r.Mailbox.Called())
	}
	if more := len(list) - 3; more > 0 {
		return say.Text("sentPage.andMore", "Names", strings.Join(names, ", "), "More", strconv.Itoa(more))
	}
	return strings.Join(names, ", ")
}
