package web

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/a-h/templ"
	"github.com/gorilla/sessions"
	"github.com/labstack/echo/v4"

	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/internal/sso"
	"letterlock/views"
)

// stepCookie names a sign-in whose password was right and that waits for a second
// factor. It opens nothing but the page that asks for that.
const stepCookie = "letterlock-step"

// toSecondFactor leads whoever knows the password, or of whom keep says that the provider of
// single sign-on knows them, on to the second factor. No session begins, and one that the
// browser has stays as it is.
func (s *Server) toSecondFactor(c echo.Context, by letterlock.Actor, keep []byte, next string) error {
	id, err := s.Accounts.BeginStep(c.Request().Context(), by.Address, keep)
	if err != nil {
		return err
	}
	s.setStep(c, id)
	return c.Redirect(http.StatusSeeOther, secondFactorURL(next))
}

func secondFactorURL(next string) string {
	if next = localPath(next, ""); next == "" {
		return "/sign-in/second"
	}
	return "/sign-in/second?next=" + urlQuery(next)
}

// setStep gives the browser the name of its step, or takes it away.
func (s *Server) setStep(c echo.Context, id string) {
	options := *s.sessions.options()
	if id == "" {
		options.MaxAge = -1
	}
	c.SetCookie(sessions.NewCookie(s.sessions.name(stepCookie), id, &options))
}

// step is the name of the browser's step, or "".
func (s *Server) step(c echo.Context) string {
	cookie, err := c.Cookie(s.sessions.name(stepCookie))
	if err != nil || !isSecret(cookie.Value) {
		return ""
	}
	return cookie.Value
}

// secondFactorPage asks for the second factor.
func (s *Server) secondFactorPage(c echo.Context) error {
	return s.showSecondFactor(c, http.StatusOK, localPath(c.QueryParam("next"), ""), "")
}

// showSecondFactor shows the page, or leads whoever has to begin anew to where that is.
func (s *Server) showSecondFactor(c echo.Context, status int, next, problem string) error {
	a, err := s.Accounts.Step(c.Request().Context(), s.step(c))
	if letterlock.CodeOf(err) == letterlock.NotFound {
		return c.Redirect(http.StatusSeeOther, "/sign-in")
	}
	if err != nil {
		return err
	}
	f, err := s.Accounts.Factors(c.Request().Context(), a)
	if err != nil {
		return err
	}
	v := views.SecondFactor{Next: next, Error: problem, App: !f.App.IsZero(), Passkeys: len(f.Passkeys) > 0 && s.Accounts.Passkeys != nil}
	if v.Passkeys {
		setPolicy(c, policyDoor)
	}
	v.Page = s.page(c)
	return s.show(c, status, views.SecondFactorPage(v))
}

// secondFactor begins the session for which the password was not enough.
func (s *Server) secondFactor(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	next := localPath(f.Get("next"), "")
	by, err := s.Accounts.FinishStep(c.Request().Context(), s.step(c), s.shown(c, f, "code"), c.RealIP())
	if letterlock.CodeOf(err) == letterlock.NotFound {
		s.setStep(c, "")
		return c.Redirect(http.StatusSeeOther, "/sign-in")
	}
	if status, text := s.factorProblem(c, err); text != "" {
		return s.showSecondFactor(c, status, next, text)
	}
	if key := letterlock.KeyOf(err); slices.Contains(sso.Keys, key) {
		s.setStep(c, "") // it was right, and what the provider said is refused
		v := s.signInView(c, next)
		v.SSO.Problem = s.speaker(c).ssoSays(sso.Outcome{Key: key})
		return s.show(c, http.StatusForbidden, views.SignInPage(v))
	}
	if err != nil {
		return err
	}
	s.setStep(c, "")
	return s.letIn(c, by, next)
}

// letIn begins the session of somebody who has shown all that is asked for.
func (s *Server) letIn(c echo.Context, by letterlock.Actor, next string) error {
	if err := s.startSession(c, letterlock.Actor{Kind: letterlock.Staff, Address: by.Address, Proof: by.Proof}); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, localPath(next, homeOf(by)))
}

