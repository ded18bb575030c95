// Package api is what an operator's programs and the server say to each other:
// requests and answers in JSON, problems as in RFC 9457, and a client in Go.
//
// The types are a promise to programs of others: fields are added to them, never
// taken away or given another meaning.
package api

import "time"

// An Account is one person of the organisation who sends or administers.
type Account struct {
	Address     string    `json:"address"`
	Name        string    `json:"name"`
	Roles       []string  `json:"roles"`
	Created     time.Time `json:"created"`
	Disabled    time.Time `json:"disabled,omitzero"` // since when; absent: enabled
	PasswordSet bool      `json:"password_set"`
	LinkExpires time.Time `json:"link_expires,omitzero"` // of the link to set a password; absent: none works
}

// Accounts is the answer to GET /v1/accounts.
type Accounts struct {
	Accounts []Account `json:"accounts"`
}

// A NewAccount is what POST /v1/accounts takes. Without a password its holder is
// mailed a link to set one.
type NewAccount struct {
	Address  string   `json:"address"`
	Name     string   `json:"name"`
	Roles    []string `json:"roles"`
	Password string   `json:"password,omitempty"`
}

// Roles is what PUT /v1/accounts/{address}/roles takes.
type Roles struct {
	Roles []string `json:"roles"`
}

// Mailed says that a link to set a password is on its way to the holder of an
// account, and until when it works.
type Mailed struct {
	Address     string    `json:"address"`
	LinkExpires time.Time `json:"link_expires,omitzero"` // absent: no link was mailed, the password is set
}
