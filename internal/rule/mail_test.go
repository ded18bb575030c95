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

// TestWhatNobodySeesSplitsNoWord puts each character that is drawn as nothing into what
// is looked for.
func TestWhatNobodySeesSplitsNoWord(t *testing.T) {
	rules := setOf(t, refuses("word", rule.Conditions{Body: []string{"needle"}}), refuses("phrase", rule.Conditions{Body: []string{"top secret"}}), refuses("card", rule.Conditions{Data: []rule.Data{rule.Card}}),
		refuses("pattern", rule.Conditions{Body: []string{`/^needle\b/`}}), refuses("subject", rule.Conditions{Subject: []string{"needle"}}), refuses("header", rule.Conditions{Header: "X-Class", Values: []string{"needle"}}))
	nothing := []rune("\u00AD\u034F\u061C\u17B4\u17B5\u180B\u180C\u180D\u180E\u180F\u200B\u200C\u200D\u200E\u200F\u202A\u202E\u2060\u2061\u2062\u2063\u2064\u2065\u2066\u206F\uFE00\uFE0E\uFE0F\uFEFF\uFFF0\uFFF8" +
		"\U0001BCA0\U0001D173\U000E0000\U000E0001\U000E0020\U000E0041\U000E007F\U000E0100\U000E01EF\U000E0FFF\x00\x01\b\x1b\x7f\u0080\u009f")
	blank := []rune("\u115F\u1160\u3164\uFFA0\u2800\U0001D159")
	for _, r := range append(nothing, blank...) {
		c := string(r)
		needle, card := "n"+c+"eed"+c+c+"le", "41"+c+"11 1111 1111 11"+c+"11"
		v, err := rules.Judge(offer(func(m *rule.Mail) {
			text("a\n" + needle + " top " + c + " secr" + c + "et " + card)(m)
			m.Subject, m.Fields = needle, []rule.Field{{Name: "X-Class", Value: needle}}
		}))
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range v.Outcomes {
			if o.Answer != rule.Yes {
				t.Errorf("%U: %s is not found", r, o.Rule.Name)
			}
		}
	}
	for _, r := range append(blank, []rune("\u00A0\u2003\u3000\u0085")...) { // in the place of a space
		if v, err := rules.Judge(offer(text("x" + string(r) + "needle" + string(r) + "top" + string(r) + "secret"))); err != nil || v.Outcomes[0].Answer != rule.Yes || v.Outcomes[1].Answer != rule.Yes {
			t.Errorf("%U: it hides the words that it stands between", r)
		}
	}
	long := strings.Repeat("hay\u200B ", 20000) + "\u3164" // in one of many pieces
	if v, err := rules.Judge(offer(text(long + "\nnee\u2060dle"))); err != nil || v.Outcomes[0].Answer != rule.Yes || v.Outcomes[3].Answer != rule.Yes {
		t.Errorf("in a long text: %+v, %v", v.Outcomes, err)
	}
	if v, err := setOf(t, refuses("r", rule.Conditions{Body: []string{`/\x{200B}/`}})).Judge(offer(text("a\u200Bb"))); err != nil || v.Outcomes[0].Answer != rule.Yes {
		t.Errorf("a pattern does not find what nobody sees: %v", err)
	}
	if v, err := rules.Judge(offer(text("nee dle nee\ndle nee-dle top\u200Bsecret"))); err != nil || v.Outcomes[0].Answer != rule.No || v.Outcomes[1].Answer != rule.No {
		t.Errorf("two words are found as one: %v", err)
	}
}

func TestMarkupSplitsNoWord(t *testing.T) {
	rules := setOf(t, refuses("word", rule.Conditions{Body: []string{"secret"}}), refuses("card", rule.Conditions{Data: []rule.Data{rule.Card}}))
	for body, want := range map[string]rule.Answer{
		`<p>se<a href="https://a.example/">cr</a>et 4111<b>1111</b>11111111`: rule.Yes, `<p>se<!-- x --><wbr>cret 4111<wbr>111111111111`: rule.Yes,
		`se<span style="display:none">9</span>cret 4111<span style="display:none">9</span>111111111111`: rule.Yes,
		`x<span style="display:none">secret</span>x <i hidden>4111111111111111</i>9`:                    rule.Yes,
		`<style>.h{font-size:0}</style>se<i class=h>9</i>cret 4111<i class=h>9</i>111111111111`:         rule.Yes,
		`se<br>cret 41111<br>11111111111`: rule.No, `<td>se<td>cret 41111<td>11111111111`: rule.No, `se<p>cret 41111<p>11111111111`: rule.No,
	} {
		v, err := rules.Judge(looked(t, rule.Limits{}, "From: ada@contoso.example", "Content-Type: text/html", "", body))
		if err != nil || v.Outcomes[0].Answer != want || v.Outcomes[1].Answer != want || v.Unread {
			t.Errorf("%s: %v %v, want %v twice, %v", body, v.Outcomes[0].Answer, v.Outcomes[1].Answer, want, err)
		}
	}
	m := looked(t, rule.Limits{Bytes: 100}, "From: ada@contoso.example", "Content-Type: text/html", "", `se<i hidden>x</i>cret 4111111111111111`+strings.Repeat(" hay", 100))
	if v, err := rules.Judge(m); err != nil || !v.Unread || v.Outcomes[0].Answer != rule.Yes || v.Outcomes[1].Answer != rule.Yes {
		t.Errorf("before the cut, which each way to read has: %+v, %v", v, err)
	}
}
