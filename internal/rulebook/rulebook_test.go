package rulebook_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"letterlock/internal/letterlock"
	"letterlock/internal/rule"
	"letterlock/internal/rulebook"
	"letterlock/internal/store"
	"letterlock/internal/storetest"
)

var (
	olga = letterlock.Actor{Kind: letterlock.Staff, Address: "olga@contoso.example", Roles: []letterlock.Role{letterlock.Admin}}
	rita = letterlock.Actor{Kind: letterlock.Staff, Address: "rita@contoso.example", Roles: []letterlock.Role{letterlock.Revoker, letterlock.Auditor, letterlock.Sender}}
)

func newBook(t *testing.T) *rulebook.Service {
	t.Helper()
	dir := t.TempDir()
	storetest.Empty(t, dir)
	db, err := store.Open(t.Context(), dir, func() time.Time { return time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return &rulebook.Service{DB: db, MaxSize: 1 << 20}
}

// cards is a rule that can be saved.
func cards(name string) rule.Rule {
	return rule.Rule{Name: name, Enabled: true, When: rule.Conditions{Data: []rule.Data{rule.Card}, Subject: []string{"a", "/b+/"}}, Then: rule.Actions{Protection: letterlock.DoNotForward, Expiry: letterlock.Span(24 * time.Hour)}}
}

func add(t *testing.T, s *rulebook.Service, names ...string) (ids []letterlock.ID) {
	t.Helper()
	for _, n := range names {
		id, err := s.Add(t.Context(), olga, cards(n))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}

// seen is the version in which a rule is, and all is that of all rules together.
func seen(t *testing.T, s *rulebook.Service, id letterlock.ID) int64 {
	t.Helper()
	r, err := s.Rule(t.Context(), olga, id)
	if err != nil && !errors.Is(err, letterlock.NotFound) {
		t.Fatal(err)
	}
	return r.Version
}

func all(t *testing.T, s *rulebook.Service) int64 {
	t.Helper()
	version, _, err := s.Now(t.Context(), olga)
	if err != nil {
		t.Fatal(err)
	}
	return version
}

// shown is the list as "name name (off)".
func shown(t *testing.T, s *rulebook.Service) string {
	t.Helper()
	list, err := s.List(t.Context(), olga)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range list {
		if !r.Enabled {
			r.Name += " (off)"
		}
		names = append(names, r.Name)
	}
	return strings.Join(names, " ")
}

// audited is the audit log as "action target reason allowed".
func audited(t *testing.T, s *rulebook.Service) (list []string) {
	t.Helper()
	err := s.DB.Read(t.Context(), func(tx *store.Tx) error {
		all, err := tx.Entries("")
		for _, e := range all {
			list = append(list, fmt.Sprint(e.Action, "|", e.Target, "|", e.Reason, "|", e.Allowed))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestRulesStandInTheOrderThatAnAdministratorGivesThem(t *testing.T) {
	s := newBook(t)
	ids := add(t, s, "one", "two", "three")
	steps := []struct {
		name string
		act  func() error
		want string
	}{
		{"as added", func() error { return nil }, "one two three"},
		{"up", func() error { return s.Up(t.Context(), olga, ids[2], all(t, s)) }, "one three two"},
		{"down", func() error { return s.Down(t.Context(), olga, ids[0], all(t, s)) }, "three one two"},
		{"off", func() error { return s.Disable(t.Context(), olga, ids[0], seen(t, s, ids[0])) }, "three one (off) two"},
		{"on", func() error { return s.Enable(t.Context(), olga, ids[0], seen(t, s, ids[0])) }, "three one two"},
		{"deleted", func() error { return s.Delete(t.Context(), olga, ids[2], seen(t, s, ids[2])) }, "one two"},
		{"up from the top", func() error { return s.Up(t.Context(), olga, ids[0], all(t, s)) }, "letterlock: invalid rule-at-end"},
		{"down from the end", func() error { return s.Down(t.Context(), olga, ids[1], all(t, s)) }, "letterlock: invalid rule-at-end"},
		{"gone", func() error { return s.Enable(t.Context(), olga, ids[2], seen(t, s, ids[2])) }, "letterlock: not found no-rule"},
	}
	for _, st := range steps {
		if err := st.act(); err != nil {
			if got := fmt.Sprintf("letterlock: %s %s", letterlock.CodeOf(err), letterlock.KeyOf(err)); got != st.want {
				t.Errorf("%s: %v, want %q", st.name, err, st.want)
			}
			continue
		}
		if got := shown(t, s); got != st.want {
			t.Errorf("%s: %q, want %q", st.name, got, st.want)
		}
	}
}

func TestARuleComesBackAsItWasSaved(t *testing.T) {
	s := newBook(t)
	want := rule.Rule{Name: "All", Enabled: true,
		When: rule.Conditions{Senders: []string{"a.example"}, Recipients: []string{"b@b.example"}, Domains: []string{"*.c.example"}, Subject: []string{"d"}, Body: []string{"/e+/"},
			Header: "X-F", Values: []string{"f"}, LargerThan: 7, Data: []rule.Data{rule.IBAN, rule.SSN}},
		Then: rule.Actions{Protection: letterlock.DoNotForward, Expiry: letterlock.Span(time.Hour), Portal: true, Asks: letterlock.FreshPasscode}}
	id, err := s.Add(t.Context(), olga, want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Rule(t.Context(), olga, id)
	want.ID, want.Version = id, got.Version
	if fmt.Sprint(got) != fmt.Sprint(want) || err != nil || got.Version == 0 {
		t.Errorf("got  %+v\nwant %+v, %v", got, want, err)
	}
}

func TestOnlyAdministratorsKeepRules(t *testing.T) {
	s := newBook(t)
	id := add(t, s, "one")[0]
	before := len(audited(t, s))
	acts := map[string]func(by letterlock.Actor) error{
		"add":     func(by letterlock.Actor) error { _, err := s.Add(t.Context(), by, cards("two")); return err },
		"change":  func(by letterlock.Actor) error { r := cards("one"); r.ID = id; return s.Change(t.Context(), by, r) },
		"enable":  func(by letterlock.Actor) error { return s.Enable(t.Context(), by, id, seen(t, s, id)) },
		"disable": func(by letterlock.Actor) error { return s.Disable(t.Context(), by, id, seen(t, s, id)) },
		"up":      func(by letterlock.Actor) error { return s.Up(t.Context(), by, id, all(t, s)) },
		"down":    func(by letterlock.Actor) error { return s.Down(t.Context(), by, id, all(t, s)) },
		"delete":  func(by letterlock.Actor) error { return s.Delete(t.Context(), by, id, seen(t, s, id)) },
	}
	for name, act := range acts {
		if err := act(rita); !errors.Is(err, letterlock.Denied) {
			t.Errorf("%s: %v, want Denied", name, err)
		}
	}
	if _, err := s.List(t.Context(), rita); !errors.Is(err, letterlock.Denied) {
		t.Errorf("List: %v", err)
	}
	log := audited(t, s)[before:]
	if len(log) != len(acts) || slices.ContainsFunc(log, func(e string) bool { return !strings.HasSuffix(e, "not-administrator|false") }) {
		t.Errorf("the audit log says %q", log)
	}
	if got := shown(t, s); got != "one" {
		t.Errorf("the rules are %q", got)
	}
}

func TestEachChangeIsInTheAuditLog(t *testing.T) {
	s := newBook(t)
	ids := add(t, s, "one", "two")
	r := cards("first of all")
	r.ID, r.Version = ids[0], 2
	for _, err := range []error{s.Change(t.Context(), olga, r), s.Up(t.Context(), olga, ids[1], all(t, s)), s.Disable(t.Context(), olga, ids[1], seen(t, s, ids[1])), s.Delete(t.Context(), olga, ids[0], seen(t, s, ids[0]))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	says := `{"enabled":true,"when":{"subject":["a","/b+/"],"data":["card"]},"then":{"protection":"do-not-forward","expiry":`
	want := []string{"add rule|one|" + says, "add rule|two|" + says, "change rule|first of all|" + says, "move rule|two|to place 1 of 2|true", "disable rule|two||true", "delete rule|first of all||true"}
	got := audited(t, s)
	if len(got) != len(want) {
		t.Fatalf("%q", got)
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("entry %d: %q, want %q", i, got[i], want[i])
		}
	}
}

func TestWhatCannotBeAppliedIsRefusedAndLeavesNothing(t *testing.T) {
	s := newBook(t)
	add(t, s, "one")
	before := audited(t, s)
	tests := []struct {
		name   string
		change func(*rule.Rule)
		want   string
	}{
		{"contradiction", func(r *rule.Rule) { r.Then.Refuse, r.Then.Sentence = true, "No." }, "rule: actions contradiction"},
		{"never met", func(r *rule.Rule) { r.When.LargerThan = 1 << 20 }, "rule: size never-matches"},
		{"pattern", func(r *rule.Rule) { r.When.Body = []string{"/(/"} }, "rule: body bad-pattern"},
		{"name", func(r *rule.Rule) { r.Name = "ONE" }, "rule-name: "},
	}
	for _, tt := range tests {
		r := cards("two")
		tt.change(&r)
		_, err := s.Add(t.Context(), olga, r)
		got := letterlock.KeyOf(err) + ": "
		if f := (*rulebook.Faulty)(nil); errors.As(err, &f) {
			got += f.Problems[0].Field + " " + f.Problems[0].Key
		}
		if got != tt.want || !errors.Is(err, letterlock.Invalid) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	if got := shown(t, s); got != "one" || !slices.Equal(audited(t, s), before) {
		t.Errorf("%q, or something is noted", got)
	}
}

func TestNobodyOverwritesWhatTheyHaveNotSeen(t *testing.T) {
	s := newBook(t)
	id := add(t, s, "one")[0]
	seen, _ := s.Rule(t.Context(), olga, id)
	seen.Name = "by Olga"
	if err := s.Change(t.Context(), olga, seen); err != nil {
		t.Fatal(err)
	}
	seen.Name = "by another"
	if err := s.Change(t.Context(), olga, seen); letterlock.KeyOf(err) != "rule-changed" {
		t.Errorf("%v, want rule-changed", err)
	}
	two := add(t, s, "two")[0]
	if err := s.Up(t.Context(), olga, two, all(t, s)); err != nil {
		t.Fatal(err)
	}
	now, _ := s.Rule(t.Context(), olga, id)
	if err := s.Change(t.Context(), olga, now); err != nil || now.Name != "by Olga" {
		t.Errorf("after another rule moved: %v", err)
	}
}

// TestNobodyActsOnWhatTheyHaveNotSeen has somebody change the rules between the page
// and the button on it.
func TestNobodyActsOnWhatTheyHaveNotSeen(t *testing.T) {
	s := newBook(t)
	ids := add(t, s, "one", "two", "three")
	list, one := all(t, s), seen(t, s, ids[0])
	r := cards("ONE")
	r.ID, r.Version = ids[0], one
	if err := s.Change(t.Context(), olga, r); err != nil {
		t.Fatal(err)
	}
	before := audited(t, s)
	for name, tt := range map[string]struct {
		err  error
		want string
	}{
		"enable": {s.Enable(t.Context(), olga, ids[0], one), "rule-changed"}, "disable": {s.Disable(t.Context(), olga, ids[0], one), "rule-changed"}, "delete": {s.Delete(t.Context(), olga, ids[0], one), "rule-changed"},
		"up": {s.Up(t.Context(), olga, ids[2], list), "rules-changed"}, "down": {s.Down(t.Context(), olga, ids[0], list), "rules-changed"}, "of no version": {s.Delete(t.Context(), olga, ids[1], 0), "rule-changed"},
	} {
		if letterlock.KeyOf(tt.err) != tt.want || !errors.Is(tt.err, letterlock.Invalid) {
			t.Errorf("%s: %v, want %s", name, tt.err, tt.want)
		}
	}
	if got := shown(t, s); got != "ONE two three" || !slices.Equal(audited(t, s), before) {
		t.Errorf("%q, or something is noted", got)
	}
	// What others did to other rules is no reason to refuse.
	if err := s.Disable(t.Context(), olga, ids[1], seen(t, s, ids[1])); err != nil {
		t.Errorf("of a rule that is as it was: %v", err)
	}
}

func TestThereAreTwoHundredRulesAndNoMore(t *testing.T) {
	s := newBook(t)
	for i := range rule.MaxRules {
		add(t, s, fmt.Sprint("rule ", i))
	}
	if _, err := s.Add(t.Context(), olga, cards("one more")); !errors.Is(err, letterlock.TooLarge) || letterlock.KeyOf(err) != "rules" {
		t.Errorf("%v, want TooLarge rules", err)
	}
}

// TestTheSetIsThatOfTheNewestRules asks for it after each change, also of another
// process, of which only whoever stores a mail knows.
func TestTheSetIsThatOfTheNewestRules(t *testing.T) {
	s := newBook(t)
	set, err := s.Set(t.Context(), -1)
	if err != nil || !set.Empty() {
		t.Fatalf("%v, %v", set, err)
	}
	id := add(t, s, "one")[0]
	after, _ := s.Set(t.Context(), -1)
	if after.Empty() || after.Version <= set.Version {
		t.Errorf("after adding: version %d after %d", after.Version, set.Version)
	}
	other := &rulebook.Service{DB: s.DB}
	if err := other.Delete(t.Context(), olga, id, seen(t, other, id)); err != nil {
		t.Fatal(err)
	}
	if stale, _ := s.Set(t.Context(), -1); stale.Version != after.Version {
		t.Error("the rules are read for every mail")
	}
	if now, _ := s.Set(t.Context(), after.Version); !now.Empty() {
		t.Error("rules hold that another has deleted")
	}
}

func TestARuleNamesABrandThatThereIs(t *testing.T) {
	s := newBook(t)
	s.Brand = func(id string) bool { return id == "legal" }
	r := rule.Rule{Name: "r", Enabled: true, When: rule.Conditions{Senders: []string{"contoso.example"}}, Then: rule.Actions{Brand: "legal"}}
	if _, err := s.Add(t.Context(), olga, r); err != nil {
		t.Error(err)
	}
	r.Name, r.Then.Brand = "q", "moon"
	var faulty *rulebook.Faulty
	if _, err := s.Add(t.Context(), olga, r); !errors.As(err, &faulty) || fmt.Sprint(faulty.Problems) != "[{brand unknown }]" {
		t.Errorf("a brand that there is not: %v", err)
	}
	r.Then.Brand, r.Then.Refuse, r.Then.Sentence = "legal", true, "No."
	if _, err := s.Add(t.Context(), olga, r); !errors.As(err, &faulty) || faulty.Problems[0].Key != rule.Contradiction {
		t.Errorf("a brand of what is refused: %v", err)
	}
}
