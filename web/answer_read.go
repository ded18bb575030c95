package web

import (
	"context"
	"errors"

	"github.com/labstack/echo/v4"

	"letterlock/internal/access"
	"letterlock/internal/letterlock"
	"letterlock/internal/track"
	"letterlock/views"
)

// Queries of a message's page: what its reader has just sent, and for its open page
// which message it quotes.
const (
	sentQuery  = "sent"
	quoteQuery = "quote"
)

// answers fills the page of a message with what can be answered, and what has been.
// Of other messages it shows who wrote them and when, never what they say.
func (s *Server) answers(c echo.Context, l *access.Letter, v *views.Read) error {
	t, err := s.Track.Thread(c.Request().Context(), actor(c), l.Message, l.Recipient)
	if err != nil {
		return err
	}
	if !actor(c).Within("") {
		v.Answers.Passed = passed(l.Message)
		return nil // to answer takes a proof of the mailbox
	}
	url := "/read/" + string(l.Message.ID)
	a := &v.Answers
	a.ReplyURL = url + "/" + string(views.AnswerReply)
	if _, cc := about(l).ReplyTo(true); len(cc) > 0 {
		a.ReplyAllURL = url + "/" + string(views.AnswerReplyAll)
	}
	if about(l).MayForward() == nil {
		a.ForwardURL = url + "/" + string(views.AnswerForward)
	}
	a.Passed = passed(l.Message)
	a.Sent = justSent(t.Made, c.QueryParam(sentQuery))
	a.Turns = s.turns(t, l)
	return s.quote(c, t, l, v)
}

// passed says how a message that a recipient wrote came to this one.
func passed(m letterlock.Message) string {
	switch m.Act {
	case letterlock.ActForward:
		return m.Author.Called() + " has forwarded you this message from " + m.Sender.Called() + ", who can take it back."
	case letterlock.ActReply:
		return m.Author.Called() + " has replied to a message from " + m.Sender.Called() + ", who can take this one back as well."
	}
	return ""
}

// justSent says that what the address of the page names was sent. The address may
// come from anybody: what is not the reader's own says nothing.
func justSent(made []track.Sent, id string) string {
	for _, m := range made {
		if string(m.Message.ID) != id {
			continue
		}
		if m.Message.Act == letterlock.ActForward {
			return "The message was forwarded to " + whoGot(m) + "."
		}
		return "Your reply was sent to " + whoGot(m) + "."
	}
	return ""
}

// maxWho is how many recipients of an answer a line names.
const maxWho = 3

func whoGot(m track.Sent) string {
	var names []string
	for _, r := range m.Recipients[:min(len(m.Recipients), maxWho)] {
		names = append(names, r.Mailbox.Called())
	}
	if more := len(m.Recipients) - maxWho; more > 0 {
		names = append(names, countOf(more, "other"))
	}
	return listed(names)
}

// turns are the other messages of the conversation, and what the reader wrote about
// this one, in the order in which they came.
func (s *Server) turns(t track.Thread, l *access.Letter) (list []views.Turn) {
	made := t.Made
	add := func(m track.Sent) {
		who := "You replied to " + whoGot(m)
		if m.Message.Act == letterlock.ActForward {
			who = "You forwarded it to " + whoGot(m)
		}
		list = append(list, views.Turn{Who: who, When: s.weekday(m.Message.Accepted)})
	}
	for _, r := range t.Received {
		for len(made) > 0 && made[0].Message.Seq < r.Message.Seq {
			add(made[0])
			made = made[1:]
		}
		if r.Message.ID == l.Message.ID {
			continue
		}
		turn := views.Turn{Who: r.Message.Writer().Called(), When: s.weekday(r.Message.Accepted)}
		switch r.Recipient.State(r.Message, s.Now()) {
		case letterlock.Live:
			turn.URL = "/read/" + string(r.Message.ID)
		case letterlock.Revoked:
			turn.Note = "access has been removed"
		default:
			turn.Note = "no longer available"
		}
		list = append(list, turn)
	}
	for _, m := range made {
		add(m)
	}
	return list
}

// quote shows below a reply the message that it answers, as the document that it is
// and under its own access: when that ends the quote goes, and the page asks for both.
func (s *Server) quote(c echo.Context, t track.Thread, l *access.Letter, v *views.Read) error {
	q := t.Answered
	if q.Message.ID == "" || l.Message.Act != letterlock.ActReply || q.Message.Protection == letterlock.DoNotForward {
		return nil
	}
	original, err := s.Access.Open(c.Request().Context(), actor(c), q.Message.ID)
	if errors.Is(err, letterlock.Gone) || errors.Is(err, letterlock.NotFound) || letterlock.AsksMore(err) {
		return nil // the reply stays without it
	}
	if err != nil {
		return err
	}
	defer original.Close()
	look, err := s.lookOf(original, original.Own(), false)
	if err != nil || !look.extent.anything {
		return err
	}
	a := &v.Answers
	a.Quote = frameOf(look.extent, "/read/"+string(q.Message.ID)+"/body")
	a.QuoteOf, a.QuoteWhen = "From "+q.Message.Writer().Called(), s.weekday(q.Message.Accepted)
	v.LiveURL += "?" + quoteQuery + "=" + string(q.Message.ID)
	return nil
}

// watchQuote watches the access to the message that an open page quotes; nil: it
// quotes none.
func (s *Server) watchQuote(c echo.Context) (*access.Lease, error) {
	param := c.QueryParam(quoteQuery)
	if param == "" {
		return nil, nil
	}
	id, err := letterlock.ParseID(param)
	if err != nil {
		return nil, err
	}
	return s.Access.Watch(c.Request().Context(), actor(c), id)
}

// either is closed when one of two channels is.
func either(ctx context.Context, a, b <-chan struct{}) <-chan struct{} {
	ends := make(chan struct{})
	go func() {
		select {
		case <-a:
			close(ends)
		case <-b:
			close(ends)
		case <-ctx.Done():
		}
	}()
	return ends
}
