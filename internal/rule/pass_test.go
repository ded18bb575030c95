package rule_test

import (
	"testing"

	"letterlock/internal/letterlock"
	"letterlock/internal/rule"
)

// passes is a rule that lets mail go on as it came.
func passes(name string, when rule.Conditions) rule.Rule {
	return rule.Rule{ID: letterlock.ID(name), Name: name, Enabled: true, When: when, Then: rule.Actions{Pass: true}}
}

func TestARuleLetsAMailGoOnlyIfItMeansAllOfIt(t *testing.T) {
	const ada, eve, marta, carol = letterlock.Address("ada@contoso.example"), letterlock.Address("eve@contoso.example"),
		letterlock.Address("marta@quillfeather.example"), letterlock.Address("carol@outlook.com")
	one := func(list ...letterlock.Address) []letterlock.Address { return list }
	word := rule.Conditions{Body: []string{"newsletter"}}
	cut := func(yield func(rule.Text, error) bool) { yield(rule.Text{Text: "a", Cut: true}, nil) }
	tests := []struct {
		name string
		when rule.Conditions
		mail rule.Mail
		want bool
	}{
		{"its sender", rule.Conditions{Senders: []string{string(ada)}}, rule.Mail{Sender: ada, Recipients: one(marta)}, true},
		{"its only From", rule.Conditions{Senders: []string{string(ada)}}, rule.Mail{Others: one(ada), Recipients: one(marta)}, true},
		{"one From of two", rule.Conditions{Senders: []string{string(ada)}}, rule.Mail{Others: one(ada, eve), Recipients: one(marta)}, false},
		{"both of two", rule.Conditions{Senders: []string{"contoso.example"}}, rule.Mail{Others: one(ada, eve), Recipients: one(marta)}, true},
		{"a From beside it that cannot be read", rule.Conditions{Senders: []string{string(ada)}}, rule.Mail{Others: one(ada), Unknown: true, Recipients: one(marta)}, false},
		{"a header that is cut off", rule.Conditions{Senders: []string{string(ada)}}, rule.Mail{Others: one(ada), Cut: true, Recipients: one(marta)}, false},
		{"nobody", rule.Conditions{Senders: []string{string(ada)}}, rule.Mail{Recipients: one(marta)}, false},
		{"its recipient", rule.Conditions{Recipients: []string{string(marta)}}, rule.Mail{Recipients: one(marta)}, true},
		{"one recipient of two", rule.Conditions{Recipients: []string{string(marta)}}, rule.Mail{Recipients: one(marta, carol)}, false},
		{"one of two anywhere", rule.Conditions{Recipients: []string{marta.Local() + "@*"}}, rule.Mail{Recipients: one(marta, carol)}, false},
		{"its domain", rule.Conditions{Domains: []string{"outlook.com"}}, rule.Mail{Recipients: one(carol)}, true},
		{"one domain of two", rule.Conditions{Domains: []string{"outlook.com"}}, rule.Mail{Recipients: one(carol, marta)}, false},
		{"both domains", rule.Conditions{Domains: []string{"outlook.com", "quillfeather.example"}}, rule.Mail{Recipients: one(carol, marta)}, true},
		{"a word that may be behind what could be read", word, rule.Mail{Recipients: one(carol), Texts: cut}, false},
	}
	for _, tt := range tests {
		v, err := setOf(t, passes("go", tt.when)).Judge(tt.mail)
		if err != nil || v.Pass != tt.want || v.Protection != "" || v.Refused || (v.PassedBy == "go") != tt.want {
			t.Errorf("%s: %+v, %v; want it let go: %t", tt.name, v, err, tt.want)
		}
	}
}
