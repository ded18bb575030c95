package store

import (
	"database/sql"
	"time"

	"letterlock/internal/letterlock"
)

// A Browser is remembered: in it, the holder of an address need not prove their
// mailbox anew.
type Browser struct {
	ID      letterlock.ID // names it in the list of its owner
	Address letterlock.Address
	Agent   string           // browser family
	Proof   letterlock.Proof // of the mailbox; empty: from before it was kept
	Created time.Time        // when the mailbox was proved
	Seen    time.Time        // last sign-in
	Expires time.Time
	Hash    []byte // of the id in its cookie
	Called  string // how its user wanted to be known last, for that address; empty: they have not said
}

const browserColumns = `hash, address, id, agent, proof, created_at, seen_at, expires_at, called`

// PutBrowser remembers a browser for an address, in the place of what was known of
// the two before.
func (t *Tx) PutBrowser(b Browser) error {
	return t.exec(`INSERT INTO browsers (hash, address, id, agent, proof, created_at, seen_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $6, $7)
		ON CONFLICT (hash, address) DO UPDATE SET agent = excluded.agent, proof = excluded.proof, created_at = excluded.created_at,
		seen_at = excluded.seen_at, expires_at = excluded.expires_at`,
		b.Hash, b.Address, b.ID, b.Agent, b.Proof, t.Now.Unix(), b.Expires.Unix())
}

// RenameBrowser keeps all that is remembered of a browser under another hash.
func (t *Tx) RenameBrowser(from, to []byte) error {
	return t.exec(`UPDATE browsers SET hash = $2 WHERE hash = $1`, from, to)
}

// Browser returns what is remembered of a browser for an address, whatever its
// age, or NotFound.
func (t *Tx) Browser(hash []byte, a letterlock.Address) (b Browser, err error) {
	var at times
	err = t.row(`SELECT `+browserColumns+` FROM browsers WHERE hash = $1 AND address = $2`, []any{hash, a}, browserDest(&b, &at)...)
	b.Created, b.Seen, b.Expires = moment(at[0]), moment(at[1]), moment(at[2])
	return b, err
}

func browserDest(b *Browser, at *times) []any {
	return []any{&b.Hash, &b.Address, &b.ID, &b.Agent, &b.Proof, &at[0], &at[1], &at[2], &b.Called}
}

// Browsers returns the browsers that are remembered for an address, the one that
// was used last first, and at most limit of them.
func (t *Tx) Browsers(a letterlock.Address, limit int) (list []Browser, err error) {
	err = t.rows(`SELECT `+browserColumns+` FROM browsers WHERE address = $1 ORDER BY seen_at DESC LIMIT $2 + 0`, []any{a, limit}, func(rows *sql.Rows) error {
		var b Browser
		var at times
		if err := rows.Scan(browserDest(&b, &at)...); err != nil {
			return err
		}
		b.Created, b.Seen, b.Expires = moment(at[0]), moment(at[1]), moment(at[2])
		list = append(list, b)
		return nil
	})
	return list, err
}

// TouchBrowser notes that somebody has signed in by a remembered browser.
func (t *Tx) TouchBrowser(id letterlock.ID) error {
	return t.exec(`UPDATE browsers SET seen_at = $2 WHERE id = $1`, id, t.Now.Unix())
}

// CallBrowser notes how the user of a remembered browser wants to be known.
func (t *Tx) CallBrowser(id letterlock.ID, called string) error {
	return t.exec(`UPDATE browsers SET called = $2 WHERE id = $1`, id, called)
}

// ForgetBrowser forgets one browser of an address, and says whether there was one.
func (t *Tx) ForgetBrowser(id letterlock.ID, a letterlock.Address) (bool, error) {
	n, err := t.change(`DELETE FROM browsers WHERE id = $1 AND address = $2`, id, a)
	return n > 0, err
}

// ForgetBrowsers forgets all browsers of an address.
func (t *Tx) ForgetBrowsers(a letterlock.Address) error {
	return t.exec(`DELETE FROM browsers WHERE address = $1`, a)
}

// CountBrowsers returns how many browsers are remembered for an address, of those that have
// not been swept.
func (t *Tx) CountBrowsers(a letterlock.Address) (n int, err error) {
	err = t.row(`SELECT count(*) FROM browsers WHERE address = $1 AND expires_at > $2`, []any{a, t.Now.Unix()}, &n)
	return n, err
}

// SweepBrowsers forgets those whose time is over.
func (t *Tx) SweepBrowsers() error {
	return t.exec(`DELETE FROM browsers WHERE expires_at <= $1`, t.Now.Unix())
}
