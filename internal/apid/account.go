package apid

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"letterlock/internal/account"
	"letterlock/internal/api"
	"letterlock/internal/letterlock"
)

func (s *server) accounts() {
	op := func(o operation) operation {
		o.scope, o.role = letterlock.ScopeAccounts, letterlock.Admin
		return o
	}
	add(s, op(operation{id: "list-accounts", method: http.MethodGet, path: "/accounts", summary: "List accounts", about: "All of them, disabled ones too."}), s.listAccounts)
	add(s, op(operation{id: "add-account", method: http.MethodPost, path: "/accounts", summary: "Add an account", about: "Without a password its holder is mailed a link to set one."}), s.addAccount)
	addSilent(s, op(operation{id: "disable-account", method: http.MethodPost, path: "/accounts/{address}/disable", summary: "Disable an account",
		about: "It keeps its holder out, and programs with its tokens, from the next request on."}), s.onAccount(s.Accounts.Disable))
	addSilent(s, op(operation{id: "enable-account", method: http.MethodPost, path: "/accounts/{address}/enable", summary: "Enable an account"}), s.onAccount(s.Accounts.Enable))
	add(s, op(operation{id: "reset-password", method: http.MethodPost, path: "/accounts/{address}/reset", summary: "Reset a password",
		about: "It takes the password away and has its holder mailed a link to set another."}), s.resetPassword)
	addSilent(s, op(operation{id: "reset-factor", method: http.MethodPost, path: "/accounts/{address}/reset-factor", summary: "Reset a second factor",
		about: "It takes away all that the account has beside its password, ends its sessions and tells its holder by mail. One's own cannot be reset."}), s.onAccount(s.Accounts.ResetFactors))
	addSilent(s, op(operation{id: "unbind-account", method: http.MethodPost, path: "/accounts/{address}/unbind", summary: "Unbind an account from single sign-on",
		about: "It forgets who at the provider the account belongs to, ends its sessions and removes its app passwords: it belongs to whoever next proves its address there."}), s.onAccount(s.Accounts.Unbind))
	addSilent(s, op(operation{id: "sign-out-account", method: http.MethodPost, path: "/accounts/{address}/sign-out", summary: "Sign an account out everywhere",
		about: "It ends its sessions from the next request on, and removes its app passwords. Password and tokens stay."}), s.onAccount(s.Accounts.SignOutEverywhere))
	addSilent(s, op(operation{id: "set-roles", method: http.MethodPut, path: "/accounts/{address}/roles", summary: "Set the roles of an account"}), s.setRoles)
}

func (s *server) listAccounts(ctx context.Context, by letterlock.Actor, _ *struct{}) (api.Accounts, error) {
	rows, err := s.Accounts.List(ctx, by)
	a := api.Accounts{Accounts: []api.Account{}}
	for _, row := range rows {
		a.Accounts = append(a.Accounts, api.Account{
			Address: string(row.Mailbox.Address), Name: row.Mailbox.Name, Roles: words(row.Roles), Created: row.Created,
			Disabled: row.Disabled, PasswordSet: row.PasswordSet, LinkExpires: row.LinkExpires, SSO: row.SSO,
		})
	}
	return a, err
}

func (s *server) addAccount(ctx context.Context, by letterlock.Actor, in *struct{ Body api.NewAccount }) (api.Mailed, error) {
	a, err := letterlock.ParseAddress(in.Body.Address)
	if err != nil {
		return api.Mailed{}, err
	}
	m := letterlock.Mailbox{Name: in.Body.Name, Address: a}
	mailed := api.Mailed{Address: string(a)}
	if in.Body.Password != "" {
		return mailed, s.Accounts.AddWithPassword(ctx, by, m, in.Body.Password, parsed[letterlock.Role](in.Body.Roles)...)
	}
	mailed.LinkExpires, err = s.Accounts.Add(ctx, by, m, parsed[letterlock.Role](in.Body.Roles)...)
	return mailed, err
}

// An AccountNamed is the account that a request is about.
type AccountNamed struct {
	Address string `path:"address" maxLength:"320"`
}

// onAccount is an operation that does one thing with an account.
func (s *server) onAccount(act func(context.Context, letterlock.Actor, letterlock.Address) error) func(context.Context, letterlock.Actor, *struct{ AccountNamed }) error {
	return func(ctx context.Context, by letterlock.Actor, in *struct{ AccountNamed }) error {
		a, err := letterlock.ParseAddress(in.Address)
		if err != nil {
			return err
		}
		return act(ctx, by, a)
	}
}

