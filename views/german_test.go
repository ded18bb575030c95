package views

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/net/html"

	"letterlock/internal/language"
)

// unspoken is what is the same in every language: our name, commands, and the letters that
// stand for somebody's.
var unspoken = regexp.MustCompile(`^Letterlock$|^letterlock [a-z]|^[A-Z]{1,2}$`)

// TestNothingIsLeftInEnglishOnGermanPagesOfStaff renders every page of theirs in both languages.
// What is there in both is what the samples have filled in, or a name, or was forgotten.
func TestNothingIsLeftInEnglishOnGermanPagesOfStaff(t *testing.T) {
	german, _ := language.Find(language.German)
	filled, alike := literals(t, "*samples_test.go"), sameIn(t, german)
	pages := samples(language.Words{})
	found := map[string][]string{}
	staff := 0
	for name, page := range samples(german) {
		var in [2]strings.Builder
		for i, c := range []interface {
			Render(context.Context, io.Writer) error
		}{pages[name], page} {
			if err := c.Render(t.Context(), &in[i]); err != nil {
				t.Fatal(err)
			}
		}
		if !strings.Contains(in[1].String(), `class="app"`) && !strings.Contains(in[1].String(), `class="door"`) {
			continue
		}
		staff++
		english := said(t, in[0].String())
		for text := range said(t, in[1].String()) {
			if !english[text] {
				continue
			}
			for _, part := range regexp.MustCompile(`, `).Split(strings.TrimSuffix(strings.Trim(text, ",:; "), " · Letterlock"), -1) {
				if !alike[part] && !unspoken.MatchString(part) && !strings.Contains(filled, part) {
					found[text] = append(found[text], name)
					break
				}
			}
		}
	}
	if staff < 50 {
		t.Fatalf("%d pages of staff: this test would prove nothing", staff)
	}
	for _, text := range slices.Sorted(maps.Keys(found)) {
		slices.Sort(found[text])
		t.Errorf("%q is the same in German, on %v", text, found[text])
	}
}

// said is what a page says to whoever sees or hears it. What is marked as English is not
// looked at, nor is what has no word in it.
func said(t *testing.T, page string) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	add := func(text string) {
		text = strings.Join(strings.Fields(text), " ")
		if strings.ContainsFunc(text, unicode.IsLetter) {
			all[text] = true
		}
	}
	root, err := html.ParseWithOptions(strings.NewReader(page), html.ParseOptionEnableScripting(false))
	if err != nil {
		t.Fatal(err)
	}
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		if lang, ok := attr(n, "lang"); ok && lang == "en" && n.Data != "html" || n.Data == "script" || n.Data == "style" {
			return
		}
		for _, name := range []string{"aria-label", "title", "placeholder", "alt", "data-label"} {
			if text, ok := attr(n, name); ok {
				add(text)
			}
		}
		if n.Type == html.TextNode {
			add(n.Data)
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(root)
	return all
}

// literals are the strings in the source of files.
func literals(t *testing.T, pattern string) string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	var all strings.Builder
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range regexp.MustCompile(`"(?:[^"\\]|\\.)*"`).FindAllString(string(source), -1) {
			text, err := strconv.Unquote(text)
			if err != nil {
				t.Fatal(err)
			}
			all.WriteString(strings.Join(strings.Fields(text), " ") + "\n")
		}
	}
	return all.String()
}

// sameIn are the texts of the catalogue that are the same in a language and in English.
func sameIn(t *testing.T, w language.Words) map[string]bool {
	t.Helper()
	var texts [2]map[string]map[string]string
	for i, w := range []language.Words{{}, w} {
		if err := json.Unmarshal([]byte(w.ForScript("")), &texts[i]); err != nil || len(texts[i]) < 500 {
			t.Fatalf("%d texts, %v", len(texts[i]), err)
		}
	}
	same := map[string]bool{}
	for id, forms := range texts[0] {
		if text := forms["other"]; text == texts[1][id]["other"] {
			same[text] = true
		}
	}
	return same
}
