package store

import (
	"strings"
	"time"

	"letterlock/internal/letterlock"
)

// An Account is one person of the organisation who sends or administers.
type Account struct {
	Mailbox      letterlock.Mailbox
	Roles        []letterlock.Role
	PasswordHash string
	Disabled     time.Time // zero: enabled
}

// PutAccount adds an account or replaces the one with that address.
func (t *Tx) PutAccount(a Account) error {
	roles := make([]string, len(a.Roles))
	for i, r := range a.Roles {
		roles[i] = string(r)
	}
	return t.exec(`INSERT INTO accounts (address, name, roles, password_hash, created_at, disabled_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (address) DO UPDATE SET name = excluded.name, roles = excluded.roles,
		password_hash = excluded.password_hash, disabled_at = excluded.disabled_at`,
		a.Mailbox.Address, a.Mailbox.Name, strings.Join(roles, " "), a.PasswordHash, t.Now.Unix(), unix(a.Disabled))
}

// Account returns the account with that address, disabled or not, or NotFound.
func (t *Tx) Account(address letterlock.Address) (a Account, err error) {
	var roles string
	var disabled int64
	err = t.row(`SELECT address, name, roles, password_hash, disabled_at FROM accounts WHERE address = $1`, []any{address},
		&a.Mailbox.Address, &a.Mailbox.Name, &roles, &a.PasswordHash, &disabled)
	for r := range strings.FieldsSeq(roles) {
		a.Roles = append(a.Roles, letterlock.Role(r))
	}
	a.Disabled = moment(disabled)
	return a, err
}
