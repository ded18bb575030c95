package web

import (
	"net/http"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"letterlock/views"
)

// securityRoutes are the pages on which people of the organisation look after their
// own account.
func (s *Server) securityRoutes() {
	s.get(securing, "/account/security", s.security)
	s.get(securing, "/account/security/app", s.setUpAppPage)
	s.post(securing, "/account/security/app", s.setUpApp)
	s.passkeyRoutes()
	s.post(staff, "/account/app-passwords", s.makeAppPassword)
	s.post(staff, "/account/app-passwords/:id/remove", s.removeOwnAppPassword)
	s.post(staff, "/account/security/app/remove", s.removeApp)
	s.post(staff, "/account/security/codes", s.newRecoveryCodes)
	s.get(open, "/sign-in/second", s.secondFactorPage)
	s.post(open, "/sign-in/second", s.secondFactor)
	s.post(staff, "/account/sessions/end-others", s.endOtherSessions)
	s.post(staff, "/account/sessions/:id/end", s.endOwnSession)
}

// securitySections make the parts of that page, one for each way in, in their order.
// The first is what somebody sees who has to set up a second factor. A part that is nil
// is not there.
var securitySections = []func(*Server, echo.Context) (templ.Component, error){
	(*Server).factorsSection,
	(*Server).ownAppPasswords,
	(*Server).ownSessions,
}

// security shows whoever asks what keeps their account.
func (s *Server) security(c echo.Context) error {
	return s.showSecurity(c, http.StatusOK, "")
}

// showSecurity shows the page. A problem says what was just refused.
func (s *Server) showSecurity(c echo.Context, status int, problem string) error {
	by, say := actor(c), s.words(c)
	v := views.Security{Page: s.page(c), Problem: problem, Facts: []views.Fact{
		{Label: say.Text("security.address"), Value: string(by.Address)},
		{Label: say.Text("security.roles"), Value: rolesIn(say, by.Roles)},
	}}
	lacks, err := s.Accounts.LacksFactor(c.Request().Context(), by)
	if err == nil {
		err = s.addProof(c, &v)
	}
	if err == nil && problem == "" {
		problem, err = s.ssoCame(c)
		v.Problem = problem
	}
	if err != nil {
		return err
	}
	sections := securitySections
	if lacks {
		sections = sections[:1] // the one about second factors
		if problem == "" {
			v.Problem = say.Text("security.lacksFactor")
		}
	} else if problem == "" {
		v.Note = sayText(say, securityNotes[c.QueryParam("done")])
	}
	for _, part := range sections {
		shown, err := part(s, c)
		if err != nil {
			return err
		}
		if shown != nil {
			v.Sections = append(v.Sections, shown)
		}
	}
	return s.show(c, status, views.SecurityPage(v))
}

// securityNotes say on the page what was just done.
var securityNotes = map[string]string{
	"app-password": appPasswordGone,
	"app":          "security.theAuthenticatorAppIsSet", "removed": "security.theAuthenticatorAppIsRemoved",
	"passkey": "security.thePasskeyIsAdded", "passkey-removed": "security.thePasskeyIsRemoved", "passkey-renamed": "security.thePasskeyIsRenamed",
	"session": "security.theSessionHasEnded", "proved": "security.youHaveProved",
	"sessions": "security.allOtherSessionsHaveEnded",
}

// toSecurity leads whoever has to set up a second factor to where that is done.
func (s *Server) toSecurity(c echo.Context) {
	if c.Request().Header.Get("HX-Request") != "" {
		// A redirect would be followed by the script and land inside the page.
		c.Response().Header().Set("HX-Redirect", "/account/security")
		_ = c.NoContent(http.StatusForbidden)
		return
	}
	_ = c.Redirect(http.StatusSeeOther, "/account/security")
}
