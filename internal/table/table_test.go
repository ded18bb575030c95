package table_test

import (
	"testing"

	"letterlock/internal/table"
)

func TestCellsAreNoFormulas(t *testing.T) {
	for in, want := range map[string]string{
		"":                  "",
		"Minutes":           "Minutes",
		"2 + 2":             "2 + 2",
		"=1+1":              "'=1+1",
		"+49 30":            "'+49 30",
		"-1":                "'-1",
		"@SUM(A1)":          "'@SUM(A1)",
		"\t=1":              "'\t'=1",
		"\r=1":              "'\r'=1",
		"＝1+1":              "'＝1+1",
		"<a@b.example>":     "<a@b.example>",
		"ada@b.example":     "ada@b.example",
		"'already":          "'already",
		"\"quoted\", comma": "\"quoted\", comma",
		"a; b":              "a; b",
		"a;=1+1":            "a;'=1+1",
		"a; \"=1+1":         "a; \"'=1+1",
		"a\t@SUM(A1);-1":    "a\t'@SUM(A1);'-1",
		";=1":               ";'=1",
		"\t=1;":             "'\t'=1;",
	} {
		if got := table.Cells([]string{in})[0]; got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}
