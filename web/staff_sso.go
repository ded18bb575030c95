package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"letterlock/internal/letterlock"
	"letterlock/internal/metrics"
	"letterlock/internal/oidc"
	"letterlock/internal/sso"
	"letterlock/internal/vouch"
	"letterlock/views"
)

// ssoRoutes are how people of the organisation sign in by an OpenID provider.
func (s *Server) ssoRoutes() {
	s.post(open, "/sign-in/sso", s.askSSO)
	s.get(open, "/sign-in/sso", s.fromSSO)
	s.post(securing, "/account/security/prove", s.proveBySSO)
}

// ssoRefused marks the page that says why the provider has let nobody in, and ssoElsewhere
// the one that says that what came back belongs to no sign-in of this browser.
const (
	ssoRefused   = "refused"
	ssoElsewhere = "elsewhere"
)

// ssoWords name the texts that say why nobody is let in, where those for recipients have
// nothing, or nothing that fits.
var ssoWords = map[string]string{
	oidc.Unreachable:  "sso.unreachable",
	oidc.Domain:       "sso.domain",
	oidc.NotFresh:     "sso.notFresh",
	oidc.NoSignInTime: "sso.noTime",
	sso.Elsewhere:     "sso.elsewhere",
	sso.NoAccount:     "sso.noAccount",
	sso.NotAllowed:    "sso.notAllowed",
	sso.Bound:         "sso.bound",
	sso.Disabled:      "sso.disabled",
	sso.BreakGlass:    "sso.breakGlass",
	sso.NoRole:        "sso.noRole",
	sso.NoFactor:      "sso.noFactor",
	sso.Another:       "sso.another",
	sso.Over:          "sso.over",
}

// ssoSays is the sentence for what came of a sign-in; "" if nothing is to be said.
func (p speaker) ssoSays(o sso.Outcome) string {
	said := vouch.Outcome{Key: o.Key, Provider: p.SSO.Name(), Email: o.Email}
	if id, ok := ssoWords[o.Key]; ok {
		return capital(p.Text(id, "Provider", said.Provider, "Email", p.openIDEmail(said)))
	}
	return p.openIDWhy(said, "")
}

// ssoOffer is single sign-on as the page for signing in shows it.
func (s *Server) ssoOffer(problem string) views.SSO {
	return views.SSO{Name: s.SSO.Name(), Problem: problem, Alone: s.Accounts.OnlyPassword != ""}
}

// ssoCame is what the page says of the last answer that this browser brought back.
func (s *Server) ssoCame(c echo.Context) (string, error) {
	switch q := c.QueryParam("sso"); {
	case !s.SSO.On():
	case q == ssoElsewhere:
		return s.speaker(c).ssoSays(sso.Outcome{Key: sso.Elsewhere}), nil
	case q == ssoRefused:
		o, err := s.SSO.Came(c.Request().Context(), s.browser(c))
		return s.speaker(c).ssoSays(o), err
	}
	return "", nil
}

// askSSO sends whoever wants to sign in to the provider.
func (s *Server) askSSO(c echo.Context) error {
	if !s.SSO.On() {
		return errNoPage
	}
	f, err := form(c)
	if err != nil {
		return err
	}
	next := localPath(f.Get("next"), "")
	return s.toSSO(c, sso.Ask{Next: next}, func(status int, problem string) error {
		return s.show(c, status, views.SignInPage(views.SignIn{Page: s.page(c), Next: next, SSO: s.ssoOffer(problem)}))
	})
}

// proveBySSO sends whoever is signed in there to prove again who they are.
func (s *Server) proveBySSO(c echo.Context) error {
	if !s.SSO.On() {
		return errNoPage
	}
	return s.toSSO(c, sso.Ask{Account: actor(c).Address}, func(status int, problem string) error { return s.showSecurity(c, status, problem) })
}

// toSSO shows the page from which the browser goes on to the provider, or says why it
// cannot.
func (s *Server) toSSO(c echo.Context, a sso.Ask, say func(status int, problem string) error) error {
	a.Browser, a.IP = s.nameBrowser(c), c.RealIP()
	to, err := s.SSO.Begin(c.Request().Context(), a)
	switch words := s.speaker(c).ssoSays(sso.Outcome{Key: letterlock.KeyOf(err)}); {
	case err == nil:
		back := "/sign-in"
		if a.Account != "" {
			back = "/account/security"
		}
		return s.leaveFor(c, views.SSOLeavingPage(views.Leaving{Page: s.page(c), Name: s.SSO.Name(), URL: to, BackURL: back}), to)
	case letterlock.CodeOf(err) == letterlock.Throttled:
		wait := letterlock.RetryAfterOf(err)
		setRetryAfter(c, wait)
		return say(http.StatusTooManyRequests, s.speaker(c).tryAgainIn(wait))
	case words != "":
		c.Set(errorKey, err)
		setRetryAfter(c, tryAgain)
		return say(http.StatusServiceUnavailable, words)
	}
	return err
}

// fromSSO takes what a browser brings back from the provider. Nothing of it stays in the
// address bar.
func (s *Server) fromSSO(c echo.Context) error {
	if !s.SSO.On() || c.Request().Method == http.MethodHead { // a question has one answer, and HEAD is none
		return errNoPage
	}
	now, err := s.staffActor(c)
	if err != nil && letterlock.CodeOf(err) != letterlock.Denied {
		return err
	}
	r, err := s.SSO.Finish(c.Request().Context(), s.browser(c), c.QueryParams(), now.Address, actor(c))
	if letterlock.KeyOf(err) == sso.Elsewhere {
		c.Set(errorKey, err)
		return c.Redirect(http.StatusSeeOther, "/sign-in?sso="+ssoElsewhere)
	}
	if err != nil {
		return err
	}
	if r.Trial {
		return c.Redirect(http.StatusSeeOther, providersURL+"?"+triedSSO)
	}
	if r.By == nil {
		s.SignIns.Tried(metrics.BySSO, errSignIn)
		return c.Redirect(http.StatusSeeOther, ssoBack(r, now))
	}
	s.SignIns.Tried(metrics.BySSO, nil) // as a right password is counted, before a second factor
	if r.Keep != nil {
		return s.toSecondFactor(c, *r.By, r.Keep, r.Next)
	}
	if err := s.startSession(c, letterlock.Actor{Kind: letterlock.Staff, Address: r.By.Address, Proof: r.By.Proof}); err != nil {
		return err
	}
	if r.Anew {
		return c.Redirect(http.StatusSeeOther, "/account/security?done=proved")
	}
	return c.Redirect(http.StatusSeeOther, localPath(r.Next, homeOf(*r.By)))
}

// ssoBack is where it is said why nobody was let in.
func ssoBack(r sso.Result, now letterlock.Actor) string {
	if r.Anew && now.Address != "" {
		return "/account/security?sso=" + ssoRefused
	}
	to := "/sign-in?sso=" + ssoRefused
	if r.Next != "" {
		to += "&next=" + urlQuery(r.Next)
	}
	return to
}

// addProof has the page about one's account say who lets its holder in, and where they
// prove again who they are, if they have no password for that.
func (s *Server) addProof(c echo.Context, v *views.Security) error {
	p, err := s.Accounts.Proof(c.Request().Context(), actor(c))
	if err != nil || !s.SSO.On() {
		return err
	}
	if p.SSO {
		v.Facts = append(v.Facts, views.Fact{Label: s.words(c).Text("security.signsInWith"), Value: s.SSO.Name()})
	}
	if !p.Password && !p.Given {
		v.Prove = views.Prove{URL: "/account/security/prove", Name: s.SSO.Name()}
	}
	return nil
}
