package web

import (
	"cmp"
	"context"
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
	what                  string // with {{.Name}} for who it is
	effects               []string
	seal                  bool
	do                    func(*account.Service, context.Context, letterlock.Actor, letterlock.Address) error
}

// accountActs are those that hurt, by the last word of their path.
var accountActs = map[string]accountAct{
	"disable": {
		heading: "accounts.disableAccountB", what: "accounts.isSignedOutWithThe",
		effects: []string{"accounts.whatTheyHaveSentStays", "accounts.theirApiTokensWorkNo", "accounts.youCanEnableTheAccount"},
		button:  "accounts.disableAccount", keep: "accounts.keepAccount", seal: true, do: (*account.Service).Disable,
	},
	"sign-out": {
		heading: "accounts.signOutEverywhereB", what: "accounts.allSessionsOfEndWith",
		effects: []string{"accounts.theirPasswordStaysTheyCan", "accounts.theirAppPasswordsAreRemoved", "accounts.apiTokensStayEndThem"},
		button:  "accounts.signOutEverywhere", keep: "accounts.keepSessions", do: (*account.Service).SignOutEverywhere,
	},
	"reset-factor": {
		heading: "accounts.resetSecondFactorB", what: "accounts.theAuthenticatorAppAndThe",
		effects: []string{"accounts.theirPasswordAloneLetsThem", "accounts.theyAreSignedOutEverywhere"},
		button:  "accounts.resetSecondFactor", keep: "accounts.keepSecondFactor", seal: true, do: (*account.Service).ResetFactors,
	},
	"unbind": {
		heading: "accounts.unbindB", what: "accounts.itIsForgottenWho",
		effects: []string{"accounts.itBelongsToWhoever", "accounts.theyAreSignedOutEverywhereAnd"},
		button:  "accounts.unbind", keep: "accounts.keepBinding", seal: true, do: (*account.Service).Unbind,
	},
	"reset": {
		heading: "accounts.resetPassword", what: "accounts.thePasswordOfWorksNo",
		effects: []string{"accounts.theyAreSignedOutEverywhereAnd", "accounts.theLinkWorksOnceFor", "accounts.theirPasskeysLetThemIn"},
		button:  "accounts.resetPasswordB", keep: "accounts.keepPassword",
		do: func(s *account.Service, ctx context.Context, by letterlock.Actor, a letterlock.Address) error {
			_, err := s.Reset(ctx, by, a)
			return err
		},
	},
}

// doneNotes say on the account's page what was just done.
var doneNotes = map[string]string{
	"invited": "accounts.theyAreMailedALinkTo", "roles": "accounts.theRolesAreSaved", "enable": "accounts.theAccountIsEnabled",
	"disable": "accounts.theAccountIsDisabled", "sign-out": "accounts.allSessionsOfTheAccount",
	"reset": "accounts.theOldPasswordWorksNo", "app-password": appPasswordGone, "session": "accounts.theSessionHasEnded",
	"reset-factor": "accounts.theSecondFactorIsReset",
	"unbind":       "accounts.theAccountBelongsToNobody", "added": "accounts.theAccountIsThere",
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
	say := s.words(c)
	a, err := s.named(c)
	if err != nil {
		return err
	}
	to := accountURL(a.Mailbox.Address)
	v := views.AccountDetail{
		Page: s.page(c), Who: personOf(a.Mailbox), Problem: problem,
		Facts: s.speaker(c).accountFacts(a), Roles: roleChoices(say, a.Roles), RolesURL: to + "/roles", RolesError: rolesError, RolesText: s.speaker(c).rolesText(a), TokensURL: "/tokens",
	}
	if problem == "" && rolesError == "" {
		v.Note = sayText(say, doneNotes[c.QueryParam("done")])
	}
	if !a.Disabled.IsZero() {
		v.EnableURL = to + "/enable"
	} else {
		v.DisableURL, v.SignOutURL, v.ResetURL, v.ResetText = to+"/disable", to+"/sign-out", to+"/reset", say.Text("accounts.resetPasswordB")
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
func (s speaker) rolesText(a account.Account) string {
	if s.SSO.GivesRoles() && a.Mailbox.Address != s.Accounts.OnlyPassword {
		return s.Text("accounts.theyHoldUntilTheNext", "Name", s.SSO.Name())
	}
	return s.Text("accounts.theyHoldFromTheNext")
}

func (s speaker) accountFacts(a account.Account) []views.Fact {
	list := []views.Fact{
		{Label: s.Text("accounts.address"), Value: string(a.Mailbox.Address)},
		{Label: s.Text("accounts.state"), Value: s.accountState(a)},
		{Label: s.Text("accounts.since"), Value: s.when(a.Created).Text},
	}
	if !a.SSO.IsZero() {
		list = append(list, views.Fact{Label: s.Text("accounts.signsInWith"), Value: s.Text("accounts.last", "Name", cmp.Or(s.SSO.Name(), s.Text("accounts.singleSignOnNotSetUp")), "When", s.when(a.SSO).Text)})
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
		return s.showAccount(c, http.StatusUnprocessableEntity, "", s.words(c).Text("accounts.chooseARoleAtLeast"))
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
	say := s.words(c)
	switch letterlock.KeyOf(err) {
	case "last-administrator":
		return s.showAccount(c, http.StatusForbidden,
			say.Text("accounts.thisIsTheLastAccount"), "")
	case "no-factor":
		return s.showAccount(c, http.StatusUnprocessableEntity, say.Text("accounts.theAccountHasNoSecond"), "")
	case "no-binding":
		return s.showAccount(c, http.StatusUnprocessableEntity, say.Text("accounts.theAccountIsBoundTo"), "")
	case "no-passwords":
		return s.showAccount(c, http.StatusUnprocessableEntity, say.Text("accounts.passwordsAreNotTaken"), "")
	case "own-factor":
		return s.showAccount(c, http.StatusForbidden,
			say.Text("accounts.thisIsYourOwnAccount"), "")
	case "account-disabled":
		return s.showAccount(c, http.StatusUnprocessableEntity, say.Text("accounts.theAccountIsDisabledEnable"), "")
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
	say := s.words(c)
	a, err := s.named(c)
	if err != nil {
		return err
	}
	what, act := actOf(c)
	to := accountURL(a.Mailbox.Address)
	return s.show(c, http.StatusOK, views.AskPage(views.Ask{
		Page: s.page(c), Heading: say.Text(act.heading), What: say.Text(act.what, "Name", a.Mailbox.Called()), Effects: sayTexts(say, act.effects),
		Button: say.Text(act.button), Seal: act.seal, URL: to + "/" + what, KeepURL: to, Keep: say.Text(act.keep), Current: "accounts", Back: say.Text("accounts.accounts"),
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
