package web

import (
	"errors"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"letterlock/internal/letterlock"
	"letterlock/internal/track"
	"letterlock/views"
)

// endsSoon is from when on a list says that a message is about to expire, in days.
const endsSoon = 3

// listTries is how often a list is read that a revocation makes wrong before it
// has left.
const listTries = 3

// messages lists what was sent to the address that the reader has proved.
func (s *Server) messages(c echo.Context) error {
	for range listTries {
		err := s.listMessages(c)
		if !errors.Is(err, letterlock.Gone) {
			return err
		}
	}
	return &letterlock.Error{Code: letterlock.Busy}
}

// listMessages sends the list under a lease, for subjects are content: it is Gone
// when access to any of it ended before the first byte.
func (s *Server) listMessages(c echo.Context) error {
	lease, err := s.Access.WatchAll(actor(c))
	if err != nil {
		return err
	}
	defer lease.Release()
	search := strings.ReplaceAll(bounded(c.QueryParam("q"), 200), "\x00", "")
	list, more, err := s.Track.Received(c.Request().Context(), actor(c), search, c.QueryParam("before"))
	if err != nil {
		return err
	}
	v := views.MyMessages{Page: s.page(c), Query: search, Newest: c.QueryParam("before") == ""}
	if more != "" {
		v.OlderURL = received(search, more)
	}
	if !v.Newest {
		v.NewestURL = received(search, "")
	}
	for _, m := range list {
		v.Items = append(v.Items, s.speaker(c).myMessage(m))
	}
	if v.Newest && search == "" {
		if v.Browsers, err = s.myBrowsers(c); err != nil {
			return err
		}
		v.ForgetAllURL = "/messages/browsers/forget"
	}
	return s.showUnder(c, lease, views.MyMessagesPage(v))
}

// received is where a page of what was received is found.
func received(search, before string) string {
	q := url.Values{}
	if search != "" {
		q.Set("q", search)
	}
	if before != "" {
		q.Set("before", before)
	}
	return withQuery("/messages", q)
}

// myMessage is one row. Of a message that was revoked, or asks for more than that the
// mailbox was proved, it says nothing but that: its subject is content, too.
func (p speaker) myMessage(m track.Received) views.MyMessage {
	row := views.MyMessage{
		URL:     "/read/" + string(m.Message.ID),
		From:    personOf(m.Message.Writer()),
		Subject: p.subjectOf(m.Message),
		When:    p.brief(m.Message.Accepted),
		Replied: m.Replied,
	}
	if m.Recipient.State(m.Message, p.Now()) == letterlock.Live {
		row.Attachments = m.Message.Attachments
	}
	if asks := p.Access.Asks(m.Message); asks != letterlock.NoDemand {
		row.Subject, row.Attachments = p.askedInList(asks), 0
	}
	switch m.Recipient.State(m.Message, p.Now()) {
	case letterlock.Destroyed:
		row.Subject, row.State = p.Text("messages.gone"), views.State{Kind: views.StateExpired, Text: p.Text("state.removed")}
	case letterlock.Revoked:
		row.Subject, row.State = p.Text("messages.revoked"), views.State{Kind: views.StateRevoked, Text: p.Text("state.revoked")}
		row.Note = p.Text("messages.bySender")
		if m.Recipient.Revocation.Standing == letterlock.ByAdministrator {
			row.Note = p.Text("messages.byAdmin")
		}
	case letterlock.Expired:
		row.State = views.State{Kind: views.StateExpired, Text: p.Text("state.expired")}
		row.Note = p.day(m.Message.Expires).Text
	default:
		row.State, row.Note = p.living(m)
	}
	return row
}

// living is the state of a message that can be read, and until when.
func (p speaker) living(m track.Received) (views.State, string) {
	state := views.State{Kind: views.StateUnread, Text: p.Text("state.unread")}
	if !m.Recipient.FirstRead.IsZero() {
		state = views.State{Kind: views.StateRead, Text: p.Text("state.read")}
	}
	end := m.Message.Expires
	if end.IsZero() {
		return state, ""
	}
	switch in := -p.daysAgo(end); {
	case in == 0:
		return state, p.Text("messages.expiresToday", "Time", p.clock(end).Text)
	case in <= endsSoon:
		return state, p.Text("messages.expiresSoon", "Day", p.day(end).Text, "Time", p.clock(end).Text)
	}
	return state, p.Text("messages.expires", "Day", p.day(end).Text)
}
