package web

import (
	"net/http"
	"strings"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"letterlock/internal/letterlock"
	"letterlock/views"
)

// appPasswordGone is what a page says when one was removed, or was not there.
const appPasswordGone = "security.theAppPasswordWorksNo"

// appPasswordKey is under what a request keeps what its page has to say of an app
// password: the one that was just made, or what is wrong with the form.
const appPasswordKey = "app password"

// ownAppPasswords is the part about app passwords of whoever looks after their account.
func (s *Server) ownAppPasswords(c echo.Context) (templ.Component, error) {
	v, _ := c.Get(appPasswordKey).(views.AppPasswords)
	p, err := s.Accounts.Proof(c.Request().Context(), actor(c))
	if err != nil {
		return nil, err
	}
	if v.NoPassword = !p.Password; p.Password || p.Given {
		v.MakeURL = "/account/app-passwords"
	}
	v.Later = v.MakeURL == ""
	return s.appPasswords(c, actor(c).Address, "/account", v)
}

// appPasswords lists those of an account, whose page is at to.
func (s *Server) appPasswords(c echo.Context, of letterlock.Address, to string, v views.AppPasswords) (templ.Component, error) {
	list, err := s.Accounts.AppPasswords(c.Request().Context(), actor(c), of)
	if err != nil {
		return nil, err
	}
	for _, p := range list {
		v.Rows = append(v.Rows, views.AppPasswordRow{
			Name: p.Name, Made: s.speaker(c).day(p.Created), Used: s.speaker(c).when(p.Used), From: p.UsedIP,
			RemoveURL: to + "/app-passwords/" + string(p.ID) + "/remove",
		})
	}
	return views.AppPasswordsSection(s.words(c), v), nil
}

// makeAppPassword makes one and shows it in the answer, which is not kept anywhere: like
// the making of a token it is not answered by a redirect. It asks for the password
// again, or another proof: whoever sits down at an open session would otherwise take more away than that.
func (s *Server) makeAppPassword(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	say := s.words(c)
	v := views.AppPasswords{Name: bounded(strings.TrimSpace(f.Get("app-name")), 400)}
	proof, err := s.Accounts.Proof(c.Request().Context(), actor(c))
	if err != nil {
		return err
	}
	if !proof.Password && !proof.Given {
		return s.showSecurity(c, http.StatusUnprocessableEntity, say.Text("factor.nothingChanged", "Problem", say.Text("factor.proveFirst")))
	}
	status, wrong := http.StatusOK, ""
	if proof.Password {
		if status, wrong, err = s.knowsPassword(c, f.Get("app-proof")); err != nil {
			return err
		}
	}
	if wrong != "" {
		v.Errors = []views.FieldError{{Field: "app-proof", Text: wrong}}
		return s.sayOfAppPassword(c, status, v)
	}
	p, secret, err := s.Accounts.MakeAppPassword(c.Request().Context(), actor(c), v.Name)
	switch letterlock.KeyOf(err) {
	case "app-password-name":
		v.Errors = []views.FieldError{{Field: "app-name", Text: say.Text("appPassword.nameHas")}}
		return s.sayOfAppPassword(c, http.StatusUnprocessableEntity, v)
	case "app-password-many":
		v.Errors = []views.FieldError{{Field: "app-name", Text: say.Text("appPassword.tooMany")}}
		return s.sayOfAppPassword(c, http.StatusUnprocessableEntity, v)
	}
	if err != nil {
		return err
	}
	made := &views.MadeAppPassword{Name: p.Name, Secret: secret.Reveal(), Address: string(p.Account)}
	return s.sayOfAppPassword(c, http.StatusOK, views.AppPasswords{Made: made})
}

func (s *Server) sayOfAppPassword(c echo.Context, status int, v views.AppPasswords) error {
	c.Set(appPasswordKey, v)
	return s.showSecurity(c, status, "")
}

// knowsPassword asks whoever is signed in for their password once more. wrong says what
// is wrong with it, if something is.
func (s *Server) knowsPassword(c echo.Context, password string) (status int, wrong string, err error) {
	_, err = s.authenticate(c, string(actor(c).Address), password)
	switch letterlock.CodeOf(err) {
	case letterlock.Denied:
		return http.StatusUnprocessableEntity, s.words(c).Text("appPassword.wrongPassword"), nil
	case letterlock.Throttled:
		wait := letterlock.RetryAfterOf(err)
		setRetryAfter(c, wait)
		return http.StatusTooManyRequests, s.speaker(c).tryAgainIn(wait), nil
	}
	return http.StatusOK, "", err
}

// removeOwnAppPassword makes sure that one of one's own works no more.
func (s *Server) removeOwnAppPassword(c echo.Context) error {
	return s.dropAppPassword(c, actor(c).Address, "/account/security")
}

// removeAppPassword does it for an administrator.
func (s *Server) removeAppPassword(c echo.Context) error {
	of, err := ownerOf(c)
	if err != nil {
		return err
	}
	return s.dropAppPassword(c, of, accountURL(of))
}

func (s *Server) dropAppPassword(c echo.Context, of letterlock.Address, back string) error {
	id, err := letterlock.ParseID(c.Param("id"))
	if err == nil {
		err = s.Accounts.RemoveAppPassword(c.Request().Context(), actor(c), of, id)
	}
	if err != nil && letterlock.KeyOf(err) != "no-app-password" { // removed on another page meanwhile, say
		return err
	}
	return c.Redirect(http.StatusSeeOther, back+"?done=app-password")
}

// accountSections are the parts of an account's page about what signs in to it.
func (s *Server) accountSections(c echo.Context, of letterlock.Address) ([]templ.Component, error) {
	passwords, err := s.appPasswords(c, of, accountURL(of), views.AppPasswords{})
	if err != nil {
		return nil, err
	}
	sessions, err := s.openSessions(c, of, accountURL(of))
	return []templ.Component{passwords, views.OpenSessionsSection(s.words(c), sessions)}, err
}
