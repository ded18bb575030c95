package store

import (
	"time"

	"letterlock/internal/letterlock"
)

// A Passcode is a one-time passcode as it is kept: for one recipient and one browser.
type Passcode struct {
	Sealed    []byte
	Reference string
	Created   time.Time
	Expires   time.Time
	Sent      time.Time // last mailed
	Tries     int       // wrong ones, and the right one
	Used      bool
}

// Passcode returns the newest passcode of that recipient in that browser,
// whatever has become of it, or NotFound.
func (t *Tx) Passcode(recipient letterlock.ID, browser []byte) (p Passcode, err error) {
	var created, expires, sent, used int64
	err = t.row(`SELECT sealed, reference, created_at, expires_at, sent_at, tries, used_at FROM passcodes
		WHERE recipient = $1 AND browser = $2`, []any{recipient, browser},
		&p.Sealed, &p.Reference, &created, &expires, &sent, &p.Tries, &used)
	p.Created, p.Expires, p.Sent, p.Used = moment(created), moment(expires), moment(sent), used != 0
	return p, err
}

// PutPasscode keeps a new passcode in the place of an earlier one.
func (t *Tx) PutPasscode(recipient letterlock.ID, browser []byte, p Passcode) error {
	return t.exec(`INSERT INTO passcodes (recipient, browser, sealed, reference, created_at, expires_at, sent_at)
		VALUES ($1, $2, $3, $4, $5, $6, $5)
		ON CONFLICT (recipient, browser) DO UPDATE SET sealed = excluded.sealed, reference = excluded.reference,
		created_at = excluded.created_at, expires_at = excluded.expires_at, sent_at = excluded.sent_at, tries = 0, used_at = 0`,
		recipient, browser, p.Sealed, p.Reference, t.Now.Unix(), p.Expires.Unix())
}

// MarkResent notes that a passcode is being mailed once more.
func (t *Tx) MarkResent(recipient letterlock.ID, browser []byte) error {
	return t.exec(`UPDATE passcodes SET sent_at = $3 WHERE recipient = $1 AND browser = $2`, recipient, browser, t.Now.Unix())
}

// EnqueuePasscode is Enqueue for the mail with a passcode, which is the one that
// PasscodeMail speaks of from then on.
func (t *Tx) EnqueuePasscode(n Notice, browser []byte) error {
	id, err := t.enqueue(n)
	if err != nil {
		return err
	}
	return t.exec(`UPDATE passcodes SET notice = $3 WHERE recipient = $1 AND browser = $2`, n.Recipient, browser, id)
}

// A PasscodeMail is how it stands with the newest mail with a passcode.
type PasscodeMail struct {
	Outcome  Outcome   // empty: it waits, or is on its way out
	Due      time.Time // when it is tried next, if it waits
	Done     time.Time
	Attempts int    // begun
	Answered int    // the last of them that got an answer
	Reply    string // that answer; empty: taken
}

// PasscodeMail returns what has become of the mail with the passcode of that recipient in
// that browser, or NotFound.
func (t *Tx) PasscodeMail(recipient letterlock.ID, browser []byte) (m PasscodeMail, err error) {
	var due, done int64
	err = t.row(`SELECT o.outcome, o.due_at, o.done_at, o.attempts, COALESCE(a.number, 0), COALESCE(a.reply, '') FROM passcodes p
		JOIN outbox o ON o.id = p.notice AND o.recipient = p.recipient AND o.kind = 'passcode'
		LEFT JOIN attempts a ON a.outbox = o.id AND a.number = (SELECT max(number) FROM attempts WHERE outbox = o.id)
		WHERE p.recipient = $1 AND p.browser = $2`, []any{recipient, browser},
		&m.Outcome, &due, &done, &m.Attempts, &m.Answered, &m.Reply)
	m.Due, m.Done = moment(due), moment(done)
	return m, err
}

// TakeTry spends one of limit tries at a passcode before anybody compares
// anything, so that parallel guesses cannot share one. It returns how many were
// spent with this one, or NotFound when the passcode takes no more.
func (t *Tx) TakeTry(recipient letterlock.ID, browser []byte, limit int) (tries int, err error) {
	err = t.row(`UPDATE passcodes SET tries = tries + 1
		WHERE recipient = $1 AND browser = $2 AND tries < $3 AND used_at = 0 AND expires_at > $4 RETURNING tries`,
		[]any{recipient, browser, limit, t.Now.Unix()}, &tries)
	return tries, err
}

