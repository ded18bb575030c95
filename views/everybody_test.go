package views

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"letterlock/internal/browsertest"
	"letterlock/internal/language"
	"letterlock/static"
)

// TestEveryPageCanBeUsedInEveryLanguage shows every sample page on a telephone: a
// recipient's in each language, and those of staff in German. None scrolls sideways.
//
// axe-core looks at those that have something which none before them has: most samples are
// a page once more with other words. It finds nothing in English, light and dark, nor in
// one of the other languages, which take turns. The journeys ask the rest: all six languages
// from the gate to the end, and what staff see in English.
//
// With LETTERLOCK_STRESS=1 axe-core looks at all of them in every language, light and dark.
//
// With LETTERLOCK_SHOTS set to a folder it leaves a picture there of each page that
// axe-core looks at.
func TestEveryPageCanBeUsedInEveryLanguage(t *testing.T) {
	t.Parallel()
	site := httptest.NewServer(http.HandlerFunc(serveSample))
	t.Cleanup(site.Close)
	page := browsertest.New(t, browsertest.Light).Page(t)
	page.SetViewport(360, 740)
	page.Goto(site.URL)
	recipients, staff := framed(t, `class="portal"`), framed(t, `class="app"`)
	if len(recipients) < 60 || len(staff) < 80 {
		t.Fatalf("%d pages of recipients and %d of staff: there are more", len(recipients), len(staff))
	}
	languages := language.All()
	for i, w := range languages {
		t.Run(w.Tag(), func(t *testing.T) {
			l := looker{t: t, page: page, words: w}
			l.lookAt(recipients, func(n int) bool { return i == 0 || n%(len(languages)-1) == i-1 })
		})
		if w.Tag() == language.German {
			t.Run("staff", func(t *testing.T) {
				l := looker{t: t, page: page, words: w}
				l.lookAt(staff, func(int) bool { return true })
			})
		}
	}
}

// TestNoSubjectBurstsAPage shows every page of staff that names a message with a subject
// nobody can break, on a wide screen and on a telephone: what it belongs to keeps its width.
func TestNoSubjectBurstsAPage(t *testing.T) {
	t.Parallel()
	site := httptest.NewServer(http.HandlerFunc(serveSample))
	t.Cleanup(site.Close)
	page := browsertest.New(t, browsertest.Light).Page(t)
	page.Goto(site.URL)
	l, n := looker{t: t, page: page}, 0
	for name, text := range render(t) {
		const subject = "Settlement agreement, third draft"
		if !strings.Contains(text, `class="app"`) || !strings.Contains(text, subject) {
			continue
		}
		n++
		l.show(strings.ReplaceAll(text, subject, strings.Repeat("L", 400)))
		for _, width := range []int{1280, 360} {
			page.SetViewport(width, 740)
			var burst []string
			page.Eval(`[...document.querySelectorAll("html, .panel, .list, .dialog")]
				.filter((e) => e.scrollWidth > e.clientWidth).map((e) => e.tagName + "." + e.className)`, &burst)
			if len(burst) > 0 {
				t.Errorf("%s, %d pixels wide, with a subject of 400 letters: wider than they are: %v", name, width, burst)
			}
		}
	}
	if n < 10 {
		t.Errorf("%d pages name such a message: there are more", n)
	}
}

// framed returns the names of the samples with such a frame.
func framed(t *testing.T, frame string) (names []string) {
	t.Helper()
	for name, page := range render(t) {
		if strings.Contains(page, frame) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// A looker looks at sample pages in one browser, which stays where it is: the body of a
// page takes the place of the one before, so that neither style nor axe-core are loaded
// for each. Heads differ by their titles alone.
type looker struct {
	t     *testing.T
	page  *browsertest.Page
	words language.Words
}

// lookAt looks at pages; turn says at which of those that have something new axe-core looks.
func (l *looker) lookAt(names []string, turn func(n int) bool) {
	l.t.Helper()
	all, known, n := samples(l.words), map[string]bool{}, 0
	for _, name := range names {
		var b strings.Builder
		if err := all[name].Render(l.t.Context(), &b); err != nil {
			l.t.Fatalf("%s: %v", name, err)
		}
		l.show(b.String())
		var overflow int
		l.page.Eval(`document.documentElement.scrollWidth - document.documentElement.clientWidth`, &overflow)
		if overflow > 0 {
			l.t.Errorf("%s scrolls sideways by %d pixels", name, overflow)
		}
		var low int // links apart from text are 24 pixels high at least
		l.page.Eval(`[...document.querySelectorAll(".pager a")].filter((a) => a.offsetHeight && a.offsetHeight < 24).length`, &low)
		if low > 0 {
			l.t.Errorf("%s: %d links through the list are lower than 24 pixels", name, low)
		}
		seen := len(known)
		maps.Copy(known, elements(l.t, b.String()))
		if len(known) == seen && !thorough() {
			continue
		}
		if thorough() || turn(n) {
			l.axe(name)
		}
		n++
	}
	if n < 30 {
		l.t.Errorf("%d pages have something new: there are more", n)
	}
}

func thorough() bool { return os.Getenv("LETTERLOCK_STRESS") == "1" }

func (l *looker) axe(name string) {
	l.t.Helper()
	name = l.words.Tag() + "-" + name
	if l.words.Tag() != language.English && !thorough() {
		l.find(name, browsertest.AllButThem) // colours are those of English
		return
	}
	l.find(name, browsertest.AllRules)
	l.page.Dark(true)
	l.find(name+"-dark", browsertest.Colours)
	l.page.Dark(false)
}

func (l *looker) find(name string, rules browsertest.Rules) {
	l.t.Helper()
	for _, v := range l.page.AxeOf(rules) {
		l.t.Errorf("%s: %s: %s %v", name, v.Rule, v.Help, v.Elements)
	}
	if dir := os.Getenv("LETTERLOCK_SHOTS"); dir != "" {
		l.page.Screenshot(filepath.Join(dir, "sample-"+name+".png"))
	}
}

func (l *looker) show(page string) {
	l.t.Helper()
	text, err := json.Marshal(page)
	if err != nil {
		l.t.Fatal(err)
	}
	l.page.Eval(`(() => {
		const shown = new DOMParser().parseFromString(`+string(text)+`, "text/html")
		for (const name of ["lang", "dir"]) document.documentElement.setAttribute(name, shown.documentElement.getAttribute(name))
		document.title = shown.title
		document.body.replaceWith(shown.body)
	})()`, nil)
}

// elements returns what kinds of elements a page has: their names, classes and attributes.
func elements(t *testing.T, page string) map[string]bool {
	t.Helper()
	kinds := map[string]bool{}
	for _, n := range parse(t, page) {
		class, _ := attr(n, "class")
		kind := n.Data + "." + class
		for _, a := range n.Attr {
			kind += " " + a.Key
		}
		kinds[kind] = true
	}
	return kinds
}

// serveSample serves what the pages load but scripts, and a page to show them in.
func serveSample(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/":
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!DOCTYPE html><html lang="en"><head><meta name="viewport" content="width=device-width, initial-scale=1">
			<meta name="color-scheme" content="light dark"><title>Samples</title><link rel="stylesheet" href="%s"></head><body><h1>Samples</h1></body></html>`, static.Path("css/letterlock.css"))
	case strings.HasPrefix(r.URL.Path, "/static/") && !strings.HasSuffix(r.URL.Path, ".js"):
		static.Handler().ServeHTTP(w, r)
	default:
		http.NotFound(w, r)
	}
}
