package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"letterlock/internal/audit"
	"letterlock/internal/letterlock"
)

// An AuditQuery asks for a page of the audit log.
type AuditQuery struct {
	Actor       letterlock.Address // who acted; empty: anybody
	Name        string             // part of what an actor without an address is called; empty: any
	Action      string             // empty: any
	Message     letterlock.ID      // empty: any
	From, Until time.Time          // zero: no bound
	RefusedOnly bool
	Before      int64 // 0: from the newest
	Limit       int
}

// nameInEntry is what an actor without an address is called. An entry that is no
// JSON was changed, and must not stand in the way of the others.
const nameInEntry = `CASE WHEN json_valid(entry) THEN json_extract(entry, '$.name') END`

// AuditPage returns a page of the audit log, newest first. An entry that somebody
// has made unreadable is shown by its columns.
func (t *Tx) AuditPage(q AuditQuery) (list []audit.Row, err error) {
	first, last, err := t.auditBetween(q.From, q.Until)
	if err != nil {
		return nil, err
	}
	if q.Before > 0 {
		last = min(last, q.Before-1)
	}
	where, args := q.where(first, last)
	args = append(args, q.Limit)
	err = t.rows(`SELECT `+recordColumns+` FROM audit WHERE `+where+` ORDER BY seq DESC LIMIT $`+strconv.Itoa(len(args))+` + 0`, args,
		func(rs *sql.Rows) error {
			c, err := scanRecord(rs)
			list = append(list, rowOf(c))
			return err
		})
	return list, err
}

// where says which rows are asked for. A condition stands there only if it narrows
// something: with "$1 = ” OR" in front of it no index would serve.
func (q AuditQuery) where(first, last int64) (string, []any) {
	conds, args := []string{"seq >= $1", "seq <= $2"}, []any{first, last}
	and := func(cond string, arg any) {
		args = append(args, arg)
		conds = append(conds, strings.ReplaceAll(cond, "?", "$"+strconv.Itoa(len(args))))
	}
	if q.Actor != "" {
		and("actor = ?", q.Actor)
	}
	if q.Name != "" {
		and("actor = '' AND "+nameInEntry+` LIKE ? ESCAPE '\'`, "%"+likeEscaper.Replace(q.Name)+"%")
	}
	if q.Action != "" {
		and("action = ?", q.Action)
	}
	if q.Message != "" {
		and("message = ?", q.Message)
	}
	if !q.From.IsZero() {
		and("+at >= ?", q.From.Unix()) // the sign keeps the index of times out: first and last have served already
	}
	if !q.Until.IsZero() {
		and("+at < ?", q.Until.Unix())
	}
	if q.RefusedOnly {
		conds = append(conds, "allowed = 0")
	}
	return strings.Join(conds, " AND "), args
}

var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

func rowOf(c audit.Record) audit.Row {
	var r audit.Row
	if json.Unmarshal([]byte(c.Entry), &r) != nil {
		r = audit.Row{At: c.At, Action: c.Action, Actor: letterlock.Address(c.Actor), Message: letterlock.ID(c.Message), Allowed: c.Allowed == 1}
	}
	r.Seq = c.Seq // the key of pages is where the row stands
	return r
}

// clockStep is how far a clock may jump back between two entries without a search
// by time missing one.
const clockStep = 10 * time.Minute

// auditBetween returns between which rows all those of a time stand, so that any
// search goes by the number of rows, in the order in which they are shown: before
// the first is one that is well before the time, and behind the last one well after.
func (t *Tx) auditBetween(from, until time.Time) (first, last int64, err error) {
	first, last = 1, 1<<62
	if !from.IsZero() {
		err = t.row(`SELECT seq FROM audit WHERE at < $1 ORDER BY at DESC, seq DESC LIMIT 1`, []any{from.Add(-clockStep).Unix()}, &first)
	}
	if err != nil && !errors.Is(err, letterlock.NotFound) || until.IsZero() {
		return first, last, ignoreNotFound(err)
	}
	err = t.row(`SELECT seq FROM audit WHERE at >= $1 ORDER BY at, seq LIMIT 1`, []any{until.Add(clockStep).Unix()}, &last)
	return first, last, ignoreNotFound(err)
}

func ignoreNotFound(err error) error {
	if errors.Is(err, letterlock.NotFound) {
		return nil
	}
	return err
}

// AuditActions returns every action there is an entry of, in their order.
func (t *Tx) AuditActions() (list []string, err error) {
	// From each action to the next by the index: there are few actions and many rows.
	err = t.rows(`WITH RECURSIVE a (action) AS (
			SELECT MIN(action) FROM audit
			UNION ALL SELECT (SELECT MIN(action) FROM audit WHERE action > a.action) FROM a WHERE a.action IS NOT NULL)
		SELECT action FROM a WHERE action IS NOT NULL`, nil, func(rs *sql.Rows) error {
		var action string
		err := rs.Scan(&action)
		list = append(list, action)
		return err
	})
	return list, err
}

// AuditedRead reports whether the audit log has an entry of content of a message
// being shown to address.
func (t *Tx) AuditedRead(message letterlock.ID, address letterlock.Address) (yes bool, err error) {
	entries, err := t.Entries(message)
	for _, e := range entries {
		yes = yes || audit.Opened(e) && e.Actor.Address == address
	}
	return yes, err
}
