package control

import (
	"net/http"

	"letterlock/internal/api"
	"letterlock/internal/letterlock"
)

func (c control) list(r *http.Request, by letterlock.Actor) (any, error) {
	rows, err := c.Accounts.List(r.Context(), by)
	if err != nil {
		return nil, err
	}
	answer := api.Accounts{Accounts: []api.Account{}} // [] and not null when there is none
	for _, row := range rows {
		answer.Accounts = append(answer.Accounts, api.Account{
			Address: string(row.Mailbox.Address), Name: row.Mailbox.Name, Roles: names(row.Roles), Created: row.Created,
			Disabled: row.Disabled, PasswordSet: row.PasswordSet, LinkExpires: row.LinkExpires,
		})
	}
	return answer, nil
}

func (c control) add(r *http.Request, by letterlock.Actor) (any, error) {
	var in api.NewAccount
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	a, err := letterlock.ParseAddress(in.Address)
	if err != nil {
		return nil, err
	}
	m := letterlock.Mailbox{Name: in.Name, Address: a}
	answer := api.Mailed{Address: string(a)}
	if in.Password != "" {
		return answer, c.Accounts.AddWithPassword(r.Context(), by, m, in.Password, roles(in.Roles)...)
	}
	answer.LinkExpires, err = c.Accounts.Add(r.Context(), by, m, roles(in.Roles)...)
	return answer, err
}

func (c control) disable(r *http.Request, by letterlock.Actor) (any, error) {
	a, err := letterlock.ParseAddress(r.PathValue("address"))
	if err != nil {
		return nil, err
	}
	return nil, c.Accounts.Disable(r.Context(), by, a)
}

func (c control) enable(r *http.Request, by letterlock.Actor) (any, error) {
	a, err := letterlock.ParseAddress(r.PathValue("address"))
	if err != nil {
		return nil, err
	}
	return nil, c.Accounts.Enable(r.Context(), by, a)
}

func (c control) reset(r *http.Request, by letterlock.Actor) (any, error) {
	a, err := letterlock.ParseAddress(r.PathValue("address"))
	if err != nil {
		return nil, err
	}
	until, err := c.Accounts.Reset(r.Context(), by, a)
	return api.Mailed{Address: string(a), LinkExpires: until}, err
}

func (c control) roles(r *http.Request, by letterlock.Actor) (any, error) {
	var in api.Roles
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	a, err := letterlock.ParseAddress(r.PathValue("address"))
	if err != nil {
		return nil, err
	}
	return nil, c.Accounts.SetRoles(r.Context(), by, a, roles(in.Roles)...)
}

// roles are the roles that names say, unknown ones too: the account refuses them.
func roles(names []string) []letterlock.Role {
	list := make([]letterlock.Role, len(names))
	for i, name := range names {
		list[i] = letterlock.Role(name)
	}
	return list
}

func names(roles []letterlock.Role) []string {
	list := make([]string, len(roles))
	for i, r := range roles {
		list[i] = string(r)
	}
	return list
}
