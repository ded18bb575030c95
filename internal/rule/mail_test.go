package rule_test

import (
	"strings"
	"testing"

	"letterlock/internal/eml"
	"letterlock/internal/letterlock"
	"letterlock/internal/rule"
)

// looked is a mail as rules look at it.
func looked(t *testing.T, limits rule.Limits, lines ...string) rule.Mail {
	t.Helper()
	raw := strings.Join(lines, "\r\n") + "\r\n"
	ix, err := eml.IndexOf([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	m, err := rule.Of(ix, strings.NewReader(raw), "ada@contoso.example", []letterlock.Address{"marta@quillfeather.example"}, limits)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// nested is a mail with text in every place where one can be.
func nested() []string {
	return []string{
		"From: ada@contoso.example", "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=", "X-Folded: one", "\ttwo =?iso-8859-1?q?t=F6dlich?=",
		"Content-Type: multipart/mixed; boundary=o", "",
		"preamble", "--o", "Content-Type: text/plain; format=flowed; charset=utf-8", "", "the budget ", "is flowed", "",
		"--o", "Content-Type: text/html; charset=utf-8", "", "<style>styled</style><p>sec<b>ret</b> <!-- comment --> &#x7a;ebra</p>", "",
		"--o", "Content-Type: text/csv", "Content-Disposition: attachment; filename=a.csv", "Content-Transfer-Encoding: base64", "", "bmFtZSw0MTExMTExMTExMTExMTEx", "",
		"--o", "Content-Type: application/pdf", "Content-Disposition: attachment; filename=a.pdf", "", "document", "",
		"--o", "Content-Type: message/rfc822", "", "Subject: inner subject", "Content-Type: text/plain; charset=iso-8859-1", "Content-Transfer-Encoding: quoted-printable", "", "inner gr=F6=DFe", "",
		"--o--", "epilogue",
	}
}

func TestEveryPartThatIsTextIsLookedAt(t *testing.T) {
	body := func(words ...string) rule.Conditions { return rule.Conditions{Body: words} }
	tests := []struct {
		name string
		when rule.Conditions
		want rule.Answer
	}{
		{"text", body("budget"), rule.Yes},
		{"across a line that flows", body("/budget is flowed/"), rule.Yes},
		{"HTML without its markup", body("secret"), rule.Yes},
		{"entity", body("zebra"), rule.Yes},
		{"style", body("styled"), rule.No},
		{"comment", body("comment"), rule.No},
		{"attached text", rule.Conditions{Data: []rule.Data{rule.Card}}, rule.Yes},
		{"document", body("document"), rule.No},
		{"mail inside this one", body("größe"), rule.Yes},
		{"outside of the parts", body("preamble", "epilogue"), rule.No},
		{"decoded subject", rule.Conditions{Subject: []string{"grüsse"}}, rule.Yes},
		{"decoded and unfolded field", rule.Conditions{Header: "X-FOLDED", Values: []string{"one two tödlich"}}, rule.Yes},
		{"field of the mail inside", rule.Conditions{Header: "Content-Transfer-Encoding"}, rule.No},
		{"size", rule.Conditions{LargerThan: 500}, rule.Yes},
		{"no size", rule.Conditions{LargerThan: 2000}, rule.No},
	}
	for _, tt := range tests {
		v, err := setOf(t, refuses("r", tt.when)).Judge(looked(t, rule.Limits{}, nested()...))
		if err != nil {
			t.Fatal(err)
		}
		if got := v.Outcomes[0].Answer; got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestWhatIsBeyondTheBoundMayMatch(t *testing.T) {
	rules := setOf(t, refuses("r", rule.Conditions{Body: []string{"needle"}}), refuses("s", rule.Conditions{Data: []rule.Data{rule.SSN}}))
	hay := strings.Repeat("hay hay hay\r\n", 400000) // 5 MB
	for _, kind := range []string{"text/plain", "text/html"} {
		m := looked(t, rule.Limits{}, "From: ada@contoso.example", "Content-Type: "+kind, "", hay)
		if v, err := rules.Judge(m); err != nil || !v.Unread || v.Outcomes[0].Answer != rule.Could || v.Outcomes[1].Answer != rule.Could {
			t.Errorf("5 MB of %s: %+v, %v", kind, v, err)
		}
		m = looked(t, rule.Limits{}, "From: ada@contoso.example", "Content-Type: "+kind, "", "a needle", hay)
		if v, err := rules.Judge(m); err != nil || v.Outcomes[0].Answer != rule.Yes || v.Outcomes[1].Answer != rule.Could {
			t.Errorf("5 MB of %s with what is looked for: %+v, %v", kind, v, err)
		}
	}
	two := []string{"From: ada@contoso.example", "Content-Type: multipart/mixed; boundary=o", "", "--o", "", "0123456789", "--o", "", "more", "--o--"}
	for bytes, want := range map[int64]bool{8: true, 10: true, 14: false} {
		if v, err := rules.Judge(looked(t, rule.Limits{Bytes: bytes}, two...)); err != nil || v.Unread != want {
			t.Errorf("%d bytes: unread %t, want %t, %v", bytes, v.Unread, want, err)
		}
	}
}

func TestAnEncodedMailInsideMayMatch(t *testing.T) {
	rules := setOf(t, refuses("r", rule.Conditions{Body: []string{"needle"}}))
	m := looked(t, rule.Limits{}, "From: ada@contoso.example", "Content-Type: multipart/mixed; boundary=o", "", "--o", "", "hay",
		"--o", "Content-Type: message/rfc822", "Content-Transfer-Encoding: base64", "", "U3ViamVjdDogeA0KDQpuZWVkbGUNCg==", "--o--")
	if v, err := rules.Judge(m); err != nil || !v.Unread || v.Outcomes[0].Answer != rule.Could {
		t.Errorf("%+v, %v", v, err)
	}
}

// TestNothingIsReadThatNoRuleAsksFor gives rules a mail whose texts must not be read.
func TestNothingIsReadThatNoRuleAsksFor(t *testing.T) {
	m := offer(func(m *rule.Mail) {
		m.Texts = func(func(rule.Text, error) bool) { t.Error("the text is read") }
	})
	if _, err := setOf(t, refuses("r", rule.Conditions{Subject: []string{"x"}, Header: "X", Values: []string{"x"}, LargerThan: 1})).Judge(m); err != nil {
		t.Error(err)
	}
}
