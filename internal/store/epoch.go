package store

import (
	"database/sql"
	"errors"
	"time"

	"letterlock/internal/letterlock"
)

// An Epoch is one of the keyring's, as far as the database knows: it never holds
// the key.
type Epoch struct {
	Number    uint32
	Made      time.Time
	Destroyed time.Time // when its key was seen to be gone; zero: it is alive
}

// AddEpoch notes an epoch. One that is known stays as it is noted, but alive.
func (t *Tx) AddEpoch(number uint32, made time.Time) error {
	return t.exec(`INSERT INTO epochs (number, made_at) VALUES ($1, $2) ON CONFLICT (number) DO UPDATE SET destroyed_at = 0`, number, made.Unix())
}

// EndEpoch notes that the key of an epoch is gone.
func (t *Tx) EndEpoch(number uint32) error {
	return t.exec(`UPDATE epochs SET destroyed_at = $2 WHERE number = $1 AND destroyed_at = 0`, number, t.Now.Unix())
}

// Epochs returns up to limit epochs, the newest first.
func (t *Tx) Epochs(limit int) (list []Epoch, err error) {
	err = t.rows(`SELECT number, made_at, destroyed_at FROM epochs ORDER BY number DESC LIMIT $1 + 0`, []any{limit}, func(rs *sql.Rows) error {
		var e Epoch
		var made, destroyed int64
		err := rs.Scan(&e.Number, &made, &destroyed)
		e.Made, e.Destroyed = moment(made), moment(destroyed)
		list = append(list, e)
		return err
	})
	return list, err
}

// A Wrap is a wrapped key of a message, and whose it is.
type Wrap struct {
	Message letterlock.ID
	Holder  string
	Wrapped []byte
}

// WrapsUnder returns up to limit keys that are wrapped under an epoch, in an order
// of their own, and only those behind the one after.
func (t *Tx) WrapsUnder(epoch uint32, after Wrap, limit int) (list []Wrap, err error) {
	err = t.rows(`SELECT message, holder, wrapped FROM wraps WHERE epoch = $1 AND (message, holder) > ($2, $3) ORDER BY message, holder LIMIT $4 + 0`,
		[]any{epoch, after.Message, after.Holder, limit}, func(rs *sql.Rows) error {
			var w Wrap
			err := rs.Scan(&w.Message, &w.Holder, &w.Wrapped)
			list = append(list, w)
			return err
		})
	return list, err
}

// Rewrap replaces a wrapped key by the same under another epoch. One that has gone
// meanwhile stays gone.
func (t *Tx) Rewrap(w Wrap, epoch uint32) error {
	return t.exec(`UPDATE wraps SET epoch = $3, wrapped = $4 WHERE message = $1 AND holder = $2`, w.Message, w.Holder, epoch, w.Wrapped)
}

// CountWraps counts up to limit keys that are wrapped under an epoch.
func (t *Tx) CountWraps(epoch uint32, limit int) (n int, err error) {
	err = t.row(`SELECT count(*) FROM (SELECT 1 FROM wraps WHERE epoch = $1 LIMIT $2 + 0)`, []any{epoch, limit}, &n)
	return n, err
}

// EpochsOfWraps returns the epochs that keys of messages are wrapped under.
func (t *Tx) EpochsOfWraps() (list []uint32, err error) {
	for last := uint32(0); ; {
		err := t.row(`SELECT epoch FROM wraps WHERE epoch > $1 ORDER BY epoch LIMIT 1`, []any{last}, &last)
		if errors.Is(err, letterlock.NotFound) {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		list = append(list, last)
	}
}

// UploadsUnder returns up to limit uploads whose keys are wrapped under an epoch,
// in the order of their IDs, and only those behind the one after.
func (t *Tx) UploadsUnder(epoch uint32, after letterlock.ID, limit int) (list []Upload, err error) {
	err = t.rows(`SELECT id, wrapped FROM uploads WHERE epoch = $1 AND id > $2 AND wrapped IS NOT NULL ORDER BY id LIMIT $3 + 0`,
		[]any{epoch, after, limit}, func(rs *sql.Rows) error {
			u := Upload{Epoch: epoch}
			err := rs.Scan(&u.ID, &u.Wrapped)
			list = append(list, u)
			return err
		})
	return list, err
}

// RewrapUpload replaces the wrapped key of an upload.
func (t *Tx) RewrapUpload(id letterlock.ID, epoch uint32, wrapped []byte) error {
	return t.exec(`UPDATE uploads SET epoch = $2, wrapped = $3 WHERE id = $1 AND wrapped IS NOT NULL`, id, epoch, wrapped)
}

// A KeyState says what has become of the key that a holder had to a message.
type KeyState struct {
	Holder    string
	Epoch     uint32    // under which it is wrapped, or was last; 0: there never was one
	Live      bool      // it is there
	Destroyed time.Time // since when no key is alive that opens what is left of it on the disk; zero: one is, or it lives
}

// KeyStates returns the states of the keys to a message: of the sender's copy, and
// of each link recipient.
func (t *Tx) KeyStates(message letterlock.ID) (list []KeyState, err error) {
	err = t.rows(`SELECT h.holder, COALESCE(w.epoch, h.key_epoch), w.epoch IS NOT NULL
		FROM (SELECT id AS message, 'sender' AS holder, key_epoch, -1 AS position FROM messages WHERE id = $1
			UNION ALL SELECT message, id, key_epoch, position FROM recipients WHERE message = $1 AND experience = 'link') h
		LEFT JOIN wraps w ON w.message = h.message AND w.holder = h.holder ORDER BY h.position`, []any{message},
		func(rs *sql.Rows) error {
			var k KeyState
			err := rs.Scan(&k.Holder, &k.Epoch, &k.Live)
			list = append(list, k)
			return err
		})
	for i := range list {
		if k := &list[i]; err == nil && !k.Live && k.Epoch > 0 {
			k.Destroyed, err = t.goneSince(k.Epoch)
		}
	}
	return list, err
}

// goneSince returns since when the keys of an epoch, and of all before it, are
// gone; zero: one of them is alive. A key that was wrapped under one epoch may have
// been under those before it.
func (t *Tx) goneSince(epoch uint32) (time.Time, error) {
	var first, last sql.NullInt64
	err := t.row(`SELECT min(destroyed_at), max(destroyed_at) FROM epochs WHERE number <= $1`, []any{epoch}, &first, &last)
	if err != nil || first.Int64 == 0 {
		return time.Time{}, err
	}
	return moment(last.Int64), nil
}
