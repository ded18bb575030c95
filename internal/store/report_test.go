package store

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"letterlock/internal/letterlock"
)

// accepted counts a message to these domains.
func accepted(t *testing.T, db *DB, at time.Time, domains ...string) {
	t.Helper()
	write(t, db, func(tx *Tx) error {
		return tx.countInReport(reported{accepted: at.Unix(), method: letterlock.ByUser, domains: domains})
	})
}

func top(t *testing.T, db *DB, from, until time.Time, n int) (list []DomainCount) {
	t.Helper()
	err := db.Read(t.Context(), func(tx *Tx) (err error) {
		list, err = tx.TopDomains(from, until, n)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestADomainThatIsFirstOnNoDayCanBeFirstOfAll has the steady domain stand behind
// many others each day, which come on that day only.
func TestADomainThatIsFirstOnNoDayCanBeFirstOfAll(t *testing.T) {
	db := open(t)
	midnight := start.Truncate(24 * time.Hour)
	for day := range 10 {
		domains := []string{"steady.example", "steady.example"}
		for i := range 200 {
			name := fmt.Sprintf("d%d-%d.example", day, i)
			domains = append(domains, name, name, name)
		}
		accepted(t, db, midnight.AddDate(0, 0, day), domains...)
	}
	got := top(t, db, midnight, midnight.AddDate(0, 0, 10), 2)
	want := []DomainCount{{"steady.example", 20}, {"d0-0.example", 3}}
	if !slices.Equal(got, want) {
		t.Errorf("TopDomains = %v, want %v", got, want)
	}
}

func TestMessagesThatGrowAreCountedOnce(t *testing.T) {
	db := open(t)
	m := reported{accepted: start.Unix(), method: letterlock.ByPolicy, brand: "northwind", domains: []string{"a.example"}}
	again := m
	again.again, again.domains = true, []string{"a.example", "b.example"}
	write(t, db, func(tx *Tx) error { return tx.countInReport(m, m) })
	write(t, db, func(tx *Tx) error { return tx.countInReport(again) })
	from, until := start.Add(-time.Hour), start.Add(time.Hour)
	err := db.Read(t.Context(), func(tx *Tx) error {
		methods, err := tx.CountMethods(from, until)
		if err != nil {
			return err
		}
		brands, err := tx.CountBrands(from, until)
		if methods["policy"] != 2 || brands["northwind"] != 2 {
			t.Errorf("methods %v, brands %v, want two messages", methods, brands)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	midnight := start.Truncate(24 * time.Hour)
	want := []DomainCount{{"a.example", 3}, {"b.example", 1}}
	if got := top(t, db, midnight, midnight.AddDate(0, 0, 1), 5); !slices.Equal(got, want) {
		t.Errorf("TopDomains = %v, want %v", got, want)
	}
}
