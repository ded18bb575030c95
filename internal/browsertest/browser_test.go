package browsertest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"image/png"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestPages shares one browser among the tests that need one.
func TestPages(t *testing.T) { testPages(t, New(t), testBack) }

// TestLightPages has the shell show what the whole browser does, but what it cannot.
func TestLightPages(t *testing.T) { testPages(t, New(t, Light), testNoBack) }

func testPages(t *testing.T, b *Browser, back func(*testing.T, *Page, string)) {
	base := site(t)
	tests := []struct {
		name string
		run  func(t *testing.T, p *Page, base string)
	}{
		{"status and address of a page", testStatus},
		{"clicks lead to the next page", testClicks},
		{"Back returns with the status the page had, or fails", back},
		{"forms are filled by label and sent", testForm},
		{"files are uploaded", testUpload},
		{"files are dragged", testDrag},
		{"scripts are waited for", testScript},
		{"pages without scripts", testNoScript},
		{"forms without scripts", testFormNoScript},
		{"dark and light", testDark},
		{"downloads", testDownload},
		{"text in frames", testFrames},
		{"accessibility", testAxe},
		{"problems", testProblems},
		{"screenshots show the whole page", testScreenshot},
		{"failures say what is wrong and where", testFailures},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := b.Page(t)
			p.Goto(base)
			tt.run(t, p, base)
		})
	}
	t.Run("pages share no cookies", func(t *testing.T) { testCookies(t, b, base) })
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

func testStatus(t *testing.T, p *Page, base string) {
	equal(t, "Status", p.Status(), 200)
	equal(t, "URL", p.URL(), base+"/")
	p.Goto("/nowhere?x=1")
	equal(t, "Status", p.Status(), 404)
	equal(t, "Path", p.Path(), "/nowhere?x=1")
	equal(t, "H1", p.H1(), "Not found")
	equal(t, "Count", p.Count("h1, h2"), 1)
	p.CheckProblems() // an error page is no problem
}

func testClicks(t *testing.T, p *Page, base string) {
	p.ClickText("Second page")
	equal(t, "H1", p.H1(), "Second")
	equal(t, "URL", p.URL(), base+"/second")
	p.Click("a")
	equal(t, "H1", p.H1(), "Home")
	p.ClickText("To the end")
	equal(t, "URL", p.URL(), base+"/#end")
	p.ClickText("Gone")
	equal(t, "Status", p.Status(), 410)
	if !strings.Contains(p.HTML(), "<h1>Gone</h1>") {
		t.Errorf("HTML = %s", p.HTML())
	}
}

// A test of the way back would pass in the shell whatever a page allows.
func testNoBack(t *testing.T, p *Page, base string) {
	p.Goto(base + "/second")
	for what, do := range map[string]func(*Page){"Back": (*Page).Back, "Freeze": func(p *Page) { p.Freeze(true) }} {
		if said := failure(p, do); !strings.Contains(said, "for the whole browser") {
			t.Errorf("%s in the shell: %q", what, said)
		}
	}
}

func testBack(t *testing.T, p *Page, base string) {
	p.Goto("/gone")
	p.Goto("/second")
	p.Back()
	equal(t, "H1", p.H1(), "Gone")
	equal(t, "Status", p.Status(), 410)
	p.Reload()
	equal(t, "Status after Reload", p.Status(), 410)
	p.Back()
	equal(t, "URL", p.URL(), base+"/")
	equal(t, "Status", p.Status(), 200)
}

func testForm(t *testing.T, p *Page, _ string) {
	p.Goto("/form")
	fillForm(p)
	equal(t, "Value", p.Value("Keep for"), "7")
	p.ClickText("Send")
	checkForm(t, p)
}

func testFormNoScript(t *testing.T, p *Page, base string) {
	p.NoScript(true)
	testForm(t, p, base)
}