func (s *server) resetPassword(ctx context.Context, by letterlock.Actor, in *struct{ AccountNamed }) (api.Mailed, error) {
	a, err := letterlock.ParseAddress(in.Address)
	if err != nil {
		return api.Mailed{}, err
	}
	until, err := s.Accounts.Reset(ctx, by, a)
	return api.Mailed{Address: string(a), LinkExpires: until}, err
}

func (s *server) setRoles(ctx context.Context, by letterlock.Actor, in *struct {
	AccountNamed
	Body api.Roles
}) error {
	a, err := letterlock.ParseAddress(in.Address)
	if err != nil {
		return err
	}
	return s.Accounts.SetRoles(ctx, by, a, parsed[letterlock.Role](in.Body.Roles)...)
}

func (s *server) tokens() {
	op := func(o operation) operation {
		o.scope, o.role = letterlock.ScopeAccounts, letterlock.Admin
		return o
	}
	add(s, op(operation{id: "list-tokens", method: http.MethodGet, path: "/tokens", summary: "List tokens", about: "All of them, also those that have ended; none shows its secret."}), s.listTokens)
	add(s, op(operation{id: "add-token", method: http.MethodPost, path: "/tokens", keyless: true, summary: "Make a token",
		about: "Its secret is in the answer and nowhere else. A program cannot make a token with a scope that its own token has not."}), s.addToken)
	addSilent(s, op(operation{id: "end-token", method: http.MethodPost, path: "/tokens/{id}/end", summary: "End a token", about: "It works no more from the next request on."}), s.endToken)
}

func (s *server) listTokens(ctx context.Context, by letterlock.Actor, _ *struct{}) (api.Tokens, error) {
	all, err := s.Accounts.Tokens(ctx, by)
	a := api.Tokens{Tokens: []api.Token{}}
	for _, k := range all {
		a.Tokens = append(a.Tokens, token(k))
	}
	return a, err
}

func token(k account.Token) api.Token {
	return api.Token{ID: string(k.ID), Account: string(k.Account), Name: k.Name, Scopes: words(k.Scopes),
		Created: k.Created, Expires: k.Expires, Used: k.Used, Ended: k.Ended}
}

func (s *server) addToken(ctx context.Context, by letterlock.Actor, in *struct{ Body api.NewToken }) (api.Token, error) {
	a, err := letterlock.ParseAddress(in.Body.Account)
	if err != nil {
		return api.Token{}, err
	}
	scopes := parsed[letterlock.Scope](in.Body.Scopes)
	// A program must not make itself a token that may more than its own.
	more := func(x letterlock.Scope) bool {
		return slices.Contains(letterlock.Scopes, x) && !slices.Contains(askedOf(ctx).scopes, x)
	}
	if slices.ContainsFunc(scopes, more) {
		return api.Token{}, errors.Join(s.Accounts.TurnedAway(ctx, by, "issue token", "scope", account.About{Address: in.Body.Account}), &letterlock.Error{Code: letterlock.Denied, Key: "scope"})
	}
	k, secret, err := s.Accounts.IssueToken(ctx, by, a, in.Body.Name, scopes, in.Body.Expires.Sub(s.Now()))
	if err != nil {
		return api.Token{}, err
	}
	t := token(k)
	t.Secret = secret.Reveal()
	return t, nil
}

// words are names as text.
func words[T ~string](names []T) []string {
	list := make([]string, len(names))
	for i, n := range names {
		list[i] = string(n)
	}
	return list
}

// parsed are the names that words say, each once, unknown ones too: the use case refuses
// them.
func parsed[T ~string](words []string) []T {
	var list []T
	for _, w := range words {
		if !slices.Contains(list, T(w)) {
			list = append(list, T(w))
		}
	}
	return list
}

func (s *server) endToken(ctx context.Context, by letterlock.Actor, in *struct {
	ID string `path:"id" maxLength:"100"`
}) error {
	id, err := letterlock.ParseID(in.ID)
	if err != nil {
		return &letterlock.Error{Code: letterlock.NotFound, Key: "no-token"}
	}
	return s.Accounts.EndToken(ctx, by, id)
}
