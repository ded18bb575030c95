package store

import (
	"database/sql"
	"fmt"
	"testing"
	"time"

	"letterlock/internal/letterlock"
)

// visits reads what is kept of the visits to a link, in no particular order.
func visits(t *testing.T, db *DB, of letterlock.ID) (list []letterlock.Visit) {
	t.Helper()
	err := db.Read(t.Context(), func(tx *Tx) error {
		return tx.rows(`SELECT guess, why, agent, ip, first_at, last_at, count FROM visits WHERE recipient = $1`, []any{of}, func(rs *sql.Rows) error {
			var v letterlock.Visit
			var first, last int64
			err := rs.Scan(&v.Guess, &v.Why, &v.Agent, &v.IP, &first, &last, &v.Count)
			v.First, v.Last = moment(first), moment(last)
			list = append(list, v)
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestVisitsThatAreAlikeAreOneRow(t *testing.T) {
	db := open(t)
	_, r := message(t, db, time.Time{})
	v := letterlock.Visit{Guess: letterlock.Scanner, Why: "head", Agent: "Barracuda", IP: "192.0.2.0/24", First: start, Last: start, Count: 1}
	later := v
	later.First, later.Last, later.Count = start.Add(time.Hour), start.Add(2*time.Hour), 3
	for _, v := range []letterlock.Visit{later, v} { // also out of order
		write(t, db, func(tx *Tx) error { return tx.AddVisits(r.ID, v) })
	}
	want := v
	want.Last, want.Count = later.Last, 4
	if got := visits(t, db, r.ID); len(got) != 1 || got[0] != want {
		t.Errorf("kept %+v, want %+v", got, want)
	}
}

func TestVisitsOfALinkAreBoundedAndAllCounted(t *testing.T) {
	db := open(t)
	_, r := message(t, db, time.Time{})
	const each = 200
	write(t, db, func(tx *Tx) error {
		for i := range each {
			for _, guess := range []letterlock.Visitor{letterlock.Scanner, letterlock.Person} {
				v := letterlock.Visit{Guess: guess, Why: "no-language", Agent: fmt.Sprint("agent ", i), First: start, Last: start, Count: 1}
				if err := tx.AddVisits(r.ID, v); err != nil {
					return err
				}
			}
		}
		return nil
	})
	list, counts := visits(t, db, r.ID), map[letterlock.Visitor]int{}
	for _, v := range list {
		counts[v.Guess] += v.Count
		if v.Why == MoreVisits && (v.Agent != "" || v.Count < 2) {
			t.Errorf("the row for the rest is %+v", v)
		}
	}
	if len(list) != MaxVisits || counts[letterlock.Scanner] != each || counts[letterlock.Person] != each {
		t.Errorf("%d rows count %v; want %d rows, %d of each", len(list), counts, MaxVisits, each)
	}
}

func TestVisitChangesNothingOfItsRecipient(t *testing.T) {
	db := open(t)
	m, r := message(t, db, time.Time{})
	v := letterlock.Visit{Guess: letterlock.Person, Why: "browser", First: start, Last: start, Count: 1}
	write(t, db, func(tx *Tx) error { return tx.AddVisits(r.ID, v) })
	err := db.Read(t.Context(), func(tx *Tx) error {
		now, err := tx.Recipient(r.ID)
		if err == nil && now != r {
			t.Errorf("the recipient is %+v, was %+v", now, r)
		}
		events, err2 := tx.Events(m.ID)
		if len(events) > 0 {
			t.Errorf("the history says %v", events)
		}
		if err == nil {
			err = err2
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(visits(t, db, r.ID)) != 1 {
		t.Error("the visit was not noted: this test would prove nothing")
	}
}

func TestVisitToALinkThatIsGoneIsForgotten(t *testing.T) {
	db := open(t)
	gone := letterlock.NewID()
	write(t, db, func(tx *Tx) error {
		return tx.AddVisits(gone, letterlock.Visit{Guess: letterlock.Person, First: start, Last: start, Count: 1})
	})
	if got := visits(t, db, gone); len(got) > 0 {
		t.Errorf("kept %+v", got)
	}
}
