package web

import (
	"cmp"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"letterlock/internal/letterlock"
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
	v := s.speaker(c).newSentMail(actor(c).Address, d.Message, d.Recipients)
	return s.askExpiry(c, http.StatusOK, v, expiryAt{"sent", v.url() + "/expiry", v.url()}, "", "", nil)
}

// changeExpiry changes it.
func (s *Server) changeExpiry(c echo.Context) error {
	d, err := s.detail(c)
	if err != nil {
		return err
	}
	v := s.speaker(c).newSentMail(actor(c).Address, d.Message, d.Recipients)
	return s.setExpiry(c, v, expiryAt{"sent", v.url() + "/expiry", v.url()})
}

// traceExpiryPage asks whoever may give access back.
func (s *Server) traceExpiryPage(c echo.Context) error {
	d, l, err := s.tracedFor(c)
	if err != nil {
		return err
	}
	return s.askExpiry(c, http.StatusOK, s.speaker(c).tracedMail(actor(c), d).sentMail, tracedExpiry(d, l), "", "", nil)
}

func (s *Server) traceExpiry(c echo.Context) error {
	d, l, err := s.tracedFor(c)
	if err != nil {
		return err
	}
	return s.setExpiry(c, s.speaker(c).tracedMail(actor(c), d).sentMail, tracedExpiry(d, l))
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
	say := s.words(c)
	if s.Access.MayExpire(actor(c), v.message, v.recipients) != nil {
		return c.Redirect(http.StatusSeeOther, at.back)
	}
	now := s.Now().In(s.Location)
	latest, last := s.latestEnd(c, v), now.AddDate(policy.LongestYears, 0, 0)
	if !latest.IsZero() {
		last = lastWholeDay(latest)
	}
	expiries := ruledOptions(say, expiryOptions(say, choice, now, nil), latest, func(choice string) time.Time {
		end, _ := expiryOf(say, choice, now.Format(dateForm), now, nil) // a date: the first that there is
		return end
	})
	page := views.ChangeExpiry{
		Page: s.page(c), Current: at.rail, Subject: subjectOf(v.message), Now: v.endSentence(),
		Expiries: expiries, Date: date, NoDate: last.Before(now) && last.Day() != now.Day(),
		DateMin: now.Format(dateForm), DateMax: last.Format(dateForm),
		Errors: wrong, URL: at.url, KeepURL: at.back, Ruled: s.ruledSentence(c, v),
	}
	if t := tallyOf(v.recipients); t.revoked > 0 {
		page.Revoked = say.Text("expiry.accessOfWasRemovedA", "Recipients", say.Count("count.recipient", t.revoked))
	}
	return s.show(c, status, views.ChangeExpiryPage(page))
}

// latestEnd is until when whoever asks can have the message be read at most, in the
// organisation's zone; zero: no rule sets a bound.
func (s *Server) latestEnd(c echo.Context, v sentMail) time.Time {
	latest := policy.LatestEnd(actor(c), v.message)
	if latest.IsZero() {
		return latest
	}
	return latest.In(s.Location)
}

// ruledSentence says what a rule asks for and who is bound by it; empty: none does.
func (s *Server) ruledSentence(c echo.Context, v sentMail) string {
	if latest := s.latestEnd(c, v); !latest.IsZero() {
		return s.speaker(c).pastRule(latest)
	}
	if latest := v.message.LatestEnd; !latest.IsZero() {
		return s.words(c).Text("expiry.aRuleLetsItBe", "When", s.speaker(c).when(latest).Text)
	}
	return ""
}

// pastRule says until when a rule lets a message be read, to whoever is bound by it.
func (s speaker) pastRule(latest time.Time) string {
	return s.Text("expiry.aRuleLetsItBeRead", "When", s.when(latest).Text)
}

// endSentence says when the message ends or ended.
func (v sentMail) endSentence() string {
	switch end := v.message.Expires; {
	case end.IsZero():
		return v.server.Text("expiry.itNeverExpires")
	case v.expired():
		return v.server.Text("expiry.itExpiredOn", "When", v.server.when(end).Text)
	default:
		return v.server.Text("expiry.itExpiresOn", "When", v.server.when(end).Text)
	}
}

func (s *Server) setExpiry(c echo.Context, v sentMail, at expiryAt) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	choice, date := f.Get("expiry"), f.Get("expiry-date")
	end, wrong := expiryOf(s.words(c), cmp.Or(choice, "none"), date, s.Now().In(s.Location), nil)
	if latest := s.latestEnd(c, v); choice == latestExpiry && !latest.IsZero() {
		end, wrong = latest, nil
	}
	if wrong == nil {
		err = s.Access.SetExpiry(c.Request().Context(), actor(c), v.message.ID, end)
	}
	if past := (*letterlock.PastRule)(nil); errors.As(err, &past) {
		wrong, err = &views.FieldError{Field: "expiry", Text: s.speaker(c).pastRule(past.Latest)}, nil
		if choice == dateExpiry {
			wrong.Field = "expiry-date"
		}
	}
	if wrong != nil {
		return s.askExpiry(c, http.StatusUnprocessableEntity, v, at, choice, bounded(date, 20), []views.FieldError{*wrong})
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, at.back)
}
