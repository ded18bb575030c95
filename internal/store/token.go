package store

import (
	"database/sql"
	"strings"
	"time"

	"letterlock/internal/letterlock"
)

// A Token lets a program act in the name of an account. Of its secret only a keyed
// hash is kept.
type Token struct {
	ID      letterlock.ID
	Account letterlock.Address
	Name    string
	Scopes  []letterlock.Scope
	Created time.Time
	Expires time.Time
	Used    time.Time // zero: never
	Ended   time.Time // zero: not
}

// AddToken adds a token under the hash of its secret.
func (t *Tx) AddToken(hash []byte, k Token) error {
	scopes := make([]string, len(k.Scopes))
	for i, s := range k.Scopes {
		scopes[i] = string(s)
	}
	return t.exec(`INSERT INTO tokens (id, hash, account, name, scopes, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		k.ID, hash, k.Account, k.Name, strings.Join(scopes, " "), t.Now.Unix(), k.Expires.Unix())
}

const tokenColumns = `id, account, name, scopes, created_at, expires_at, used_at, ended_at FROM tokens`

// scan reads the tokenColumns of a row.
func (k *Token) scan(row func(dest ...any) error) error {
	var scopes string
	var created, expires, used, ended int64
	if err := row(&k.ID, &k.Account, &k.Name, &scopes, &created, &expires, &used, &ended); err != nil {
		return err
	}
	for s := range strings.FieldsSeq(scopes) {
		k.Scopes = append(k.Scopes, letterlock.Scope(s))
	}
	k.Created, k.Expires, k.Used, k.Ended = moment(created), moment(expires), moment(used), moment(ended)
	return nil
}

// TokenByHash returns the token whose secret has that hash, whether it works or
// not, or NotFound.
func (t *Tx) TokenByHash(hash []byte) (k Token, err error) {
	err = k.scan(func(dest ...any) error {
		return t.row(`SELECT `+tokenColumns+` WHERE hash = $1`, []any{hash}, dest...)
	})
	return k, err
}

// Token returns a token, whether it works or not, or NotFound.
func (t *Tx) Token(id letterlock.ID) (k Token, err error) {
	err = k.scan(func(dest ...any) error {
		return t.row(`SELECT `+tokenColumns+` WHERE id = $1`, []any{id}, dest...)
	})
	return k, err
}

// Tokens returns all tokens, the newest first, also those that have ended.
func (t *Tx) Tokens() (list []Token, err error) {
	err = t.rows(`SELECT `+tokenColumns+` ORDER BY created_at DESC, id`, nil, func(rs *sql.Rows) error {
		var k Token
		if err := k.scan(rs.Scan); err != nil {
			return err
		}
		list = append(list, k)
		return nil
	})
	return list, err
}

// TouchToken notes that a token is in use.
func (t *Tx) TouchToken(id letterlock.ID) error {
	return t.exec(`UPDATE tokens SET used_at = $2 WHERE id = $1`, id, t.Now.Unix())
}

// EndToken makes sure that a token works no more.
func (t *Tx) EndToken(id letterlock.ID) error {
	return t.exec(`UPDATE tokens SET ended_at = $2 WHERE id = $1 AND ended_at = 0`, id, t.Now.Unix())
}
