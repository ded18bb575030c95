package api

import "time"

// A Token lets a program act in the name of an account, within its scopes.
type Token struct {
	ID      string    `json:"id"`
	Account string    `json:"account"`
	Name    string    `json:"name" doc:"What it is for."`
	Scopes  []string  `json:"scopes" nullable:"false"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires"`
	Used    time.Time `json:"used,omitzero" doc:"Last use, to the hour; absent: never."`
	Ended   time.Time `json:"ended,omitzero" doc:"Absent: it was not."`
	Secret  string    `json:"secret,omitempty" doc:"In the answer to its making only: it is shown this once."`
}

// Tokens are all of them, the newest first.
type Tokens struct {
	Tokens []Token `json:"tokens" nullable:"false"`
}

// A NewToken is what a token is made from.
type NewToken struct {
	Account string    `json:"account" doc:"In whose name the program acts."`
	Name    string    `json:"name" doc:"What it is for; 1 to 100 characters."`
	Scopes  []string  `json:"scopes" nullable:"false" doc:"trace, report, audit, revoke, destroy, accounts, brands; at least one."`
	Expires time.Time `json:"expires" doc:"One hour to 400 days from now."`
}
