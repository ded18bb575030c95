package store

import (
	"context"
	"fmt"

	"letterlock/internal/letterlock"
)

// patience is how long TruncateLog keeps writes waiting for a reader, in
// milliseconds.
const patience = 100

// TruncateLog brings everything that is committed into the database file, on disk,
// and empties the write-ahead log. When it returns nil no reader sees anything
// older than the moment of the call. It is Busy "readers" while somebody reads:
// then it is worth another try soon. It must not be called inside a transaction.
func (db *DB) TruncateLog(ctx context.Context) error {
	if err := db.Fault(); err != nil {
		return busy(err)
	}
	c, err := db.writes.db.Conn(ctx)
	if err != nil {
		return busy(err)
	}
	defer c.Close() // nothing is under way on it
	// Most of the work is done without keeping anybody waiting.
	for _, mode := range []string{"PASSIVE", "TRUNCATE"} {
		if _, err := c.ExecContext(ctx, fmt.Sprintf("PRAGMA busy_timeout = %d", patience)); err != nil {
			return busy(err)
		}
		var blocked, frames, moved int
		err := c.QueryRowContext(ctx, "PRAGMA wal_checkpoint("+mode+")").Scan(&blocked, &frames, &moved)
		if err != nil {
			return fmt.Errorf("emptying the write-ahead log: %w", db.judge(err))
		}
		if mode == "TRUNCATE" && (blocked != 0 || frames != 0) {
			return &letterlock.Error{Code: letterlock.Busy, Key: "readers"}
		}
	}
	return nil
}
