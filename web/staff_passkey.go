package web

import (
	"net/http"
	"net/url"

	"github.com/gorilla/sessions"
	"github.com/labstack/echo/v4"

	"letterlock/internal/account"
	"letterlock/internal/letterlock"
	"letterlock/internal/metrics"
	"letterlock/internal/passkey"
	"letterlock/views"
)

// questionCookie names the question that a browser was asked for a passkey.
const questionCookie = "letterlock-question"

// passkeyKey is under what a request keeps what was wrong with a passkey.
const passkeyKey = "passkey"

// passkeyRoutes are those that a script asks, and the forms that it sends.
func (s *Server) passkeyRoutes() {
	s.post(open, "/sign-in/passkey/question", s.askAnybody)
	s.post(open, "/sign-in/passkey", s.signInByPasskey)
	s.post(open, "/sign-in/second/question", s.askStep)
	s.post(staff, "/account/security/question", s.askOwn)
	s.post(securing, "/account/security/passkeys", s.addPasskey)
	s.post(securing, "/account/security/passkeys/made", s.passkeyMade)
	s.post(staff, "/account/security/passkeys/:id/remove", s.removePasskey)
	s.post(staff, "/account/security/passkeys/:id/rename", s.renamePasskey)
}

// passkeyProblems name the texts that say why a passkey does not count, by the key of the error.
var passkeyProblems = map[string]string{
	passkey.Malformed:  "passkey.malformed",
	passkey.Stale:      "passkey.stale",
	passkey.OtherSite:  "passkey.otherSite",
	passkey.Unverified: "passkey.unverified",
	passkey.Copied:     "passkey.copied",
	"passkey-unknown":  "passkey.unknown",
	"passkey-password": "passkey.passwordFirst",
	"passkey-exists":   "passkey.exists",
	"passkey-name":     "passkey.nameHas",
	"passkey-many":     "passkey.tooMany",
}

// askAnybody asks for a passkey of whoever it may be.
func (s *Server) askAnybody(c echo.Context) error { return s.askFor(c, "") }

// askStep asks for one of the account whose password was right.
func (s *Server) askStep(c echo.Context) error {
	a, err := s.Accounts.Step(c.Request().Context(), s.step(c))
	if err != nil {
		return err
	}
	return s.askFor(c, a)
}

// askOwn asks for one of whoever is signed in.
func (s *Server) askOwn(c echo.Context) error { return s.askFor(c, actor(c).Address) }

// askFor answers with the question, as JSON, which the browser gets a name for.
func (s *Server) askFor(c echo.Context, a letterlock.Address) error {
	id, question, err := s.Accounts.AskPasskey(c.Request().Context(), a, c.RealIP())
	if err != nil {
		return err
	}
	s.setQuestion(c, id)
	return c.JSONBlob(http.StatusOK, question)
}

// setQuestion gives the browser the name of its question.
func (s *Server) setQuestion(c echo.Context, id string) {
	c.SetCookie(sessions.NewCookie(s.sessions.name(questionCookie), id, s.sessions.options()))
}

// question is the name of the browser's question, or "".
func (s *Server) question(c echo.Context) string {
	cookie, err := c.Cookie(s.sessions.name(questionCookie))
	if err != nil || !isSecret(cookie.Value) {
		return ""
	}
	return cookie.Value
}

// shown is what a form shows beside a password: a code under that name, or the answer of
// a passkey.
func (s *Server) shown(c echo.Context, f url.Values, code string) account.Shown {
	return account.Shown{Code: bounded(f.Get(code), 100), Question: s.question(c), Answer: passkeyAnswer(f)}
}

func passkeyAnswer(f url.Values) []byte { return []byte(bounded(f.Get("answer"), passkey.MaxAnswer)) }

// signInByPasskey begins the session of whom a passkey lets in by itself.
func (s *Server) signInByPasskey(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	next := localPath(f.Get("next"), "")
	by, err := s.Accounts.SignInByPasskey(c.Request().Context(), s.question(c), passkeyAnswer(f), c.RealIP())
	s.SignIns.Tried(metrics.ByWeb, err)
	if status, text := s.factorProblem(c, err); text != "" {
		c.Set(passkeyKey, text)
		return s.show(c, status, views.SignInPage(s.signInView(c, next)))
	}
	if err != nil {
		return err
	}
	return s.letIn(c, by, next)
}

// ownPasskeys are those of whoever looks after their account; nil: there are none here.
func (s speaker) ownPasskeys(list []account.Passkey) *views.Passkeys {
	if s.Accounts.Passkeys == nil && len(list) == 0 {
		return nil
	}
	v := &views.Passkeys{}
	if s.Accounts.Passkeys != nil {
		v.AddURL = "/account/security/passkeys"
	}
	for _, p := range list {
		to := "/account/security/passkeys/" + string(p.ID)
		v.Rows = append(v.Rows, views.PasskeyRow{Name: p.Name, Added: s.day(p.Added), Used: s.when(p.Used), Do: removeDo(p.ID),
			RemoveURL: to + "/remove", RenameDo: renameDo(p.ID), RenameURL: to + "/rename"})
	}
	return v
}

// removeDo names the form that removes a passkey, and renameDo the one that renames it.
func removeDo(id letterlock.ID) string { return "remove-" + string(id) }
func renameDo(id letterlock.ID) string { return "rename-" + string(id) }

// addPasskey shows where the browser makes a passkey. Like the making of codes, this is
// not answered by a redirect: what was asked is kept nowhere else.
func (s *Server) addPasskey(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	name := bounded(f.Get("name"), 400)
	id, question, err := s.Accounts.BeginPasskey(c.Request().Context(), actor(c), f.Get("password"), s.shown(c, f, "code"), name)
	return s.afterFactor(c, "passkey", err, func() error {
		s.setQuestion(c, id)
		return s.show(c, http.StatusOK, views.AddPasskeyPage(views.AddPasskey{
			Page: s.page(c), Name: name, Make: string(question), URL: "/account/security/passkeys/made",
		}))
	})
}

// passkeyMade keeps the passkey that the browser has made.
func (s *Server) passkeyMade(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	codes, err := s.Accounts.FinishPasskey(c.Request().Context(), actor(c), s.question(c), passkeyAnswer(f))
	return s.afterFactor(c, "passkey", err, func() error { return s.afterAdding(c, "passkey", codes) })
}

// removePasskey makes sure that one of one's own counts no more.
func (s *Server) removePasskey(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	id, err := letterlock.ParseID(c.Param("id"))
	if err != nil {
		return err
	}
	err = s.Accounts.RemovePasskey(c.Request().Context(), actor(c), f.Get("password"), s.shown(c, f, "code"), id)
	if letterlock.KeyOf(err) == "no-passkey" { // removed on another page meanwhile, say
		err = nil
	}
	return s.afterFactor(c, removeDo(id), err, func() error { return c.Redirect(http.StatusSeeOther, "/account/security?done=passkey-removed") })
}

// renamePasskey calls one of one's own otherwise.
func (s *Server) renamePasskey(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	id, err := letterlock.ParseID(c.Param("id"))
	if err != nil {
		return err
	}
	err = s.Accounts.RenamePasskey(c.Request().Context(), actor(c), f.Get("password"), s.shown(c, f, "code"), id, bounded(f.Get("name"), 400))
	if letterlock.KeyOf(err) == "no-passkey" { // removed on another page meanwhile
		return c.Redirect(http.StatusSeeOther, "/account/security")
	}
	return s.afterFactor(c, renameDo(id), err, func() error { return c.Redirect(http.StatusSeeOther, "/account/security?done=passkey-renamed") })
}
