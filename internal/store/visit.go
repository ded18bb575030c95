package store

import (
	"database/sql"

	"letterlock/internal/letterlock"
)

// MaxVisits is how many rows are kept of the visits to one link. What comes after
// them is counted in one row for each guess, which are among them.
const MaxVisits = 20

// MoreVisits is the reason that the row of those has which have none of their own.
const MoreVisits = "more"

// guesses is how many kinds of visitors there are, each with a row for the rest.
const guesses = 2

// AddVisits notes a visit, or several that were alike, to the link of a recipient.
// It changes nothing else: a visit is not reading, and no history has it. There may
// be no such recipient any more.
func (t *Tx) AddVisits(recipient letterlock.ID, v letterlock.Visit) error {
	known, err := t.addToVisits(recipient, v)
	if err != nil || known {
		return err
	}
	var rows int
	if err := t.row(`SELECT count(*) FROM visits WHERE recipient = $1`, []any{recipient}, &rows); err != nil {
		return err
	}
	if rows >= MaxVisits-guesses {
		v.Why, v.Agent, v.IP = MoreVisits, "", ""
		if known, err := t.addToVisits(recipient, v); err != nil || known {
			return err
		}
	}
	return t.exec(`INSERT INTO visits (recipient, guess, why, agent, ip, first_at, last_at, count)
		SELECT id, $2, $3, $4, $5, $6, $7, $8 FROM recipients WHERE id = $1`,
		recipient, v.Guess, v.Why, v.Agent, v.IP, v.First.Unix(), v.Last.Unix(), v.Count)
}

// addToVisits adds to the row of visits like v, and reports whether there is one.
func (t *Tx) addToVisits(recipient letterlock.ID, v letterlock.Visit) (bool, error) {
	n, err := t.change(`UPDATE visits SET count = count + $6,
		first_at = CASE WHEN first_at > $7 THEN $7 ELSE first_at END, last_at = CASE WHEN last_at < $8 THEN $8 ELSE last_at END
		WHERE recipient = $1 AND guess = $2 AND why = $3 AND agent = $4 AND ip = $5`,
		recipient, v.Guess, v.Why, v.Agent, v.IP, v.Count, v.First.Unix(), v.Last.Unix())
	return n > 0, err
}

// Visits returns the visits to the links of a message, by recipient, the first to
// come first.
func (t *Tx) Visits(message letterlock.ID) (byRecipient map[letterlock.ID][]letterlock.Visit, err error) {
	byRecipient = make(map[letterlock.ID][]letterlock.Visit)
	err = t.rows(`SELECT v.recipient, v.guess, v.why, v.agent, v.ip, v.first_at, v.last_at, v.count
		FROM recipients r CROSS JOIN visits v ON v.recipient = r.id
		WHERE r.message = $1 ORDER BY v.first_at, v.last_at, v.guess, v.why, v.agent, v.ip`, []any{message}, func(rows *sql.Rows) error {
		var id letterlock.ID
		var v letterlock.Visit
		var first, last int64
		if err := rows.Scan(&id, &v.Guess, &v.Why, &v.Agent, &v.IP, &first, &last, &v.Count); err != nil {
			return err
		}
		v.First, v.Last = moment(first), moment(last)
		byRecipient[id] = append(byRecipient[id], v)
		return nil
	})
	return byRecipient, err
}
