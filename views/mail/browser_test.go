package mail_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"letterlock/internal/browsertest"
)

// TestMailsCanBeReadEverywhere shows every golden file wide and narrow, light and dark.
// With LETTERLOCK_SHOTS set to a folder it leaves a picture of each there.
func TestMailsCanBeReadEverywhere(t *testing.T) {
	files, err := filepath.Glob("testdata/*.html")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d mails, %v: this test would prove nothing", len(files), err)
	}
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := os.ReadFile(filepath.Join("testdata", filepath.Base(r.URL.Path)))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		const dot = `data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'%3E%3Crect width='300' height='150' fill='%2384cddd'/%3E%3C/svg%3E`
		fmt.Fprint(w, strings.ReplaceAll(string(text), "cid:brand-logo", dot))
	}))
	defer site.Close()
	page := browsertest.New(t, browsertest.Light).Page(t)
	for _, file := range files {
		page.Goto(site.URL + "/" + filepath.Base(file))
		widths := []int{1280, 360}
		if strings.Contains(file, "-ar") || strings.Contains(file, "-ja") || strings.Contains(file, "-de") {
			widths = []int{640, 360} // another language, the same sheet
		}
		for _, width := range widths {
			page.SetViewport(width, 900)
			for _, dark := range []bool{false, true} {
				page.Dark(dark)
				look(t, page, strings.TrimSuffix(filepath.Base(file), ".html"), width, dark)
			}
		}
	}
}

func look(t *testing.T, page *browsertest.Page, name string, width int, dark bool) {
	t.Helper()
	for _, v := range page.Axe() {
		t.Errorf("%s, %d wide, dark %v: %s: %s %v", name, width, dark, v.Rule, v.Help, v.Elements)
	}
	var over int
	page.Eval(`document.documentElement.scrollWidth - document.documentElement.clientWidth`, &over)
	if over > 0 {
		t.Errorf("%s, %d wide: scrolls sideways by %d pixels", name, width, over)
	}
	if dir := os.Getenv("LETTERLOCK_SHOTS"); dir != "" {
		page.Screenshot(filepath.Join(dir, fmt.Sprintf("mail-%s-%d-%s.png", name, width, map[bool]string{false: "light", true: "dark"}[dark])))
	}
}
