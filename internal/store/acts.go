package store

import (
	"database/sql"

	"letterlock/internal/audit"
	"letterlock/internal/letterlock"
)

// ActsOn returns what the audit log has about access to a message: who removed it, gave
// it back or destroyed the message, newest first, a thousand at most.
func (t *Tx) ActsOn(message letterlock.ID) (list []audit.Row, err error) {
	err = t.rows(`SELECT `+recordColumns+` FROM audit WHERE message = $1 AND allowed = 1 AND action IN ('revoke', 'restore', 'destroy')
		ORDER BY seq DESC LIMIT 1000`, []any{message}, func(rs *sql.Rows) error {
		c, err := scanRecord(rs)
		list = append(list, rowOf(c))
		return err
	})
	return list, err
}
