package letterlock_test

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"unicode"

	"letterlock/internal/letterlock"
)

// naughty returns the lines of the shared list of hostile strings.
func naughty(t testing.TB) []string {
	t.Helper()
	b, err := os.ReadFile("../../../shared/corpora/strings/blns.txt")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the shared list of hostile strings is missing")
	}
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(b), "\n")
}

// checkAddress requires what holds for every input of ParseAddress.
func checkAddress(t *testing.T, in string) {
	t.Helper()
	a, err := letterlock.ParseAddress(in)
	if err != nil {
		if a != "" || letterlock.CodeOf(err) != letterlock.Invalid {
			t.Errorf("ParseAddress(%q) = %q, %v; want nothing and Invalid", in, a, err)
		}
		return
	}
	if again, err := letterlock.ParseAddress(string(a)); err != nil || again != a {
		t.Errorf("ParseAddress(%q) = %q, of which ParseAddress makes %q, %v", in, a, again, err)
	}
	if len(a) > 254 || a.Local()+"@"+a.Domain() != string(a) || !strings.HasPrefix(a.Masked(), a.First()) {
		t.Errorf("ParseAddress(%q) = %q, which does not hold together", in, a)
	}
	for _, r := range string(a) {
		if !unicode.IsPrint(r) {
			t.Errorf("ParseAddress(%q) = %q, which holds %U", in, a, r)
		}
	}
	for _, c := range []byte(a.Domain()) {
		if c >= 0x80 || 'A' <= c && c <= 'Z' {
			t.Errorf("ParseAddress(%q) = %q, whose domain is not lower-case ASCII", in, a)
		}
	}
}

// checkMailboxes requires what holds for every input of ParseMailboxes.
func checkMailboxes(t *testing.T, in string) {
	t.Helper()
	good, bad := letterlock.ParseMailboxes(in)
	for _, m := range good {
		if a, err := letterlock.ParseAddress(string(m.Address)); err != nil || a != m.Address {
			t.Errorf("ParseMailboxes(%q) holds %q, which is not canonical: %v", in, m.Address, err)
		}
		if strings.ContainsAny(m.Name, "\r\n") {
			t.Errorf("ParseMailboxes(%q) holds the name %q", in, m.Name)
		}
	}
	for _, b := range bad {
		if b == "" || !strings.Contains(in, b) {
			t.Errorf("ParseMailboxes(%q) could not read %q, which is not in it", in, b)
		}
	}
}

func TestHostileStringsNeitherCrashNorPass(t *testing.T) {
	for _, s := range naughty(t) {
		for _, in := range []string{s, s + "@x.example", "a@" + s, `"` + s + `"@x.example`, s + " <a@x.example>"} {
			checkAddress(t, in)
			checkMailboxes(t, in)
		}
		if _, err := letterlock.ParseID(s); !errors.Is(err, letterlock.NotFound) {
			t.Errorf("ParseID(%q): %v, want NotFound", s, err)
		}
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, s := range []string{"ada@contoso.example", `"a\"b"@X.example`, `"a.b"@x.example`, "a@bücher.example",
		"a@xn--bcher-kva.example", "\"\\\\\"@x.example", "a@192.0.2.1", "東@x.example", "a\u202e@x.example", "@", `"@x.example`} {
		f.Add(s)
	}
	f.Fuzz(checkAddress)
}

func FuzzParseMailboxes(f *testing.F) {
	for _, s := range []string{"Ada <a@x.example>, b@x.example", `"L, A" <a@x.example>;`, "a,b;c\nd\re", `"open`, `\",<>`,
		"=?utf-8?q?a?= <a@x.example>", "x:a@x.example;", "\ue000\ue001"} {
		f.Add(s)
	}
	f.Fuzz(checkMailboxes)
}
