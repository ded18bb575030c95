package store

import (
	"database/sql"
	"slices"
	"strings"
	"time"

	"letterlock/internal/letterlock"
)

// An Account is one person of the organisation who sends or administers.
type Account struct {
	Mailbox      letterlock.Mailbox
	Roles        []letterlock.Role
	PasswordHash string    // empty: none is set, and nobody can sign in
	Created      time.Time // kept by PutAccount as it was
	Disabled     time.Time // zero: enabled
	LinkExpires  time.Time // of the newest link to set a password, used by nobody; zero: there is none
	LinkPurpose  LinkPurpose
	SSO          time.Time // last sign-in by single sign-on; zero: it is bound to nobody there. Kept by PutAccount as it was
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

const accountColumns = `a.address, a.name, a.roles, a.password_hash, a.created_at, a.disabled_at, COALESCE(l.expires_at, 0), COALESCE(l.purpose, ''),
	COALESCE((SELECT max(b.seen_at) FROM sso_bindings b WHERE b.address = a.address), 0)
	FROM accounts a LEFT JOIN account_links l ON l.address = a.address`

// scan reads the accountColumns of a row.
func (a *Account) scan(row func(dest ...any) error) error {
	var roles string
	var created, disabled, link, sso int64
	if err := row(&a.Mailbox.Address, &a.Mailbox.Name, &roles, &a.PasswordHash, &created, &disabled, &link, &a.LinkPurpose, &sso); err != nil {
		return err
	}
	for r := range strings.FieldsSeq(roles) {
		a.Roles = append(a.Roles, letterlock.Role(r))
	}
	a.Created, a.Disabled, a.LinkExpires, a.SSO = moment(created), moment(disabled), moment(link), moment(sso)
	return nil
}

// Account returns the account with that address, disabled or not, or NotFound.
func (t *Tx) Account(address letterlock.Address) (a Account, err error) {
	err = a.scan(func(dest ...any) error {
		return t.row(`SELECT `+accountColumns+` WHERE a.address = $1`, []any{address}, dest...)
	})
	return a, err
}

// Accounts returns all accounts by their addresses, disabled ones too.
func (t *Tx) Accounts() (list []Account, err error) {
	err = t.rows(`SELECT `+accountColumns+` ORDER BY a.address`, nil, func(rs *sql.Rows) error {
		var a Account
		if err := a.scan(rs.Scan); err != nil {
			return err
		}
		list = append(list, a)
		return nil
	})
	return list, err
}

// Administers reports whether an account may administer, if its holder comes in.
func (a Account) Administers() bool {
	return a.Disabled.IsZero() && slices.Contains(a.Roles, letterlock.Admin)
}

// OthersAdminister reports whether anybody but the holder of an account may administer and can
// come in. by is the account for which single sign-on is not: without a password it is shut.
func (t *Tx) OthersAdminister(than, by letterlock.Address) (bool, error) {
	all, err := t.Accounts()
	return slices.ContainsFunc(all, func(a Account) bool {
		shut := a.Mailbox.Address == by && a.PasswordHash == ""
		return a.Mailbox.Address != than && a.Administers() && !shut
	}), err
}

// A LinkPurpose says why somebody was sent a link to set a password.
type LinkPurpose string

const (
	Invite LinkPurpose = "invite" // the account is new
	Reset  LinkPurpose = "reset"  // an administrator has taken the password away
)

// An AccountLink lets its holder set the password of one account, once.
type AccountLink struct {
	Address letterlock.Address
	Purpose LinkPurpose
	Expires time.Time
}

// PutAccountLink keeps a link under the hash of its token, in the place of the
// account's earlier one.
func (t *Tx) PutAccountLink(hash []byte, l AccountLink) error {
	return t.exec(`INSERT INTO account_links (address, token_hash, purpose, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (address) DO UPDATE SET token_hash = excluded.token_hash, purpose = excluded.purpose,
		created_at = excluded.created_at, expires_at = excluded.expires_at`,
		l.Address, hash, l.Purpose, t.Now.Unix(), l.Expires.Unix())
}

// AccountLink returns the link under that hash, expired or not, or NotFound.
func (t *Tx) AccountLink(hash []byte) (l AccountLink, err error) {
	var expires int64
	err = t.row(`SELECT address, purpose, expires_at FROM account_links WHERE token_hash = $1`, []any{hash},
		&l.Address, &l.Purpose, &expires)
	l.Expires = moment(expires)
	return l, err
}

// DeleteAccountLink ends the link of an account, if it has one.
func (t *Tx) DeleteAccountLink(a letterlock.Address) error {
	return t.exec(`DELETE FROM account_links WHERE address = $1`, a)
}
