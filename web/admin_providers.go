package web

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"

	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/internal/oidc"
	"letterlock/internal/sso"
	"letterlock/internal/vouch"
	"letterlock/views"
)

const (
	providersURL = "/sign-in-providers"
	triedQuery   = "tried="
)

// providerRoutes are the page on which administrators see whether providers are set up
// right, try them, and let an address be proved by another account.
func (s *Server) providerRoutes() {
	s.get(admin, providersURL, s.providers)
	s.post(admin, providersURL, s.lookAtProviders)
	s.post(admin, providersURL+"/:provider/try", s.tryProvider)
	s.post(admin, providersURL+"/forget", s.forgetBinding)
	s.post(admin, providersURL+"/forget-browsers", s.forgetBrowsersOf)
	s.post(admin, providersURL+"/try-single-sign-on", s.trySSO)
	s.guideRoutes()
}

// providers shows how they are set up, and what came of a try. It asks none.
func (s *Server) providers(c echo.Context) error {
	v := s.speaker(c).providerList(nil)
	if c.QueryString() == triedSSO && s.SSO.On() {
		t, was, err := s.SSO.Tried(c.Request().Context(), s.browser(c))
		if err != nil {
			return err
		}
		if was {
			v.Tried, v.Believed = s.speaker(c).trialSays(t), t.Key == ""
		}
	}
	id, err := letterlock.ParseID(strings.TrimPrefix(c.QueryString(), triedQuery))
	if strings.HasPrefix(c.QueryString(), triedQuery) && err == nil {
		o, err := s.Vouch.Outcome(c.Request().Context(), id, "", s.browser(c))
		switch {
		case err == nil:
			v.Tried, v.Believed = triedSays(s.words(c), o), o.Key == vouch.Tried
		case letterlock.CodeOf(err) != letterlock.NotFound:
			return err
		}
	}
	return s.showProviders(c, http.StatusOK, v)
}

// triedSays is what an administrator is told who has signed in at a provider.
func triedSays(say language.Words, o vouch.Outcome) string {
	if o.Key == vouch.Tried {
		return say.Text("providerPage.vouchesFor", "Provider", o.Provider, "Address", speaker{Words: say}.openIDEmail(o))
	}
	return say.Text("providerPage.aRecipientWouldBeTold", "Why", speaker{Words: say}.openIDWhy(o, ""))
}

// triedSSO marks the page that says what a trial of single sign-on has come to.
const triedSSO = triedQuery + singleGuide

// trySSO sends an administrator to the provider of single sign-on, to see what it says.
func (s *Server) trySSO(c echo.Context) error {
	if !s.SSO.On() {
		return errNoPage
	}
	to, err := s.SSO.Try(c.Request().Context(), actor(c), s.nameBrowser(c))
	if why := s.speaker(c).ssoSays(sso.Outcome{Key: letterlock.KeyOf(err)}); err != nil && why != "" {
		c.Set(errorKey, err)
		v := s.speaker(c).providerList(nil)
		v.Problem = why
		return s.showProviders(c, http.StatusServiceUnavailable, v)
	}
	if err != nil {
		return err
	}
	return s.leaveFor(c, views.SSOLeavingPage(views.Leaving{Page: s.page(c), Name: s.SSO.Name(), URL: to, BackURL: providersURL}), to)
}

// trialSays is what an administrator is told of a trial of single sign-on.
func (p speaker) trialSays(t sso.Trial) string {
	if t.Key != "" {
		return p.Text("providerTrial.refused", "Why", p.ssoSays(t.Outcome))
	}
	said := p.Text("providerTrial.letIn", "Provider", p.SSO.Name(), "Address", string(t.Account))
	if t.New {
		said = p.Text("providerTrial.made", "Provider", p.SSO.Name(), "Address", string(t.Account))
	}
	said += " " + p.Text("providerTrial.roles", "Roles", rolesIn(p.Words, t.Roles))
	if t.Factor {
		said += " " + p.Text("providerTrial.factor")
	}
	return said + " " + p.Text("providerTrial.nothing")
}

