package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"letterlock/internal/account"
	"letterlock/internal/letterlock"
	"letterlock/views"
)

// accountRoutes are the pages on which administrators manage accounts.
func (s *Server) accountRoutes() {
	s.get(admin, "/accounts", s.accounts)
	s.post(admin, "/accounts", s.inviteAccount)
	s.get(admin, "/accounts/:address", s.account)
	s.post(admin, "/accounts/:address/roles", s.setRoles)
	s.post(admin, "/accounts/:address/enable", s.enableAccount)
	s.post(admin, "/accounts/:address/app-passwords/:id/remove", s.removeAppPassword)
	s.post(admin, "/accounts/:address/sessions/:id/end", s.endOneSession)
	for what := range accountActs {
		s.get(admin, "/accounts/:address/"+what, s.askAccount)
		s.post(admin, "/accounts/:address/"+what, s.actOnAccount)
	}
}

func accountURL(a letterlock.Address) string { return "/accounts/" + url.PathEscape(string(a)) }

// roleNames are the roles as forms and lists say them.
var roleNames = []struct {
	role       letterlock.Role
	text, what string
}{
	{letterlock.Sender, "Sender", "sends messages, and takes back their own"},
	{letterlock.Auditor, "Auditor", "sees trace, report and audit log, and never what a message says"},
	{letterlock.Revoker, "Revoker", "does what an auditor does, and revokes and restores"},
	{letterlock.Admin, "Administrator", "does what a revoker does, destroys messages, and manages accounts and tokens"},
}

func roleChoices(ticked []letterlock.Role) (list []views.RoleChoice) {
	for _, r := range roleNames {
		list = append(list, views.RoleChoice{Value: string(r.role), Text: r.text, What: r.what, Ticked: slices.Contains(ticked, r.role)})
	}
	return list
}

// rolesIn says roles in a few words.
func rolesIn(roles []letterlock.Role) string {
	var names []string
	for _, r := range roleNames {
		if slices.Contains(roles, r.role) {
			names = append(names, r.text)
		}
	}
	return strings.Join(names, ", ")
}

// rolesOf reads the ticked boxes of a form. What is no role stays in, for the use
// case to refuse.
func rolesOf(f url.Values) (roles []letterlock.Role) {
	for _, v := range f["role"] {
		roles = append(roles, letterlock.Role(bounded(v, 40)))
	}
	return roles
}

// accounts lists all accounts, above the form for another.
func (s *Server) accounts(c echo.Context) error {
	return s.showAccounts(c, http.StatusOK, views.Accounts{Roles: roleChoices([]letterlock.Role{letterlock.Sender})})
}

func (s *Server) showAccounts(c echo.Context, status int, v views.Accounts) error {
	list, err := s.Accounts.List(c.Request().Context(), actor(c))
	if err != nil {
		return err
	}
	v.Page, v.InviteURL, v.InviteText = s.page(c), "/accounts", "They are mailed a link to set a password, which works for three days."
	if s.Accounts.OnlyPassword != "" {
		v.InviteText = "Nothing is mailed to them. They sign in with " + s.SSO.Name() + "."
	}
	for _, a := range list {
		v.Rows = append(v.Rows, views.AccountRow{
			URL: accountURL(a.Mailbox.Address), Who: personOf(a.Mailbox), Roles: rolesIn(a.Roles),
			State: s.accountState(a), Disabled: !a.Disabled.IsZero(), Since: s.day(a.Created),
		})
	}
	return s.show(c, status, views.AccountsPage(v))
}

// accountState says what an account waits for, or whether it can be used.
func (s *Server) accountState(a account.Account) string {
	switch {
	case !a.Disabled.IsZero():
		return "Disabled since " + s.when(a.Disabled).Text
	case a.PasswordSet || !a.SSO.IsZero():
		return "Enabled"
	case s.Accounts.OnlyPassword != "":
		return "Has not signed in by single sign-on yet"
	case a.LinkExpires.IsZero():
		return "No password, and no link to set one"
	}
	return "Was mailed a link to set a password, until " + s.when(a.LinkExpires).Text
}

// inviteAccount adds an account, whose holder is mailed a link.
func (s *Server) inviteAccount(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	roles := rolesOf(f)
	v := views.Accounts{Name: bounded(f.Get("name"), 400), Address: bounded(f.Get("address"), 320), Roles: roleChoices(roles)}
	wrong := func(field, text string) { v.Errors = append(v.Errors, views.FieldError{Field: field, Text: text}) }
	a, err := letterlock.ParseAddress(strings.TrimSpace(v.Address))
	if err != nil {
		wrong("address", "This is no address")
	}
	if len(roles) == 0 {
		wrong("role", "Choose a role at least")
	}
	if len(v.Errors) > 0 {
		return s.showAccounts(c, http.StatusUnprocessableEntity, v)
	}
	m := letterlock.Mailbox{Name: strings.TrimSpace(v.Name), Address: a}
	until, err := s.Accounts.Add(c.Request().Context(), actor(c), m, roles...)
	switch letterlock.KeyOf(err) {
	case "account-exists":
		wrong("address", "There is an account with this address already")
	case "role":
		wrong("role", "Choose among these roles")
	case "account":
		wrong("name", "A name has up to 200 bytes, and no control characters")
	default:
		if err != nil {
			return err
		}
		done := "invited"
		if until.IsZero() {
			done = "added"
		}
		return c.Redirect(http.StatusSeeOther, accountURL(a)+"?done="+done)
	}
	return s.showAccounts(c, http.StatusUnprocessableEntity, v)
}
