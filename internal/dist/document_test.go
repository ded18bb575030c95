package dist

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var fenced = regexp.MustCompile("(?ms)^```([a-z]+)\n(.*?)^```$")

// block returns the one block of docs/operate.md in a language that has a certain
// word in it, as an operator would copy it.
func block(t *testing.T, language, with string) string {
	t.Helper()
	var found []string
	for _, m := range fenced.FindAllSubmatch(read(t, filepath.Join(root, "docs/operate.md")), -1) {
		if string(m[1]) == language && strings.Contains(string(m[2]), with) {
			found = append(found, string(m[2]))
		}
	}
	if len(found) != 1 {
		t.Fatalf("docs/operate.md has %d blocks of %s with %q, want 1", len(found), language, with)
	}
	return found[0]
}

// replace puts what is true here in the place of what is an example. Each has to
// be there.
func replace(t *testing.T, text string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("there is no %q in\n%s", pairs[i], text)
		}
		text = strings.ReplaceAll(text, pairs[i], pairs[i+1])
	}
	return text
}