// lookAtProviders asks every provider for all that can be known without signing in.
func (s *Server) lookAtProviders(c echo.Context) error {
	return s.showProviders(c, http.StatusOK, s.speaker(c).providerList(s.lookedAt(c.Request().Context())))
}

// lookedAt asks all providers at the same time: each may take five seconds.
func (s *Server) lookedAt(ctx context.Context) map[*oidc.Provider]oidc.Examination {
	found := map[*oidc.Provider]oidc.Examination{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, p := range s.allProviders() {
		all.Go(func() {
			e := p.Examine(ctx)
			mu.Lock()
			defer mu.Unlock()
			found[p] = e
		})
	}
	all.Wait()
	return found
}

// allProviders are those of recipients, and the one of single sign-on if there is one.
func (s *Server) allProviders() []*oidc.Provider {
	list := slices.Clone(s.Vouch.Providers)
	if p := s.ssoProvider(); p != nil {
		list = append(list, p)
	}
	return list
}

// ssoProvider is the one of single sign-on; nil: there is none.
func (s *Server) ssoProvider() *oidc.Provider {
	if !s.SSO.On() {
		return nil
	}
	return s.SSO.Provider
}

func (s speaker) providerList(found map[*oidc.Provider]oidc.Examination) views.SignInProviders {
	v := views.SignInProviders{URL: providersURL, Looked: found != nil, Guides: guideLinks(s.Words)}
	v.Accounts.URL, v.Browsers.URL = providersURL+"/forget", providersURL+"/forget-browsers"
	for _, p := range s.allProviders() {
		var looked *oidc.Examination
		if e, ok := found[p]; ok {
			looked = &e
		}
		v.List = append(v.List, s.providerRow(p, looked))
	}
	return v
}

// providerRow is a provider as the settings have it, and what was found if it was looked at.
func (s speaker) providerRow(p *oidc.Provider, looked *oidc.Examination) views.ProviderSetUp {
	row := views.ProviderSetUp{
		Name: p.Name, ID: p.ID, Issuer: p.Issuer, Client: p.ClientID, Callback: p.Redirect, Believed: believedFor(s.Words, p),
		TryURL: providersURL + "/" + p.ID + "/try",
	}
	if p == s.ssoProvider() {
		row.Name, row.ID, row.TryURL = s.Text("providerPage.singleSignOn", "Provider", p.Name), singleGuide, providersURL+"/try-single-sign-on"
		row.Believed = s.Text("providerPage.ofYourOwn", "List", strings.Join(p.Domains, ", "))
	}
	if looked == nil {
		return row
	}
	row.State = views.State{Kind: views.StateWell}
	if looked.Wrong() {
		row.State.Kind = views.StateWrong
	}
	if looked.Err != nil {
		row.Problem = s.openIDWhy(vouch.Outcome{Key: letterlock.KeyOf(looked.Err), Provider: p.Name}, "")
	}
	for _, step := range []struct {
		name    string
		verdict oidc.Verdict
		wrong   string
	}{
		{"providerStep.discovery", looked.Discovery, ""}, {"providerStep.keys", looked.Keys, ""},
		{"providerStep.redirect", looked.Redirect, "providerStep.redirectWrong"}, {"providerStep.client", looked.Client, "providerStep.clientWrong"},
	} {
		row.Steps = append(row.Steps, s.providerStep(step.name, step.verdict, step.wrong))
		if step.verdict == oidc.Wrong && step.wrong == "" {
			break // without it nothing else was looked at
		}
	}
	return row
}

func (s speaker) providerStep(name string, v oidc.Verdict, wrong string) views.ProviderStep {
	step := views.ProviderStep{Name: s.Text(name)}
	switch v {
	case oidc.Fine:
		step.State.Kind = views.StateWell
	case oidc.Wrong:
		step.State.Kind, step.Says = views.StateWrong, sayText(s.Words, wrong)
	default:
		step.Says = s.Text("providerStep.notTold")
	}
	return step
}

// believedFor says for which addresses a provider is believed.
func believedFor(say language.Words, p *oidc.Provider) string {
	var said string
	switch p.Preset {
	case oidc.Google:
		said = say.Text("providerPage.gmailComGooglemailComAnd")
	case oidc.Yahoo:
		said = say.Text("providerPage.yahoosOwnDomains")
	case oidc.Microsoft:
		said = say.Text("providerPage.microsoftsOwnDomainsAndDomains")
	}
	if len(p.Tenants) > 0 {
		said += ", " + say.Text("providerPage.andDomainsListedForTheir")
	}
	switch list := strings.Join(p.Domains, ", "); {
	case said == "":
		return list
	case list == "":
		return said
	default:
		return say.Text("providerPage.ofTheseOnly", "Said", said, "List", list)
	}
}

func (s *Server) showProviders(c echo.Context, status int, v views.SignInProviders) error {
	v.Page = s.page(c)
	return s.show(c, status, views.SignInProvidersPage(v))
}

// tryProvider sends an administrator to a provider, to see what it says.
func (s *Server) tryProvider(c echo.Context) error {
	id := c.Param("provider")
	to, err := s.Vouch.Try(c.Request().Context(), actor(c), id, s.nameBrowser(c))
	if why := s.speaker(c).openIDWhy(vouch.Outcome{Key: letterlock.KeyOf(err), Provider: s.Vouch.Name(id)}, ""); err != nil && why != "" {
		c.Set(errorKey, err)
		v := s.speaker(c).providerList(nil)
		v.Problem = why
		return s.showProviders(c, http.StatusServiceUnavailable, v)
	}
	if err != nil {
		return err
	}
	return s.leaveFor(c, views.LeavingPage(views.Leaving{Page: s.page(c), Name: s.Vouch.Name(id), URL: to, BackURL: providersURL}), to)
}

// forgetBinding lets an address be proved by another account from now on.
func (s *Server) forgetBinding(c echo.Context) error {
	p := s.speaker(c)
	v := p.providerList(nil)
	return s.forgetOf(c, &v, &v.Accounts, func(a letterlock.Address) (string, error) {
		n, err := s.Vouch.Forget(c.Request().Context(), actor(c), a, "")
		if n == 0 {
			return p.Text("providerPage.noAccountWasBoundTo", "String", string(a)), err
		}
		return p.Text("providerPage.forgottenTheNextAccountThat", "String", string(a)), err
	})
}

// forgetBrowsersOf forgets the browsers that are remembered for an address.
func (s *Server) forgetBrowsersOf(c echo.Context) error {
	p := s.speaker(c)
	v := p.providerList(nil)
	return s.forgetOf(c, &v, &v.Browsers, func(a letterlock.Address) (string, error) {
		n, err := s.Browsers.ForgetOf(c.Request().Context(), actor(c), a)
		if n == 0 {
			return p.Text("providerPage.noBrowserWasRemembered", "String", string(a)), err
		}
		return p.Count("providerPage.forgottenBrowsers", n, "String", string(a)), err
	})
}

// forgetOf reads the address of one of the forms of v, and shows there what forget says of it.
func (s *Server) forgetOf(c echo.Context, v *views.SignInProviders, at *views.ForgetAddress, forget func(letterlock.Address) (string, error)) error {
	fields, err := form(c)
	if err != nil {
		return err
	}
	a, err := letterlock.ParseAddress(strings.TrimSpace(fields.Get("address")))
	if err != nil {
		at.Address, at.Error = fields.Get("address"), s.words(c).Text("providerPage.typeAWholeMailAddress")
		return s.showProviders(c, http.StatusUnprocessableEntity, *v)
	}
	if at.Done, err = forget(a); err != nil {
		return err
	}
	return s.showProviders(c, http.StatusOK, *v)
}
