package web

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/internal/track"
	"letterlock/views"
)

// traceRoutes are the pages on which administrators find messages, see what
// happened to them, and take access away.
func (s *Server) traceRoutes() {
	s.get(auditor, "/trace", s.trace)
	s.get(auditor, "/trace/export.csv", s.traceCSV, streams)
	s.get(auditor, "/trace/export.json", s.traceJSON, streams)
	s.get(auditor, "/trace/:id", s.traceMessage)
	s.post(auditor, "/trace/:id/proof", s.traceProof)
	s.get(revoker, "/trace/:id/revoke", s.traceRevokePage)
	s.post(revoker, "/trace/:id/revoke", s.traceRevoke)
	s.post(revoker, "/trace/:id/restore", s.traceRestore)
	s.get(revoker, "/trace/:id/expiry", s.traceExpiryPage)
	s.post(revoker, "/trace/:id/expiry", s.traceExpiry)
	s.post(revoker, "/trace/:id/requests/:request/approve", s.approveTraced)
	s.post(revoker, "/trace/:id/requests/:request/decline", s.declineTraced)
	s.get(admin, "/trace/:id/destroy", s.traceDestroyPage)
	s.post(admin, "/trace/:id/destroy", s.traceDestroy)
}

// trace is the form and, once something was looked for, what was found.
func (s *Server) trace(c echo.Context) error {
	v, err := s.traceView(c, lookupOf(c.QueryParams()), "")
	if err != nil {
		return err
	}
	status := http.StatusOK
	if len(v.Errors) > 0 {
		status = http.StatusUnprocessableEntity
	}
	return s.show(c, status, views.TracePage(v))
}

// traceMessage is one message, with what was found beside it.
func (s *Server) traceMessage(c echo.Context) error {
	d, err := s.traced(c)
	if letterlock.CodeOf(err) == letterlock.NotFound {
		return s.traceUnknown(c, err)
	}
	if err != nil {
		return err
	}
	return s.showTraced(c, http.StatusOK, d, lookupOf(c.QueryParams()), "")
}

// traced returns the message that the path names.
func (s *Server) traced(c echo.Context) (track.Detail, error) {
	id, err := letterlock.ParseID(c.Param("id"))
	if err != nil {
		return track.Detail{}, err
	}
	return s.Track.Traced(c.Request().Context(), actor(c), id)
}

// traceUnknown says that there is no such message, above a form to look for another.
func (s *Server) traceUnknown(c echo.Context, cause error) error {
	if r := ruleOf(c); r == forNobody {
		return cause
	}
	v, err := s.traceView(c, lookup{}, "")
	if err != nil {
		return err
	}
	v.Problem = s.words(c).Text("trace.thereIsNoSuchMessage")
	return s.show(c, http.StatusNotFound, views.TracePage(v))
}

// showTraced shows a message. A problem says what was just refused.
func (s *Server) showTraced(c echo.Context, status int, d track.Detail, l lookup, problem string) error {
	v, err := s.traceView(c, l, d.Message.ID)
	if err != nil {
		return err
	}
	m := s.speaker(c).tracedMail(actor(c), d).view(l)
	m.Problem = problem
	v.Message = &m
	v.BackURL = l.url("/trace", l.before)
	return s.show(c, status, views.TracePage(v))
}

// traceView is the form with what was found, and no message yet.
func (s *Server) traceView(c echo.Context, l lookup, beside letterlock.ID) (views.Trace, error) {
	say := s.words(c)
	v := views.Trace{
		Page:   s.page(c),
		Sender: l.typed[fieldSender], Recipient: l.typed[fieldRecipient], Subject: l.typed[fieldSubject], MessageID: l.typed[fieldMessageID],
		From: l.typed[fieldFrom], Until: l.typed[fieldUntil],
		States: optionsOf(say, stateChoices, l.typed[fieldState]), Identities: optionsOf(say, identityChoices, l.typed[fieldIdentity]),
	}
	if err := s.addQueue(c, &v); err != nil {
		return views.Trace{}, err
	}
	if !l.asked {
		return v, nil
	}
	search, wrong := l.search(say, s.Location)
	if len(wrong) > 0 {
		v.Errors = wrong
		return v, nil
	}
	page, err := s.Track.Trace(c.Request().Context(), actor(c), track.TraceQuery{Search: search, Before: l.before})
	if v.Errors = l.refused(say, err); len(v.Errors) > 0 {
		return v, nil
	}
	if err != nil {
		return views.Trace{}, err
	}
	found := s.speaker(c).traceFound(actor(c), l, page, beside)
	v.Found = &found
	return v, nil
}

// refusal is the sentence for an act on a message that was refused, and empty for
// what is no refusal of that kind.
func refusal(say language.Words, err error) string {
	switch letterlock.KeyOf(err) {
	case "inline":
		return say.Text("trace.thisMessageCannotBeRevoked")
	case "destroyed":
		return say.Text("trace.thisMessageHasBeenDestroyed")
	case "recipient", "address":
		return say.Text("trace.thatAddressIsNoRecipient")
	case "was-read":
		return say.Text("trace.thereIsNoProofOf")
	}
	return ""
}

// traceRefused shows a message with the reason why something was not done to it.
func (s *Server) traceRefused(c echo.Context, d track.Detail, l lookup, err error) error {
	sentence := refusal(s.words(c), err)
	if sentence == "" {
		return err
	}
	return s.traceProblem(c, d, l, err, sentence)
}

// traceProblem shows a message with a sentence about what went wrong.
func (s *Server) traceProblem(c echo.Context, d track.Detail, l lookup, err error, sentence string) error {
	status, _ := s.ending(err, c)
	if showErr := s.showTraced(c, status, d, l, sentence); showErr != nil {
		return errors.Join(err, showErr)
	}
	return nil
}
