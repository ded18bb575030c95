package web

import (
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/internal/track"
	"letterlock/views"
)

// searchField carries the search that a traced message was found by through what
// is done to the message, and back.
const searchField = "in"

// tracedURL is where something is done to a message, or to one of its recipients.
func tracedURL(id letterlock.ID, what string, l lookup, recipient letterlock.Address) string {
	q := url.Values{}
	if recipient != "" {
		q.Set("recipient", string(recipient))
	}
	if search := l.url("", l.before); search != "" {
		q.Set(searchField, strings.TrimPrefix(search, "?"))
	}
	return withQuery("/trace/"+string(id)+"/"+what, q)
}

// carried is the search that came along. What cannot be understood is none.
func carried(c echo.Context) lookup {
	q, err := url.ParseQuery(bounded(c.QueryParam(searchField), maxCarried))
	if err != nil {
		return lookup{}
	}
	return lookupOf(q)
}

// traceRevokePage asks before access is removed, and says what cannot be.
func (s *Server) traceRevokePage(c echo.Context) error {
	d, l, err := s.tracedFor(c)
	if err != nil {
		return err
	}
	which, err := chosenRecipients(d, c.QueryParams())
	if err == nil {
		err = s.Access.MayRevoke(actor(c), d.Message, d.Recipients)
	}
	if err != nil {
		return s.traceRefused(c, d, l, err)
	}
	return s.confirmRevoke(c, http.StatusOK, d, l, which, c.QueryParams(), "", "")
}

// tracedFor is the message that something is to be done to, and the search that it
// was found by.
func (s *Server) tracedFor(c echo.Context) (track.Detail, lookup, error) {
	d, err := s.traced(c)
	return d, carried(c), err
}

// confirmRevoke shows the question, with what f has chosen of it. Where nobody is left
// to lose access there is nothing to ask, and the message itself says so.
func (s *Server) confirmRevoke(c echo.Context, status int, d track.Detail, l lookup, which []letterlock.Recipient, f url.Values, reason, wrong string) error {
	which, chooses := asked(d, which, f)
	if len(which) == 0 {
		return c.Redirect(http.StatusSeeOther, l.message(d.Message.ID))
	}
	page := s.speaker(c).tracedMail(actor(c), d).confirmRevoke(l, which, chooses, f)
	page.Page, page.Reason, page.Error = s.page(c), reason, wrong
	return s.show(c, status, views.AdminRevokePage(page))
}

// traceRevoke takes access away. Doing it twice is no error and answers alike.
func (s *Server) traceRevoke(c echo.Context) error {
	d, l, err := s.tracedFor(c)
	if err != nil {
		return err
	}
	f, which, err := namedIn(c, d)
	if which == nil && err != nil {
		return s.traceRefused(c, d, l, err)
	}
	reason, wrong := reasonOf(s.words(c), f)
	if wrong != "" || scopeProblem(s.words(c), f) != "" {
		return s.confirmRevoke(c, http.StatusUnprocessableEntity, d, l, which, f, reason, wrong)
	}
	if err := s.Access.Revoke(c.Request().Context(), actor(c), d.Message.ID, reason, addressesOf(which)...); err != nil {
		return s.traceRefused(c, d, l, err)
	}
	return c.Redirect(http.StatusSeeOther, l.message(d.Message.ID))
}

// traceRestore gives access back, through the links that recipients have.
func (s *Server) traceRestore(c echo.Context) error {
	d, l, err := s.tracedFor(c)
	if err != nil {
		return err
	}
	f, which, err := namedIn(c, d)
	if err != nil {
		return s.traceRefused(c, d, l, err)
	}
	if !f.Has("recipient") {
		which = nil // all
	}
	if err := s.Access.Restore(c.Request().Context(), actor(c), d.Message.ID, addressesOf(which)...); err != nil {
		return s.traceRefused(c, d, l, err)
	}
	return c.Redirect(http.StatusSeeOther, l.message(d.Message.ID))
}

// namedIn reads a posted form, and which recipients it or its URL names.
func namedIn(c echo.Context, d track.Detail) (url.Values, []letterlock.Recipient, error) {
	f, err := form(c)
	if err != nil {
		return nil, nil, err
	}
	nameIn(f, c.QueryParams())
	which, err := chosenRecipients(d, f)
	return f, which, err
}

// reasonOf is the reason that a form gives, and what is wrong with it.
func reasonOf(say language.Words, f url.Values) (reason, wrong string) {
	reason = strings.TrimSpace(strings.ToValidUTF8(f.Get("reason"), "\uFFFD"))
	if utf8.RuneCountInString(reason) > maxReason {
		return reason, say.Text("adminConfirm.aReasonMayHaveCharacters")
	}
	return reason, ""
}

// traceDestroyPage asks before a message is destroyed.
func (s *Server) traceDestroyPage(c echo.Context) error {
	d, l, err := s.tracedFor(c)
	if err != nil {
		return err
	}
	if d.Message.Destroyed {
		return c.Redirect(http.StatusSeeOther, l.message(d.Message.ID))
	}
	return s.show(c, http.StatusOK, views.AdminDestroyPage(s.confirmDestroy(c, d, l)))
}

// traceDestroy destroys a message whose Message-ID was typed. Destroying it twice
// is no error.
func (s *Server) traceDestroy(c echo.Context) error {
	say := s.words(c)
	d, l, err := s.tracedFor(c)
	if err != nil {
		return err
	}
	f, err := form(c)
	if err != nil {
		return err
	}
	reason, wrong := reasonOf(say, f)
	typed := strings.TrimSpace(strings.ToValidUTF8(f.Get(fieldMessageID), "\uFFFD"))
	same := strings.Trim(typed, "<>") == strings.Trim(d.Message.MessageID, "<>")
	if !d.Message.Destroyed && (!same || wrong != "") {
		v := s.confirmDestroy(c, d, l)
		v.Typed, v.Reason, v.ReasonError = bounded(typed, maxReason), reason, wrong
		switch {
		case typed == "":
			v.TypedError = say.Text("adminConfirm.typeTheMessageIdSo")
		case !same:
			v.TypedError = say.Text("adminConfirm.thisIsNotTheMessage")
		}
		return s.show(c, http.StatusUnprocessableEntity, views.AdminDestroyPage(v))
	}
	if err := s.Access.Destroy(c.Request().Context(), actor(c), d.Message.ID, reason); err != nil {
		return s.traceRefused(c, d, l, err)
	}
	return c.Redirect(http.StatusSeeOther, l.message(d.Message.ID))
}

// traceProof sends a signed statement that a recipient never opened a message.
func (s *Server) traceProof(c echo.Context) error {
	d, l, err := s.tracedFor(c)
	if err != nil {
		return err
	}
	address, err := letterlock.ParseAddress(c.QueryParam("recipient"))
	if err != nil {
		return s.traceRefused(c, d, l, &letterlock.Error{Code: letterlock.Invalid, Key: "recipient", Err: err})
	}
	statement, err := s.AuditLog.ProveNonAccess(c.Request().Context(), actor(c), d.Message.ID, address)
	if letterlock.KeyOf(err) == "inline" {
		return s.traceProblem(c, d, l, err, s.words(c).Text("adminConfirm.thereIsNoProofOf"))
	}
	if err != nil {
		return s.traceRefused(c, d, l, err)
	}
	setPolicy(c, policyDownload)
	c.Response().Header().Set(echo.HeaderContentDisposition, disposition("non-access-"+string(d.Message.ID)+".json"))
	return c.Blob(http.StatusOK, "application/octet-stream", statement)
}
