package web

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"letterlock/internal/account"
	"letterlock/internal/letterlock"
	"letterlock/views"
)

// An accountAct is something that is done to an account after a question.
type accountAct struct {
	heading, button, keep string
	what                  string // with %s for who it is
	effects               []string
	seal                  bool
	do                    func(*account.Service, context.Context, letterlock.Actor, letterlock.Address) error
}

// accountActs are those that hurt, by the last word of their path.
var accountActs = map[string]accountAct{
	"disable": {
		heading: "Disable account?", what: "%s is signed out with the next request, and can neither sign in nor send.",
		effects: []string{"What they have sent stays as it is, and can be read and revoked.", "Their API tokens work no more while the account is disabled.", "You can enable the account again."},
		button:  "Disable account", keep: "Keep account", seal: true, do: (*account.Service).Disable,
	},
	"sign-out": {
		heading: "Sign out everywhere?", what: "All sessions of %s end with the next request.",
		effects: []string{"Their password stays: they can sign in again.", "Their app passwords are removed: mail programs need new ones.", "API tokens stay. End them on their own page."},
		button:  "Sign out everywhere", keep: "Keep sessions", do: (*account.Service).SignOutEverywhere,
	},
	"reset-factor": {
		heading: "Reset second factor?", what: "The authenticator app, the passkeys and the recovery codes of %s work no more.",
		effects: []string{"Their password alone lets them in, until they set up a second factor again. Be sure that it is they who ask.", "They are signed out everywhere, and told by mail."},
		button:  "Reset second factor", keep: "Keep second factor", seal: true, do: (*account.Service).ResetFactors,
	},
	"unbind": {
		heading: "Unbind from single sign-on?", what: "It is forgotten who at the provider the account of %s belongs to.",
		effects: []string{"It belongs to whoever next proves its address there. Be sure that it is they who ask.", "They are signed out everywhere, and their app passwords are removed."},
		button:  "Unbind", keep: "Keep binding", seal: true, do: (*account.Service).Unbind,
	},
	"reset": {
		heading: "Reset password?", what: "The password of %s works no more, and a link to set another is mailed to them.",
		effects: []string{"They are signed out everywhere, and their app passwords are removed.", "The link works once, for 24 hours. Nobody but they see it.", "Their passkeys let them in alone again after they were shown beside the new password."},
		button:  "Reset password", keep: "Keep password",
		do: func(s *account.Service, ctx context.Context, by letterlock.Actor, a letterlock.Address) error {
			_, err := s.Reset(ctx, by, a)
			return err
		},
	},
}

// doneNotes say on the account's page what was just done.
var doneNotes = map[string]string{
	"invited": "They are mailed a link to set a password.", "roles": "The roles are saved.", "enable": "The account is enabled.",
	"disable": "The account is disabled.", "sign-out": "All sessions of the account have ended.",
	"reset": "The old password works no more. They are mailed a link to set another.", "app-password": appPasswordGone, "session": "The session has ended.",
	"reset-factor": "The second factor is reset. They are told by mail.",
	"unbind":       "The account belongs to nobody at the provider any more.", "added": "The account is there. Nothing is mailed to them: they sign in by single sign-on.",
}

// named returns the account that the path names.
func (s *Server) named(c echo.Context) (account.Account, error) {
	a, err := ownerOf(c)
	if err != nil {
		return account.Account{}, err
	}
	list, err := s.Accounts.List(c.Request().Context(), actor(c))
	if err != nil {
		return account.Account{}, err
	}
	for _, row := range list {
		if row.Mailbox.Address == a {
			return row, nil
		}
	}
	return account.Account{}, &letterlock.Error{Code: letterlock.NotFound}
}

// account shows one account.
func (s *Server) account(c echo.Context) error {
	return s.showAccount(c, http.StatusOK, "", "")
}

// showAccount shows the account that the path names. A problem says what was just
// refused; rolesError, that the form for roles was.
func (s *Server) showAccount(c echo.Context, status int, problem, rolesError string) error {
	a, err := s.named(c)
	if err != nil {
		return err
	}
	to := accountURL(a.Mailbox.Address)
	v := views.AccountDetail{
		Page: s.page(c), Who: personOf(a.Mailbox), Problem: problem,
		Facts: s.accountFacts(a), Roles: roleChoices(a.Roles), RolesURL: to + "/roles", RolesError: rolesError, RolesText: s.rolesText(a), TokensURL: "/tokens",
	}
	if problem == "" && rolesError == "" {
		v.Note = doneNotes[c.QueryParam("done")]
	}
	if !a.Disabled.IsZero() {
		v.EnableURL = to + "/enable"
	} else {
		v.DisableURL, v.SignOutURL, v.ResetURL, v.ResetText = to+"/disable", to+"/sign-out", to+"/reset", "Reset password"
	}
	if !a.SSO.IsZero() {
		v.UnbindURL = to + "/unbind"
	}
	if !s.Accounts.TakesPassword(a.Mailbox.Address) {
		v.ResetURL = ""
	}
	if v.Sections, err = s.accountSections(c, a.Mailbox.Address); err != nil {
		return err
	}
	if v.FactorText, v.FactorURL, err = s.factorOf(c, a.Mailbox.Address); err != nil {
		return err
	}
	return s.show(c, status, views.AccountPage(v))
}

