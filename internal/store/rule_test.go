package store

import (
	"fmt"
	"testing"

	"letterlock/internal/letterlock"
	"letterlock/internal/rule"
)

func TestRulesComeBackInOrderAndWithAVersion(t *testing.T) {
	db := open(t)
	list := []rule.Rule{
		{ID: "b", Name: "second", Enabled: true, When: rule.Conditions{Body: []string{"x"}}, Then: rule.Actions{Portal: true}},
		{ID: "a", Name: "first", When: rule.Conditions{LargerThan: 7}, Then: rule.Actions{Refuse: true, Sentence: "No."}},
	}
	put := func() (version int64) {
		write(t, db, func(tx *Tx) (err error) { version, err = tx.PutRules(list); return err })
		return version
	}
	one := put()
	list[0].Version = one // not changed since
	list[0], list[1] = list[1], list[0]
	two := put()
	err := db.Read(t.Context(), func(tx *Tx) error {
		version, got, err := tx.Rules()
		list[0].Version = two
		if fmt.Sprint(got) != fmt.Sprint(list) || version != two || two <= one {
			t.Errorf("version %d after %d: %+v, want %+v", version, one, got, list)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// A rule without one of its conditions would be another rule, and hold for other mail.
func TestARuleThatIsNotUnderstoodIsAnErrorAndNotLeftOut(t *testing.T) {
	for _, column := range []string{"conditions", "actions"} {
		db := open(t)
		write(t, db, func(tx *Tx) error {
			_, err := tx.PutRules([]rule.Rule{{ID: "a", Name: "one", Enabled: true}})
			if err == nil {
				err = tx.exec(`UPDATE rules SET ` + column + ` = '{"moon":"full"}'`)
			}
			return err
		})
		err := db.Read(t.Context(), func(tx *Tx) error { _, _, err := tx.Rules(); return err })
		if letterlock.CodeOf(err) != letterlock.Internal {
			t.Errorf("unknown %s: %v, want Internal", column, err)
		}
	}
}
