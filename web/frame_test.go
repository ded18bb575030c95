package web

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"letterlock/internal/sanitize"
)

func TestExtentOfADocument(t *testing.T) {
	asHTML := func(s string) []byte {
		doc, err := sanitize.HTML(s, sanitize.Options{Title: "A title that is not shown", NoCopy: true})
		if err != nil {
			t.Fatal(err)
		}
		return doc.HTML
	}
	asText := func(s string) []byte { return sanitize.Text(s, sanitize.Options{Title: "t", NoCopy: true}).HTML }
	tests := []struct {
		name         string
		doc          []byte
		wide, narrow float64
		anything     bool
	}{
		{"nothing", asText(""), 0, 0, false},
		{"blanks", asText(" \n\n \n"), 0, 0, false},
		{"nothing in HTML", asHTML("<html><body><p> </p><br></body></html>"), 1, 1, false},
		{"a line", asText("Hello"), 1, 1, true},
		{"lines, one of them empty", asText("Hello,\n\nthe minutes."), 3, 3, true},
		{"a long line", asText(strings.Repeat("abcde ", 20)), 2, 4, true},
		{"paragraphs", asHTML("<p>One</p><p>Two<br>Three</p>"), 4.4, 4.4, true},
		{"blanks that count for nothing", asHTML("<p>One\n\n\n   two</p>"), 1.7, 1.7, true},
		{"wide letters", asText(strings.Repeat("文", 40)), 2, 3, true},
	}
	for _, tt := range tests {
		got := extentOf(tt.doc)
		if got.wide != tt.wide || got.narrow != tt.narrow || got.anything != tt.anything {
			t.Errorf("%s: %+v, want %g and %g lines, %t", tt.name, got, tt.wide, tt.narrow, tt.anything)
		}
	}
}

func TestFrameIsHighEnoughAndEndsSomewhere(t *testing.T) {
	last := 0
	for n := range 400 {
		lines := float64(n)
		f := frameOf(extent{wide: lines, narrow: 2 * lines}, "/read/1")
		if h := frameHeights[f.Height-1]; f.Height < len(frameHeights) && (h.wide < rem(lines) || h.narrow < rem(2*lines)) {
			t.Errorf("%g lines: class %d is too low", lines, f.Height)
		}
		if f.Height < last {
			t.Errorf("%g lines: class %d after %d", lines, f.Height, last)
		}
		last = f.Height
	}
	if last != len(frameHeights) {
		t.Errorf("the longest text has class %d, want %d", last, len(frameHeights))
	}
	if got := extentOf([]byte("<body><main>" + strings.Repeat("<p>x</p>", 1_000_000))); got.wide > 1000 {
		t.Errorf("%g lines of a very long document were counted", got.wide)
	}
}

func TestStyleSheetHasTheHeightsOfFrames(t *testing.T) {
	css, err := os.ReadFile("../static/css/letterlock.css")
	if err != nil {
		t.Fatal(err)
	}
	for i, h := range frameHeights {
		for _, size := range []float64{h.wide, h.narrow} {
			if want := fmt.Sprintf(".frame-%d { block-size: %grem; }", i+1, size); !strings.Contains(string(css), want) {
				t.Errorf("the style sheet does not say %s", want)
			}
		}
	}
}