// factorProblem says what was wrong with a password or a code, "" when it was something
// else.
func (s *Server) factorProblem(c echo.Context, err error) (status int, text string) {
	say := s.words(c)
	switch letterlock.CodeOf(err) {
	case letterlock.Throttled:
		wait := letterlock.RetryAfterOf(err)
		setRetryAfter(c, wait)
		return http.StatusTooManyRequests, s.speaker(c).tryAgainIn(wait)
	case letterlock.Denied:
		switch letterlock.KeyOf(err) {
		case "sign-in":
			return http.StatusUnprocessableEntity, say.Text("factor.notYourPassword")
		case "prove-account":
			return http.StatusUnprocessableEntity, say.Text("factor.proveFirst")
		}
	case letterlock.Invalid:
		if letterlock.KeyOf(err) == "second-factor" {
			return http.StatusUnprocessableEntity, say.Text("factor.wrongCode")
		}
		if id := passkeyProblems[letterlock.KeyOf(err)]; id != "" {
			return http.StatusUnprocessableEntity, say.Text(id)
		}
	}
	return 0, ""
}

// factorsSection is the part about second factors of the page about one's account.
func (s *Server) factorsSection(c echo.Context) (templ.Component, error) {
	v, err := s.factors(c)
	if tried, ok := c.Get(triedKey).(tried); ok {
		v.Do, v.Error = tried.do, tried.problem
		if v.Passkeys != nil {
			v.Passkeys.Name = tried.name
		}
	}
	return views.FactorsSection(s.words(c), v), err
}

// tried is what was refused on the page that is shown again.
type tried struct{ do, problem, name string }

const triedKey = "tried"

func (s *Server) factors(c echo.Context) (views.Factors, error) {
	f, err := s.Accounts.Factors(c.Request().Context(), actor(c).Address)
	if err != nil {
		return views.Factors{}, err
	}
	p, err := s.Accounts.Proof(c.Request().Context(), actor(c))
	if err != nil {
		return views.Factors{}, err
	}
	say := s.speaker(c)
	v := views.Factors{App: !f.App.IsZero(), Passkeys: say.ownPasskeys(f.Passkeys), NoPassword: !p.Password}
	if v.App {
		v.AppFacts = []views.Fact{{Label: say.Text("factor.app"), Value: say.Text("factor.setUpAt", "When", say.when(f.App).Text)}}
		if !f.AppUsed.IsZero() {
			v.AppFacts = append(v.AppFacts, views.Fact{Label: say.Text("factor.lastUsed"), Value: say.when(f.AppUsed).Text})
		}
	}
	if !p.Password && !p.Given {
		v.Passkeys.Fix()
		return v, nil // they prove first that it is they
	}
	if !v.App {
		v.SetUpURL = "/account/security/app"
	} else {
		v.RemoveURL = "/account/security/app/remove"
	}
	if f.Any() {
		v.CodesURL, v.Codes, v.FewCodes = "/account/security/codes", codesLeft(say.Words, f.CodesLeft), f.CodesLeft <= 3
	}
	return v, nil
}

func codesLeft(say language.Words, n int) string {
	if n == 0 {
		return say.Text("factor.noCodeLeft")
	}
	return say.Count("factor.codesLeft", n)
}

// setUpAppPage shows what an authenticator app must be told.
func (s *Server) setUpAppPage(c echo.Context) error { return s.showSetUp(c, http.StatusOK, "") }

func (s *Server) showSetUp(c echo.Context, status int, problem string) error {
	p, err := s.Accounts.Proof(c.Request().Context(), actor(c))
	if err != nil {
		return err
	}
	if !p.Password && !p.Given {
		return c.Redirect(http.StatusSeeOther, "/account/security") // where they prove first that it is they
	}
	setup, err := s.Accounts.SetUpApp(c.Request().Context(), actor(c), s.Organization+" Letterlock")
	if letterlock.KeyOf(err) == "totp-exists" {
		return c.Redirect(http.StatusSeeOther, "/account/security")
	}
	if err != nil {
		return err
	}
	proof, err := s.factors(c)
	if err != nil {
		return err
	}
	return s.show(c, status, views.SetUpAppPage(views.SetUpApp{
		Page: s.page(c), Proof: proof, QR: "data:image/png;base64," + base64.StdEncoding.EncodeToString(setup.QR), Key: inFours(setup.Key),
		URL: "/account/security/app", Error: problem,
	}))
}