// rolesText says how long the roles of an account hold.
func (s *Server) rolesText(a account.Account) string {
	if s.SSO.GivesRoles() && a.Mailbox.Address != s.Accounts.OnlyPassword {
		return "They hold from the next request on, until the next sign-in with " + s.SSO.Name() + ", which says what they may do."
	}
	return "They hold from the next request on."
}

func (s *Server) accountFacts(a account.Account) []views.Fact {
	list := []views.Fact{
		{Label: "Address", Value: string(a.Mailbox.Address)},
		{Label: "State", Value: s.accountState(a)},
		{Label: "Since", Value: s.when(a.Created).Text},
	}
	if !a.SSO.IsZero() {
		list = append(list, views.Fact{Label: "Signs in with", Value: cmp.Or(s.SSO.Name(), "single sign-on, which is not set up any more") + ", last " + s.when(a.SSO).Text})
	}
	return list
}

// setRoles gives the account the ticked roles and no others.
func (s *Server) setRoles(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	a, err := ownerOf(c)
	if err != nil {
		return err
	}
	err = s.Accounts.SetRoles(c.Request().Context(), actor(c), a, rolesOf(f)...)
	switch letterlock.KeyOf(err) {
	case "role", "account":
		return s.showAccount(c, http.StatusUnprocessableEntity, "", "Choose a role at least. Nothing was changed.")
	}
	return s.afterAccount(c, a, "roles", err)
}

// enableAccount lets the holder of a disabled account in again.
func (s *Server) enableAccount(c echo.Context) error {
	a, err := ownerOf(c)
	if err != nil {
		return err
	}
	return s.afterAccount(c, a, "enable", s.Accounts.Enable(c.Request().Context(), actor(c), a))
}

// afterAccount leads to the account's page, or says there why nothing was done.
func (s *Server) afterAccount(c echo.Context, a letterlock.Address, done string, err error) error {
	switch letterlock.KeyOf(err) {
	case "last-administrator":
		return s.showAccount(c, http.StatusForbidden,
			"This is the last account that is an administrator's. Make somebody else an administrator first. Nothing was changed.", "")
	case "no-factor":
		return s.showAccount(c, http.StatusUnprocessableEntity, "The account has no second factor. Nothing was changed.", "")
	case "no-binding":
		return s.showAccount(c, http.StatusUnprocessableEntity, "The account is bound to nobody. Nothing was changed.", "")
	case "no-passwords":
		return s.showAccount(c, http.StatusUnprocessableEntity, "Passwords are not taken of this account: its holder signs in by single sign-on. Nothing was changed.", "")
	case "own-factor":
		return s.showAccount(c, http.StatusForbidden,
			"This is your own account. Remove your second factor under Security, or ask another administrator. Nothing was changed.", "")
	case "account-disabled":
		return s.showAccount(c, http.StatusUnprocessableEntity, "The account is disabled. Enable it first. Nothing was changed.", "")
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, accountURL(a)+"?done="+done)
}

// actOf is the act that a path ends with.
func actOf(c echo.Context) (string, accountAct) {
	what := lastWord(c.Path())
	return what, accountActs[what]
}

// lastWord is what stands behind the last slash of a path.
func lastWord(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// askAccount asks before something is done.
func (s *Server) askAccount(c echo.Context) error {
	a, err := s.named(c)
	if err != nil {
		return err
	}
	what, act := actOf(c)
	to := accountURL(a.Mailbox.Address)
	return s.show(c, http.StatusOK, views.AskPage(views.Ask{
		Page: s.page(c), Heading: act.heading, What: fmt.Sprintf(act.what, a.Mailbox.Called()), Effects: act.effects,
		Button: act.button, Seal: act.seal, URL: to + "/" + what, KeepURL: to, Keep: act.keep, Current: "accounts", Back: "Accounts",
	}))
}

// actOnAccount does what was asked about.
func (s *Server) actOnAccount(c echo.Context) error {
	a, err := ownerOf(c)
	if err != nil {
		return err
	}
	what, act := actOf(c)
	return s.afterAccount(c, a, what, act.do(s.Accounts, c.Request().Context(), actor(c), a))
}
