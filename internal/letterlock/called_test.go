package letterlock

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestANameIsKeptAsOthersCanSeeIt(t *testing.T) {
	for _, tt := range []struct{ name, typed, want, key string }{
		{"plain", "Anna Bell", "Anna Bell", ""},
		{"blanks around and within", "  Anna \t  Bell\u3000", "Anna Bell", ""},
		{"line ends", "Anna\r\nX-Evil: 1\u2028Bell", "Anna X-Evil: 1 Bell", ""},
		{"other scripts", "渡辺 直美", "渡辺 直美", ""},
		{"a joiner that spells", "علی\u200cرضا", "علی\u200cرضا", ""},
		{"joiners that do not", "\u200dA\u200c\u200c\u200cnna\u200d", "A\u200cnna", ""},
		{"turned round", "\u202eanna\u2066 Bell\u200f", "anna Bell", ""},
		{"controls, NUL and ANSI", "An\x00na\x1b[31m", "Anna[31m", ""},
		{"markup stays text", "<script>alert(1)</script>", "<script>alert(1)</script>", ""},
		{"no UTF-8", "An\xffna", "Anna", ""},
		{"marks piled up", "a" + strings.Repeat("\u0301", 40), "a" + strings.Repeat("\u0301", 4), ""},
		{"quotation marks", "Anna Bell”, signed in with “Google", "Anna Bell, signed in with Google", ""},
		{"quotation marks alone", "\"„“\"", "", NoName},
		{"a picture", "🙂", "🙂", ""},
		{"80 characters", strings.Repeat("é", 80), strings.Repeat("é", 80), ""},
		{"81", strings.Repeat("é", 81), "", LongName},
		{"ten megabytes", strings.Repeat("Anna ", 2<<20), "", LongName},
		{"nothing", "", "", NoName},
		{"blanks alone", " \t\u00a0\u2800\u3164 ", "", NoName},
		{"what nobody sees", "\u200b\ufeff\u00ad\ufe0f\u202e", "", NoName},
		{"marks alone", "\u0301", "", NoName},
	} {
		got, err := ParseCalled(tt.typed)
		if got != tt.want || KeyOf(err) != tt.key || (err == nil) != (tt.key == "") {
			t.Errorf("%s: %q, %v; want %q, %q", tt.name, got, err, tt.want, tt.key)
		}
	}
}

func FuzzParseCalled(f *testing.F) {
	for _, s := range []string{"Anna Bell", "\u202eanna", "a\u0301\u0301\u0301\u0301\u0301", "علی\u200cرضا", "An\xffna\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		name, err := ParseCalled(typed)
		if err != nil {
			return
		}
		bad := func(r rune) bool { return !unicode.IsPrint(r) && r != '\u200c' && r != '\u200d' }
		if name == "" || utf8.RuneCountInString(name) > MaxCalled || !utf8.ValidString(name) || strings.ContainsFunc(name, bad) {
			t.Errorf("%q became %q", typed, name)
		}
		if again, err := ParseCalled(name); again != name || err != nil {
			t.Errorf("%q became %q, and that %q, %v", typed, name, again, err)
		}
	})
}
