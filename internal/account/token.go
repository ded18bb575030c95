package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"letterlock/internal/journal"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
	"letterlock/internal/vault"
)

// A Token lets a program act in the name of an account, within its scopes.
type Token = store.Token

const (
	tokenMark    = "llt_" // lets people and scanners of source code tell what it is
	maxTokenName = 100    // characters

	minTokenLife = time.Hour
	maxTokenLife = 400 * 24 * time.Hour
	// touchEvery is how often the use of a token is noted: more would be a write
	// for each request.
	touchEvery = time.Hour
)

var (
	errToken    = &letterlock.Error{Code: letterlock.Denied, Key: "token"}
	errNewToken = &letterlock.Error{Code: letterlock.Invalid, Key: "token"}
	errNoToken  = &letterlock.Error{Code: letterlock.NotFound, Key: "no-token"}
)

// IssueToken makes a token of an account and returns its secret, which is shown
// once and kept nowhere. An administrator issues them for every account, others
// for none. Invalid "token": name, scopes or lifetime, one hour to 400 days, are not right.
func (s *Service) IssueToken(ctx context.Context, by letterlock.Actor, of letterlock.Address, name string, scopes []letterlock.Scope, valid time.Duration) (Token, letterlock.Token, error) {
	secret := letterlock.Token(tokenMark + vault.NewToken().Reveal())
	k := Token{ID: letterlock.NewID(), Account: of, Name: name, Scopes: slices.Clone(scopes)}
	err := s.record(ctx, letterlock.Entry{Actor: by, Action: "issue token", Target: string(of)},
		func(tx *store.Tx, entry *letterlock.Entry) error {
			row, err := find(tx, of)
			if err != nil {
				return err
			}
			if !row.Disabled.IsZero() {
				return errDisabled
			}
			if !rightName(name) || !rightScopes(scopes) || valid < minTokenLife || valid > maxTokenLife {
				return errNewToken
			}
			k.Created, k.Expires = tx.Now, tx.Now.Add(valid)
			entry.Reason = describe(k)
			return tx.AddToken(vault.ProgramTokenHash(s.Pepper, secret), k)
		})
	if err != nil {
		return Token{}, "", err
	}
	return k, secret, nil
}

func rightName(name string) bool {
	n := utf8.RuneCountInString(name)
	return strings.TrimSpace(name) != "" && n <= maxTokenName && !strings.ContainsFunc(name, unprintable)
}

// rightScopes wants each scope known and named once.
func rightScopes(scopes []letterlock.Scope) bool {
	for i, s := range scopes {
		if !slices.Contains(letterlock.Scopes, s) || slices.Contains(scopes[:i], s) {
			return false
		}
	}
	return len(scopes) > 0
}

// describe says in the audit log which token an entry is about.
func describe(k Token) string {
	var b strings.Builder
	b.WriteString(string(k.ID) + " " + k.Name + ":")
	for _, s := range k.Scopes {
		b.WriteString(" " + string(s))
	}
	return b.String()
}

// Tokens returns all tokens, the newest first, also those that have ended.
func (s *Service) Tokens(ctx context.Context, by letterlock.Actor) (list []Token, err error) {
	if mayManage(by) != nil {
		return nil, s.act(ctx, by, "list tokens", "", nil) // refuses, and says so in the audit log
	}
	err = s.DB.Read(ctx, func(tx *store.Tx) (err error) { list, err = tx.Tokens(); return err })
	return list, err
}

// EndToken makes sure that a token works no more. Ending again is no error.
func (s *Service) EndToken(ctx context.Context, by letterlock.Actor, id letterlock.ID) error {
	return s.record(ctx, letterlock.Entry{Actor: by, Action: "end token"}, func(tx *store.Tx, entry *letterlock.Entry) error {
		k, err := tx.Token(id)
		if errors.Is(err, letterlock.NotFound) {
			return errNoToken
		}
		if err != nil {
			return err
		}
		entry.Target, entry.Reason = string(k.Account), describe(k)
		return errors.Join(tx.EndToken(id), taken(tx, k.Account, id, journal.Token))
	})
}

// TokenActor returns in whose name a program with that secret acts now, with those
// of the account's roles that the scopes allow, or Denied "token". It does not say
// why: a secret that never was and one that has ended are answered alike. What an
// administrator has done to the account holds from the next request on.
func (s *Service) TokenActor(ctx context.Context, secret string) (letterlock.Actor, Token, error) {
	if len(secret) != len(tokenMark)+43 || !strings.HasPrefix(secret, tokenMark) {
		return letterlock.Actor{}, Token{}, errToken
	}
	var k Token
	var row store.Account
	var stale bool
	err := s.DB.Read(ctx, func(tx *store.Tx) (err error) {
		if k, err = tx.TokenByHash(vault.ProgramTokenHash(s.Pepper, letterlock.Token(secret))); err != nil {
			return err
		}
		if !k.Ended.IsZero() || !tx.Now.Before(k.Expires) {
			return errToken
		}
		stale = tx.Now.Sub(k.Used) >= touchEvery
		row, err = tx.Account(k.Account)
		return err
	})
	if errors.Is(err, letterlock.NotFound) || err == nil && !row.Disabled.IsZero() {
		err = errToken
	}
	if err == nil && stale {
		err = s.DB.Write(ctx, func(tx *store.Tx) error { return tx.TouchToken(k.ID) })
	}
	if err != nil {
		return letterlock.Actor{}, Token{}, err
	}
	by := actorOf(row)
	by.Roles, by.Token = within(by, k.Scopes), k.ID
	return by, k, nil
}

// within returns the role that is left of an account's when a program with these
// scopes acts in its name: as great as the account's and as the scopes need, and no
// greater. It is never that of a sender, so a program reads no message.
func within(by letterlock.Actor, scopes []letterlock.Scope) []letterlock.Role {
	greatest := letterlock.Auditor
	switch {
	case slices.Contains(scopes, letterlock.ScopeDestroy), slices.Contains(scopes, letterlock.ScopeAccounts),
		slices.Contains(scopes, letterlock.ScopeBrands):
		greatest = letterlock.Admin
	case slices.Contains(scopes, letterlock.ScopeRevoke):
		greatest = letterlock.Revoker
	}
	ladder := []letterlock.Role{letterlock.Admin, letterlock.Revoker, letterlock.Auditor}
	for _, r := range ladder[slices.Index(ladder, greatest):] {
		if by.Is(r) {
			return []letterlock.Role{r}
		}
	}
	return nil
}

// Strangers records that programs have shown so many tokens that are none, the last
// of them from there. The edge counts them, so that a row stands for many.
func (s *Service) Strangers(ctx context.Context, from letterlock.Actor, n int) error {
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		return tx.Audit(letterlock.Entry{Actor: from, Action: "use token", Target: fmt.Sprintf("%d times", n), Reason: errToken.Key})
	})
}
