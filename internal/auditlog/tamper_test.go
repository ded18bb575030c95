package auditlog_test

import (
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"letterlock/internal/audit"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// A vandal can write the database, and has no key.
type vandal struct {
	t    *testing.T
	db   *sql.DB
	r    *rand.Rand
	rows int64 // that the log had, and that checkpoints cover
}

func (v *vandal) exec(query string, args ...any) int64 {
	v.t.Helper()
	res, err := v.db.Exec(query, args...)
	if err != nil {
		v.t.Fatalf("%s: %v", query, err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		v.t.Fatal(err)
	}
	return n
}

// row is any row of the log.
func (v *vandal) row() int64 { return 1 + v.r.Int64N(v.rows) }

// text is a text that is not old: one bit, letter or end of it is another.
func (v *vandal) text(old string) string {
	b := []byte(old)
	switch n := v.r.IntN(4); {
	case len(b) == 0 || n == 0:
		return old + string(rune('a'+v.r.IntN(26)))
	case n == 1:
		return string(b[:len(b)-1])
	case n == 2:
		b[v.r.IntN(len(b))] ^= 1 << v.r.IntN(7)
		return string(b)
	}
	return strings.Repeat("x", v.r.IntN(50)) + string(b[v.r.IntN(len(b)):]) + "y"
}

// column changes one column of one row.
func (v *vandal) column() string {
	seq := v.row()
	name := []string{"seq", "at", "action", "actor", "message", "allowed", "entry", "hash"}[v.r.IntN(8)]
	switch name {
	case "seq":
		v.exec(`UPDATE audit SET seq = $1 WHERE seq = $2`, []int64{0, -seq, v.rows + 1 + v.r.Int64N(1000), 1 << 61}[v.r.IntN(4)], seq)
	case "at":
		v.exec(`UPDATE audit SET at = at + $1 WHERE seq = $2`, 1+v.r.Int64N(100), seq)
	case "allowed":
		v.exec(`UPDATE audit SET allowed = $1 - allowed WHERE seq = $2`, 1+2*v.r.Int64N(3), seq)
	case "hash":
		var hash []byte
		if err := v.db.QueryRow(`SELECT hash FROM audit WHERE seq = $1`, seq).Scan(&hash); err != nil {
			v.t.Fatal(err)
		}
		hash[v.r.IntN(len(hash))] ^= 1 << v.r.IntN(8)
		v.exec(`UPDATE audit SET hash = $1 WHERE seq = $2`, hash[:len(hash)-v.r.IntN(2)], seq)
	default:
		var old string
		if err := v.db.QueryRow(`SELECT `+name+` FROM audit WHERE seq = $1`, seq).Scan(&old); err != nil {
			v.t.Fatal(err)
		}
		v.exec(`UPDATE audit SET `+name+` = $1 WHERE seq = $2`, v.text(old), seq)
	}
	return fmt.Sprintf("%s of row %d", name, seq)
}

// forge changes the entry of a row so that every column agrees, and makes the
// chain anew from there on.
func (v *vandal) forge() string {
	seq := v.row()
	v.exec(`UPDATE audit SET entry = replace(entry, '"target":"', '"target":"x') WHERE seq = $1`, seq)
	if v.r.IntN(2) == 0 {
		v.exec(`UPDATE audit SET at = at + 5, entry = json_set(entry, '$.at', at + 5) WHERE seq = $1`, seq)
	}
	v.remake(seq)
	return fmt.Sprintf("row %d, and the chain made anew", seq)
}

// remake makes the chain anew from a row on.
func (v *vandal) remake(from int64) {
	v.t.Helper()
	var prev []byte
	if err := v.db.QueryRow(`SELECT hash FROM audit WHERE seq = $1`, from-1).Scan(&prev); err != nil && !errors.Is(err, sql.ErrNoRows) {
		v.t.Fatal(err)
	}
	rows, err := v.db.Query(`SELECT seq, entry FROM audit WHERE seq >= $1 ORDER BY seq`, from)
	if err != nil {
		v.t.Fatal(err)
	}
	hashes := map[int64][]byte{}
	for rows.Next() {
		var seq int64
		var entry []byte
		if err := rows.Scan(&seq, &entry); err != nil {
			v.t.Fatal(err)
		}
		prev = audit.Chain(prev, entry)
		hashes[seq] = prev
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		v.t.Fatal(err)
	}
	for seq, hash := range hashes {
		v.exec(`UPDATE audit SET hash = $1 WHERE seq = $2`, hash, seq)
	}
}

// remove takes rows out of the log; sometimes it closes the gap and makes the
// chain anew.
func (v *vandal) remove() string {
	from := v.row()
	n := 1 + v.r.Int64N(3)
	n = v.exec(`DELETE FROM audit WHERE seq >= $1 AND seq < $2`, from, from+n)
	if v.r.IntN(2) == 0 {
		return fmt.Sprintf("%d rows from %d removed", n, from)
	}
	v.exec(`UPDATE audit SET seq = -(seq - $1) WHERE seq >= $2`, n, from)
	v.exec(`UPDATE audit SET seq = -seq, entry = json_set(entry, '$.seq', -seq) WHERE seq < 0`)
	v.remake(from)
	return fmt.Sprintf("%d rows from %d removed, the others moved up, and the chain made anew", n, from)
}

// insert puts a copy of a row somewhere; sometimes the chain is made anew.
func (v *vandal) insert() string {
	at, of := v.row(), v.row()
	for at == v.rows && of == v.rows { // that would only add one behind the last checkpoint
		of = v.row()
	}
	v.exec(`UPDATE audit SET seq = -(seq + 1) WHERE seq >= $1`, at)
	v.exec(`UPDATE audit SET seq = -seq WHERE seq < 0`)
	if of >= at {
		of++
	}
	v.exec(`INSERT INTO audit SELECT $1, at, action, actor, message, allowed, entry, hash FROM audit WHERE seq = $2`, at, of)
	if v.r.IntN(2) == 0 {
		return fmt.Sprintf("a copy of row %d at %d", of, at)
	}
	v.exec(`UPDATE audit SET entry = json_set(entry, '$.seq', seq) WHERE seq >= $1`, at)
	v.remake(at)
	return fmt.Sprintf("a copy of row %d at %d, and the chain made anew", of, at)
}

// swap exchanges two rows.
func (v *vandal) swap() string {
	a, b := v.row(), v.row()
	for a == b {
		b = v.row()
	}
	v.exec(`UPDATE audit SET seq = -1 WHERE seq = $1`, a)
	v.exec(`UPDATE audit SET seq = $1 WHERE seq = $2`, a, b)
	v.exec(`UPDATE audit SET seq = $1 WHERE seq = -1`, b)
	return fmt.Sprintf("rows %d and %d swapped", a, b)
}

// truncate cuts the end off.
func (v *vandal) truncate() string {
	from := v.row()
	v.exec(`DELETE FROM audit WHERE seq >= $1`, from)
	return fmt.Sprintf("everything from row %d on removed", from)
}

// TestAThousandRandomChangesOfTheDatabaseAreFound changes the log in the database,
// takes an export of it as anybody would, and holds it against the checkpoints
// that had left the house before.
func TestAThousandRandomChangesOfTheDatabaseAreFound(t *testing.T) {
	h := newHouse(t)
	for i := range 40 {
		h.record(letterlock.Entry{Actor: ada, Action: []string{"revoke", "read", "expire"}[i%3], Message: letterlock.ID(fmt.Sprint("m", i)),
			Target: fmt.Sprintf("r%d@quillfeather.example", i), Allowed: i%4 > 0})
		if i%11 == 6 {
			h.checkpoint()
		}
	}
	h.checkpoint()
	points, keys := h.points(), h.keys()
	verify := func() error {
		_, err := audit.Verify(strings.NewReader(h.export()), strings.NewReader(points), keys, nil)
		return err
	}
	raw, err := sql.Open("sqlite", "file:"+filepath.Join(h.dir, store.File)+"?_pragma=busy_timeout(10000)&_pragma=synchronous(OFF)")
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	raw.SetMaxOpenConns(1) // so that BEGIN and COMMIT are of one connection
	v := &vandal{t: t, db: raw, r: rand.New(rand.NewPCG(5, 26)), rows: 40}
	v.exec(`CREATE TABLE kept AS SELECT * FROM audit`)
	inOne := func(f func() string) string {
		v.exec(`BEGIN`)
		defer v.exec(`COMMIT`)
		return f()
	}
	restore := func() string {
		v.exec(`DELETE FROM audit`)
		v.exec(`INSERT INTO audit SELECT * FROM kept`)
		return ""
	}
	kinds := []func() string{v.column, v.column, v.column, v.forge, v.remove, v.insert, v.swap, v.truncate}
	for i := range 1000 {
		what := inOne(kinds[i%len(kinds)])
		err := verify()
		var fault *audit.Fault
		if !errors.As(err, &fault) {
			t.Errorf("change %d, %s: %v, want a fault", i, what, err)
		}
		inOne(restore)
		if i%100 == 0 {
			if err := verify(); err != nil {
				t.Fatalf("nothing changed, and still: %v", err)
			}
			inOne(restore)
		}
	}
}
