package store

import (
	"database/sql"
	"time"

	"letterlock/internal/letterlock"
)

// A Binding says who an address belonged to when a provider first vouched for it.
type Binding struct {
	Address  letterlock.Address
	Issuer   string
	Subject  string // by what the issuer knows them, always
	Provider string // its short name in the settings
	Created  time.Time
	Seen     time.Time // last proof
}

// Binding returns what binds an address at an issuer, or NotFound.
func (t *Tx) Binding(a letterlock.Address, issuer string) (b Binding, err error) {
	b.Address, b.Issuer = a, issuer
	var created, seen int64
	err = t.row(`SELECT subject, provider, created_at, seen_at FROM openid_bindings WHERE address = $1 AND issuer = $2`, []any{a, issuer},
		&b.Subject, &b.Provider, &created, &seen)
	b.Created, b.Seen = moment(created), moment(seen)
	return b, err
}

// Bindings returns all that binds an address.
func (t *Tx) Bindings(a letterlock.Address) (list []Binding, err error) {
	err = t.rows(`SELECT issuer, subject, provider, created_at, seen_at FROM openid_bindings WHERE address = $1 ORDER BY issuer`, []any{a}, func(rows *sql.Rows) error {
		b := Binding{Address: a}
		var created, seen int64
		if err := rows.Scan(&b.Issuer, &b.Subject, &b.Provider, &created, &seen); err != nil {
			return err
		}
		b.Created, b.Seen = moment(created), moment(seen)
		list = append(list, b)
		return nil
	})
	return list, err
}

// BoundAddresses returns all addresses that are bound at an issuer.
func (t *Tx) BoundAddresses() (list []letterlock.Address, err error) {
	err = t.rows(`SELECT DISTINCT address FROM openid_bindings`, nil, func(rows *sql.Rows) error {
		var a letterlock.Address
		err := rows.Scan(&a)
		list = append(list, a)
		return err
	})
	return list, err
}

// Bind binds an address at an issuer, or notes that the binding was used; it never
// changes whom it binds.
func (t *Tx) Bind(b Binding) error {
	return t.exec(`INSERT INTO openid_bindings (address, issuer, subject, provider, created_at, seen_at) VALUES ($1, $2, $3, $4, $5, $5)
		ON CONFLICT (address, issuer) DO UPDATE SET seen_at = excluded.seen_at`,
		b.Address, b.Issuer, b.Subject, b.Provider, t.Now.Unix())
}

// Unbind forgets what binds an address at a provider, at all of them if that is empty,
// and says how many bindings there were.
func (t *Tx) Unbind(a letterlock.Address, provider string) (int64, error) {
	return t.change(`DELETE FROM openid_bindings WHERE address = $1 AND (provider = $2 OR $2 = '')`, a, provider)
}

// An OpenIDRequest is a question that a browser has been sent to a provider with.
type OpenIDRequest struct {
	State     []byte        // hash of what comes back with the answer
	ID        letterlock.ID // names it in the address of the page that says what came of it
	Browser   []byte        // hash of the name of the browser that asked
	Recipient letterlock.ID // whose mailbox is to be proved; empty: an administrator tries the provider
	Provider  string
	Sealed    []byte // what the answer is held against; once it is used, what came of it
	Used      bool
	Expires   time.Time
}

const openIDColumns = `state, id, browser, recipient, provider, sealed, used_at, expires_at`

// AddOpenIDRequest keeps a question.
func (t *Tx) AddOpenIDRequest(r OpenIDRequest) error {
	return t.exec(`INSERT INTO openid_requests (state, id, browser, recipient, provider, sealed, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		r.State, r.ID, r.Browser, r.Recipient, r.Provider, r.Sealed, r.Expires.Unix())
}

// OpenIDRequest returns the question with that state, whatever has become of it, or NotFound.
func (t *Tx) OpenIDRequest(state []byte) (OpenIDRequest, error) {
	return t.openIDRequest(`SELECT `+openIDColumns+` FROM openid_requests WHERE state = $1`, state)
}

// OpenIDRequestByID returns the question with that name, likewise.
func (t *Tx) OpenIDRequestByID(id letterlock.ID) (OpenIDRequest, error) {
	return t.openIDRequest(`SELECT `+openIDColumns+` FROM openid_requests WHERE id = $1`, id)
}

func (t *Tx) openIDRequest(query string, key any) (r OpenIDRequest, err error) {
	var used, expires int64
	err = t.row(query, []any{key}, &r.State, &r.ID, &r.Browser, &r.Recipient, &r.Provider, &r.Sealed, &used, &expires)
	r.Used, r.Expires = used != 0, moment(expires)
	return r, err
}

// UseOpenIDRequest marks a question as answered, and returns NotFound if it already was:
// of answers that come at the same time one counts.
func (t *Tx) UseOpenIDRequest(state []byte) error {
	n, err := t.change(`UPDATE openid_requests SET used_at = $2 WHERE state = $1 AND used_at = 0`, state, t.Now.Unix())
	if err == nil && n == 0 {
		return errNotFound
	}
	return err
}

// SettleOpenIDRequest keeps what came of a question in the place of the question.
func (t *Tx) SettleOpenIDRequest(state, sealed []byte) error {
	return t.exec(`UPDATE openid_requests SET sealed = $2 WHERE state = $1 AND used_at <> 0`, state, sealed)
}

// SweepOpenIDRequests deletes those that mean nothing any more: for an hour it can still
// be said what came of them.
func (t *Tx) SweepOpenIDRequests() error {
	return t.exec(`DELETE FROM openid_requests WHERE expires_at <= $1`, t.Now.Add(-time.Hour).Unix())
}
