package store

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"letterlock/internal/letterlock"
)

// auditLog is a database with the clock of its transactions, and seven entries an
// hour apart; in the middle the clock jumps back.
func auditLog(t *testing.T) *DB {
	t.Helper()
	now := start
	db, err := Open(t.Context(), t.TempDir(), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	ada := letterlock.Actor{Kind: letterlock.Staff, Address: "ada@contoso.example", Name: "uid 1000"}
	operator := letterlock.Actor{Kind: letterlock.Operator, Name: "uid 1000"}
	for _, e := range []letterlock.Entry{
		{Actor: ada, Action: "sign in", Allowed: true},                                                     // 1, at 9
		{Actor: ada, Action: "revoke", Message: "m1", Allowed: true},                                       // 2, at 10
		{Actor: ada, Action: "revoke", Message: "m2"},                                                      // 3, at 11
		{Actor: operator, Action: "add account", Allowed: true},                                            // 4, at 12
		{Actor: operator, Action: "revoke", Message: "m1", Allowed: true},                                  // 5, at 11:55
		{Actor: letterlock.Actor{Kind: letterlock.System}, Action: "expire", Message: "m1", Allowed: true}, // 6, at 12:55
		{Action: "sign in"}, // 7, at 13:55
	} {
		write(t, db, func(tx *Tx) error { return tx.Audit(e) })
		if now = now.Add(time.Hour); e.Action == "add account" {
			now = now.Add(-65 * time.Minute)
		}
	}
	return db
}

func TestTheAuditLogIsFilteredByWhatIsAskedFor(t *testing.T) {
	db := auditLog(t)
	hour := func(h int) time.Time { return start.Truncate(24 * time.Hour).Add(time.Duration(h) * time.Hour) }
	tests := []struct {
		name string
		q    AuditQuery
		want string
	}{
		{"everything", AuditQuery{}, "7 6 5 4 3 2 1"},
		{"the second page", AuditQuery{Before: 6, Limit: 2}, "5 4"},
		{"an address", AuditQuery{Actor: "ada@contoso.example"}, "3 2 1"},
		{"a name", AuditQuery{Name: "UID 1"}, "5 4"},
		{"a name with a sign of patterns", AuditQuery{Name: "uid%"}, ""},
		{"an action", AuditQuery{Action: "revoke"}, "5 3 2"},
		{"a message", AuditQuery{Message: "m1"}, "6 5 2"},
		{"refusals", AuditQuery{RefusedOnly: true}, "7 3"},
		{"refusals of an action", AuditQuery{RefusedOnly: true, Action: "revoke"}, "3"},
		{"all at once", AuditQuery{Actor: "ada@contoso.example", Action: "revoke", Message: "m1", From: hour(10), Until: hour(11)}, "2"},
		{"from", AuditQuery{From: hour(12)}, "7 6 4"},
		{"until", AuditQuery{Until: hour(12)}, "5 3 2 1"},
		{"between", AuditQuery{From: hour(10), Until: hour(12)}, "5 3 2"},
		{"the future", AuditQuery{From: hour(30)}, ""},
		{"the past", AuditQuery{Until: hour(1)}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.q.Limit == 0 {
				tt.q.Limit = 50
			}
			var got []string
			err := db.Read(t.Context(), func(tx *Tx) error {
				rows, err := tx.AuditPage(tt.q)
				for _, r := range rows {
					got = append(got, fmt.Sprint(r.Seq))
				}
				return err
			})
			if s := strings.Join(got, " "); err != nil || s != tt.want {
				t.Errorf("rows %q, %v, want %q", s, err, tt.want)
			}
		})
	}
}

func TestNoSearchOfTheAuditLogLooksAtEveryRow(t *testing.T) {
	db := auditLog(t)
	for bits := range 1 << 7 {
		q := AuditQuery{Limit: 50}
		set := func(bit int, f func()) {
			if bits&(1<<bit) != 0 {
				f()
			}
		}
		set(0, func() { q.Actor = "a" })
		set(1, func() { q.Name = "n" })
		set(2, func() { q.Action = "a" })
		set(3, func() { q.Message = "m" })
		set(4, func() { q.From = start })
		set(5, func() { q.Until = start })
		set(6, func() { q.RefusedOnly = true })
		where, args := q.where(1, 2)
		var plan []string
		err := db.Read(t.Context(), func(tx *Tx) error {
			return tx.rows(`EXPLAIN QUERY PLAN SELECT entry FROM audit WHERE `+where+` ORDER BY seq DESC LIMIT 9`, args, func(rs *sql.Rows) error {
				var id, parent, unused int
				var detail string
				err := rs.Scan(&id, &parent, &unused, &detail)
				plan = append(plan, detail)
				return err
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(plan) != 1 || !strings.HasPrefix(plan[0], "SEARCH") {
			t.Errorf("%s: %q, want one search and no sorting", where, plan)
		}
	}
}

func TestActionsAreNamedOnceEach(t *testing.T) {
	db := auditLog(t)
	var got []string
	err := db.Read(t.Context(), func(tx *Tx) (err error) { got, err = tx.AuditActions(); return err })
	if want := []string{"add account", "expire", "revoke", "sign in"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("AuditActions = %q, %v, want %q", got, err, want)
	}
	empty := open(t)
	err = empty.Read(t.Context(), func(tx *Tx) (err error) { got, err = tx.AuditActions(); return err })
	if err != nil || len(got) > 0 {
		t.Errorf("of an empty log: %q, %v", got, err)
	}
}

func TestAnUnreadableEntryHidesNoOther(t *testing.T) {
	db := auditLog(t)
	undo := errors.New("undo")
	err := db.Write(t.Context(), func(tx *Tx) error {
		if err := tx.exec(`UPDATE audit SET entry = '{' WHERE seq = 4`); err != nil {
			t.Fatal(err)
		}
		rows, err := tx.AuditPage(AuditQuery{Limit: 50})
		if err != nil || len(rows) != 7 || rows[3].Seq != 4 || rows[3].Action != "add account" {
			t.Errorf("AuditPage = %+v, %v", rows, err)
		}
		if rows, err = tx.AuditPage(AuditQuery{Name: "uid", Limit: 50}); err != nil || len(rows) != 1 {
			t.Errorf("by name: %+v, %v", rows, err)
		}
		return undo
	})
	if !errors.Is(err, undo) {
		t.Fatal(err)
	}
}
