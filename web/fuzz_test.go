package web

import (
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// FuzzUploadWords reads what a browser says of a file that it sends ahead: how much
// there is, and what it is called.
func FuzzUploadWords(f *testing.F) {
	for _, s := range []string{"0", "9223372036854775807", "9223372036854775808", "-1", "+1", "01", " 1", "1e3", "0x10", "1_000", "٣", "1\r\nX: y", "report.pdf", "../../x", "a\x00b", "\u202egpj.exe", strings.Repeat("界", 400), "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if n, err := count(s); err == nil && (n < 0 || strconv.FormatInt(n, 10) != s) {
			t.Errorf("%q is read as %d", s, n)
		}
		name := fileName(s)
		if !utf8.ValidString(name) || strings.ContainsAny(name, `/\:*?<>|"`) {
			t.Errorf("of %q it makes %q", s, name)
		}
		for _, r := range name {
			if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
				t.Errorf("of %q it makes %q, with %U", s, name, r)
			}
		}
	})
}
