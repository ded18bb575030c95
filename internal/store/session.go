package store

import (
	"database/sql"
	"time"

	"letterlock/internal/letterlock"
)

// A Session is a browser that has shown who uses it.
type Session struct {
	Kind    letterlock.Kind
	Address letterlock.Address
	Message letterlock.ID    // whose passcode a reader has typed to begin it; empty: another proof
	Proof   letterlock.Proof // how a reader proved the mailbox, or that staff came by single sign-on; empty: a password, or from before it was kept
	Created time.Time
	Seen    time.Time     // last use, to within a minute
	Expires time.Time     // absolute limit
	ID      letterlock.ID // by which its holder knows it; empty: a reader's, or from before there was one
	Agent   string        // browser family; empty: not known
	IP      string        // where it began; empty: not known
	Hash    []byte        // of its id; filled by Sessions alone
	Gave    letterlock.ID // which passphrase a reader has given; empty: none
	Told    time.Time     // and when
	Called  string        // how a reader wants to be known; empty: they have not said
}

// AddSession adds a session under the hash of its id.
func (t *Tx) AddSession(hash []byte, s Session) error {
	return t.exec(`INSERT INTO sessions (hash, kind, address, proof, created_at, seen_at, expires_at, message, id, agent, ip)
		VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8, $9, $10)`,
		hash, s.Kind, s.Address, s.Proof, t.Now.Unix(), s.Expires.Unix(), s.Message, s.ID, s.Agent, s.IP)
}

// Session returns the session under that hash, whatever its age, or NotFound.
func (t *Tx) Session(hash []byte) (s Session, err error) {
	var created, seen, expires, told int64
	err = t.row(`SELECT kind, address, proof, message, id, created_at, seen_at, expires_at, told_for, told_at, called FROM sessions WHERE hash = $1`, []any{hash},
		&s.Kind, &s.Address, &s.Proof, &s.Message, &s.ID, &created, &seen, &expires, &s.Gave, &told, &s.Called)
	s.Told = moment(told)
	s.Created, s.Seen, s.Expires = moment(created), moment(seen), moment(expires)
	return s, err
}

// Sessions returns those of one kind and address, whatever their age, the one that was used last
// first, and at most limit of them.
func (t *Tx) Sessions(kind letterlock.Kind, a letterlock.Address, limit int) (list []Session, err error) {
	err = t.rows(`SELECT hash, proof, id, agent, ip, created_at, seen_at, expires_at FROM sessions
		WHERE kind = $1 AND address = $2 ORDER BY seen_at DESC, created_at DESC, hash LIMIT $3 + 0`, []any{kind, a, limit}, func(rs *sql.Rows) error {
		s := Session{Kind: kind, Address: a}
		var created, seen, expires int64
		if err := rs.Scan(&s.Hash, &s.Proof, &s.ID, &s.Agent, &s.IP, &created, &seen, &expires); err != nil {
			return err
		}
		s.Created, s.Seen, s.Expires = moment(created), moment(seen), moment(expires)
		list = append(list, s)
		return nil
	})
	return list, err
}

// EndNamedSession deletes the session of one kind and address with that ID, and reports
// whether there was one.
func (t *Tx) EndNamedSession(kind letterlock.Kind, a letterlock.Address, id letterlock.ID) (bool, error) {
	n, err := t.change(`DELETE FROM sessions WHERE kind = $1 AND address = $2 AND id = $3 AND id <> ''`, kind, a, id)
	return n > 0, err
}

// CallSession notes how the reader of a session wants to be known, and gives the session
// another id, as [Tx.TellSession] does. NotFound: there is no such session.
func (t *Tx) CallSession(hash, next []byte, called string) error {
	n, err := t.change(`UPDATE sessions SET hash = $2, called = $3 WHERE hash = $1 AND kind = 'reader'`, hash, next, called)
	if err == nil && n == 0 {
		return errNotFound
	}
	return err
}

// TouchSession notes that a session is in use.
func (t *Tx) TouchSession(hash []byte) error {
	return t.exec(`UPDATE sessions SET seen_at = $2 WHERE hash = $1`, hash, t.Now.Unix())
}

// EndSession deletes one session.
func (t *Tx) EndSession(hash []byte) error {
	return t.exec(`DELETE FROM sessions WHERE hash = $1`, hash)
}

// EndSessions deletes all sessions of one kind and address.
func (t *Tx) EndSessions(kind letterlock.Kind, a letterlock.Address) error {
	return t.exec(`DELETE FROM sessions WHERE kind = $1 AND address = $2`, kind, a)
}

// EndOtherSessions is [Tx.EndSessions] but for the session under that hash.
func (t *Tx) EndOtherSessions(kind letterlock.Kind, a letterlock.Address, but []byte) error {
	return t.exec(`DELETE FROM sessions WHERE kind = $1 AND address = $2 AND hash <> $3`, kind, a, but)
}

// SweepSessions deletes sessions past their absolute limit.
func (t *Tx) SweepSessions() (int64, error) {
	return t.change(`DELETE FROM sessions WHERE expires_at <= $1`, t.Now.Unix())
}
