package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"letterlock/internal/audit"
	"letterlock/internal/letterlock"
)

// Audit appends an entry to the audit log. Each row holds the hash of its own
// content and the hash before it, so that a changed, missing or moved row breaks
// the chain.
func (t *Tx) Audit(e letterlock.Entry) error {
	seq, prev := t.lastSeq, t.last
	if prev == nil {
		var err error
		if seq, prev, err = t.AuditHead(); err != nil {
			return err
		}
	}
	c, err := audit.NewRow(seq+1, t.Now.Unix(), e).Record(prev)
	if err != nil {
		return err
	}
	err = t.add(`INSERT INTO audit (seq, at, action, actor, message, allowed, entry, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		c.Seq, c.At, c.Action, c.Actor, c.Message, c.Allowed, c.Entry, []byte(c.Hash))
	if err == nil {
		t.lastSeq, t.last = c.Seq, c.Hash // nobody else writes meanwhile
	}
	return err
}

// AuditHead returns the number of the last row of the audit log and its hash; 0
// and none while it is empty.
func (t *Tx) AuditHead() (seq int64, hash []byte, err error) {
	err = t.row(`SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1`, nil, &seq, &hash)
	if errors.Is(err, letterlock.NotFound) {
		return 0, nil, nil
	}
	return seq, hash, err
}

// Latest returns the time of the last audit entry, or the zero time. A clock that
// is well before it was set back, and everything that expires would live again.
func (t *Tx) Latest() (time.Time, error) {
	var at int64
	err := t.row(`SELECT at FROM audit ORDER BY seq DESC LIMIT 1`, nil, &at)
	if errors.Is(err, letterlock.NotFound) {
		return time.Time{}, nil
	}
	return moment(at), err
}

// recordColumns is the order in which scanRecord reads.
const recordColumns = `seq, at, action, actor, message, allowed, entry, hash`

func scanRecord(rs *sql.Rows) (c audit.Record, err error) {
	var hash []byte
	err = rs.Scan(&c.Seq, &c.At, &c.Action, &c.Actor, &c.Message, &c.Allowed, &c.Entry, &hash)
	c.Hash = hash
	return c, err
}

// AuditRecords returns up to limit rows of the audit log after the row seq, up to
// the row last, as they are stored.
func (t *Tx) AuditRecords(seq, last int64, limit int) (list []audit.Record, err error) {
	err = t.rows(`SELECT `+recordColumns+` FROM audit WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3 + 0`, []any{seq, last, limit},
		func(rs *sql.Rows) error {
			c, err := scanRecord(rs)
			list = append(list, c)
			return err
		})
	return list, err
}

// VerifyAudit walks the chain of the whole audit log and returns Internal with the
// first row that does not fit. Whether the chain was made anew, only checkpoints say.
func (t *Tx) VerifyAudit() (rows int64, err error) {
	var w audit.Walk
	err = t.rows(`SELECT `+recordColumns+` FROM audit ORDER BY seq`, nil, func(rs *sql.Rows) error {
		c, err := scanRecord(rs)
		if err != nil {
			return err
		}
		if _, err := w.Next(c); err != nil {
			return &letterlock.Error{Code: letterlock.Internal, Err: err}
		}
		return nil
	})
	return w.Rows, err
}

// Entries returns the audit entries about a message, oldest first: action,
// actor's address, target and whether it was allowed.
func (t *Tx) Entries(message letterlock.ID) (list []letterlock.Entry, err error) {
	err = t.rows(`SELECT entry FROM audit WHERE message = $1 ORDER BY seq`, []any{message}, func(rs *sql.Rows) error {
		var text string
		var r audit.Row
		if err := rs.Scan(&text); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			return err
		}
		list = append(list, r.Entry())
		return nil
	})
	return list, err
}
