package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

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
	letterlock.ScopeTrace: "finds messages and sees what happened to them", letterlock.ScopeReport: "reads the encryption report",
	letterlock.ScopeAudit: "reads the audit log, and asks for proofs", letterlock.ScopeRevoke: "revokes and restores, one or many",
	letterlock.ScopeDestroy: "destroys messages", letterlock.ScopeAccounts: "manages accounts and tokens",
	letterlock.ScopeBrands: "shows, exports and changes brands",
}

func scopeChoices(ticked []letterlock.Scope) (list []views.RoleChoice) {
	for _, scope := range letterlock.Scopes {
		list = append(list, views.RoleChoice{Value: string(scope), Text: string(scope), What: scopeNames[scope], Ticked: slices.Contains(ticked, scope)})
	}
	return list
}

// tokens lists all tokens, above the form for another.
func (s *Server) tokens(c echo.Context) error {
	return s.showTokens(c, http.StatusOK, views.Tokens{Account: string(actor(c).Address), Days: "90", Scopes: scopeChoices(nil)})
}

func (s *Server) showTokens(c echo.Context, status int, v views.Tokens) error {
	list, err := s.Accounts.Tokens(c.Request().Context(), actor(c))
	if err != nil {
		return err
	}
	v.Page, v.IssueURL = s.page(c), "/tokens"
	for _, k := range list {
		r := views.TokenRow{Name: k.Name, Account: string(k.Account), Until: s.when(k.Expires), Used: s.day(k.Used), State: "Works"}
		for i, scope := range k.Scopes {
			if i > 0 {
				r.Scopes += ", "
			}
			r.Scopes += string(scope)
		}
		switch {
		case !k.Ended.IsZero():
			r.State = "Ended"
		case !s.Now().Before(k.Expires):
			r.State = "Expired"
		default:
			r.EndURL = "/tokens/" + string(k.ID) + "/end"
		}
		v.Rows = append(v.Rows, r)
	}
	return s.show(c, status, views.TokensPage(v))
}

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

func readTokenForm(f url.Values) (t tokenForm) {
	for _, v := range f["scope"] {
		t.scopes = append(t.scopes, letterlock.Scope(bounded(v, 40)))
	}
	t.view = views.Tokens{
		Name: bounded(strings.TrimSpace(f.Get("name")), 400), Account: bounded(f.Get("account"), 320),
		Days: bounded(f.Get("days"), 10), Scopes: scopeChoices(t.scopes),
	}
	if n := len([]rune(t.view.Name)); n == 0 || n > 100 {
		t.wrong("name", "A name has 1 to 100 characters")
	}
	var err error
	if t.of, err = letterlock.ParseAddress(strings.TrimSpace(t.view.Account)); err != nil {
		t.wrong("account", "This is no address")
	}
	if t.days, err = strconv.Atoi(strings.TrimSpace(t.view.Days)); err != nil || t.days < 1 || t.days > 400 {
		t.wrong("days", "Type a number of days, 1 to 400")
	}
	if len(t.scopes) == 0 {
		t.wrong("scope", "Choose a scope at least")
	}
	return t
}

// issueToken makes a token and shows its secret in the answer, which is not kept
// anywhere: this is the one change that is not answered by a redirect.
func (s *Server) issueToken(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	t := readTokenForm(f)
	if len(t.view.Errors) > 0 {
		return s.showTokens(c, http.StatusUnprocessableEntity, t.view)
	}
	valid := time.Duration(t.days) * 24 * time.Hour
	k, secret, err := s.Accounts.IssueToken(c.Request().Context(), actor(c), t.of, t.view.Name, t.scopes, valid)
	switch letterlock.KeyOf(err) {
	case "no-account":
		t.wrong("account", "There is no account with this address")
	case "account-disabled":
		t.wrong("account", "This account is disabled")
	case "token":
		t.wrong("name", "A name has no control characters, and scopes are those below")
	default:
		if err != nil {
			return err
		}
		v := views.Tokens{Account: string(actor(c).Address), Days: "90", Scopes: scopeChoices(nil)}
		v.Issued = &views.IssuedToken{Name: k.Name, Secret: secret.Reveal(), Until: s.when(k.Expires)}
		return s.showTokens(c, http.StatusOK, v)
	}
	return s.showTokens(c, http.StatusUnprocessableEntity, t.view)
}

// askToken asks before a token is ended.
func (s *Server) askToken(c echo.Context) error {
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
				Page: s.page(c), Heading: "End token?", What: "The program with the token “" + k.Name + "” is turned away from its next request on.",
				Effects: []string{"A token that has ended cannot be used again. You can issue another."},
				Button:  "End token", Seal: true, URL: "/tokens/" + string(id) + "/end", KeepURL: "/tokens", Keep: "Keep token", Current: "tokens", Back: "API tokens",
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
