package store

import (
	"database/sql"
	"time"

	"letterlock/internal/letterlock"
)

// A Release is what a recipient in one browser has asked the sender for: a code, to be
// read out by telephone in the place of a passcode.
type Release struct {
	ID        letterlock.ID
	Message   letterlock.ID
	Recipient letterlock.ID
	Reference string
	Agent     string // browser family that asked
	IP        string // and from where
	Sealed    []byte // the code; nil: there is none
	Asked     time.Time
	Expires   time.Time // of the request, and once there is one of the code
	Tries     int       // at the code
	Outcome   ReleaseOutcome
	Browser   []byte // keyed hash of its cookie
}

// A ReleaseOutcome says how a Release ended; empty: it has not, or its time is over.
type ReleaseOutcome string

const (
	ReleaseUsed    ReleaseOutcome = "used"
	ReleaseRefused ReleaseOutcome = "refused"
)

const releaseColumns = `id, message, recipient, browser, reference, agent, ip, sealed, asked_at, expires_at, tries, outcome`

func releaseDest(q *Release, at *[2]int64) []any {
	return []any{&q.ID, &q.Message, &q.Recipient, &q.Browser, &q.Reference, &q.Agent, &q.IP, &q.Sealed, &at[0], &at[1], &q.Tries, &q.Outcome}
}

func (t *Tx) release(where string, args ...any) (q Release, err error) {
	var at [2]int64
	err = t.row(`SELECT `+releaseColumns+` FROM releases WHERE `+where, args, releaseDest(&q, &at)...)
	q.Asked, q.Expires = moment(at[0]), moment(at[1])
	return q, err
}

// AskRelease keeps what a recipient asks for in a browser, in the place of what they have
// asked for there before.
func (t *Tx) AskRelease(q Release) error {
	return t.exec(`INSERT INTO releases (id, message, recipient, browser, reference, agent, ip, asked_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (recipient, browser) DO UPDATE SET id = excluded.id, reference = excluded.reference, agent = excluded.agent,
		ip = excluded.ip, sealed = NULL, asked_at = excluded.asked_at, expires_at = excluded.expires_at, tries = 0, outcome = ''`,
		q.ID, q.Message, q.Recipient, q.Browser, q.Reference, q.Agent, q.IP, t.Now.Unix(), q.Expires.Unix())
}

// ReleaseNamed returns what was asked for under that ID, whatever has become of it, or NotFound.
func (t *Tx) ReleaseNamed(id letterlock.ID) (Release, error) { return t.release(`id = $1`, id) }

// ReleaseIn returns what a recipient has asked for last in a browser, whatever has become
// of it, or NotFound.
func (t *Tx) ReleaseIn(recipient letterlock.ID, browser []byte) (Release, error) {
	return t.release(`recipient = $1 AND browser = $2`, recipient, browser)
}

// Releases returns what the recipients of a message have asked for that has not ended, at
// most limit of it, and how much there is in all. What each has asked for last comes first,
// and within that what is newest, so that no one of them can fill the list.
func (t *Tx) Releases(message letterlock.ID, limit int) (list []Release, all int, err error) {
	err = t.row(`SELECT count(*) FROM releases WHERE message = $1 AND outcome = '' AND expires_at > $2`, []any{message, t.Now.Unix()}, &all)
	if err != nil {
		return nil, 0, err
	}
	err = t.rows(`SELECT `+releaseColumns+` FROM releases WHERE message = $1 AND outcome = '' AND expires_at > $2
		ORDER BY row_number() OVER (PARTITION BY recipient ORDER BY asked_at DESC, id), asked_at DESC, id LIMIT $3 + 0`, []any{message, t.Now.Unix(), limit}, func(rows *sql.Rows) error {
		var q Release
		var at [2]int64
		if err := rows.Scan(releaseDest(&q, &at)...); err != nil {
			return err
		}
		q.Asked, q.Expires = moment(at[0]), moment(at[1])
		list = append(list, q)
		return nil
	})
	return list, all, err
}

// waits says of what was asked for, q, that nobody has answered it. $2 is now.
const waits = `q.sealed IS NULL AND q.outcome = '' AND q.expires_at > $2`

// ReleasesWaiting returns how much the recipients of a message have asked for that nobody
// has answered.
func (t *Tx) ReleasesWaiting(message letterlock.ID) (n int, err error) {
	err = t.row(`SELECT count(*) FROM releases q WHERE q.message = $1 AND `+waits, []any{message, t.Now.Unix()}, &n)
	return n, err
}

// GiveRelease keeps the code for what was asked for, once: NotFound says that there is one
// already, or that it has ended.
func (t *Tx) GiveRelease(id letterlock.ID, sealed []byte, expires time.Time) error {
	return t.oneRelease(`UPDATE releases SET sealed = $2, expires_at = $3, tries = 0
		WHERE id = $1 AND sealed IS NULL AND outcome = '' AND expires_at > $4`, id, sealed, expires.Unix(), t.Now.Unix())
}

// EndRelease notes what became of what was asked for, and forgets its code. NotFound: it
// has ended already.
func (t *Tx) EndRelease(id letterlock.ID, o ReleaseOutcome) error {
	return t.oneRelease(`UPDATE releases SET outcome = $2, sealed = NULL WHERE id = $1 AND outcome = '' AND expires_at > $3`, id, o, t.Now.Unix())
}

func (t *Tx) oneRelease(update string, args ...any) error {
	n, err := t.change(update, args...)
	if err == nil && n == 0 {
		return errNotFound
	}
	return err
}

// TakeReleaseTry spends one of limit tries at a code before anybody compares anything, so
// that parallel guesses cannot share one. It returns how many were spent with this one, or
// NotFound when there is no code that takes any.
func (t *Tx) TakeReleaseTry(id letterlock.ID, limit int) (tries int, err error) {
	err = t.row(`UPDATE releases SET tries = tries + 1 WHERE id = $1 AND sealed IS NOT NULL AND outcome = '' AND tries < $2
		AND expires_at > $3 RETURNING tries`, []any{id, limit, t.Now.Unix()}, &tries)
	return tries, err
}

// ForgetReleases removes what was asked for of a message that nobody can get any more.
func (t *Tx) ForgetReleases(message letterlock.ID) error {
	return t.exec(`DELETE FROM releases WHERE message = $1`, message)
}

// SweepReleases forgets what has long ended.
func (t *Tx) SweepReleases() error {
	return t.exec(`DELETE FROM releases WHERE expires_at < $1`, t.Now.Add(-24*time.Hour).Unix())
}
