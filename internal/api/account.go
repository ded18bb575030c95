// Package api is what an operator's programs and the server say to each other:
// requests and answers in JSON, problems as in RFC 9457, and a client in Go.
//
// The types are a promise to programs of others: fields are added to them, never
// taken away or given another meaning. The document that describes the API is
// made from them, which is what their tags doc and enum are for.
package api

import "time"

// An Account is one person of the organisation who sends or administers.
type Account struct {
	Address     string    `json:"address"`
	Name        string    `json:"name"`
	Roles       []string  `json:"roles" nullable:"false"`
	Created     time.Time `json:"created"`
	Disabled    time.Time `json:"disabled,omitzero" doc:"Since when; absent: it is enabled."`
	PasswordSet bool      `json:"password_set"`
	LinkExpires time.Time `json:"link_expires,omitzero" doc:"Of the link to set a password; absent: none works."`
	SSO         time.Time `json:"single_sign_on,omitzero" doc:"Last sign-in by single sign-on; absent: the account is bound to nobody there."`
}

// Accounts are all of them, by their addresses.
type Accounts struct {
	Accounts []Account `json:"accounts" nullable:"false"`
}

// A NewAccount is what an account is made from. Without a password its holder is
// mailed a link to set one.
type NewAccount struct {
	Address  string   `json:"address"`
	Name     string   `json:"name,omitempty"`
	Roles    []string `json:"roles" nullable:"false" doc:"sender, auditor, revoker, admin; at least one."`
	Password string   `json:"password,omitempty" doc:"Absent: the holder is mailed a link to set one. Only an operator may choose it."`
}

// Roles are what an account is given.
type Roles struct {
	Roles []string `json:"roles" nullable:"false" doc:"These and no others."`
}

// Mailed says that a link to set a password is on its way to the holder of an
// account, and until when it works.
type Mailed struct {
	Address     string    `json:"address"`
	LinkExpires time.Time `json:"link_expires,omitzero" doc:"Absent: no link was mailed, the password is set."`
}
