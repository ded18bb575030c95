package rule_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"letterlock/internal/cputime"
	"letterlock/internal/letterlock"
	"letterlock/internal/rule"
)

// refuses makes a rule that is enabled and refuses what meets its conditions.
func refuses(name string, when rule.Conditions) rule.Rule {
	return rule.Rule{ID: letterlock.ID(name), Name: name, Enabled: true, When: when, Then: rule.Actions{Refuse: true, Sentence: "No."}}
}

func setOf(t *testing.T, list ...rule.Rule) *rule.Set {
	t.Helper()
	s, err := rule.NewSet(7, list)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// offer is a mail with nothing special in it.
func offer(change func(*rule.Mail)) rule.Mail {
	m := rule.Mail{
		Sender: "ada@contoso.example", Recipients: []letterlock.Address{"marta@quillfeather.example", "jonas@mail.riverside.example"},
		Subject: "Offer for the Straße project", Fields: []rule.Field{{Name: "x-mailer", Value: "Thunder 7"}, {Name: "X-Class", Value: "top secret stuff"}},
		Size: 2000,
	}
	if change != nil {
		change(&m)
	}
	return m
}

func text(parts ...string) func(*rule.Mail) {
	return func(m *rule.Mail) {
		m.Texts = func(yield func(rule.Text, error) bool) {
			for _, p := range parts {
				if !yield(rule.Text{Text: p}, nil) {
					return
				}
			}
		}
	}
}

func TestARuleMatchesWhatMeetsAllItsConditions(t *testing.T) {
	say := text("This is for internal use only.\nC'est déjà là: 机密文件 and naïve co\u00ADoperation.", "<second>")
	tests := []struct {
		name string
		when rule.Conditions
		want rule.Answer
	}{
		{"sender", rule.Conditions{Senders: []string{"eve@contoso.example", "ada@contoso.example"}}, rule.Yes},
		{"sender's domain", rule.Conditions{Senders: []string{"@contoso.example"}}, rule.Yes},
		{"another sender", rule.Conditions{Senders: []string{"eve@contoso.example"}}, rule.No},
		{"sender, in capitals", rule.Conditions{Senders: []string{"Ada@Contoso.example"}}, rule.Yes},
		{"one of the recipients", rule.Conditions{Recipients: []string{"marta@quillfeather.example"}}, rule.Yes},
		{"a mailbox anywhere", rule.Conditions{Recipients: []string{"MARTA@*"}}, rule.Yes},
		{"another one anywhere", rule.Conditions{Recipients: []string{"mart@*"}}, rule.No},
		{"no recipient", rule.Conditions{Recipients: []string{"carol@outlook.com"}}, rule.No},
		{"domain", rule.Conditions{Domains: []string{"QuillFeather.example"}}, rule.Yes},
		{"domain, and not below it", rule.Conditions{Domains: []string{"riverside.example"}}, rule.No},
		{"below a domain", rule.Conditions{Domains: []string{"*.riverside.example"}}, rule.Yes},
		{"end of a label is no domain", rule.Conditions{Domains: []string{"*.feather.example"}}, rule.No},
		{"subject", rule.Conditions{Subject: []string{"OFFER"}}, rule.Yes},
		{"subject, folded", rule.Conditions{Subject: []string{"STRASSE PROJECT"}}, rule.Yes},
		{"part of a word", rule.Conditions{Subject: []string{"off"}}, rule.No},
		{"pattern in the subject", rule.Conditions{Subject: []string{`/^off(er|ering)\b/`}}, rule.Yes},
		{"words of the body are not in the subject", rule.Conditions{Subject: []string{"internal"}}, rule.No},
		{"phrase", rule.Conditions{Body: []string{"internal, use"}}, rule.Yes},
		{"phrase in another order", rule.Conditions{Body: []string{"use internal"}}, rule.No},
		{"phrase across two parts", rule.Conditions{Body: []string{"cooperation second"}}, rule.No},
		{"word of another part", rule.Conditions{Body: []string{"second"}}, rule.Yes},
		{"accents, composed another way", rule.Conditions{Body: []string{"de\u0301ja\u0300"}}, rule.Yes},
		{"a word without spaces around it", rule.Conditions{Body: []string{"机密"}}, rule.Yes},
		{"letters that nobody sees", rule.Conditions{Body: []string{"cooperation"}}, rule.Yes},
		{"pattern in the body", rule.Conditions{Body: []string{`/internal\s+use\s+only/`}}, rule.Yes},
		{"header is there", rule.Conditions{Header: "X-Mailer"}, rule.Yes},
		{"header is not", rule.Conditions{Header: "X-Nothing"}, rule.No},
		{"header says", rule.Conditions{Header: "x-class", Values: []string{"public", "top secret"}}, rule.Yes},
		{"header says something else", rule.Conditions{Header: "X-Class", Values: []string{"public"}}, rule.No},
		{"larger", rule.Conditions{LargerThan: 1999}, rule.Yes},
		{"as large", rule.Conditions{LargerThan: 2000}, rule.No},
		{"all of them", rule.Conditions{Senders: []string{"contoso.example"}, Domains: []string{"quillfeather.example"}, Body: []string{"internal"}, LargerThan: 1}, rule.Yes},
		{"all but one", rule.Conditions{Senders: []string{"contoso.example"}, Domains: []string{"quillfeather.example"}, Body: []string{"external"}, LargerThan: 1}, rule.No},
		{"data", rule.Conditions{Data: []rule.Data{rule.Card}}, rule.No},
	}
	for _, tt := range tests {
		v, err := setOf(t, refuses("r", tt.when)).Judge(offer(say))
		if err != nil {
			t.Fatal(err)
		}
		if got := v.Outcomes[0].Answer; got != tt.want || v.Refused != (tt.want == rule.Yes) {
			t.Errorf("%s: %v, refused %t; want %v: %+v", tt.name, got, v.Refused, tt.want, v.Outcomes[0].Reasons)
		}
	}
}

func TestARuleHoldsForWhereAnAddressLeads(t *testing.T) {
	at := rule.Conditions{Domains: []string{"quillfeather.example"}}
	to := rule.Conditions{Recipients: []string{"marta@quillfeather.example"}}
	here := rule.Conditions{Domains: []string{"contoso.example"}}
	for _, tt := range []struct {
		address            letterlock.Address
		at, to, here, free bool // met; free: a rule lets it go that means contoso.example alone
	}{
		{"marta@quillfeather.example", true, true, false, false},
		{"MARTA@quillfeather.example", true, true, false, false},
		{"marta%quillfeather.example@contoso.example", true, true, true, false},
		{"marta%QuillFeather.example@contoso.example", true, true, true, false},
		{"quillfeather.example!marta@contoso.example", true, true, true, false},
		{"marta%quillfeather.example%relay.example@contoso.example", true, true, true, false},
		{"x!marta%quillfeather.example@contoso.example", true, false, true, false},
		{"marta%contoso.example@contoso.example", false, false, true, true},
		{"50%off@contoso.example", false, false, true, true},
		{"hello!@contoso.example", false, false, true, true},
		{"%!%@contoso.example", false, false, true, true},
	} {
		mail := rule.Mail{Sender: "ada@contoso.example", Recipients: []letterlock.Address{tt.address}}
		v, err := setOf(t, refuses("at", at), refuses("to", to), refuses("here", here), passes("go", here)).Judge(mail)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []bool{tt.at, tt.to, tt.here} {
			if o := v.Outcomes[i]; (o.Answer == rule.Yes) != want {
				t.Errorf("%s: rule %s says %v", tt.address, o.Rule.Name, o.Answer)
			}
		}
		if v.Pass != tt.free {
			t.Errorf("%s: let go: %t", tt.address, v.Pass)
		}
	}
}

func TestOfAllRulesThatMatchTheStrictestHolds(t *testing.T) {
	all := rule.Conditions{Senders: []string{"contoso.example"}}
	asks := func(name string, then rule.Actions) rule.Rule {
		return rule.Rule{Name: name, Enabled: true, When: all, Then: then}
	}
	day := letterlock.Span(24 * time.Hour)
	off := refuses("off", all)
	off.Enabled = false
	v, err := setOf(t,
		asks("week", rule.Actions{Expiry: 7 * day}), off, asks("kept", rule.Actions{Protection: letterlock.DoNotForward}),
		asks("day", rule.Actions{Expiry: day, Protection: letterlock.DoNotForward}), asks("portal", rule.Actions{Portal: true}),
		refuses("elsewhere", rule.Conditions{Senders: []string{"riverside.example"}}),
	).Judge(offer(nil))
	if err != nil {
		t.Fatal(err)
	}
	if v.Protection != letterlock.DoNotForward || v.By != "kept" || v.Expiry != day || !v.Portal || v.Asks != "" || v.Refused || v.Version != 7 {
		t.Errorf("%+v", v)
	}
	if len(v.Outcomes) != 5 {
		t.Errorf("%d outcomes, want those of the 5 rules that are enabled", len(v.Outcomes))
	}
	v, _ = setOf(t, asks("proof", rule.Actions{Asks: letterlock.FreshPasscode}), refuses("first", all), refuses("second", all)).Judge(offer(nil))
	if v.Protection != letterlock.EncryptOnly || !v.Portal || v.Asks != letterlock.FreshPasscode || v.RefusedBy != "first" {
		t.Errorf("%+v", v)
	}
}

func TestABrandByItselfProtectsNothing(t *testing.T) {
	all := rule.Conditions{Senders: []string{"contoso.example"}}
	asks := func(name string, then rule.Actions) rule.Rule {
		return rule.Rule{Name: name, Enabled: true, When: all, Then: then}
	}
	v, err := setOf(t, asks("looks", rule.Actions{Brand: "sales"}), asks("other looks", rule.Actions{Brand: "news"})).Judge(offer(nil))
	if err != nil || v.Protection != "" || v.By != "" || v.Brand != "sales" {
		t.Errorf("%+v, %v", v, err)
	}
	v, err = setOf(t, asks("looks", rule.Actions{Brand: "sales"}), asks("week", rule.Actions{Brand: "news", Portal: true})).Judge(offer(nil))
	if err != nil || v.Protection != letterlock.EncryptOnly || v.By != "week" || v.Brand != "sales" {
		t.Errorf("%+v, %v", v, err)
	}
}

func TestWhatIsNotReadMayMatch(t *testing.T) {
	long := strings.Repeat("word ", 20000)
	rules := setOf(t,
		refuses("body", rule.Conditions{Body: []string{"secret"}}),
		refuses("pattern", rule.Conditions{Body: []string{`/sec+ret/`}}),
		refuses("data", rule.Conditions{Data: []rule.Data{rule.IBAN}}),
		refuses("body and another sender", rule.Conditions{Senders: []string{"riverside.example"}, Body: []string{"secret"}}),
		refuses("subject", rule.Conditions{Subject: []string{"secret"}}),
	)
	for _, tt := range []struct {
		name    string
		subject rule.Answer
		change  func(*rule.Mail)
	}{
		{"cut", rule.No, func(m *rule.Mail) {
			m.Texts = func(yield func(rule.Text, error) bool) { yield(rule.Text{Text: long, Cut: true}, nil) }
		}},
		{"no time", rule.Could, func(m *rule.Mail) { text(long)(m); m.Limits.CPU = 1 }},
	} {
		name, want := tt.name, []rule.Answer{rule.Could, rule.Could, rule.Could, rule.No, tt.subject}
		v, err := rules.Judge(offer(tt.change))
		if err != nil {
			t.Fatal(err)
		}
		var got []rule.Answer
		for _, o := range v.Outcomes {
			got = append(got, o.Answer)
		}
		if !slices.Equal(got, want) || !v.Unread || !v.Refused {
			t.Errorf("%s: %v, unread %t, refused %t; want %v and both", name, got, v.Unread, v.Refused, want)
		}
	}
	v, _ := rules.Judge(offer(text(long)))
	if v.Refused || v.Unread {
		t.Errorf("what was read whole is refused: %t, unread: %t", v.Refused, v.Unread)
	}
}

func TestWordsAreFoundWhereverTheyLie(t *testing.T) {
	rules := setOf(t, refuses("w", rule.Conditions{Body: []string{"needle in hay"}}), refuses("p", rule.Conditions{Body: []string{`/needle\sin/`}}),
		refuses("d", rule.Conditions{Data: []rule.Data{rule.Card}}), refuses("ü", rule.Conditions{Body: []string{"größe"}}))
	const found = " needle in hay, 4111 1111 1111 1111 GRÖSSE "
	for _, filler := range []string{"straw ", "x", "ü", "草"} {
		for before := 32<<10 - 60; before < 32<<10+20; before += 1 + len(filler) {
			body := strings.Repeat(filler, before/len(filler)) + found + strings.Repeat(filler, 10)
			v, err := rules.Judge(offer(text(body)))
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range v.Outcomes {
				if o.Answer != rule.Yes {
					t.Fatalf("%q not found behind %d bytes of %q", o.Rule.Name, before, filler)
				}
			}
		}
	}
}

// TestAPieceBeginsAndEndsWhereALineDoes looks for what stands at the ends of lines, in
// texts that are looked at in pieces.
func TestAPieceBeginsAndEndsWhereALineDoes(t *testing.T) {
	rules := setOf(t, refuses("begin", rule.Conditions{Body: []string{`/^straw/`}}), refuses("end", rule.Conditions{Body: []string{`/needle$/`}}))
	line := strings.Repeat("hay straw needle ", 20) + "hay\n"
	v, err := rules.Judge(offer(text(strings.Repeat(line, 1000))))
	if err != nil || v.Refused {
		t.Errorf("%+v, %v", v, err)
	}
	v, err = rules.Judge(offer(text(strings.Repeat(line, 1000) + "straw\nand a needle\n" + strings.Repeat(line, 200))))
	if err != nil || v.Outcomes[0].Answer != rule.Yes || v.Outcomes[1].Answer != rule.Yes {
		t.Errorf("%+v, %v", v.Outcomes, err)
	}
}

// TestNoMailCostsMoreThanItsBound has the worst that a rule may look for go through
// the most that it looks at.
func TestNoMailCostsMoreThanItsBound(t *testing.T) {
	many := make([]string, rule.MaxValues)
	for i := range many {
		many[i] = strings.Repeat("a ", 8) + strings.Repeat("b", i%50+1) + " a"
	}
	costly := make([]string, rule.MaxValues)
	for i := range costly {
		costly[i] = fmt.Sprintf(`/(x|a|xx|aa){1,20}[%%]%d/`, i)
	}
	rules := setOf(t, refuses("patterns", rule.Conditions{Body: []string{`/(x+x+)+y/`, `/(a|aa|aaa){1,30}\d{40}/`, `/.{0,100}needle/`}}),
		refuses("words", rule.Conditions{Body: many}), refuses("data", rule.Conditions{Data: rule.Kinds}), refuses("many", rule.Conditions{Body: costly}))
	for name, body := range map[string]string{
		"x": strings.Repeat("x", 5<<20), "a": strings.Repeat("a ", 5<<19), "digits": strings.Repeat("4111 1111 1111 1112 ", 1<<18), "country": strings.Repeat("DE89 3704 0044 0532 0130 01 ", 1<<17),
	} {
		took := cputime.Of(func() {
			v, err := rules.Judge(offer(func(m *rule.Mail) { text(body)(m); m.Limits.CPU = 300 * time.Millisecond }))
			if err != nil || !v.Unread || !v.Refused {
				t.Errorf("%s: unread %t, refused %t, %v", name, v.Unread, v.Refused, err)
			}
		})
		if took > time.Second {
			t.Errorf("%s took %v", name, took)
		}
	}
}
