package letterlock

import (
	"strings"
	"testing"
)

func TestAReferenceIsTheBeginningOfAnID(t *testing.T) {
	seen := map[rune]bool{}
	for range 1000 {
		id := NewID()
		ref := id.Reference()
		got, begins, err := ParseReference(ref)
		if err != nil || got != ref || len(begins) != 11 || !strings.HasPrefix(string(id), begins) {
			t.Fatalf("ID %s has the reference %q, which is read as %q and begins %q, %v", id, ref, got, begins, err)
		}
		for _, r := range ref {
			seen[r] = true
			if strings.ContainsRune("0O1IL2Z5S", r) {
				t.Fatalf("reference %q holds a look-alike", ref)
			}
		}
	}
	if len(seen) < 25 {
		t.Errorf("only %d different characters in a thousand references", len(seen))
	}
	// Neighbours differ, and both ends of the bits are kept.
	for id, want := range map[ID]string{
		"aaaaaaaaaaaaaaaaaaaaaaaaaa": "AAA-AAA-AAA-AAA", "aaaaaaaaaabaaaaaaaaaaaaaaa": "AAA-AAA-AAA-AAB",
		"aaaaaaaaaaabaaaaaaaaaaaaaa": "AAA-AAA-AAA-AAA", "77777777777777777777777774": "GP9-XMK-VJK-3TB", "marta": "", "": "",
	} {
		if got := id.Reference(); got != want {
			t.Errorf("reference of %q = %q, want %q", id, got, want)
		}
	}
}

func TestAReferenceIsReadAsPeopleTypeIt(t *testing.T) {
	const want = "KX7-4QP-B7M-RTA"
	for _, typed := range []string{want, "kx7-4qp-b7m-rta", "KX74QPB7MRTA", " KX7 4QP\tB7M RTA\r\n", "KX7\u20134QP\u2011B7M\u2014RTA", "KX7\u00a04QP-B7M-RTA"} {
		if got, _, err := ParseReference(typed); err != nil || got != want {
			t.Errorf("%q is read as %q, %v; want %q", typed, got, err, want)
		}
	}
	for _, typed := range []string{"", "KX7-4QP", "KX7-4QP-B7M-RT", "KX7-4QP-B7M-RTAA", "KX7-4QP-B7M-RT0", "KX7-4QP-B7M-RT\x00", "KX7-4QP-B7M-RT\xff",
		"\uff2b\uff38\uff17\uff14", strings.Repeat("-", 200) + want, strings.Repeat("A", 1<<20)} {
		if got, _, err := ParseReference(typed); CodeOf(err) != Invalid {
			t.Errorf("%.40q is read as %q, %v; want Invalid", typed, got, err)
		}
	}
}
