package store

import (
	"database/sql"
	"slices"
	"strings"

	"letterlock/internal/letterlock"
)

// BatchItems returns up to limit messages of a batch whose place is before that
// one, the newest first; before 0: from the newest. With a result these are the
// messages that have it, of the run or of the undoing.
func (t *Tx) BatchItems(batch letterlock.ID, result letterlock.BatchResult, before int64, limit int) (list []letterlock.BatchItem, err error) {
	if before == 0 {
		before = 1 << 62
	}
	var targets []string
	err = t.rows(`SELECT `+messageColumns+`, i.targets, i.read, i.result, i.undo
		FROM batch_items i JOIN messages m ON m.id = i.message
		WHERE i.batch = $1 AND i.seq < $2 AND ($3 = '' OR i.result = $3 OR i.undo = $3)
		ORDER BY i.seq DESC LIMIT $4 + 0`, []any{batch, before, result, limit}, func(rs *sql.Rows) error {
		var item letterlock.BatchItem
		var at times
		var status, to string
		dest := append(messageDest(&item.Message, &at, &status), &to, &item.Read, &item.Result, &item.Undo)
		if err := rs.Scan(dest...); err != nil {
			return err
		}
		finishMessage(&item.Message, at, status)
		item.Seq = item.Message.Seq
		list, targets = append(list, item), append(targets, to)
		return nil
	})
	for i := range list {
		if err != nil {
			break
		}
		var all []letterlock.Recipient
		all, err = t.Recipients(list[i].Message.ID)
		divide(&list[i], all, strings.Fields(targets[i]))
	}
	return list, err
}

// divide says of all recipients of a message what a batch means for them.
func divide(item *letterlock.BatchItem, all []letterlock.Recipient, targets []string) {
	for _, r := range all {
		switch {
		case slices.Contains(targets, string(r.ID)):
			item.Recipients = append(item.Recipients, r)
		case r.Experience == letterlock.Inline:
			item.Inline = append(item.Inline, r)
		case !r.Revocation.Revoked() && !item.Message.Destroyed:
			item.Others++
		}
	}
}

// Tally counts the results of a batch, of its run and of its undoing.
func (t *Tx) Tally(batch letterlock.ID) (run, undo letterlock.Tally, err error) {
	err = t.rows(`SELECT result, undo, COUNT(*) FROM batch_items WHERE batch = $1 GROUP BY result, undo`, []any{batch}, func(rs *sql.Rows) error {
		var result, undone letterlock.BatchResult
		var n int
		err := rs.Scan(&result, &undone, &n)
		*run.Of(result) += n
		*undo.Of(undone) += n
		return err
	})
	return run, undo, err
}

// NextToRevoke returns the message of a batch that it is to revoke next, or
// NotFound when there is none left.
func (t *Tx) NextToRevoke(batch letterlock.ID) (Plan, error) {
	return t.nextPlan(`SELECT seq, message, targets, read FROM batch_items WHERE batch = $1 AND result = ''
		ORDER BY seq DESC LIMIT 1`, batch)
}

// NextToUndo returns the message of a batch that is to be restored next, or
// NotFound when there is none left.
func (t *Tx) NextToUndo(batch letterlock.ID) (Plan, error) {
	return t.nextPlan(`SELECT seq, message, targets, read FROM batch_items WHERE batch = $1 AND result = 'revoked' AND undo = ''
		ORDER BY seq DESC LIMIT 1`, batch)
}

func (t *Tx) nextPlan(query string, batch letterlock.ID) (p Plan, err error) {
	var targets string
	err = t.row(query, []any{batch}, &p.Seq, &p.Message, &targets, &p.Read)
	for id := range strings.FieldsSeq(targets) {
		p.Recipients = append(p.Recipients, letterlock.ID(id))
	}
	return p, err
}

// PutResult keeps what a batch did with a message, and counts it as finished.
func (t *Tx) PutResult(batch letterlock.ID, seq int64, r letterlock.BatchResult) error {
	if err := t.exec(`UPDATE batch_items SET result = $3 WHERE batch = $1 AND seq = $2`, batch, seq, r); err != nil {
		return err
	}
	return t.countFinished(batch)
}

// PutUndo keeps what the undoing of a batch did with a message, and counts it as
// finished.
func (t *Tx) PutUndo(batch letterlock.ID, seq int64, r letterlock.BatchResult) error {
	if err := t.exec(`UPDATE batch_items SET undo = $3 WHERE batch = $1 AND seq = $2`, batch, seq, r); err != nil {
		return err
	}
	return t.countFinished(batch)
}

func (t *Tx) countFinished(batch letterlock.ID) error {
	return t.exec(`UPDATE batches SET finished = finished + 1 WHERE id = $1`, batch)
}

// CountToUndo says how many messages of a batch NextToUndo has still to return.
func (t *Tx) CountToUndo(batch letterlock.ID) (n int, err error) {
	err = t.row(`SELECT COUNT(*) FROM batch_items WHERE batch = $1 AND result = 'revoked' AND undo = ''`, []any{batch}, &n)
	return n, err
}

// RetryRevoke makes those messages of a batch ones to revoke again that failed, and
// says how many they are.
func (t *Tx) RetryRevoke(batch letterlock.ID) (int64, error) {
	return t.change(`UPDATE batch_items SET result = '' WHERE batch = $1 AND result = 'failed'`, batch)
}

// RetryUndo makes those messages of a batch ones to undo again of which that
// failed, and says how many they are.
func (t *Tx) RetryUndo(batch letterlock.ID) (int64, error) {
	return t.change(`UPDATE batch_items SET undo = '' WHERE batch = $1 AND undo = 'failed'`, batch)
}
