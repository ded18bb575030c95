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
	s.get(staff, "/account/security", s.security)
	s.post(staff, "/account/app-passwords", s.makeAppPassword)
	s.post(staff, "/account/app-passwords/:id/remove", s.removeOwnAppPassword)
	s.get(staff, "/account/security/app", s.setUpAppPage)
	s.post(staff, "/account/security/app", s.setUpApp)
	s.post(staff, "/account/security/app/remove", s.removeApp)
	s.post(staff, "/account/security/codes", s.newRecoveryCodes)
	s.get(open, "/sign-in/second", s.secondFactorPage)
	s.post(open, "/sign-in/second", s.secondFactor)
	s.post(staff, "/account/sessions/end-others", s.endOtherSessions)
	s.post(staff, "/account/sessions/:id/end", s.endOwnSession)
}

// securitySections make the parts of that page, one for each way in, in their order.
// A part that is nil is not there.
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
	by := actor(c)
	v := views.Security{Page: s.page(c), Problem: problem, Facts: []views.Fact{
		{Label: "Address", Value: string(by.Address)},
		{Label: "Roles", Value: rolesIn(by.Roles)},
	}}
	if problem == "" {
		v.Note = securityNotes[c.QueryParam("done")]
	}
	for _, part := range securitySections {
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
	"app":          "The authenticator app is set up.", "removed": "The authenticator app is removed.",
	"session": "The session has ended.", "sessions": "All other sessions have ended.",
}
