package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/internal/passphrase"
	"letterlock/internal/track"
	"letterlock/internal/vault"
	"letterlock/views"
)

// changePassphrasePage asks the sender of a message for another passphrase, or for one.
func (s *Server) changePassphrasePage(c echo.Context) error {
	d, err := s.detail(c)
	if err != nil {
		return err
	}
	return s.askNewPassphrase(c, http.StatusOK, d, "", nil)
}

// askNewPassphrase shows the form, with what was wrong. What was typed is not shown again,
// but for the hint. Where nothing may be asked for, the message says what it is.
func (s *Server) askNewPassphrase(c echo.Context, status int, d track.Detail, hint string, wrong []views.FieldError) error {
	by, m := actor(c), d.Message
	v := s.speaker(c).newSentMail(by.Address, m, d.Recipients)
	if s.Access.MayTell(by, m, d.Recipients) != nil {
		return c.Redirect(http.StatusSeeOther, v.url())
	}
	page := views.ChangePassphrase{
		Page: s.page(c), Subject: subjectOf(m), Asks: m.Asks.Told(), NewHint: hint, Copies: m.Protection != letterlock.DoNotForward,
		Untouched: untold(s.words(c), d.Recipients), Errors: wrong, URL: v.url() + "/passphrase", KeepURL: v.url(),
	}
	if page.Asks && m.Passphrase != "" {
		var err error
		if page.Hint, err = s.Passphrases.HintOf(c.Request().Context(), m.ID); err != nil {
			return err
		}
	}
	if page.Asks {
		err := s.Access.MayUntell(c.Request().Context(), by, m, d.Recipients)
		switch letterlock.KeyOf(err) {
		case "":
			page.RemoveURL = page.URL + "/remove"
		case "rule":
			page.Kept = s.words(c).Text("passphraseChange.ruleKeeps")
		case "original":
			page.Kept = s.words(c).Text("passphraseChange.copyKeeps")
		}
	}
	return s.show(c, status, views.ChangePassphrasePage(page))
}

// untold says who has the message itself, which nothing can ask for anything.
func untold(say language.Words, all []letterlock.Recipient) string {
	var names []string
	for _, r := range all {
		if r.Experience == letterlock.Inline {
			names = append(names, r.Mailbox.Called())
		}
	}
	switch {
	case len(names) == 0:
		return ""
	case len(names) > maxWho:
		names = append(names[:maxWho], say.Count("list.others", len(names)-maxWho))
	}
	return say.Text("passphraseChange.untouched", "Who", listed(say, names))
}

// changePassphrase sets the passphrase.
func (s *Server) changePassphrase(c echo.Context) error {
	d, err := s.detail(c)
	if err != nil {
		return err
	}
	f, err := form(c)
	if err != nil {
		return err
	}
	typed, hint := f.Get(passphraseField), f.Get(hintField)
	by, m := actor(c), d.Message
	var kept vault.Passphrase // empty where nobody may set one: Access says why, and keeps none
	if s.Access.MayTell(by, m, d.Recipients) == nil {
		if err := s.checkPassphrase(c, m, typed, hint); letterlock.CodeOf(err) == letterlock.Invalid {
			return s.askNewPassphrase(c, http.StatusUnprocessableEntity, d, bounded(hint, passphrase.MaxHint), []views.FieldError{passphraseProblem(s.words(c), letterlock.KeyOf(err))})
		} else if err != nil {
			return err
		}
		if kept, err = s.Passphrases.Make(c.Request().Context(), typed, hint); err != nil {
			return err
		}
	}
	if err := s.Access.SetPassphrase(c.Request().Context(), by, m.ID, kept); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/sent/"+string(m.ID))
}

// checkPassphrase says why a passphrase is none for a message that was sent, as Compose
// would have.
func (s *Server) checkPassphrase(c echo.Context, m letterlock.Message, typed, hint string) error {
	l, err := s.Access.Open(c.Request().Context(), actor(c), m.ID)
	if err != nil {
		return err
	}
	defer l.Close()
	text, err := l.Own().Text()
	if err != nil {
		return err
	}
	return passphrase.Check(typed, hint, m.Subject, text)
}

// removePassphrase has the message ask for none. Twice is not an error.
func (s *Server) removePassphrase(c echo.Context) error {
	d, err := s.detail(c)
	if err != nil {
		return err
	}
	err = s.Access.RemovePassphrase(c.Request().Context(), actor(c), d.Message.ID)
	if err != nil && letterlock.KeyOf(err) != "untold" {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/sent/"+string(d.Message.ID))
}
