package store

import (
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"letterlock/internal/letterlock"
)

// auditRow is an audit entry as it is hashed: the order of the fields is the
// canonical one and never changes; new fields go to the end, with omitempty.
type auditRow struct {
	Seq     int64              `json:"seq"`
	At      int64              `json:"at"`
	Action  string             `json:"action"`
	Kind    letterlock.Kind    `json:"kind"`
	Actor   letterlock.Address `json:"actor"`
	IP      string             `json:"ip"`
	Message letterlock.ID      `json:"message"`
	Target  string             `json:"target"`
	Reason  string             `json:"reason"`
	Allowed bool               `json:"allowed"`
	Name    string             `json:"name,omitempty"` // of whoever has no address: the program itself, an operator
}

// Audit appends an entry to the audit log. Each row holds the hash of its own
// content and the hash before it, so that a changed, missing or moved row breaks
// the chain.
func (t *Tx) Audit(e letterlock.Entry) error {
	var seq int64
	var prev []byte
	err := t.row(`SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1`, nil, &seq, &prev)
	if err != nil && letterlock.CodeOf(err) != letterlock.NotFound {
		return err
	}
	row := auditRow{
		Seq: seq + 1, At: t.Now.Unix(), Action: e.Action, Kind: e.Actor.Kind, Actor: e.Actor.Address,
		IP: e.Actor.IP, Message: e.Message, Target: e.Target, Reason: e.Reason, Allowed: e.Allowed,
	}
	if e.Actor.Kind == letterlock.System || e.Actor.Kind == letterlock.Operator {
		row.Name = e.Actor.Name
	}
	entry, err := json.Marshal(row)
	if err != nil {
		return err
	}
	return t.exec(`INSERT INTO audit (seq, at, action, actor, message, allowed, entry, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		row.Seq, row.At, row.Action, row.Actor, row.Message, row.Allowed, string(entry), chain(prev, entry))
}

func chain(prev, entry []byte) []byte {
	h := sha256.New()
	h.Write(prev)
	h.Write(entry)
	return h.Sum(nil)
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

// VerifyAudit walks the whole audit log and returns Internal with the number of
// the first row that does not fit.
func (t *Tx) VerifyAudit() (rows int64, err error) {
	var prev []byte
	err = t.rows(`SELECT seq, entry, hash, action, actor, message, allowed, at FROM audit ORDER BY seq`, nil, func(rs *sql.Rows) error {
		var seq, at int64
		var entry string
		var hash []byte
		var col auditRow
		if err := rs.Scan(&seq, &entry, &hash, &col.Action, &col.Actor, &col.Message, &col.Allowed, &at); err != nil {
			return err
		}
		rows++
		var got auditRow
		broken := json.Unmarshal([]byte(entry), &got) != nil || string(chain(prev, []byte(entry))) != string(hash) ||
			seq != rows || got.Seq != seq || got.At != at || got.Action != col.Action || got.Actor != col.Actor ||
			got.Message != col.Message || got.Allowed != col.Allowed
		if broken {
			return &letterlock.Error{Code: letterlock.Internal, Err: fmt.Errorf("audit row %d does not fit the chain", rows)}
		}
		prev = hash
		return nil
	})
	return rows, err
}

// Entries returns the audit entries about a message, oldest first: action,
// actor's address, target and whether it was allowed.
func (t *Tx) Entries(message letterlock.ID) (list []letterlock.Entry, err error) {
	err = t.rows(`SELECT entry FROM audit WHERE message = $1 ORDER BY seq`, []any{message}, func(rs *sql.Rows) error {
		var text string
		var r auditRow
		if err := rs.Scan(&text); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			return err
		}
		list = append(list, letterlock.Entry{
			Actor:  letterlock.Actor{Kind: r.Kind, Address: r.Actor, Name: r.Name, IP: r.IP},
			Action: r.Action, Message: r.Message, Target: r.Target, Reason: r.Reason, Allowed: r.Allowed,
		})
		return nil
	})
	return list, err
}
