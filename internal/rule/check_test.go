package rule_test

import (
	"errors"
	"strings"
	"testing"

	"letterlock/internal/letterlock"
	"letterlock/internal/rule"
)

func TestWhatCannotBeAppliedIsNotSaved(t *testing.T) {
	good := func(change func(*rule.Rule)) rule.Rule {
		r := rule.Rule{Name: "Cards", Enabled: true, When: rule.Conditions{Data: []rule.Data{rule.Card}}, Then: rule.Actions{Protection: letterlock.DoNotForward}}
		change(&r)
		return r
	}
	words := func(list ...string) func(*rule.Rule) { return func(r *rule.Rule) { r.When.Body = list } }
	then := func(a rule.Actions) func(*rule.Rule) { return func(r *rule.Rule) { r.Then = a } }
	tests := []struct {
		name   string
		change func(*rule.Rule)
		want   string // field and key; empty: it can be saved
	}{
		{"as it is", func(*rule.Rule) {}, ""},
		{"no name", func(r *rule.Rule) { r.Name = " " }, "name missing"},
		{"long name", func(r *rule.Rule) { r.Name = strings.Repeat("ü", 81) }, "name too-long"},
		{"name that turns the text", func(r *rule.Rule) { r.Name = "a\u202eb" }, "name unprintable"},
		{"no condition", func(r *rule.Rule) { r.When = rule.Conditions{} }, "conditions missing"},
		{"no action", then(rule.Actions{}), "actions missing"},
		{"a sentence alone", then(rule.Actions{Sentence: "No."}), "actions missing"},
		{"refused and protected", then(rule.Actions{Refuse: true, Sentence: "No.", Protection: letterlock.EncryptOnly}), "actions contradiction"},
		{"refused and ended", then(rule.Actions{Refuse: true, Sentence: "No.", Expiry: letterlock.Span(3600e9)}), "actions contradiction"},
		{"passed on and protected", then(rule.Actions{Pass: true, Protection: letterlock.EncryptOnly}), "actions contradiction"},
		{"passed on and ended", then(rule.Actions{Pass: true, Expiry: letterlock.Span(3600e9)}), "actions contradiction"},
		{"passed on and refused", then(rule.Actions{Pass: true, Refuse: true, Sentence: "No."}), "actions contradiction"},
		{"passed on", then(rule.Actions{Pass: true}), ""},
		{"refused without a word", then(rule.Actions{Refuse: true}), "sentence missing"},
		{"refused with a line end", then(rule.Actions{Refuse: true, Sentence: "No.\r\n250 OK"}), "sentence unprintable"},
		{"unknown protection", then(rule.Actions{Protection: "none"}), "protection unknown"},
		{"unknown proof", then(rule.Actions{Asks: "blood"}), "asks unknown"},
		{"ends before it begins", then(rule.Actions{Expiry: -1}), "expiry out-of-range"},
		{"ends in a hundred years", then(rule.Actions{Expiry: letterlock.Span(876000 * 3600e9)}), "expiry out-of-range"},
		{"no sender", func(r *rule.Rule) { r.When.Senders = []string{"ada at contoso"} }, "senders no-domain"},
		{"no address", func(r *rule.Rule) { r.When.Recipients = []string{"contoso.example"} }, "recipients no-address"},
		{"no local part", func(r *rule.Rule) { r.When.Recipients = []string{"@*"} }, "recipients no-address"},
		{"two of them", func(r *rule.Rule) { r.When.Recipients = []string{"a@b@*"} }, "recipients no-address"},
		{"part of one", func(r *rule.Rule) { r.When.Recipients = []string{"info@*.example"} }, "recipients no-address"},
		{"a sender anywhere", func(r *rule.Rule) { r.When.Senders = []string{"info@*"} }, "senders no-address"},
		{"no domain", func(r *rule.Rule) { r.When.Domains = []string{"*.*.example"} }, "domains no-domain"},
		{"address for a domain", func(r *rule.Rule) { r.When.Domains = []string{"a@contoso.example"} }, "domains no-domain"},
		{"too many", func(r *rule.Rule) { r.When.Subject = make([]string, 101) }, "subject too-long"},
		{"no word", words("!?"), "body no-word"},
		{"a sentence", words("one two three four five six seven eight nine ten eleven"), "body many-words"},
		{"a Chinese sentence", words("这是一个很长的句子但是没有空格"), ""},
		{"broken pattern", words("/(a/"), "body bad-pattern"},
		{"pattern that needs more than RE2", words(`/(a)\1/`), "body bad-pattern"},
		{"looking ahead", words(`/a(?=b)/`), "body bad-pattern"},
		{"pattern that explodes", words("/((a{1,30}){1,30}){1,30}/"), "body bad-pattern"},
		{"large pattern", words("/(a{1,30}b){30}/"), "body big-pattern"},
		{"pattern of everything", words("/a*/"), "body empty-pattern"},
		{"catastrophic elsewhere", words("/(x+x+)+y/"), ""},
		{"value without a header", func(r *rule.Rule) { r.When.Values = []string{"x"} }, "header missing"},
		{"no header", func(r *rule.Rule) { r.When.Header = "X Y" }, "header bad-name"},
		{"negative size", func(r *rule.Rule) { r.When.LargerThan = -1 }, "size out-of-range"},
		{"size beyond all", func(r *rule.Rule) { r.When.LargerThan = 1 << 50 }, "size never-matches"},
		{"unknown data", func(r *rule.Rule) { r.When.Data = []rule.Data{"passport"} }, "data unknown"},
	}
	for _, tt := range tests {
		r := good(tt.change)
		var got []string
		for _, p := range rule.Check(r) {
			got = append(got, p.Field+" "+p.Key)
		}
		if strings.Join(got, ", ") != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, strings.Join(got, ", "), tt.want)
		}
		if _, err := rule.NewSet(1, []rule.Rule{r}); (err == nil) != (tt.want == "") || err != nil && !errors.Is(err, letterlock.Internal) {
			t.Errorf("%s: a set of it: %v", tt.name, err)
		}
	}
}