// UsePasscode marks a passcode as used, and returns NotFound if it already was.
func (t *Tx) UsePasscode(recipient letterlock.ID, browser []byte) error {
	n, err := t.change(`UPDATE passcodes SET used_at = $3 WHERE recipient = $1 AND browser = $2 AND used_at = 0`,
		recipient, browser, t.Now.Unix())
	if err == nil && n == 0 {
		return errNotFound
	}
	return err
}

// SweepPasscodes deletes passcodes, locks and budgets that mean nothing any more.
func (t *Tx) SweepPasscodes() error {
	day := t.Now.Add(-24 * time.Hour).Unix()
	if err := t.exec(`DELETE FROM passcodes WHERE expires_at < $1`, day); err != nil {
		return err
	}
	if err := t.exec(`DELETE FROM locks WHERE until < $1`, day); err != nil {
		return err
	}
	return t.exec(`DELETE FROM budgets WHERE ready_at < $1`, t.Now.Unix())
}

// A Lock is the cool-down of a recipient after wrong passcodes.
type Lock struct {
	Failures int // passcodes used up by wrong tries in a row
	Until    time.Time
}

// Lock returns a recipient's lock; the zero Lock when there is none.
func (t *Tx) Lock(recipient letterlock.ID) (l Lock, err error) {
	var until int64
	err = t.row(`SELECT failures, until FROM locks WHERE recipient = $1`, []any{recipient}, &l.Failures, &until)
	if letterlock.CodeOf(err) == letterlock.NotFound {
		return Lock{}, nil
	}
	l.Until = moment(until)
	return l, err
}

// PutLock keeps a recipient's lock.
func (t *Tx) PutLock(recipient letterlock.ID, l Lock) error {
	return t.exec(`INSERT INTO locks (recipient, failures, until) VALUES ($1, $2, $3)
		ON CONFLICT (recipient) DO UPDATE SET failures = excluded.failures, until = excluded.until`,
		recipient, l.Failures, unix(l.Until))
}

// Unlock removes a recipient's lock.
func (t *Tx) Unlock(recipient letterlock.ID) error {
	return t.exec(`DELETE FROM locks WHERE recipient = $1`, recipient)
}

// A Budget allows size acts at once and one more every interval after that.
type Budget struct {
	Name  string
	Size  int
	Every time.Duration
}

// Wait returns how long until each of the budgets allows one act; 0 means now.
func (t *Tx) Wait(budgets ...Budget) (time.Duration, error) {
	wait, _, err := t.afterSpending(budgets)
	return wait, err
}

// Spend takes one act out of each of the budgets, or out of none: then it
// returns how long until all of them have one again.
func (t *Tx) Spend(budgets ...Budget) (time.Duration, error) {
	wait, ready, err := t.afterSpending(budgets)
	if err != nil || wait > 0 {
		return wait, err
	}
	for i, b := range budgets {
		if err := t.exec(`INSERT INTO budgets (name, ready_at) VALUES ($1, $2)
			ON CONFLICT (name) DO UPDATE SET ready_at = excluded.ready_at`, b.Name, ready[i].Unix()); err != nil {
			return 0, err
		}
	}
	return 0, nil
}

// afterSpending computes what one act would make of the budgets: when each would
// be full again, and how long to wait until all of them allow it.
func (t *Tx) afterSpending(budgets []Budget) (wait time.Duration, ready []time.Time, err error) {
	ready = make([]time.Time, len(budgets))
	for i, b := range budgets {
		var sec int64
		err := t.row(`SELECT ready_at FROM budgets WHERE name = $1`, []any{b.Name}, &sec)
		if err != nil && letterlock.CodeOf(err) != letterlock.NotFound {
			return 0, nil, err
		}
		ready[i] = moment(sec)
		if ready[i].Before(t.Now) {
			ready[i] = t.Now
		}
		ready[i] = ready[i].Add(b.Every)
		wait = max(wait, ready[i].Sub(t.Now)-time.Duration(b.Size)*b.Every)
	}
	return wait, ready, nil
}
