package views

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"letterlock/internal/language"
)

// named finds what a script calls a text by: the whole name, or with a full stop at its
// end what it begins with.
var named = regexp.MustCompile(`"((?:upload|size|date)\.[a-zA-Z.]*)"`)

// TestScriptsFindTheirTextsInEveryLanguage compares what scripts ask for with what the
// page gives them: it has all of it in its language, and no more.
func TestScriptsFindTheirTextsInEveryLanguage(t *testing.T) {
	read, err := os.ReadFile("../static/js/words.js")
	if err != nil {
		t.Fatal(err)
	}
	sizes, dates, found := strings.Cut(string(read), "// moment ")
	if !found {
		t.Fatal("words.js has no part for dates: this test would prove nothing")
	}
	for _, w := range language.All() {
		page := signedIn(w)
		for _, tt := range []struct {
			script, shared string
			page           templ.Component
		}{
			{"upload.js", sizes, AnswerPage(Answer{Page: page})},
			{"zone.js", dates, ReadPage(Read{Page: page, Expires: at("x")})},
		} {
			script, err := os.ReadFile("../static/js/" + tt.script)
			if err != nil {
				t.Fatal(err)
			}
			given := scriptTexts(t, tt.page)
			var unasked []string
			for id, forms := range given {
				if want := w.ForScript(id); !strings.Contains(want, forms["other"]) {
					t.Errorf("%s, %s: %s is %q, want what is in %s", w.Tag(), tt.script, id, forms["other"], want)
				}
				unasked = append(unasked, id)
			}
			if len(unasked) < 10 {
				t.Fatalf("%s: the page of %s has %d texts: this test would prove nothing", w.Tag(), tt.script, len(unasked))
			}
			for _, name := range named.FindAllStringSubmatch(tt.shared+string(script), -1) {
				isAsked := func(id string) bool {
					return id == name[1] || strings.HasSuffix(name[1], ".") && strings.HasPrefix(id, name[1])
				}
				if !slices.ContainsFunc(unasked, isAsked) && given[name[1]] == nil {
					t.Errorf("%s: %s asks for %s, which the page has not", w.Tag(), tt.script, name[1])
				}
				unasked = slices.DeleteFunc(unasked, isAsked)
			}
			if len(unasked) > 0 {
				t.Errorf("%s: %s asks for none of %q", w.Tag(), tt.script, unasked)
			}
		}
	}
}

// TestScriptsForStaffFindTheirTexts is the same for the pages of the organisation's own
// people.
func TestScriptsForStaffFindTheirTexts(t *testing.T) {
	named := regexp.MustCompile(`"((?:passkeySaid|copying|brandPreview)\.[a-zA-Z]+)"`)
	for _, tag := range []string{language.English, language.German} {
		w, _ := language.Find(tag)
		for name, page := range map[string]templ.Component{
			"passkey.js": PasskeyWaySection(w, PasskeyWay{}),
			"brand.js":   brandPreview(BrandForm{Page: Page{Words: w}}),
			"copy.js":    traceMore(w, TraceMessage{}),
		} {
			script, err := os.ReadFile("../static/js/" + name)
			if err != nil {
				t.Fatal(err)
			}
			given := scriptTexts(t, page)
			for _, asked := range named.FindAllStringSubmatch(string(script), -1) {
				if got, want := given[asked[1]]["other"], w.Text(asked[1]); got != want {
					t.Errorf("%s: %s finds %q for %s, want %q", tag, name, got, asked[1], want)
				}
				delete(given, asked[1])
			}
			if len(given) > 0 {
				t.Errorf("%s: %s asks for none of %v", tag, name, given)
			}
		}
	}
}

// scriptTexts are those that a page has for a script.
func scriptTexts(t *testing.T, page templ.Component) (texts map[string]map[string]string) {
	t.Helper()
	var b strings.Builder
	if err := page.Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	for _, n := range parse(t, b.String()) {
		if told, ok := attr(n, "data-texts"); ok {
			if err := json.Unmarshal([]byte(told), &texts); err != nil {
				t.Fatal(err)
			}
		}
	}
	return texts
}
