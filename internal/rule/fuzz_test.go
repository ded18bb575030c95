package rule_test

import (
	"testing"
	"time"

	"letterlock/internal/rule"
)

// FuzzJudge has what rules look for stand on a line of its own between any texts: it is
// found whatever they are.
func FuzzJudge(f *testing.F) {
	for _, s := range []string{"", "4111 ", "DE89 ", "-", "123-45-", "\u0301", "\u00AD", "\xff\xfe", "機", "1.", "needle", "ﬁ", "\r"} {
		f.Add(s, s)
	}
	rules, err := rule.NewSet(1, []rule.Rule{
		refuses("card", rule.Conditions{Data: []rule.Data{rule.Card}}), refuses("iban", rule.Conditions{Data: []rule.Data{rule.IBAN}}), refuses("ssn", rule.Conditions{Data: []rule.Data{rule.SSN}}),
		refuses("word", rule.Conditions{Body: []string{"needle in hay"}}), refuses("pattern", rule.Conditions{Body: []string{`/^ne+dle\b/`}}),
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		for i, what := range []string{"4111 1111 1111 1111", "DE89370400440532013000", "123-45-6789", "needle in\nhay", "needle"} {
			v, err := rules.Judge(offer(func(m *rule.Mail) {
				text(before + "\n" + what + "\n" + after)(m)
				m.Limits.CPU = time.Hour
			}))
			if err != nil || v.Outcomes[i].Answer != rule.Yes {
				t.Errorf("%q is not found between %q and %q: %v", what, before, after, err)
			}
		}
	})
}
