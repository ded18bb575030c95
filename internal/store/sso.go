package store

import (
	"database/sql"

	"letterlock/internal/letterlock"
)

// A StaffBinding says who at an issuer an account belongs to.
type StaffBinding struct {
	Issuer  string
	Subject string // by what the issuer knows them, always
	Account letterlock.Address
}

const staffBindingColumns = `issuer, subject, address FROM sso_bindings`

// StaffBinding returns the account to which somebody at an issuer is bound, or NotFound.
func (t *Tx) StaffBinding(issuer, subject string) (b StaffBinding, err error) {
	err = t.row(`SELECT `+staffBindingColumns+` WHERE issuer = $1 AND subject = $2`, []any{issuer, subject}, &b.Issuer, &b.Subject, &b.Account)
	return b, err
}

// StaffBindings returns all that an account is bound to, by their issuers.
func (t *Tx) StaffBindings(a letterlock.Address) (list []StaffBinding, err error) {
	err = t.rows(`SELECT `+staffBindingColumns+` WHERE address = $1 ORDER BY issuer`, []any{a}, func(rs *sql.Rows) error {
		var b StaffBinding
		if err := rs.Scan(&b.Issuer, &b.Subject, &b.Account); err != nil {
			return err
		}
		list = append(list, b)
		return nil
	})
	return list, err
}

// BindStaff binds an account, or notes that its binding was used. It never changes whom it
// binds: that an account has another subject there is an error.
func (t *Tx) BindStaff(b StaffBinding) error {
	return t.exec(`INSERT INTO sso_bindings (issuer, subject, address, created_at, seen_at) VALUES ($1, $2, $3, $4, $4)
		ON CONFLICT (issuer, subject) DO UPDATE SET seen_at = excluded.seen_at`, b.Issuer, b.Subject, b.Account, t.Now.Unix())
}

// UnbindStaff forgets whom an account is bound to, and says how many bindings there were.
func (t *Tx) UnbindStaff(a letterlock.Address) (int64, error) {
	return t.change(`DELETE FROM sso_bindings WHERE address = $1`, a)
}
