package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"letterlock/internal/brand"
	"letterlock/internal/letterlock"
)

// A Brand is what one brand says of itself.
type Brand struct {
	ID      string
	Version int64
	Changes brand.Changes
	Changed time.Time
}

// Brands are some of those that messages name, whether there are such brands or not.
type Brands struct {
	IDs    []string
	Others bool // all but the IDs are meant
}

// list is the IDs as json_each reads them.
func (b Brands) list() string {
	if len(b.IDs) == 0 {
		return "[]" // of null it would make a value
	}
	text, _ := json.Marshal(b.IDs) // strings can always be written
	return string(text)
}

// Brands returns all brands by their names. One that this program cannot read is an
// error: it may keep messages in the portal, and must not be left out.
func (t *Tx) Brands() (list []Brand, err error) {
	err = t.rows(`SELECT id, version, fields, logo, changed_at FROM brands ORDER BY id`, nil, func(rs *sql.Rows) error {
		var b Brand
		var fields string
		var logo []byte
		var at int64
		if err := rs.Scan(&b.ID, &b.Version, &fields, &logo, &at); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(fields), &b.Changes); err != nil {
			return &letterlock.Error{Code: letterlock.Internal, Err: fmt.Errorf("fields of brand %s: %w", b.ID, err)}
		}
		if logo != nil {
			b.Changes[brand.Logo] = string(logo)
		}
		b.Changed = moment(at)
		list = append(list, b)
		return nil
	})
	return list, err
}

// PutBrand adds a brand or replaces the one of its name, and gives its version.
func (t *Tx) PutBrand(id string, c brand.Changes) (version int64, err error) {
	words := maps.Clone(c)
	delete(words, brand.Logo)
	fields, err := json.Marshal(words)
	if err != nil {
		return 0, err
	}
	var logo []byte
	if s := c[brand.Logo]; s != "" {
		logo = []byte(s)
	}
	err = t.exec(`INSERT INTO brands (id, version, fields, logo, changed_at) VALUES ($1, 1, $2, $3, $4)
		ON CONFLICT (id) DO UPDATE SET version = brands.version + 1, fields = excluded.fields, logo = excluded.logo, changed_at = excluded.changed_at`,
		id, string(fields), logo, t.Now.Unix())
	if err != nil {
		return 0, err
	}
	err = t.row(`SELECT version FROM brands WHERE id = $1`, []any{id}, &version)
	return version, err
}

// DeleteBrand removes a brand. Its messages keep its name, and nothing of its looks.
func (t *Tx) DeleteBrand(id string) error {
	return t.exec(`DELETE FROM brands WHERE id = $1`, id)
}

// A Holder is a recipient who can read a message, and the brand that it names.
type Holder struct {
	Brand   string
	Address letterlock.Address
	Asks    letterlock.Demand // of the message itself
}

// Stretch returns the place of the last of so many messages after a place; 0: there are no
// more.
func (t *Tx) Stretch(after int64, limit int) (last int64, err error) {
	err = t.row(`SELECT COALESCE(MAX(seq), 0) FROM (SELECT seq FROM messages WHERE seq > $1 ORDER BY seq LIMIT $2 + 0)`, []any{after, limit}, &last)
	return last, err
}

// Holders returns who can read the messages whose places are after one, up to another:
// there may be more of them than one transaction should look at.
func (t *Tx) Holders(after, upTo int64) (list []Holder, err error) {
	err = t.rows(`SELECT m.brand, r.address, m.asks FROM messages m JOIN recipients r ON r.message = m.id
		WHERE m.seq > $1 AND m.seq <= $2 AND m.status = 'accepted' AND (m.expires_at = 0 OR m.expires_at > $3)
		AND r.experience = 'link' AND r.revoked_at = 0`, []any{after, upTo, t.Now.Unix()}, func(rs *sql.Rows) error {
		var h Holder
		if err := rs.Scan(&h.Brand, (*string)(&h.Address), (*string)(&h.Asks)); err != nil {
			return err
		}
		list = append(list, h)
		return nil
	})
	return list, err
}
