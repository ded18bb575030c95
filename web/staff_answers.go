package web

import (
	"context"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/internal/track"
	"letterlock/views"
)

// answers is what goes on with a sent message, as its sender sees it.
func (v sentMail) answers(d track.Detail) (a views.LetterAnswers) {
	m := v.message
	if first := d.First; first.ID != "" {
		a.First = views.Link{Text: v.server.Text("sent.theConversationBeganWith", "SubjectOf", subjectOf(first)), URL: "/sent/" + string(first.ID)}
	}
	if m.Act == letterlock.ActReply && !m.Destroyed {
		a.AnswerURL, a.Answer = "/compose?"+answerQuery+"="+string(m.ID), v.server.Text("sent.answer", "Name", m.Author.Called())
	}
	for _, r := range d.Related {
		t := v.server.letterTurn(v.viewer, r)
		if d.Asking[r.Message.ID] {
			if t.Note != "" {
				t.Note += ", "
			}
			t.Note += v.server.Text("sent.aRecipientHasAskedFor")
		}
		a.Turns = append(a.Turns, t)
	}
	return a
}

func (s speaker) letterTurn(viewer letterlock.Address, r track.Sent) views.LetterTurn {
	v := s.newSentMail(viewer, r.Message, r.Recipients)
	t := views.LetterTurn{When: s.weekday(r.Message.Accepted), URL: v.url()}
	switch r.Message.Act {
	case letterlock.ActForward:
		t.What = s.Text("sent.forwardedItTo", "Name", r.Message.Author.Called(), "Who", who(s.Words, r.Recipients))
	case letterlock.ActReply:
		t.What = s.Text("sent.replied", "Name", r.Message.Author.Called())
		t.States = []views.State{v.arrived()}
		v.recipients = v.withoutOwner()
		if len(v.recipients) > 0 {
			t.What += " " + s.Text("sent.toYouAnd", "Who", who(s.Words, v.recipients))
		}
	default:
		t.What = s.Text("sent.youAnswered", "Who", who(s.Words, r.Recipients))
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
			return views.State{Kind: views.StateInline, Text: v.server.Text("sent.inTheMailbox")}
		}
	}
	return views.State{Kind: views.StateSending}
}

// bandReply is for a reply that went to its sender alone.
func (v sentMail) bandReply() views.Band {
	mailbox := v.server.Text("sent.theSendersMailbox")
	if v.viewer == v.message.Sender.Address {
		mailbox = v.server.Text("sent.yourMailbox")
	}
	b := views.Band{Kind: views.BandCannot, Lead: v.server.Text("sent.wroteThisInThePortal", "Name", v.message.Author.Called()), Text: v.server.Text("sent.itIsOnItsWay", "Mailbox", mailbox)}
	switch v.arrived().Kind {
	case views.StateBounced:
		b.Text = v.server.Text("sent.itCouldNotBeDelivered", "Mailbox", mailbox)
	case views.StateInline:
		b.Text = v.server.Text("sent.itLiesInAsOrdinary", "Mailbox", mailbox)
	}
	return b
}

// authorOf says which recipient wrote a message. Its sender sees it at once: the
// message stands in their folder as if they had written it.
func authorOf(say language.Words, m letterlock.Message) views.Author {
	switch {
	case m.Author.Address == "":
		return views.Author{}
	case m.Act == letterlock.ActForward:
		return views.Author{Label: say.Text("sent.forwardedBy"), Person: personOf(m.Author)}
	}
	return views.Author{Label: say.Text("sent.writtenBy"), Person: personOf(m.Author)}
}

// conversationOf stands under More information about a message that goes on with
// another.
func conversationOf(say language.Words, first letterlock.Message) []views.Fact {
	if first.ID == "" {
		return nil
	}
	return []views.Fact{{Label: say.Text("sent.conversation"), Value: first.MessageID, Mono: true}}
}

// writtenBy is what the trace says about a message that a recipient wrote, or that
// goes on with another.
func writtenBy(say language.Words, m, first letterlock.Message) (facts []views.Fact) {
	if m.Author.Address != "" {
		facts = append(facts, views.Fact{Label: say.Text("sent.writtenBy"), Value: say.Text("sent.inThePortal", "Written", written(m.Author))})
	}
	return append(facts, conversationOf(say, first)...)
}

// turnNames say in the trace how a message goes on with another.
var turnNames = map[letterlock.Act]string{
	letterlock.ActReply: "turn.reply", letterlock.ActForward: "turn.forwardedCopy", letterlock.ActAnswer: "turn.sendersAnswer",
}

// maxTurns is how many messages of a conversation the trace names.
const maxTurns = 20

// turnFacts name what goes on with a message, by Message-ID.
func turnFacts(say language.Words, related []track.Sent) (facts []views.Fact) {
	for _, r := range related[:min(len(related), maxTurns)] {
		facts = append(facts, views.Fact{Label: sayText(say, turnNames[r.Message.Act]), Value: r.Message.MessageID, Mono: true})
	}
	if more := len(related) - maxTurns; more > 0 {
		facts = append(facts, views.Fact{Label: say.Text("sent.and"), Value: say.Count("count.moreMessage", more)})
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
		subject = s.words(c).Text("sent.re", "Subject", subject)
	}
	f.fields["subject"] = []string{subject}
	f.fields["protection"] = []string{string(m.Protection)}
	f.fields["asks"] = []string{string(m.Asks.Proofs())}
	if m.Asks.Named() {
		f.fields[askNameField] = []string{"yes"}
	}
	f.fields[answerQuery] = []string{string(m.ID)}
	if m.Author.Address != "" {
		f.fields["to"] = []string{written(m.Author)}
	}
	return nil
}
