package web

import (
	"cmp"
	"net/http"

	"github.com/labstack/echo/v4"

	"letterlock/internal/policy"
	"letterlock/internal/track"
	"letterlock/views"
)

// expiryPage asks the sender until when a message can be read.
func (s *Server) expiryPage(c echo.Context) error {
	d, err := s.detail(c)
	if err != nil {
		return err
	}
	v := s.newSentMail(actor(c).Address, d.Message, d.Recipients)
	return s.askExpiry(c, http.StatusOK, v, expiryAt{"sent", v.url() + "/expiry", v.url()}, "", "", nil)
}

// changeExpiry changes it.
func (s *Server) changeExpiry(c echo.Context) error {
	d, err := s.detail(c)
	if err != nil {
		return err
	}
	v := s.newSentMail(actor(c).Address, d.Message, d.Recipients)
	return s.setExpiry(c, v, expiryAt{"sent", v.url() + "/expiry", v.url()})
}

// traceExpiryPage asks whoever may give access back.
func (s *Server) traceExpiryPage(c echo.Context) error {
	d, l, err := s.tracedFor(c)
	if err != nil {
		return err
	}
	return s.askExpiry(c, http.StatusOK, s.tracedMail(actor(c), d).sentMail, tracedExpiry(d, l), "", "", nil)
}

func (s *Server) traceExpiry(c echo.Context) error {
	d, l, err := s.tracedFor(c)
	if err != nil {
		return err
	}
	return s.setExpiry(c, s.tracedMail(actor(c), d).sentMail, tracedExpiry(d, l))
}

func tracedExpiry(d track.Detail, l lookup) expiryAt {
	return expiryAt{"trace", tracedURL(d.Message.ID, "expiry", l, ""), l.message(d.Message.ID)}
}

// An expiryAt is where one is when one changes the expiry of a message.
type expiryAt struct {
	rail string
	url  string
	back string // the message
}

// askExpiry shows the form. Where the end may not be changed there is nothing to
// ask, and the message itself says what became of it.
func (s *Server) askExpiry(c echo.Context, status int, v sentMail, at expiryAt, choice, date string, wrong []views.FieldError) error {
	if s.Access.MayExpire(actor(c), v.message, v.recipients) != nil {
		return c.Redirect(http.StatusSeeOther, at.back)
	}
	now := s.Now().In(s.Location)
	page := views.ChangeExpiry{
		Page: s.page(c), Current: at.rail, Subject: subjectOf(v.message), Now: v.endSentence(),
		Expiries: expiryOptions(choice, now, nil), Date: date,
		DateMin: now.Format(dateForm), DateMax: now.AddDate(policy.LongestYears, 0, 0).Format(dateForm),
		Errors: wrong, URL: at.url, KeepURL: at.back,
	}
	if t := tallyOf(v.recipients); t.revoked > 0 {
		page.Revoked = "Access of " + countOf(t.revoked, "recipient") + " was removed. A change of the expiry does not give it back."
	}
	return s.show(c, status, views.ChangeExpiryPage(page))
}

// endSentence says when the message ends or ended.
func (v sentMail) endSentence() string {
	switch end := v.message.Expires; {
	case end.IsZero():
		return "It never expires."
	case v.expired():
		return "It expired on " + v.server.when(end).Text + "."
	default:
		return "It expires on " + v.server.when(end).Text + "."
	}
}

func (s *Server) setExpiry(c echo.Context, v sentMail, at expiryAt) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	choice, date := f.Get("expiry"), f.Get("expiry-date")
	end, wrong := expiryOf(cmp.Or(choice, "none"), date, s.Now().In(s.Location), nil)
	if wrong != nil {
		return s.askExpiry(c, http.StatusUnprocessableEntity, v, at, choice, bounded(date, 20), []views.FieldError{*wrong})
	}
	if err := s.Access.SetExpiry(c.Request().Context(), actor(c), v.message.ID, end); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, at.back)
}
