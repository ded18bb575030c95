package web

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"letterlock/internal/access"
	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/internal/passphrase"
	"letterlock/views"
)

// passphraseRoutes are where a recipient who has proved the mailbox gives the passphrase.
func (s *Server) passphraseRoutes() {
	s.get(reader, "/read/:id/passphrase", s.passphrasePage)
	s.post(reader, "/read/:id/passphrase", s.givePassphrase)
}

func passphraseURL(id letterlock.ID) string {
	return "/read/" + url.PathEscape(string(id)) + "/passphrase"
}

// awaiting finds the message that waits for what key names of a reader. Where it was given
// already the browser goes on to the message, and done is true.
func (s *Server) awaiting(c echo.Context, by letterlock.Actor, key string) (g access.Gate, done bool, err error) {
	id, err := letterlock.ParseID(c.Param("id"))
	if err != nil {
		return g, false, err
	}
	g, err = s.Access.Awaiting(c.Request().Context(), by, id, key)
	if letterlock.KeyOf(err) == access.Given {
		return g, true, c.Redirect(http.StatusSeeOther, "/read/"+string(id))
	}
	if err == nil {
		wear(c, g.Message)
	}
	return g, false, err
}

func (s *Server) passphrasePage(c echo.Context) error {
	g, done, err := s.awaiting(c, actor(c), letterlock.GivePassphrase)
	if done || err != nil {
		return err
	}
	return s.askPassphrase(c, http.StatusOK, g, "")
}

// askPassphrase shows the page, with what was wrong. What was typed is not shown again.
func (s *Server) askPassphrase(c echo.Context, status int, g access.Gate, wrong string) error {
	hint, err := s.Passphrases.HintOf(c.Request().Context(), g.Message.ID)
	if err != nil {
		return err
	}
	setPolicy(c, policyEnd)
	return s.show(c, status, views.PassphrasePage(views.Passphrase{
		Page: s.page(c), From: personOf(g.Message.Writer()), Hint: hint, Error: wrong, URL: passphraseURL(g.Message.ID),
	}))
}

// givePassphrase checks what was typed, and lets the session read the message for a while.
func (s *Server) givePassphrase(c echo.Context) error {
	g, done, err := s.awaiting(c, actor(c), letterlock.GivePassphrase)
	if done || err != nil {
		return err
	}
	fields, err := form(c)
	if err != nil {
		return err
	}
	p := s.speaker(c)
	given, err := s.Passphrases.Try(c.Request().Context(), actor(c), g.Recipient, fields.Get("passphrase"))
	switch {
	case letterlock.KeyOf(err) == "passphrase" && errors.Is(err, letterlock.Invalid):
		return s.askPassphrase(c, http.StatusUnprocessableEntity, g, p.Text("passphrase.wrong"))
	case letterlock.KeyOf(err) == "passphrase" && errors.Is(err, letterlock.Throttled):
		setRetryAfter(c, letterlock.RetryAfterOf(err))
		return s.askPassphrase(c, http.StatusTooManyRequests, g, p.Text("passphrase.tooOften", "Wait", p.wait(letterlock.RetryAfterOf(err))))
	case err != nil:
		return err
	}
	if err := s.tellSession(c, given); err != nil {
		return err
	}
	return toMessage(c, g)
}

// tellSession notes in the reader's session which passphrase was given, under a new id.
func (s *Server) tellSession(c echo.Context, given letterlock.ID) error {
	return s.renewSession(c, func(id string) (string, error) { return s.Sessions.Tell(c.Request().Context(), id, given) })
}

// Fields of the form of Compose.
const (
	passphraseField = "passphrase"
	hintField       = "hint"
)

// choosePassphrase makes what is kept of the passphrase that was typed in Compose, or says
// what is wrong with it.
func (s *Server) choosePassphrase(c echo.Context, w *writing) error {
	typed, f := w.form.get(passphraseField), w.form
	if w.adding || passphrase.Normalize(typed) == "" {
		return nil
	}
	err := passphrase.Check(typed, f.get(hintField), f.get("subject"), f.get("text"))
	if err != nil {
		w.errors = append(w.errors, passphraseProblem(s.words(c), letterlock.KeyOf(err)))
		return nil
	}
	if len(w.errors) > 0 {
		return nil // it is not sent, and hashing is work
	}
	w.passphrase, err = s.Passphrases.Make(c.Request().Context(), typed, f.get(hintField))
	return err
}

func passphraseProblem(say language.Words, key string) views.FieldError {
	switch key {
	case passphrase.Short:
		return views.FieldError{Field: passphraseField, Text: say.Text("compose.shortPassphrase")}
	case passphrase.Long:
		return views.FieldError{Field: passphraseField, Text: say.Text("compose.longPassphrase")}
	case passphrase.Hint:
		return views.FieldError{Field: hintField, Text: say.Text("compose.longHint")}
	case passphrase.Hinted:
		return views.FieldError{Field: hintField, Text: say.Text("compose.hintSaysIt")}
	}
	return views.FieldError{Field: passphraseField, Text: say.Text("compose.messageSaysIt")}
}

// asksOf is what the form of Compose asks of readers: a passphrase that was typed is meant,
// whatever was chosen above it.
func asksOf(f *composeForm) letterlock.Demand {
	d := askingName(letterlock.Demand(f.get("asks")), f.get(askNameField))
	if passphrase.Normalize(f.get(passphraseField)) != "" {
		d = d.And(letterlock.ByPassphrase)
	}
	return d
}
