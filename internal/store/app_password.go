package store

import (
	"database/sql"
	"time"

	"letterlock/internal/letterlock"
)

// An AppPassword lets one mail program sign in to an account. Only a keyed hash of it
// is kept.
type AppPassword struct {
	ID      letterlock.ID
	Account letterlock.Address
	Name    string
	Created time.Time
	Used    time.Time // last sign-in, to within a minute; zero: none
	UsedIP  string    // where that came from
}

// AddAppPassword adds one under its hash.
func (t *Tx) AddAppPassword(hash []byte, p AppPassword) error {
	return t.exec(`INSERT INTO app_passwords (id, hash, account, name, created_at) VALUES ($1, $2, $3, $4, $5)`,
		p.ID, hash, p.Account, p.Name, t.Now.Unix())
}

const appPasswordColumns = `id, account, name, created_at, used_at, used_ip FROM app_passwords`

// scan reads the appPasswordColumns of a row.
func (p *AppPassword) scan(row func(dest ...any) error) error {
	var created, used int64
	err := row(&p.ID, &p.Account, &p.Name, &created, &used, &p.UsedIP)
	p.Created, p.Used = moment(created), moment(used)
	return err
}

// AppPasswordByHash returns the one with that hash, or NotFound.
func (t *Tx) AppPasswordByHash(hash []byte) (p AppPassword, err error) {
	err = p.scan(func(dest ...any) error {
		return t.row(`SELECT `+appPasswordColumns+` WHERE hash = $1`, []any{hash}, dest...)
	})
	return p, err
}

// AppPassword returns one, or NotFound.
func (t *Tx) AppPassword(id letterlock.ID) (p AppPassword, err error) {
	err = p.scan(func(dest ...any) error {
		return t.row(`SELECT `+appPasswordColumns+` WHERE id = $1`, []any{id}, dest...)
	})
	return p, err
}

// AppPasswords returns those of an account, the oldest first.
func (t *Tx) AppPasswords(a letterlock.Address) (list []AppPassword, err error) {
	err = t.rows(`SELECT `+appPasswordColumns+` WHERE account = $1 ORDER BY created_at, id`, []any{a}, func(rs *sql.Rows) error {
		var p AppPassword
		if err := p.scan(rs.Scan); err != nil {
			return err
		}
		list = append(list, p)
		return nil
	})
	return list, err
}

// TouchAppPassword notes that a mail program has signed in from there.
func (t *Tx) TouchAppPassword(id letterlock.ID, ip string) error {
	return t.exec(`UPDATE app_passwords SET used_at = $2, used_ip = $3 WHERE id = $1`, id, t.Now.Unix(), ip)
}

// DeleteAppPassword deletes one.
func (t *Tx) DeleteAppPassword(id letterlock.ID) error {
	return t.exec(`DELETE FROM app_passwords WHERE id = $1`, id)
}

// DeleteAppPasswords deletes all of an account.
func (t *Tx) DeleteAppPasswords(a letterlock.Address) error {
	return t.exec(`DELETE FROM app_passwords WHERE account = $1`, a)
}
