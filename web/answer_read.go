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
	p, url := s.speaker(c), "/read/"+string(l.Message.ID)
	if !actor(c).Within("") {
		v.Answers.Passed = p.passed(l.Message)
		return nil // to answer takes a proof of the mailbox
	}
	a := &v.Answers
	a.ReplyURL = url + "/" + string(views.AnswerReply)
	if _, cc := about(l).ReplyTo(true); len(cc) > 0 {
		a.ReplyAllURL = url + "/" + string(views.AnswerReplyAll)
	}
	if about(l).MayForward() == nil {
		a.ForwardURL = url + "/" + string(views.AnswerForward)
	}
	a.Passed = p.passed(l.Message)
	a.Sent = p.justSent(t.Made, c.QueryParam(sentQuery))
	a.Turns = p.turns(t, l)
	return s.quote(c, t, l, v)
}

// passed says how a message that a recipient wrote came to this one.
func (p speaker) passed(m letterlock.Message) string {
	switch m.Act {
	case letterlock.ActForward:
		return p.Text("read.passedForward", "Author", m.Author.Called(), "Sender", m.Sender.Called())
	case letterlock.ActReply:
		return p.Text("read.passedReply", "Author", m.Author.Called(), "Sender", m.Sender.Called())
	}
	return ""
}

// justSent says that what the address of the page names was sent. The address may
// come from anybody: what is not the reader's own says nothing.
func (p speaker) justSent(made []track.Sent, id string) string {
	for _, m := range made {
		if string(m.Message.ID) != id {
			continue
		}
		if m.Message.Act == letterlock.ActForward {
			return p.Text("read.sentForward", "Who", p.whoGot(m))
		}
		return p.Text("read.sentReply", "Who", p.whoGot(m))
	}
	return ""
}

// maxWho is how many recipients of an answer a line names.
const maxWho = 3

func (p speaker) whoGot(m track.Sent) string {
	var names []string
	for _, r := range m.Recipients[:min(len(m.Recipients), maxWho)] {
		names = append(names, r.Mailbox.Called())
	}
	if more := len(m.Recipients) - maxWho; more > 0 {
		names = append(names, p.Count("list.others", more))
	}
	return p.listed(names)
}

// turns are the other messages of the conversation, and what the reader wrote about
// this one, in the order in which they came.
func (p speaker) turns(t track.Thread, l *access.Letter) (list []views.Turn) {
	made := t.Made
	add := func(m track.Sent) {
		who := p.Text("read.youReplied", "Who", p.whoGot(m))
		if m.Message.Act == letterlock.ActForward {
			who = p.Text("read.youForwarded", "Who", p.whoGot(m))
		}
		list = append(list, views.Turn{Who: who, When: p.weekday(m.Message.Accepted)})
	}
	for _, r := range t.Received {
		for len(made) > 0 && made[0].Message.Seq < r.Message.Seq {
			add(made[0])
			made = made[1:]
		}
		if r.Message.ID == l.Message.ID {
			continue
		}
		turn := views.Turn{Who: r.Message.Writer().Called(), When: p.weekday(r.Message.Accepted)}
		switch r.Recipient.State(r.Message, p.Now()) {
		case letterlock.Live:
			turn.URL = "/read/" + string(r.Message.ID)
		case letterlock.Revoked:
			turn.Note = p.Text("read.removed")
		default:
			turn.Note = p.Text("read.gone")
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
	a.QuoteOf, a.QuoteWhen = q.Message.Writer().Called(), s.speaker(c).weekday(q.Message.Accepted)
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
