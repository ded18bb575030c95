package account

import (
	"context"
	"time"

	"letterlock/internal/letterlock"
)

// A Token lets a program act in the name of an account, within its scopes.
type Token struct {
	ID      letterlock.ID
	Account letterlock.Address
	Name    string
	Scopes  []letterlock.Scope
	Created time.Time
	Expires time.Time
	Used    time.Time // to the hour; zero: never
	Ended   time.Time // zero: not
}

// IssueToken makes a token of an account and returns its secret, which is shown
// once and kept nowhere. An administrator issues them for every account, others
// for none. Invalid "token": name, scopes or lifetime, one hour to 400 days, are not right.
func (s *Service) IssueToken(ctx context.Context, by letterlock.Actor, of letterlock.Address, name string, scopes []letterlock.Scope, valid time.Duration) (Token, letterlock.Token, error) {
	panic("account: to be built")
}

// Tokens returns all tokens, the newest first, also those that have ended.
func (s *Service) Tokens(ctx context.Context, by letterlock.Actor) ([]Token, error) {
	panic("account: to be built")
}

// EndToken makes sure that a token works no more. Ending again is no error.
func (s *Service) EndToken(ctx context.Context, by letterlock.Actor, id letterlock.ID) error {
	panic("account: to be built")
}

// TokenActor returns in whose name a program with that secret acts now, with those
// of the account's roles that the scopes allow, or Denied "token".
func (s *Service) TokenActor(ctx context.Context, secret string) (letterlock.Actor, Token, error) {
	panic("account: to be built")
}
