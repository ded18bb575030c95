package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"letterlock/internal/letterlock"
	"letterlock/internal/track"
	"letterlock/views"
)

// maxReason is how many characters a reason may have.
const maxReason = 200

// removeConfirm asks before access is removed, and says what cannot be.
func (s *Server) removeConfirm(c echo.Context) error {
	d, err := s.detail(c)
	if err != nil {
		return err
	}
	which, err := chosenRecipients(d, c.QueryParams())
	if err != nil {
		return err
	}
	return s.confirm(c, http.StatusOK, d, which, c.QueryParams(), "", "")
}

// confirm shows the question, with what f has chosen of it. Where access may not be
// removed, or is removed already, there is nothing to ask, and the message itself says why.
func (s *Server) confirm(c echo.Context, status int, d track.Detail, which []letterlock.Recipient, f url.Values, reason, wrong string) error {
	by := actor(c)
	v := s.speaker(c).newSentMail(by.Address, d.Message, d.Recipients)
	which, chooses := asked(d, which, f)
	if len(which) == 0 || s.Access.MayRevoke(by, d.Message, d.Recipients) != nil {
		return c.Redirect(http.StatusSeeOther, v.url())
	}
	o, err := s.look(c, d.Message)
	if err != nil {
		return err
	}
	behind, err := s.sentView(c, d, o)
	if err != nil {
		return err
	}
	page := v.confirm(d, which, chooses, f, o.all)
	page.Page, page.Behind, page.Reason, page.Error = s.page(c), behind, reason, wrong
	return s.show(c, status, views.ConfirmPage(page))
}

// remove takes access away. Doing it twice is no error and answers alike.
func (s *Server) remove(c echo.Context) error {
	d, f, which, err := s.changed(c)
	if err != nil {
		return err
	}
	reason := strings.TrimSpace(strings.ToValidUTF8(f.Get("reason"), "\uFFFD"))
	wrong := ""
	if utf8.RuneCountInString(reason) > maxReason {
		wrong = s.words(c).Text("confirm.aReasonMayHaveCharacters")
	}
	if wrong != "" || scopeProblem(s.words(c), f) != "" {
		return s.confirm(c, http.StatusUnprocessableEntity, d, which, f, reason, wrong)
	}
	if err := s.Access.Revoke(c.Request().Context(), actor(c), d.Message.ID, reason, addressesOf(which)...); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/sent/"+string(d.Message.ID))
}

// restore gives access back, through the links that recipients have.
func (s *Server) restore(c echo.Context) error {
	d, f, which, err := s.changed(c)
	if err != nil {
		return err
	}
	if !f.Has("recipient") {
		which = nil // all: the use case leaves out those that may not be
	}
	if err := s.Access.Restore(c.Request().Context(), actor(c), d.Message.ID, addressesOf(which)...); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/sent/"+string(d.Message.ID))
}

// changed reads a form that changes access: of which message, and whose.
func (s *Server) changed(c echo.Context) (d track.Detail, f url.Values, which []letterlock.Recipient, err error) {
	if d, err = s.detail(c); err != nil {
		return d, nil, nil, err
	}
	if f, err = form(c); err != nil {
		return d, nil, nil, err
	}
	nameIn(f, c.QueryParams())
	which, err = chosenRecipients(d, f)
	return d, f, which, err
}

// nameIn adds the recipients that a URL names to those of a form.
func nameIn(f, q url.Values) {
	if named := q["recipient"]; len(named) > 0 {
		f["recipient"] = slices.Concat(named, f["recipient"])
	}
}

// chosenRecipients are the recipients with a link that a request names, or all
// of them when it names none. An address that is none of them is Invalid.
func chosenRecipients(d track.Detail, q url.Values) (list []letterlock.Recipient, err error) {
	named := map[letterlock.Address]bool{}
	for _, typed := range q["recipient"] {
		a, err := letterlock.ParseAddress(typed)
		if err != nil {
			return nil, err
		}
		named[a] = true
	}
	all := len(named) == 0
	for _, r := range d.Recipients {
		if r.Experience == letterlock.Link && (all || named[r.Mailbox.Address]) {
			list = append(list, r)
			delete(named, r.Mailbox.Address)
		}
	}
	if len(named) > 0 {
		return nil, &letterlock.Error{Code: letterlock.Invalid, Key: "recipient"}
	}
	return list, nil
}

func addressesOf(list []letterlock.Recipient) (out []letterlock.Address) {
	for _, r := range list {
		out = append(out, r.Mailbox.Address)
	}
	return out
}
