package store

import (
	"time"

	"letterlock/internal/letterlock"
)

// SetExpiry changes when a message expires; the zero time: never. It does not touch
// keys, but has the sweep look at the message anew.
func (t *Tx) SetExpiry(id letterlock.ID, end time.Time) error {
	return t.exec(`UPDATE messages SET expires_at = $2, swept = 0 WHERE id = $1 AND status = 'accepted'`, id, unix(end))
}

// SetLatestEnd changes the latest end that the rules allow a message.
func (t *Tx) SetLatestEnd(id letterlock.ID, end time.Time) error {
	return t.exec(`UPDATE messages SET latest_end = $2 WHERE id = $1 AND status = 'accepted'`, id, unix(end))
}
