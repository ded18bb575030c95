package store

import (
	"crypto/ed25519"
	"database/sql"
	"errors"
	"time"

	"letterlock/internal/letterlock"
)

// AddCheckpoint keeps the line of a checkpoint that covers the audit log up to the
// row seq.
func (t *Tx) AddCheckpoint(seq int64, line []byte) error {
	return t.exec(`INSERT INTO checkpoints (seq, at, entry) VALUES ($1, $2, $3)`, seq, t.Now.Unix(), string(line))
}

// A Checkpoint is the line of one, and up to which row it covers the audit log.
type Checkpoint struct {
	Seq  int64
	Line []byte
}

// LastCheckpoint returns the newest checkpoint, or the zero one.
func (t *Tx) LastCheckpoint() (c Checkpoint, err error) {
	err = t.row(`SELECT seq, entry FROM checkpoints ORDER BY seq DESC LIMIT 1`, nil, &c.Seq, &c.Line)
	if errors.Is(err, letterlock.NotFound) {
		return Checkpoint{}, nil
	}
	return c, err
}

// Checkpoints returns up to limit checkpoints of more than the row seq, oldest first.
func (t *Tx) Checkpoints(seq int64, limit int) (list []Checkpoint, err error) {
	err = t.rows(`SELECT seq, entry FROM checkpoints WHERE seq > $1 ORDER BY seq LIMIT $2 + 0`, []any{seq, limit}, func(rs *sql.Rows) error {
		var c Checkpoint
		err := rs.Scan(&c.Seq, &c.Line)
		list = append(list, c)
		return err
	})
	return list, err
}

// CheckpointAt returns the line of the checkpoint that covers the audit log up to
// the row seq, or NotFound.
func (t *Tx) CheckpointAt(seq int64) (line []byte, err error) {
	err = t.row(`SELECT entry FROM checkpoints WHERE seq = $1`, []any{seq}, &line)
	return line, err
}

// AuditKeys returns the public keys that have signed the audit log, the one in use
// last.
func (t *Tx) AuditKeys() (list []ed25519.PublicKey, err error) {
	err = t.rows(`SELECT public FROM audit_keys ORDER BY made_at, rowid`, nil, func(rs *sql.Rows) error {
		var public []byte
		err := rs.Scan(&public)
		list = append(list, public)
		return err
	})
	return list, err
}

// AddAuditKey notes that a key signs the audit log from now on.
func (t *Tx) AddAuditKey(public ed25519.PublicKey) error {
	return t.exec(`INSERT INTO audit_keys (public, made_at) VALUES ($1, $2)`, []byte(public), t.Now.Unix())
}

// A VisitCount sums up the visits to one recipient's link before any proof that
// were taken for the same kind of visitor.
type VisitCount struct {
	Guess       letterlock.Visitor
	Count       int
	First, Last time.Time
}

// VisitCounts returns how often a recipient's link was visited before any proof.
func (t *Tx) VisitCounts(recipient letterlock.ID) (list []VisitCount, err error) {
	err = t.rows(`SELECT guess, SUM(count), MIN(first_at), MAX(last_at) FROM visits WHERE recipient = $1 GROUP BY guess ORDER BY guess`,
		[]any{recipient}, func(rs *sql.Rows) error {
			var v VisitCount
			var first, last int64
			err := rs.Scan(&v.Guess, &v.Count, &first, &last)
			v.First, v.Last = moment(first), moment(last)
			list = append(list, v)
			return err
		})
	return list, err
}

// FirstProof returns when somebody first proved a mailbox through the link of a
// message, or the zero time.
func (t *Tx) FirstProof(message letterlock.ID, address letterlock.Address) (time.Time, error) {
	var at int64
	err := t.row(`SELECT at FROM audit WHERE message = $1 AND +action IN ('prove mailbox', 'prove mailbox by OpenID') AND +actor = $2 AND allowed = 1 ORDER BY seq LIMIT 1`,
		[]any{message, address}, &at)
	if errors.Is(err, letterlock.NotFound) {
		return time.Time{}, nil
	}
	return moment(at), err
}

// Uncovered returns how many rows of the audit log no checkpoint covers.
func (t *Tx) Uncovered() (n int64, err error) {
	err = t.row(`SELECT (SELECT COALESCE(MAX(seq), 0) FROM audit) - (SELECT COALESCE(MAX(seq), 0) FROM checkpoints)`, nil, &n)
	return n, err
}
