package browsertest

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// A stopped is a test that keeps its failure to itself.
type stopped struct {
	testing.TB
	said string
}

func (s *stopped) Helper() {}

func (s *stopped) Fatalf(format string, args ...any) {
	s.said = fmt.Sprintf(format, args...)
	panic(s)
}

// failure runs do with a page that is soon out of patience and returns what the
// test would have said.
func failure(p *Page, do func(*Page)) (said string) {
	quiet := &stopped{TB: p.t}
	hasty := *p
	hasty.t, hasty.patience = quiet, 300*time.Millisecond
	defer func() {
		if r := recover(); r != nil && r != any(quiet) {
			panic(r)
		}
		said = quiet.said
	}()
	do(&hasty)
	return ""
}

func testFailures(t *testing.T, p *Page, base string) {
	tests := []struct {
		name, path string
		do         func(p *Page)
		want       string
	}{
		{"no such element", "/", func(p *Page) { p.Click("#nowhere") }, "nothing matches #nowhere"},
		{"no such name", "/second", func(p *Page) { p.ClickText("Away") }, `0 controls have this name; the page has ["Home"]`},
		{"no such field", "/form", func(p *Page) { p.Fill("Age", "3") }, `no field has the label or selector "Age"`},
		{"no such option", "/form", func(p *Page) { p.Fill("Keep for", "ever") }, "it has no option ever but 1 day, 7 days"},
		{"a hidden button", "/form", func(p *Page) { p.Click("button[hidden]") }, "it is hidden"},
		{"a covered button", "/tall", func(p *Page) { p.Click("#covered") }, "it is covered by p.cover"},
		{"a disabled button", "/script", func(p *Page) { p.ClickText("Off") }, "it is disabled"},
		{"a covered target", "/tall", func(p *Page) { p.Drag("#covered", "plan.txt") }, "it is covered by p.cover"},
		{"hidden for ever", "/invisible", func(p *Page) { p.WaitFor("#no") }, "#no is hidden"},
		{"never said", "/", func(p *Page) { p.WaitText("sesame") }, "the page does not show it"},
		{"never gone", "/", func(p *Page) { p.WaitGone("h1") }, "1 still shown"},
		{"no file", "/", func(p *Page) { p.Download(func() {}) }, "no file came"},
		{"no site", "/", func(p *Page) { p.Goto("http://127.0.0.1:1/") }, "net::ERR_"},
		{"a faulty script", "/", func(p *Page) { p.Eval("nobody.home", nil) }, "nobody is not defined"},
	}
	for _, tt := range tests {
		p.Goto(base + tt.path)
		heading := p.H1()
		said := failure(p, tt.do)
		if !strings.Contains(said, tt.want) {
			t.Errorf("%s: the test says %q, want %q in it", tt.name, said, tt.want)
		}
		if tt.name != "no site" && !(strings.Contains(said, base+tt.path) && strings.Contains(said, heading)) {
			t.Errorf("%s: the test does not say where: %q", tt.name, said)
		}
	}
}
