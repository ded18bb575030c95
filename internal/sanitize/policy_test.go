package sanitize

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"testing"
)

func TestAListOfFontsIsBounded(t *testing.T) {
	for _, test := range []struct {
		face string
		kept bool
	}{{"Arial, 'Segoe UI'", true}, {strings.Repeat("ä", maxFace), true}, {strings.Repeat("ä", maxFace+1), false}, {"", false}, {"a;b", false}, {"a\nb", false}} {
		doc := sanitized(t, `<font face="`+test.face+`" size=2>Salary</font>`, Options{})
		if got := strings.Contains(string(doc.HTML), " face="); got != test.kept {
			t.Errorf("a face of %q is kept: %t", test.face, got)
		}
	}
}

// TestNoExpressionTakesMuchMemory counts ranges of characters: an expression that begins with ^
// has those of what is repeated as often as it may be, and a quarter of a megabyte for each
// ten thousand of them.
func TestNoExpressionTakesMuchMemory(t *testing.T) {
	var list []*regexp.Regexp
	for _, a := range attributes {
		list = append(list, a.matching)
	}
	for _, e := range anywhere {
		list = append(list, e)
	}
	for _, e := range list {
		parsed, err := syntax.Parse(e.String(), syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		program, err := syntax.Compile(parsed.Simplify())
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, i := range program.Inst {
			n += len(i.Rune)
		}
		if n > 5000 {
			t.Errorf("%s has %d ends of ranges", e, n)
		}
	}
	if len(list) < 25 {
		t.Errorf("%d expressions: this test proves little", len(list))
	}
}
