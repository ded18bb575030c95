package letterlock_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"letterlock/internal/letterlock"
)

func FuzzParseSpan(f *testing.F) {
	for _, s := range []string{"0", "30m", "12h", "7d", "730d", "731d", "17520h", "00", "-1d", "1.5h", "7D", "7d7d", "9999999999999999999d", "٧d", " 7d", "1m\x00", "d", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		span, err := letterlock.ParseSpan(s)
		if err != nil {
			if span != 0 || letterlock.CodeOf(err) != letterlock.Invalid {
				t.Errorf("ParseSpan(%q) = %v, %v; want nothing and Invalid", s, span, err)
			}
			return
		}
		minutes := int64(span) / 60e9
		if int64(span)%60e9 != 0 || span != 0 && (minutes < 1 || minutes > 730*24*60) {
			t.Errorf("ParseSpan(%q) = %d ns, which is no number of minutes up to 730 days", s, int64(span))
		}
		if again, err := letterlock.ParseSpan(span.String()); err != nil || again != span {
			t.Errorf("ParseSpan(%q) = %v, of which ParseSpan makes %v, %v", s, span, again, err)
		}
	})
}

func FuzzParseMessageID(f *testing.F) {
	for _, s := range []string{"<1@contoso.example>", "1@contoso.example", " <a b@c> ", "<a", "a>", "<>", "<<a@b>>", "<a@b>\r\nBcc: x", "<ü@b>", "<\u202e@b>", "\xff@b",
		"<" + strings.Repeat("a", 998) + ">", strings.Repeat("a", 999)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, err := letterlock.ParseMessageID(s)
		if err != nil {
			if id != "" || letterlock.CodeOf(err) != letterlock.Invalid {
				t.Errorf("ParseMessageID(%q) = %q, %v; want nothing and Invalid", s, id, err)
			}
			return
		}
		inner := strings.TrimSuffix(strings.TrimPrefix(id, "<"), ">")
		if id != "<"+inner+">" || inner == "" || len(inner) > 998 || !utf8.ValidString(inner) || strings.ContainsAny(inner, "<> \t\r\n") {
			t.Errorf("ParseMessageID(%q) = %q", s, id)
		}
		for _, r := range inner {
			if !unicode.IsPrint(r) {
				t.Errorf("ParseMessageID(%q) has %U", s, r)
			}
		}
		for _, form := range []string{id, inner} {
			if again, err := letterlock.ParseMessageID(form); err != nil || again != id {
				t.Errorf("ParseMessageID(%q) = %q, and of %q %q, %v", s, id, form, again, err)
			}
		}
	})
}

func FuzzParseID(f *testing.F) {
	f.Add(string(letterlock.NewID()))
	for _, s := range []string{"", "..", "a/b", strings.Repeat("a", 26), strings.Repeat("A", 26), strings.Repeat("1", 26), strings.Repeat("a", 25) + "\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, err := letterlock.ParseID(s)
		if err != nil {
			if id != "" {
				t.Errorf("ParseID(%q) = %q, %v", s, id, err)
			}
			return
		}
		if string(id) != s || len(s) != len(letterlock.NewID()) || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz234567") != "" {
			t.Errorf("ParseID takes %q", s)
		}
	})
}
