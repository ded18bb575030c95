package store

import (
	"database/sql"
	"time"

	"letterlock/internal/letterlock"
)

// A FactorKind says what a second factor is.
type FactorKind string

const (
	TOTP    FactorKind = "totp"    // codes of an authenticator app
	Passkey FactorKind = "passkey" // a key that a device keeps
)

// A Factor is what the holder of an account can show beside a password.
type Factor struct {
	Kind    FactorKind
	Handle  []byte // by what an answer names it
	Address letterlock.Address
	ID      letterlock.ID
	Name    string
	Sealed  []byte
	Counter int64 // of the newest answer that was taken
	Created time.Time
	Used    time.Time // zero: never
}

const factorColumns = `kind, handle, address, id, name, sealed, counter, created_at, used_at`

// scan reads the factorColumns of a row.
func (f *Factor) scan(row func(dest ...any) error) error {
	var created, used int64
	err := row(&f.Kind, &f.Handle, &f.Address, &f.ID, &f.Name, &f.Sealed, &f.Counter, &created, &used)
	f.Created, f.Used = moment(created), moment(used)
	return err
}

// AddFactor adds a factor. It fails where there is one with that handle.
func (t *Tx) AddFactor(f Factor) error {
	return t.exec(`INSERT INTO factors (`+factorColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)`,
		f.Kind, f.Handle, f.Address, f.ID, f.Name, f.Sealed, f.Counter, t.Now.Unix())
}

// Factor returns the factor with that handle, or NotFound.
func (t *Tx) Factor(kind FactorKind, handle []byte) (f Factor, err error) {
	err = f.scan(func(dest ...any) error {
		return t.row(`SELECT `+factorColumns+` FROM factors WHERE kind = $1 AND handle = $2`, []any{kind, handle}, dest...)
	})
	return f, err
}

// Factors returns the factors of an account, the oldest first.
func (t *Tx) Factors(a letterlock.Address) (list []Factor, err error) {
	err = t.rows(`SELECT `+factorColumns+` FROM factors WHERE address = $1 ORDER BY created_at, rowid`, []any{a}, func(rs *sql.Rows) error {
		var f Factor
		if err := f.scan(rs.Scan); err != nil {
			return err
		}
		list = append(list, f)
		return nil
	})
	return list, err
}

// UseFactor notes an answer that was taken, and what it was held against from now on.
func (t *Tx) UseFactor(f Factor) error {
	return t.exec(`UPDATE factors SET counter = $3, sealed = $4, used_at = $5 WHERE kind = $1 AND handle = $2`,
		f.Kind, f.Handle, f.Counter, f.Sealed, t.Now.Unix())
}

// SealFactor changes what answers are held against, and nothing else.
func (t *Tx) SealFactor(f Factor) error {
	return t.exec(`UPDATE factors SET sealed = $3 WHERE kind = $1 AND handle = $2`, f.Kind, f.Handle, f.Sealed)
}

// RenameFactor calls a factor of an account otherwise, and says whether there was one.
func (t *Tx) RenameFactor(id letterlock.ID, a letterlock.Address, name string) (bool, error) {
	n, err := t.change(`UPDATE factors SET name = $3 WHERE id = $1 AND address = $2`, id, a, name)
	return n > 0, err
}

// DeleteFactor removes a factor of an account, and says whether there was one.
func (t *Tx) DeleteFactor(id letterlock.ID, a letterlock.Address) (bool, error) {
	n, err := t.change(`DELETE FROM factors WHERE id = $1 AND address = $2`, id, a)
	return n > 0, err
}

// DeleteFactors removes all factors of an account, its recovery codes and its lock.
func (t *Tx) DeleteFactors(a letterlock.Address) error {
	for _, statement := range []string{
		`DELETE FROM factors WHERE address = $1`,
		`DELETE FROM recovery_codes WHERE address = $1`,
		`DELETE FROM factor_locks WHERE address = $1`,
	} {
		if err := t.exec(statement, a); err != nil {
			return err
		}
	}
	return nil
}

// PutRecoveryCodes keeps the hashes of codes in the place of the account's earlier ones.
func (t *Tx) PutRecoveryCodes(a letterlock.Address, hashes [][]byte) error {
	if err := t.exec(`DELETE FROM recovery_codes WHERE address = $1`, a); err != nil {
		return err
	}
	for _, h := range hashes {
		if err := t.exec(`INSERT INTO recovery_codes (address, hash) VALUES ($1, $2)`, a, h); err != nil {
			return err
		}
	}
	return nil
}

// UseRecoveryCode uses a code up, and says whether there was one.
func (t *Tx) UseRecoveryCode(a letterlock.Address, hash []byte) (bool, error) {
	n, err := t.change(`UPDATE recovery_codes SET used_at = $3 WHERE address = $1 AND hash = $2 AND used_at = 0`, a, hash, t.Now.Unix())
	return n > 0, err
}

// RecoveryCodes returns how many codes of an account nobody has used.
func (t *Tx) RecoveryCodes(a letterlock.Address) (n int, err error) {
	err = t.row(`SELECT count(*) FROM recovery_codes WHERE address = $1 AND used_at = 0`, []any{a}, &n)
	return n, err
}

// A PendingKind says what a pending one is part of.
type PendingKind string

const (
	PendingSignIn PendingKind = "sign-in"  // the password was right
	PendingSetUp  PendingKind = "set-up"   // codes that nobody has shown yet
	PendingKey    PendingKind = "register" // a passkey that is being made
	PendingProof  PendingKind = "passkey"  // a passkey that is asked for
	PendingSSO    PendingKind = "sso"      // a provider is asked who sits there
	PendingCame   PendingKind = "sso-came" // why its answer let nobody in
)

// A Pending was begun and waits for one more answer.
type Pending struct {
	Hash    []byte
	Kind    PendingKind
	Address letterlock.Address // of the account; empty: a passkey is to say
	Sealed  []byte
	Expires time.Time
}

// PutPending keeps one, in the place of one with the same hash.
func (t *Tx) PutPending(s Pending) error {
	return t.exec(`INSERT INTO pending (hash, kind, address, sealed, expires_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (hash) DO UPDATE SET kind = excluded.kind, address = excluded.address, sealed = excluded.sealed, expires_at = excluded.expires_at`,
		s.Hash, s.Kind, s.Address, s.Sealed, s.Expires.Unix())
}

// Pending returns one of that kind which has not expired, or NotFound.
func (t *Tx) Pending(kind PendingKind, hash []byte) (s Pending, err error) {
	var expires int64
	err = t.row(`SELECT hash, kind, address, sealed, expires_at FROM pending WHERE hash = $1 AND kind = $2 AND expires_at > $3`,
		[]any{hash, kind, t.Now.Unix()}, &s.Hash, &s.Kind, &s.Address, &s.Sealed, &expires)
	s.Expires = moment(expires)
	return s, err
}

// EndPending removes one.
func (t *Tx) EndPending(hash []byte) error {
	return t.exec(`DELETE FROM pending WHERE hash = $1`, hash)
}

// EndAllPending removes all those of an account.
func (t *Tx) EndAllPending(a letterlock.Address) error {
	return t.exec(`DELETE FROM pending WHERE address = $1`, a)
}

// SweepPending removes what has expired.
func (t *Tx) SweepPending() error {
	return t.exec(`DELETE FROM pending WHERE expires_at <= $1`, t.Now.Unix())
}

// FactorLock returns the wrong answers in a row of an account; zero when there are none.
func (t *Tx) FactorLock(a letterlock.Address) (l Lock, err error) {
	var until int64
	err = t.row(`SELECT failures, until FROM factor_locks WHERE address = $1`, []any{a}, &l.Failures, &until)
	if letterlock.CodeOf(err) == letterlock.NotFound {
		return Lock{}, nil
	}
	l.Until = moment(until)
	return l, err
}

// PutFactorLock keeps the wrong answers of an account.
func (t *Tx) PutFactorLock(a letterlock.Address, l Lock) error {
	return t.exec(`INSERT INTO factor_locks (address, failures, until) VALUES ($1, $2, $3)
		ON CONFLICT (address) DO UPDATE SET failures = excluded.failures, until = excluded.until`, a, l.Failures, unix(l.Until))
}

// FactorUnlock forgets the wrong answers of an account.
func (t *Tx) FactorUnlock(a letterlock.Address) error {
	return t.exec(`DELETE FROM factor_locks WHERE address = $1`, a)
}
