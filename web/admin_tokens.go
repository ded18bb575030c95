package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"letterlock/internal/language"
	"letterlock/internal/letterlock"
	"letterlock/views"
)

// tokenRoutes are the pages on which administrators let programs in.
func (s *Server) tokenRoutes() {
	s.get(admin, "/tokens", s.tokens)
	s.post(admin, "/tokens", s.issueToken)
	s.get(admin, "/tokens/:id/end", s.askToken)
	s.post(admin, "/tokens/:id/end", s.endToken)
}

// scopeNames say what each scope allows.
var scopeNames = map[letterlock.Scope]string{
	letterlock.ScopeTrace: "tokens.findsMessagesAndSeesWhat", letterlock.ScopeReport: "tokens.readsTheEncryptionReport",
	letterlock.ScopeAudit: "tokens.readsTheAuditLogAnd", letterlock.ScopeRevoke: "tokens.revokesAndRestoresOneOr",
	letterlock.ScopeDestroy: "tokens.destroysMessages", letterlock.ScopeAccounts: "tokens.managesAccountsAndTokens",
	letterlock.ScopeBrands: "tokens.showsExportsAndChangesBrands",
}

func scopeChoices(say language.Words, ticked []letterlock.Scope) (list []views.RoleChoice) {
	for _, scope := range letterlock.Scopes {
		list = append(list, views.RoleChoice{Value: string(scope), Text: string(scope), What: sayText(say, scopeNames[scope]), Ticked: slices.Contains(ticked, scope)})
	}
	return list
}

// tokens lists all tokens, above the form for another.
func (s *Server) tokens(c echo.Context) error {
	return s.showTokens(c, http.StatusOK, views.Tokens{Account: string(actor(c).Address), Days: "90", Scopes: scopeChoices(s.words(c), nil)})
}

func (s *Server) showTokens(c echo.Context, status int, v views.Tokens) error {
	say := s.words(c)
	list, err := s.Accounts.Tokens(c.Request().Context(), actor(c))
	if err != nil {
		return err
	}
	v.Page, v.IssueURL = s.page(c), "/tokens"
	v.Wrong = tokenFields.wrong(say, v.Errors)
	for _, k := range list {
		r := views.TokenRow{Name: k.Name, Account: string(k.Account), Until: s.speaker(c).when(k.Expires), Used: s.speaker(c).day(k.Used), State: say.Text("tokens.works")}
		for i, scope := range k.Scopes {
			if i > 0 {
				r.Scopes += ", "
			}
			r.Scopes += string(scope)
		}
		switch {
		case !k.Ended.IsZero():
			r.State = say.Text("tokens.ended")
		case !s.Now().Before(k.Expires):
			r.State = say.Text("tokens.expired")
		default:
			r.EndURL = "/tokens/" + string(k.ID) + "/end"
		}
		v.Rows = append(v.Rows, r)
	}
	return s.show(c, status, views.TokensPage(v))
}

var tokenFields = formFields{{"name", "tokens.name"}, {"account", "tokens.addressOfTheAccount"}, {"days", "tokens.daysThatItWorks"}, {"scope", "tokens.scopes"}}

// A tokenForm is a token that is asked for.
type tokenForm struct {
	view   views.Tokens // as it was typed, with what is wrong
	of     letterlock.Address
	scopes []letterlock.Scope
	days   int
}

func (t *tokenForm) wrong(field, text string) {
	t.view.Errors = append(t.view.Errors, views.FieldError{Field: field, Text: text})
}

func readTokenForm(say language.Words, f url.Values) (t tokenForm) {
	for _, v := range f["scope"] {
		t.scopes = append(t.scopes, letterlock.Scope(bounded(v, 40)))
	}
	t.view = views.Tokens{
		Name: bounded(strings.TrimSpace(f.Get("name")), 400), Account: bounded(f.Get("account"), 320),
		Days: bounded(f.Get("days"), 10), Scopes: scopeChoices(say, t.scopes),
	}
	if n := len([]rune(t.view.Name)); n == 0 || n > 100 {
		t.wrong("name", say.Text("tokens.aNameHasToCharacters"))
	}
	var err error
	if t.of, err = letterlock.ParseAddress(strings.TrimSpace(t.view.Account)); err != nil {
		t.wrong("account", say.Text("tokens.thisIsNoAddress"))
	}
	if t.days, err = strconv.Atoi(strings.TrimSpace(t.view.Days)); err != nil || t.days < 1 || t.days > 400 {
		t.wrong("days", say.Text("tokens.typeANumberOfDays"))
	}
	if len(t.scopes) == 0 {
		t.wrong("scope", say.Text("tokens.chooseAScopeAtLeast"))
	}
	return t
}

// issueToken makes a token and shows its secret in the answer, which is not kept
// anywhere: this is the one change that is not answered by a redirect.
func (s *Server) issueToken(c echo.Context) error {
	say := s.words(c)
	f, err := form(c)
	if err != nil {
		return err
	}
	t := readTokenForm(say, f)
	if len(t.view.Errors) > 0 {
		return s.showTokens(c, http.StatusUnprocessableEntity, t.view)
	}
	valid := time.Duration(t.days) * 24 * time.Hour
	k, secret, err := s.Accounts.IssueToken(c.Request().Context(), actor(c), t.of, t.view.Name, t.scopes, valid)
	switch letterlock.KeyOf(err) {
	case "no-account":
		t.wrong("account", say.Text("tokens.thereIsNoAccountWith"))
	case "account-disabled":
		t.wrong("account", say.Text("tokens.thisAccountIsDisabled"))
	case "token":
		t.wrong("name", say.Text("tokens.aNameHasNoControl"))
	default:
		if err != nil {
			return err
		}
		v := views.Tokens{Account: string(actor(c).Address), Days: "90", Scopes: scopeChoices(say, nil)}
		v.Issued = &views.IssuedToken{Name: k.Name, Secret: secret.Reveal(), Until: s.speaker(c).when(k.Expires)}
		return s.showTokens(c, http.StatusOK, v)
	}
	return s.showTokens(c, http.StatusUnprocessableEntity, t.view)
}

// askToken asks before a token is ended.
func (s *Server) askToken(c echo.Context) error {
	say := s.words(c)
	id, err := letterlock.ParseID(c.Param("id"))
	if err != nil {
		return err
	}
	list, err := s.Accounts.Tokens(c.Request().Context(), actor(c))
	if err != nil {
		return err
	}
	for _, k := range list {
		if k.ID == id {
			return s.show(c, http.StatusOK, views.AskPage(views.Ask{
				Page: s.page(c), Heading: say.Text("tokens.endTokenB"), What: say.Text("tokens.theProgramWithTheToken", "Name", k.Name),
				Effects: []string{say.Text("tokens.aTokenThatHasEnded")},
				Button:  say.Text("tokens.endToken"), Seal: true, URL: "/tokens/" + string(id) + "/end", KeepURL: "/tokens", Keep: say.Text("tokens.keepToken"), Current: "tokens", Back: say.Text("tokens.apiTokens"),
			}))
		}
	}
	return &letterlock.Error{Code: letterlock.NotFound}
}

// endToken makes sure that a token works no more.
func (s *Server) endToken(c echo.Context) error {
	id, err := letterlock.ParseID(c.Param("id"))
	if err != nil {
		return err
	}
	if err := s.Accounts.EndToken(c.Request().Context(), actor(c), id); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/tokens")
}
