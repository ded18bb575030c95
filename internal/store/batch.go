package store

import (
	"database/sql"
	"encoding/json"
	"strings"
	"time"

	"letterlock/internal/letterlock"
)

// A Plan is what a batch is to do with one message.
type Plan struct {
	Message    letterlock.ID
	Seq        int64 // of the message
	Recipients []letterlock.ID
	Read       int // how many of them have read
}

// BeginBatch begins to plan a batch. Nobody can see it until PutPlanned.
func (t *Tx) BeginBatch(b letterlock.Batch) error {
	query, err := json.Marshal(b.Search)
	if err != nil {
		return err
	}
	if string(query) == "{}" {
		query = nil // the messages are chosen one by one
	}
	return t.exec(`INSERT INTO batches (id, state, query, everybody, reason, messages, recipients, read, created_at, created_by, created_name)
		VALUES ($1, 'planning', $2, $3, $4, 0, 0, 0, $5, $6, $7)`,
		b.ID, string(query), b.Everybody, b.Reason, t.Now.Unix(), b.By.Address, b.By.Name)
}

// AddPlan adds a message to a batch that is being planned.
func (t *Tx) AddPlan(batch letterlock.ID, p Plan) error {
	ids := make([]string, len(p.Recipients))
	for i, id := range p.Recipients {
		ids[i] = string(id)
	}
	return t.exec(`INSERT INTO batch_items (batch, seq, message, targets, read) VALUES ($1, $2, $3, $4, $5)`,
		batch, p.Seq, p.Message, strings.Join(ids, " "), p.Read)
}

// PutPlanned makes a batch that is being planned a planned one.
func (t *Tx) PutPlanned(b letterlock.Batch) error {
	return t.exec(`UPDATE batches SET state = 'planned', messages = $2, recipients = $3, read = $4,
		found = $5, left_inline = $6, left_revoked = $7, left_destroyed = $8 WHERE id = $1 AND state = 'planning'`,
		b.ID, b.Messages, b.Recipients, b.Read, b.Found, b.Left.Inline, b.Left.Revoked, b.Left.Destroyed)
}

// erasePlans is how many items of a plan one transaction erases.
const erasePlans = 2000

// ErasePlan erases part of a plan that was never completed, and says whether
// more of it is left.
func (t *Tx) ErasePlan(batch letterlock.ID) (more bool, err error) {
	n, err := t.change(`DELETE FROM batch_items WHERE batch = $1
		AND seq IN (SELECT seq FROM batch_items WHERE batch = $1 LIMIT $2 + 0)`, batch, erasePlans)
	if err != nil || n == erasePlans {
		return n == erasePlans, err
	}
	return false, t.exec(`DELETE FROM batches WHERE id = $1 AND state = 'planning'`, batch)
}

// HalfPlanned returns a batch whose planning began before cut and was not
// completed, or NotFound.
func (t *Tx) HalfPlanned(cut time.Time) (id letterlock.ID, err error) {
	err = t.row(`SELECT id FROM batches WHERE state = 'planning' AND created_at < $1 LIMIT 1`, []any{cut.Unix()}, &id)
	return id, err
}

const batchColumns = `b.id, b.state, b.query, b.everybody, b.reason, b.found, b.left_inline, b.left_revoked, b.left_destroyed, b.messages, b.recipients, b.read, b.finished, b.created_by, b.created_name,
	b.approved_by, b.approved_name, b.undone_by, b.undone_name, b.created_at, b.started_at, b.finished_at, b.undone_at`

func scanBatch(scan func(dest ...any) error) (b letterlock.Batch, err error) {
	var query string
	var at times
	err = scan(&b.ID, &b.State, &query, &b.Everybody, &b.Reason, &b.Found, &b.Left.Inline, &b.Left.Revoked, &b.Left.Destroyed, &b.Messages, &b.Recipients, &b.Read, &b.Finished, &b.By.Address, &b.By.Name,
		&b.Approved.Address, &b.Approved.Name, &b.UndoneBy.Address, &b.UndoneBy.Name, &at[0], &at[1], &at[2], &at[3])
	if err == nil && query != "" {
		err = json.Unmarshal([]byte(query), &b.Search)
	}
	b.Created, b.Started, b.Ended, b.Undone = moment(at[0]), moment(at[1]), moment(at[2]), moment(at[3])
	return b, err
}

// Batch returns a batch, or NotFound, also while it is being planned.
func (t *Tx) Batch(id letterlock.ID) (letterlock.Batch, error) {
	return scanBatch(func(dest ...any) error {
		return t.row(`SELECT `+batchColumns+` FROM batches b WHERE b.id = $1 AND b.state <> 'planning'`, []any{id}, dest...)
	})
}

// A BatchPlace is a place in the list of batches, which goes by time and ID.
type BatchPlace struct {
	At time.Time
	ID letterlock.ID
}

// Batches returns up to limit batches before a place, the newest first; before the
// zero place: from the newest.
func (t *Tx) Batches(before BatchPlace, limit int) (list []letterlock.Batch, err error) {
	at := int64(1) << 62
	if before.ID != "" {
		at = before.At.Unix()
	}
	err = t.rows(`SELECT `+batchColumns+` FROM batches b WHERE b.state <> 'planning' AND (b.created_at, b.id) < ($1, $2)
		ORDER BY b.created_at DESC, b.id DESC LIMIT $3 + 0`, []any{at, before.ID, limit}, func(rs *sql.Rows) error {
		b, err := scanBatch(rs.Scan)
		list = append(list, b)
		return err
	})
	return list, err
}

// BatchAtWork returns the batch whose turn it is to run or to be undone, or NotFound.
func (t *Tx) BatchAtWork() (id letterlock.ID, err error) {
	err = t.row(`SELECT id FROM batches WHERE state IN ('running', 'undoing') ORDER BY created_at LIMIT 1`, nil, &id)
	return id, err
}

// Undoing returns the batches that are being undone.
func (t *Tx) Undoing() (ids []letterlock.ID, err error) {
	err = t.rows(`SELECT id FROM batches WHERE state = 'undoing'`, nil, func(rs *sql.Rows) error {
		var id letterlock.ID
		err := rs.Scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

// PutBatch keeps what changes in the life of a batch: its state, how far it is,
// and who approved and undid it.
func (t *Tx) PutBatch(b letterlock.Batch) error {
	return t.exec(`UPDATE batches SET state = $2, finished = $3, approved_by = $4, approved_name = $5, undone_by = $6, undone_name = $7,
		started_at = $8, finished_at = $9, undone_at = $10 WHERE id = $1`,
		b.ID, b.State, b.Finished, b.Approved.Address, b.Approved.Name, b.UndoneBy.Address, b.UndoneBy.Name,
		unix(b.Started), unix(b.Ended), unix(b.Undone))
}

// PutBatchActor keeps in whose name a batch runs or is undone, as they are now.
func (t *Tx) PutBatchActor(id letterlock.ID, by letterlock.Actor) error {
	text, err := json.Marshal(by)
	if err != nil {
		return err
	}
	return t.exec(`UPDATE batches SET actor = $2 WHERE id = $1`, id, string(text))
}

// BatchActor returns in whose name a batch runs or is undone: the zero Actor
// while nobody has started it.
func (t *Tx) BatchActor(id letterlock.ID) (by letterlock.Actor, err error) {
	var text string
	if err := t.row(`SELECT actor FROM batches WHERE id = $1`, []any{id}, &text); err != nil || text == "" {
		return by, err
	}
	err = json.Unmarshal([]byte(text), &by)
	return by, err
}
