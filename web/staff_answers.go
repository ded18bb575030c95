package web

import (
	"context"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"letterlock/internal/letterlock"
	"letterlock/internal/track"
	"letterlock/views"
)

// answers is what goes on with a sent message, as its sender sees it.
func (v sentMail) answers(d track.Detail) (a views.LetterAnswers) {
	m := v.message
	if first := d.First; first.ID != "" {
		a.First = views.Link{Text: "The conversation began with: " + subjectOf(first), URL: "/sent/" + string(first.ID)}
	}
	if m.Act == letterlock.ActReply && !m.Destroyed {
		a.AnswerURL, a.Answer = "/compose?"+answerQuery+"="+string(m.ID), "Answer "+m.Author.Called()
	}
	for _, r := range d.Related {
		t := v.server.letterTurn(v.viewer, r)
		if d.Asking[r.Message.ID] {
			if t.Note != "" {
				t.Note += ", "
			}
			t.Note += "a recipient has asked for something"
		}
		a.Turns = append(a.Turns, t)
	}
	return a
}

func (s *Server) letterTurn(viewer letterlock.Address, r track.Sent) views.LetterTurn {
	v := s.newSentMail(viewer, r.Message, r.Recipients)
	t := views.LetterTurn{When: s.weekday(r.Message.Accepted), URL: v.url()}
	switch r.Message.Act {
	case letterlock.ActForward:
		t.What = r.Message.Author.Called() + " forwarded it to " + who(r.Recipients)
	case letterlock.ActReply:
		t.What = r.Message.Author.Called() + " replied"
		t.States = []views.State{v.arrived()}
		v.recipients = v.withoutOwner()
		if len(v.recipients) > 0 {
			t.What += " to you and " + who(v.recipients)
		}
	default:
		t.What = "You answered " + who(r.Recipients)
	}
	if len(v.recipients) > 0 {
		states, note := v.states()
		t.States, t.Note = append(t.States, states...), note
	}
	return t
}

// withoutOwner are the recipients but the sender, in whose mailbox a reply lies as
// ordinary mail.
func (v sentMail) withoutOwner() []letterlock.Recipient {
	return slices.DeleteFunc(slices.Clone(v.recipients), func(r letterlock.Recipient) bool {
		return r.Mailbox.Address == v.message.Sender.Address
	})
}

// arrived is what became of a reply on its way to its sender's mailbox.
func (v sentMail) arrived() views.State {
	for _, r := range v.recipients {
		switch {
		case r.Mailbox.Address != v.message.Sender.Address:
		case !r.Bounced.IsZero():
			return views.State{Kind: views.StateBounced}
		case v.delayed(r):
			return views.State{Kind: views.StateDelayed}
		case r.Notified.IsZero():
			return views.State{Kind: views.StateSending}
		default:
			return views.State{Kind: views.StateInline, Text: "In the mailbox"}
		}
	}
	return views.State{Kind: views.StateSending}
}

// bandReply is for a reply that went to its sender alone.
func (v sentMail) bandReply() views.Band {
	mailbox := "the sender's mailbox"
	if v.viewer == v.message.Sender.Address {
		mailbox = "your mailbox"
	}
	b := views.Band{Kind: views.BandCannot, Lead: v.message.Author.Called() + " wrote this in the portal.", Text: "It is on its way to " + mailbox + ", as ordinary mail."}
	switch v.arrived().Kind {
	case views.StateBounced:
		b.Text = "It could not be delivered to " + mailbox + "."
	case views.StateInline:
		b.Text = "It lies in " + mailbox + ", as ordinary mail."
	}
	return b
}

// authorOf says which recipient wrote a message. Its sender sees it at once: the
// message stands in their folder as if they had written it.
func authorOf(m letterlock.Message) views.Author {
	switch {
	case m.Author.Address == "":
		return views.Author{}
	case m.Act == letterlock.ActForward:
		return views.Author{Label: "Forwarded by", Person: personOf(m.Author)}
	}
	return views.Author{Label: "Written by", Person: personOf(m.Author)}
}

// conversationOf stands under More information about a message that goes on with
// another.
func conversationOf(first letterlock.Message) []views.Fact {
	if first.ID == "" {
		return nil
	}
	return []views.Fact{{Label: "Conversation", Value: first.MessageID, Mono: true}}
}

// writtenBy is what the trace says about a message that a recipient wrote, or that
// goes on with another.
func writtenBy(m, first letterlock.Message) (facts []views.Fact) {
	if m.Author.Address != "" {
		facts = append(facts, views.Fact{Label: "Written by", Value: written(m.Author) + ", in the portal"})
	}
	return append(facts, conversationOf(first)...)
}

// turnNames say in the trace how a message goes on with another.
var turnNames = map[letterlock.Act]string{
	letterlock.ActReply: "Reply", letterlock.ActForward: "Forwarded copy", letterlock.ActAnswer: "Sender's answer",
}

// maxTurns is how many messages of a conversation the trace names.
const maxTurns = 20

// turnFacts name what goes on with a message, by Message-ID.
func turnFacts(related []track.Sent) (facts []views.Fact) {
	for _, r := range related[:min(len(related), maxTurns)] {
		facts = append(facts, views.Fact{Label: turnNames[r.Message.Act], Value: r.Message.MessageID, Mono: true})
	}
	if more := len(related) - maxTurns; more > 0 {
		facts = append(facts, views.Fact{Label: "And", Value: countOf(more, "more message")})
	}
	return facts
}

// answerQuery names the message that a sender answers, and the field of the form in
// which it is kept.
const answerQuery = "answer"

// answered returns the message of the actor's own that a form answers; NotFound:
// none that is theirs.
func (s *Server) answered(ctx context.Context, by letterlock.Actor, param string) (letterlock.Message, error) {
	id, err := letterlock.ParseID(param)
	if err != nil {
		return letterlock.Message{}, err
	}
	d, err := s.Track.SentMessage(ctx, by, id)
	if err == nil && d.Message.Destroyed {
		err = &letterlock.Error{Code: letterlock.NotFound}
	}
	return d.Message, err
}

// answering fills the form for an answer to a recipient.
func (s *Server) answering(c echo.Context, f *composeForm) error {
	m, err := s.answered(c.Request().Context(), actor(c), c.QueryParam(answerQuery))
	if err != nil {
		return err
	}
	subject := m.Subject
	if !strings.HasPrefix(strings.ToLower(subject), "re:") {
		subject = "Re: " + subject
	}
	f.fields["subject"] = []string{subject}
	f.fields["protection"] = []string{string(m.Protection)}
	f.fields["asks"] = []string{string(m.Asks)}
	f.fields[answerQuery] = []string{string(m.ID)}
	if m.Author.Address != "" {
		f.fields["to"] = []string{written(m.Author)}
	}
	return nil
}