// inFours puts a space after each four characters, for whoever types them.
func inFours(key string) string {
	var b strings.Builder
	for i, r := range key {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// setUpApp takes the first code of the app.
func (s *Server) setUpApp(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	codes, err := s.Accounts.ConfirmApp(c.Request().Context(), actor(c), f.Get("password"), strings.ReplaceAll(bounded(f.Get("code"), 100), " ", ""), s.shown(c, f, "proof"))
	if key := letterlock.KeyOf(err); key == "sign-in" || key == "prove-account" {
		status, text := s.factorProblem(c, err)
		return s.showSetUp(c, status, text)
	}
	switch letterlock.KeyOf(err) {
	case "second-factor":
		if letterlock.CodeOf(err) == letterlock.Invalid {
			return s.showSetUp(c, http.StatusUnprocessableEntity, s.words(c).Text("factor.wrongFirstCode"))
		}
	case "no-factor":
		return s.showSetUp(c, http.StatusUnprocessableEntity, s.words(c).Text("factor.anotherKey"))
	case "totp-exists":
		return c.Redirect(http.StatusSeeOther, "/account/security")
	}
	if status, text := s.factorProblem(c, err); text != "" {
		return s.showSetUp(c, status, text)
	}
	if err != nil {
		return err
	}
	return s.afterAdding(c, "app", codes)
}

// afterAdding goes on after a factor was added: all sessions of the account have ended
// by then, and this browser begins another.
func (s *Server) afterAdding(c echo.Context, done string, codes []string) error {
	if err := s.startSession(c, letterlock.Actor{Kind: letterlock.Staff, Address: actor(c).Address}); err != nil {
		return err
	}
	if len(codes) == 0 {
		return c.Redirect(http.StatusSeeOther, "/account/security?done="+done)
	}
	return s.showCodes(c, codes)
}

// showCodes shows recovery codes in the answer, which are not kept anywhere: like the
// secret of a token, this is not answered by a redirect.
func (s *Server) showCodes(c echo.Context, codes []string) error {
	say := s.words(c)
	text := say.Text("factor.codesFile", "Address", string(actor(c).Address), "Host", s.PublicURL.Host) + "\r\n" + say.Text("factor.eachOnce") + "\r\n\r\n" + strings.Join(codes, "\r\n") + "\r\n"
	return s.show(c, http.StatusOK, views.RecoveryCodesPage(views.RecoveryCodes{
		Page: s.page(c), Codes: codes, File: "data:text/plain;charset=utf-8," + url.PathEscape(text),
	}))
}

// removeApp has no codes asked for any more.
func (s *Server) removeApp(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	err = s.Accounts.RemoveApp(c.Request().Context(), actor(c), f.Get("password"), s.shown(c, f, "code"))
	return s.afterFactor(c, "remove", err, func() error { return c.Redirect(http.StatusSeeOther, "/account/security?done=removed") })
}

// newRecoveryCodes makes codes in the place of the earlier ones.
func (s *Server) newRecoveryCodes(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	codes, err := s.Accounts.NewRecoveryCodes(c.Request().Context(), actor(c), f.Get("password"), s.shown(c, f, "code"))
	return s.afterFactor(c, "codes", err, func() error { return s.showCodes(c, codes) })
}

// afterFactor goes on after a change, or says on the page why nothing was changed.
func (s *Server) afterFactor(c echo.Context, do string, err error, goOn func() error) error {
	if status, text := s.factorProblem(c, err); text != "" {
		c.Set(triedKey, tried{do: do, problem: text, name: bounded(c.Request().PostForm.Get("name"), 400)})
		return s.showSecurity(c, status, s.words(c).Text("factor.nothingChanged", "Problem", text))
	}
	if letterlock.KeyOf(err) == "no-factor" {
		return s.showSecurity(c, http.StatusUnprocessableEntity, s.words(c).Text("factor.noFactor"))
	}
	if err != nil {
		return err
	}
	return goOn()
}

// factorOf says to an administrator what an account has beside its password, and where
// that is reset.
func (s *Server) factorOf(c echo.Context, a letterlock.Address) (text, reset string, err error) {
	say := s.speaker(c)
	f, err := s.Accounts.Factors(c.Request().Context(), a)
	if err != nil || !f.Any() {
		return say.Text("factor.noneSetUp"), "", err
	}
	if !f.App.IsZero() {
		text = say.Text("factor.appSetUp", "When", say.when(f.App).Text) + " "
	}
	if n := len(f.Passkeys); n > 0 {
		text += say.Count("factor.passkeys", n) + " "
	}
	text += codesLeft(say.Words, f.CodesLeft)
	if a != actor(c).Address {
		reset = accountURL(a) + "/reset-factor"
	}
	return text, reset, nil
}
