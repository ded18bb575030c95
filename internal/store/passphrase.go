package store

import (
	"time"

	"letterlock/internal/letterlock"
)

// PutPassphrase keeps the sealed passphrase of a message, in the place of one that it may
// have. See [Tx.SetDemand].
func (t *Tx) PutPassphrase(message letterlock.ID, sealed []byte) error {
	return t.exec(`INSERT INTO passphrases (message, sealed) VALUES ($1, $2)
		ON CONFLICT (message) DO UPDATE SET sealed = excluded.sealed`, message, sealed)
}

// RemovePassphrase deletes the sealed passphrase of a message.
func (t *Tx) RemovePassphrase(message letterlock.ID) error {
	return t.exec(`DELETE FROM passphrases WHERE message = $1`, message)
}

// SetDemand changes what a message asks of its readers, and by the name of which
// passphrase; empty: of none. Whoever asks for anything is read in the portal.
func (t *Tx) SetDemand(message letterlock.ID, asks letterlock.Demand, passphrase letterlock.ID) error {
	return t.exec(`UPDATE messages SET asks = $2, passphrase = $3, portal = max(portal, $2 <> '')
		WHERE id = $1 AND status = 'accepted'`, message, asks, passphrase)
}

// SetRuledAsks changes how much of what a message asks for rules have asked for.
func (t *Tx) SetRuledAsks(message letterlock.ID, asks letterlock.Demand) error {
	return t.exec(`UPDATE messages SET ruled_asks = $2 WHERE id = $1 AND status = 'accepted'`, message, asks)
}

// Passphrase returns the sealed passphrase of a message, or NotFound.
func (t *Tx) Passphrase(message letterlock.ID) (sealed []byte, err error) {
	err = t.row(`SELECT sealed FROM passphrases WHERE message = $1`, []any{message}, &sealed)
	return sealed, err
}

// TakePassphraseTry spends one of limit tries of a recipient before anybody compares
// anything, so that parallel guesses cannot share one. It returns how many were spent
// with this one, or NotFound while no more count. After a cool-down they begin anew.
func (t *Tx) TakePassphraseTry(recipient letterlock.ID, limit int) (tries int, err error) {
	err = t.row(`INSERT INTO passphrase_tries (recipient, tries) VALUES ($1, 1)
		ON CONFLICT (recipient) DO UPDATE SET tries = CASE WHEN tries < $2 THEN tries + 1 ELSE 1 END
		WHERE until <= $3 RETURNING tries`, []any{recipient, limit, t.Now.Unix()}, &tries)
	return tries, err
}

// PassphraseLock returns the cool-down of a recipient after wrong tries; the zero Lock
// when there is none.
func (t *Tx) PassphraseLock(recipient letterlock.ID) (l Lock, err error) {
	var until int64
	err = t.row(`SELECT failures, until FROM passphrase_tries WHERE recipient = $1`, []any{recipient}, &l.Failures, &until)
	if letterlock.CodeOf(err) == letterlock.NotFound {
		return Lock{}, nil
	}
	l.Until = moment(until)
	return l, err
}

// LockPassphrase has no try of a recipient count until the cool-down is over.
func (t *Tx) LockPassphrase(recipient letterlock.ID, l Lock) error {
	return t.exec(`UPDATE passphrase_tries SET failures = $2, until = $3 WHERE recipient = $1`, recipient, l.Failures, unix(l.Until))
}

// ForgetPassphraseTries forgets the tries of a recipient, who has given the right one.
func (t *Tx) ForgetPassphraseTries(recipient letterlock.ID) error {
	return t.exec(`DELETE FROM passphrase_tries WHERE recipient = $1`, recipient)
}

// ForgetTriesOf forgets the tries of all recipients of a message, which has another one.
func (t *Tx) ForgetTriesOf(message letterlock.ID) error {
	return t.exec(`DELETE FROM passphrase_tries WHERE recipient IN (SELECT id FROM recipients WHERE message = $1)`, message)
}

// SweepPassphraseTries forgets cool-downs that are long over.
func (t *Tx) SweepPassphraseTries() error {
	return t.exec(`DELETE FROM passphrase_tries WHERE until > 0 AND until < $1`, t.Now.Add(-24*time.Hour).Unix())
}

// TellSession notes which passphrase a reader has given, and gives the
// session another id: one from before must not gain rights. NotFound: there is no such
// session.
func (t *Tx) TellSession(hash, next []byte, passphrase letterlock.ID) error {
	n, err := t.change(`UPDATE sessions SET hash = $2, told_for = $3, told_at = $4 WHERE hash = $1`, hash, next, passphrase, t.Now.Unix())
	if err == nil && n == 0 {
		return errNotFound
	}
	return err
}
