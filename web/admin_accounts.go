package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"letterlock/internal/account"
	"letterlock/internal/language"
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
	{letterlock.Sender, "accounts.sender", "accounts.sendsMessagesAndTakesBack"},
	{letterlock.Auditor, "accounts.auditor", "accounts.seesTraceReportAndAudit"},
	{letterlock.Revoker, "accounts.revoker", "accounts.doesWhatAnAuditorDoes"},
	{letterlock.Admin, "accounts.administrator", "accounts.doesWhatARevokerDoes"},
}

func roleChoices(say language.Words, ticked []letterlock.Role) (list []views.RoleChoice) {
	for _, r := range roleNames {
		list = append(list, views.RoleChoice{Value: string(r.role), Text: say.Text(r.text), What: say.Text(r.what), Ticked: slices.Contains(ticked, r.role)})
	}
	return list
}

// rolesIn says roles in a few words.
func rolesIn(say language.Words, roles []letterlock.Role) string {
	var names []string
	for _, r := range roleNames {
		if slices.Contains(roles, r.role) {
			names = append(names, say.Text(r.text))
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
	return s.showAccounts(c, http.StatusOK, views.Accounts{Roles: roleChoices(s.words(c), []letterlock.Role{letterlock.Sender})})
}

func (s *Server) showAccounts(c echo.Context, status int, v views.Accounts) error {
	list, err := s.Accounts.List(c.Request().Context(), actor(c))
	if err != nil {
		return err
	}
	v.Page, v.InviteURL, v.InviteText = s.page(c), "/accounts", s.words(c).Text("accounts.theyAreMailedALink")
	if s.Accounts.OnlyPassword != "" {
		v.InviteText = s.words(c).Text("accounts.nothingIsMailed", "Name", s.SSO.Name())
	}
	for _, a := range list {
		v.Rows = append(v.Rows, views.AccountRow{
			URL: accountURL(a.Mailbox.Address), Who: personOf(a.Mailbox), Roles: rolesIn(s.words(c), a.Roles),
			State: s.speaker(c).accountState(a), Disabled: !a.Disabled.IsZero(), Since: s.speaker(c).day(a.Created),
		})
	}
	return s.show(c, status, views.AccountsPage(v))
}

// accountState says what an account waits for, or whether it can be used.
func (s speaker) accountState(a account.Account) string {
	switch {
	case !a.Disabled.IsZero():
		return s.Text("accounts.disabledSince", "When", s.when(a.Disabled).Text)
	case a.PasswordSet || !a.SSO.IsZero():
		return s.Text("accounts.enabled")
	case s.Accounts.OnlyPassword != "":
		return s.Text("accounts.hasNotSignedIn")
	case a.LinkExpires.IsZero():
		return s.Text("accounts.noPasswordAndNoLink")
	}
	return s.Text("accounts.wasMailedALinkTo", "When", s.when(a.LinkExpires).Text)
}

// inviteAccount adds an account, whose holder is mailed a link.
func (s *Server) inviteAccount(c echo.Context) error {
	say := s.words(c)
	f, err := form(c)
	if err != nil {
		return err
	}
	roles := rolesOf(f)
	v := views.Accounts{Name: bounded(f.Get("name"), 400), Address: bounded(f.Get("address"), 320), Roles: roleChoices(say, roles)}
	wrong := func(field, text string) { v.Errors = append(v.Errors, views.FieldError{Field: field, Text: text}) }
	a, err := letterlock.ParseAddress(strings.TrimSpace(v.Address))
	if err != nil {
		wrong("address", say.Text("accounts.thisIsNoAddress"))
	}
	if len(roles) == 0 {
		wrong("role", say.Text("accounts.chooseARoleAtLeastB"))
	}
	if len(v.Errors) > 0 {
		return s.showAccounts(c, http.StatusUnprocessableEntity, v)
	}
	m := letterlock.Mailbox{Name: strings.TrimSpace(v.Name), Address: a}
	until, err := s.Accounts.Add(c.Request().Context(), actor(c), m, roles...)
	switch letterlock.KeyOf(err) {
	case "account-exists":
		wrong("address", say.Text("accounts.thereIsAnAccountWith"))
	case "role":
		wrong("role", say.Text("accounts.chooseAmongTheseRoles"))
	case "account":
		wrong("name", say.Text("accounts.aNameHasUpTo"))
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