func fillForm(p *Page) {
	p.Fill("Your name", "Ada")
	p.Fill("Password", "")
	p.Fill("Password", "a b")
	p.Fill("#text", "one\ntwo")
	p.Fill("Keep for", "7 days")
	p.Fill("Until", "2031-02-03")
	p.ClickText("Send me a copy")
}

func checkForm(t *testing.T, p *Page) {
	t.Helper()
	equal(t, "H1", p.H1(), "Thanks")
	got, err := url.ParseQuery(p.Text("pre"))
	if err != nil {
		t.Fatal(err)
	}
	want := url.Values{
		"name": {"Ada"}, "password": {"a b"}, "text": {"one\r\ntwo"},
		"for": {"7"}, "until": {"2031-02-03"}, "copy": {"yes"},
	}
	equal(t, "the form", got.Encode(), want.Encode())
}

func testUpload(t *testing.T, p *Page, _ string) {
	file := filepath.Join(t.TempDir(), "plan.txt")
	if err := os.WriteFile(file, []byte("12345"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.Goto("/upload")
	p.Upload("Attachments", file)
	p.ClickText("Send")
	equal(t, "the files", p.Text("pre"), "plan.txt:5;")
}

func testDrag(t *testing.T, p *Page, _ string) {
	file := filepath.Join(t.TempDir(), "plan.txt")
	if err := os.WriteFile(file, []byte("12345"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.Goto("/upload")
	drop := p.Drag("input[type=file]", file)
	var held int
	p.Eval(`document.querySelector("input[type=file]").files.length`, &held)
	equal(t, "files before they are let go", held, 0)
	drop()
	p.ClickText("Send")
	equal(t, "the files", p.Text("pre"), "plan.txt:5;")
}

func testScript(t *testing.T, p *Page, _ string) {
	p.Goto("/script")
	equal(t, "Text", p.Text("#out"), "ran")
	p.WaitFor("#soon")
	p.WaitText("Here  now.")
	p.ClickText("Ask")
	p.WaitText("slow answer")
	equal(t, "noscript", p.Count("#without"), 0)
	p.Click("#held") // its script keeps it from leading anywhere
	equal(t, "H1", p.H1(), "Script")
	p.Eval(`document.getElementById("out").remove()`, nil)
	p.WaitGone("#out")
}

func testNoScript(t *testing.T, p *Page, _ string) {
	p.NoScript(true)
	p.Goto("/script")
	equal(t, "Text", p.Text("#out"), "waiting")
	equal(t, "noscript", p.Text("#without"), "This page works without script.")
	var sum int
	p.Eval("Promise.resolve(1 + 2)", &sum)
	equal(t, "Eval without scripts", sum, 3)
	p.CheckAxe()
	p.Reload()
	equal(t, "Text after Axe", p.Text("#out"), "waiting")
	p.Click("#held")
	equal(t, "H1", p.H1(), "Second")
	p.NoScript(false)
	p.Goto("/script")
	equal(t, "Text with scripts again", p.Text("#out"), "ran")
}

func testDark(t *testing.T, p *Page, _ string) {
	background := func() (color string) {
		p.Eval("getComputedStyle(document.body).backgroundColor", &color)
		return color
	}
	equal(t, "light", background(), "rgb(255, 255, 255)")
	p.Dark(true)
	equal(t, "dark", background(), "rgb(17, 17, 17)")
	p.Goto("/second")
	equal(t, "dark on the next page", background(), "rgb(17, 17, 17)")
	p.Dark(false)
	equal(t, "light again", background(), "rgb(255, 255, 255)")
	p.SetViewport(360, 640)
	var width int
	p.Eval("innerWidth", &width)
	equal(t, "innerWidth", width, 360)
}

func testDownload(t *testing.T, p *Page, base string) {
	for range 2 {
		name, content := p.Download(func() { p.ClickText("Get the report") })
		equal(t, "name", name, "Q3 report.bin")
		equal(t, "content", string(content), "\x00\x01report")
	}
	equal(t, "URL", p.URL(), base+"/")
	equal(t, "Status", p.Status(), 200)
	name, _ := p.Download(func() { p.Goto("/report") })
	equal(t, "name of a file that Goto fetched", name, "Q3 report.bin")
	p.NoScript(true)
	p.Reload()
	p.Download(func() { p.ClickText("Get the report") })
}

func testFrames(t *testing.T, p *Page, _ string) {
	for _, path := range []string{"/frame", "/opaque"} {
		p.Goto(path)
		equal(t, path, p.FrameText("#mail"), "Inner\n\nDear Grace, hidden treasure.")
		equal(t, "sandbox", p.Attr("#mail", "src"), "/inner")
	}
	p.NoScript(true)
	p.Goto("/frame")
	var n int
	p.FrameEval("iframe", `document.querySelectorAll("p").length`, &n)
	equal(t, "paragraphs", n, 1)
}

func testAxe(t *testing.T, p *Page, _ string) {
	p.CheckAxe()
	p.Dark(true)
	p.CheckAxe()
	p.Goto("/bad")
	rules := func() (all []string) {
		for _, v := range p.Axe() {
			all = append(all, v.Rule)
		}
		return all
	}
	if got := rules(); !slices.Contains(got, "image-alt") {
		t.Errorf("rules broken by a picture without text = %q", got)
	}
	p.NoScript(true)
	p.Reload()
	if got := rules(); !slices.Contains(got, "image-alt") {
		t.Errorf("the same without scripts = %q", got)
	}
}

func testProblems(t *testing.T, p *Page, base string) {
	p.CheckProblems()
	p.Goto("/bad")
	kinds := func() (all []string) {
		for _, found := range p.Problems() {
			all = append(all, found.Kind)
		}
		return all
	}
	got := kinds() // in no certain order: a picture, a style and a script
	slices.Sort(got)
	equal(t, "problems of the bad page", strings.Join(got, " "), "network security security")
	p.ForgetProblems()
	p.Goto("/script")
	p.WaitText("Here now.") // what appears moves the link away from under the mouse
	p.Click("#held")
	p.Eval(`void setTimeout(() => { throw new Error("oops") }, 0)`, nil)
	p.Eval(`new Promise(done => setTimeout(done, 10, 1))`, nil)
	equal(t, "problems of a script", strings.Join(kinds(), " "), "console exception")
	p.ForgetProblems()
	p.Goto("/missing")
	equal(t, "problems of a missing picture", strings.Join(kinds(), " "), "network")
}

func testScreenshot(t *testing.T, p *Page, _ string) {
	p.SetViewport(360, 500)
	p.Goto("/tall")
	file := filepath.Join(t.TempDir(), "new", "tall.png")
	p.Screenshot(file)
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	shot, err := png.DecodeConfig(f)
	if err != nil {
		t.Fatal(err)
	}
	if shot.Width != 360 || shot.Height < 3000 {
		t.Errorf("the picture has %d by %d pixels, want 360 by over 3000", shot.Width, shot.Height)
	}
}

func testCookies(t *testing.T, b *Browser, base string) {
	first, second := b.Page(t), b.Page(t)
	first.Goto(base + "/cookie")
	first.Reload()
	equal(t, "the cookie of the first page", first.H1(), "again")
	second.Goto(base + "/cookie")
	equal(t, "the cookie of the second page", second.H1(), "none")
}

func TestAMissingBrowserIsAClearFailure(t *testing.T) {
	_, err := find(func(string) (string, error) { return "", errors.New("not found") })
	if !errors.Is(err, errMissing) || !strings.Contains(err.Error(), "make browsers") {
		t.Errorf("find without a browser: %v", err)
	}
}

func TestAxeIsTheFileThatItsNoteNames(t *testing.T) {
	note, err := os.ReadFile("testdata/README.md")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(axe))
	if !strings.Contains(string(note), hex.EncodeToString(sum[:])) {
		t.Errorf("testdata/README.md does not name the SHA-256 of axe.min.js, %x", sum)
	}
}
