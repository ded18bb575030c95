package rule_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"unicode/utf16"

	"letterlock/internal/rule"
)

// attached is a mail with one file.
func attached(t *testing.T, limits rule.Limits, kind, name, file string) rule.Mail {
	t.Helper()
	return looked(t, limits, "From: ada@contoso.example", "Content-Type: multipart/mixed; boundary=o", "", "--o", "", "hay",
		"--o", "Content-Type: "+kind, `Content-Disposition: attachment; filename="`+name+`"`, "Content-Transfer-Encoding: base64", "", base64.StdEncoding.EncodeToString([]byte(file)), "--o--")
}

func utf16le(s string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		b.Write([]byte{byte(u), byte(u >> 8)})
	}
	return b.String()
}

func utf16be(s string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		b.Write([]byte{byte(u >> 8), byte(u)})
	}
	return b.String()
}

func TestAFileThatIsATextIsLookedAtWhateverItIsCalled(t *testing.T) {
	const octets = "application/octet-stream"
	noise := strings.Repeat("\x00\x03\x9c\xfe\x11\x7f\x02PK", 600)
	tests := []struct{ name, kind, file, text string }{
		{"csv", octets, "a.csv", "name;größe;secret;4111111111111111"},
		{"csv of a spreadsheet", "application/vnd.ms-excel", "A.CSV", "name;secret;4111111111111111"},
		{"in an old charset", octets, "a.csv", "gr\xf6\xdfe;secret;4111111111111111"},
		{"in UTF-16", octets, "a.txt", "\xff\xfe" + utf16le("größe 秘密 secret 4111111111111111")},
		{"the other way round", octets, "a.txt", "\xfe\xff" + utf16be("größe secret 4111111111111111")},
		{"in UTF-16, unmarked", octets, "a.txt", utf16le("größe secret 4111111111111111")},
		{"the other way round, unmarked", octets, "a.txt", utf16be("größe secret 4111111111111111")},
		{"log with a few signs", "application/x-log", "a.log", strings.Repeat("\x1b[1mline\x1b[0m\n", 20) + "\x00\x01secret 4111111111111111"},
		{"picture by its label", "image/png", "a.txt", "secret 4111111111111111"},
		{"name that Windows mends", octets, "a.txt. ", "secret 4111111111111111"},
		{"JSON", "application/json", "a", `{"a":"b\nsecret","c":"\u0034111111111111111"}`},
		{"JSON by its name", octets, "a.json", `{"a":"\u0073\u0065cret \ud83d\ude00","c":4111111111111111}`},
		{"JSON that is declared as text", "text/plain", "a.json", `{"a":"b\nsecret","c":4111111111111111}`},
		{"JSON of a kind", "application/ld+json", "a", `["secret", "4111111111111111"]`},
		{"XML", "application/xml", "a", `<a><b>secret</b><c n="4111111111111111"/></a>`},
		{"XML by its name", octets, "a.xml", `<a>&#115;ecret<c>4111111111111111</c></a>`},
		{"HTML by its name", octets, "a.html", `<p>se<b>cr</b>et 4111<i>1111</i>11111111`},
		{"HTML that is declared as plain text", "text/plain", "a.htm", `<p>se<b>cr</b>et 4111<i>1111</i>11111111`},
		{"XHTML", "application/xhtml+xml", "a", `<p>se<b>cr</b>et 4111<i>1111</i>11111111`},
	}
	rules := setOf(t, refuses("word", rule.Conditions{Body: []string{"secret"}}), refuses("card", rule.Conditions{Data: []rule.Data{rule.Card}}))
	for _, tt := range tests {
		v, err := rules.Judge(attached(t, rule.Limits{}, tt.kind, tt.file, tt.text))
		if err != nil || v.Outcomes[0].Answer != rule.Yes || v.Outcomes[1].Answer != rule.Yes || v.Unread {
			t.Errorf("%s: %v %v, %v", tt.name, v.Outcomes[0].Answer, v.Outcomes[1].Answer, err)
		}
	}
	for _, tt := range []struct{ name, kind, file, text string }{
		{"document", "application/pdf", "a.pdf", "secret 4111111111111111"},
		{"no name that says so", octets, "a.bin", "secret 4111111111111111"},
		{"archive by the name of a text", octets, "a.txt", noise + "secret 4111111111111111"},
		{"markup of a page", octets, "a.html", `<p class="secret" title="4111111111111111">hay`},
		{"encrypted", "application/pgp-encrypted", "a.asc", "secret 4111111111111111"},
	} {
		v, err := rules.Judge(attached(t, rule.Limits{}, tt.kind, tt.file, tt.text))
		if err != nil || v.Outcomes[0].Answer != rule.No || v.Outcomes[1].Answer != rule.No || v.Unread {
			t.Errorf("%s: %v %v, %v", tt.name, v.Outcomes[0].Answer, v.Outcomes[1].Answer, err)
		}
	}
}

func TestAFileHasTheBoundsOfTheText(t *testing.T) {
	rules := setOf(t, refuses("word", rule.Conditions{Body: []string{"needle"}}))
	hay := strings.Repeat("hay hay hay\n", 1000)
	for name, tt := range map[string]struct {
		text   string
		want   rule.Answer
		unread bool
	}{
		"within": {hay[:9000] + " needle", rule.Yes, false}, "beyond": {hay + "needle", rule.Could, true}, "before": {"needle " + hay, rule.Yes, true},
		"no text": {strings.Repeat("\x00\x01\x02", 9000), rule.No, false}, "two bytes each": {"\xff\xfe" + utf16le("needle "+hay), rule.Yes, true},
	} {
		v, err := rules.Judge(attached(t, rule.Limits{Bytes: 10_000}, "application/octet-stream", "a.txt", tt.text))
		if err != nil || v.Outcomes[0].Answer != tt.want || v.Unread != tt.unread {
			t.Errorf("%s: %v, unread %t, want %v, %t; %v", name, v.Outcomes[0].Answer, v.Unread, tt.want, tt.unread, err)
		}
	}
}
