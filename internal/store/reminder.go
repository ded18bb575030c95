package store

import (
	"database/sql"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/policy"
)

// PutReminder keeps what the sender of a message is still to be told, and when: the
// zero time is when it happens. It takes the place of one of the same kind.
func (t *Tx) PutReminder(message letterlock.ID, kind policy.ReminderKind, due time.Time) error {
	return t.exec(`INSERT INTO reminders (message, kind, due_at) VALUES ($1, $2, NULLIF($3, 0))
		ON CONFLICT (message, kind) DO UPDATE SET due_at = excluded.due_at`, message, kind, unix(due))
}

// DropReminder forgets it.
func (t *Tx) DropReminder(message letterlock.ID, kind policy.ReminderKind) error {
	return t.exec(`DELETE FROM reminders WHERE message = $1 AND kind = $2`, message, kind)
}

// HasReminder reports whether the sender is to be told that.
func (t *Tx) HasReminder(message letterlock.ID, kind policy.ReminderKind) (has bool, err error) {
	err = t.row(`SELECT EXISTS (SELECT 1 FROM reminders WHERE message = $1 AND kind = $2)`, []any{message, kind}, &has)
	return has, err
}

// A DueReminder is a reminder whose time has come.
type DueReminder struct {
	Message letterlock.ID
	Kind    policy.ReminderKind
}

// DueReminders returns up to limit reminders whose time has come, the oldest first.
func (t *Tx) DueReminders(limit int) (list []DueReminder, err error) {
	err = t.rows(`SELECT message, kind FROM reminders WHERE due_at <= $1 ORDER BY due_at LIMIT $2 + 0`, []any{t.Now.Unix(), limit},
		func(rows *sql.Rows) error {
			var d DueReminder
			err := rows.Scan(&d.Message, &d.Kind)
			list = append(list, d)
			return err
		})
	return list, err
}
