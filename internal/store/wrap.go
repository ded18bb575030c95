package store

import (
	"database/sql"
	"errors"

	"letterlock/internal/letterlock"
)

// SenderCopy is the holder of a message's key on behalf of its sender. Every
// other holder is the ID of a link recipient.
const SenderCopy = "sender"

// Grant gives holder a wrapped key to a message, replacing one it may have had. It
// refuses one under an epoch whose key was destroyed: it would be a message that is
// accepted and can be opened by nobody.
func (t *Tx) Grant(message letterlock.ID, holder string, epoch uint32, wrapped []byte) error {
	n, err := t.change(`INSERT INTO wraps (message, holder, epoch, wrapped)
		SELECT $1, $2, $3, $4 WHERE NOT EXISTS (SELECT 1 FROM epochs WHERE number = $3 AND destroyed_at > 0)
		ON CONFLICT (message, holder) DO UPDATE SET epoch = excluded.epoch, wrapped = excluded.wrapped`,
		message, holder, epoch, wrapped)
	if err == nil && n == 0 {
		return &letterlock.Error{Code: letterlock.Busy, Err: errors.New("the epoch of this key is over")}
	}
	return err
}

// Wrapped returns holder's wrapped key to a message, or NotFound.
func (t *Tx) Wrapped(message letterlock.ID, holder string) (wrapped []byte, err error) {
	err = t.row(`SELECT wrapped FROM wraps WHERE message = $1 AND holder = $2`, []any{message, holder}, &wrapped)
	return wrapped, err
}

// Shred deletes holder's wrapped key, a link recipient's. That nothing of it stays
// on disk is the business of key rotation, not of this row; the epoch is noted
// whose end is the end of what is left.
func (t *Tx) Shred(message letterlock.ID, holder string) error {
	err := t.exec(`UPDATE recipients SET key_epoch = w.epoch FROM (SELECT epoch FROM wraps WHERE message = $1 AND holder = $2) AS w
		WHERE id = $2`, message, holder)
	if err != nil {
		return err
	}
	return t.exec(`DELETE FROM wraps WHERE message = $1 AND holder = $2`, message, holder)
}

// ExpiredHolders returns up to limit link recipients who still hold a key to a
// message that has expired.
func (t *Tx) ExpiredHolders(limit int) (list []letterlock.Recipient, err error) {
	err = t.rows(`SELECT `+recipientColumns+`
		FROM messages m JOIN wraps w ON w.message = m.id JOIN recipients r ON r.id = w.holder
		WHERE m.expires_at > 0 AND m.swept = 0 AND m.expires_at <= $1 LIMIT $2 + 0`, []any{t.Now.Unix(), limit}, func(rows *sql.Rows) error {
		var r letterlock.Recipient
		var at times
		if err := rows.Scan(recipientDest(&r, &at)...); err != nil {
			return err
		}
		finishRecipient(&r, at)
		list = append(list, r)
		return nil
	})
	return list, err
}

// MarkSwept notes that no recipient holds a key to a message that has expired by
// now, so that ExpiredHolders need not look at them again.
func (t *Tx) MarkSwept() error {
	return t.exec(`UPDATE messages SET swept = 1 WHERE expires_at > 0 AND swept = 0 AND expires_at <= $1`, t.Now.Unix())
}
