package store

import "letterlock/internal/letterlock"

// PutLanguage notes in which language the holder of an address reads.
func (t *Tx) PutLanguage(a letterlock.Address, tag string) error {
	return t.exec(`INSERT INTO languages (address, tag, at) VALUES ($1, $2, $3)
		ON CONFLICT (address) DO UPDATE SET tag = excluded.tag, at = excluded.at`, a, tag, t.Now.Unix())
}

// LanguageOf returns in which language the holder of an address reads, or NotFound:
// they have chosen none.
func (t *Tx) LanguageOf(a letterlock.Address) (tag string, err error) {
	err = t.row(`SELECT tag FROM languages WHERE address = $1`, []any{a}, &tag)
	return tag, err
}

// PutAccountLanguage notes in which language the holder of an account reads. What recipients
// are offered is another choice, and is kept for the address.
func (t *Tx) PutAccountLanguage(a letterlock.Address, tag string) error {
	return t.exec(`UPDATE accounts SET language = $2 WHERE address = $1`, a, tag)
}

// AccountLanguage returns in which language the holder of an account reads, empty where it is
// not known, or NotFound: there is no account.
func (t *Tx) AccountLanguage(a letterlock.Address) (tag string, err error) {
	err = t.row(`SELECT language FROM accounts WHERE address = $1`, []any{a}, &tag)
	return tag, err
}
