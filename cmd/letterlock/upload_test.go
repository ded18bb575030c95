package main

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"letterlock/internal/browsertest"
)

// A line leads to the program and breaks in the middle of pieces of files, as often
// as it is told to.
type line struct {
	*httptest.Server
	mu      sync.Mutex
	breaks  int
	offsets []int // at which pieces were sent
}

// breakAfter is how much of a piece comes through before the line breaks.
const breakAfter = 300_000

func newLine(t *testing.T, site string, breaks int) *line {
	t.Helper()
	to, err := url.Parse(site)
	if err != nil {
		t.Fatal(err)
	}
	l := &line{breaks: breaks}
	proxy := &httputil.ReverseProxy{
		Rewrite:      func(r *httputil.ProxyRequest) { r.SetURL(to) }, // the program answers to its own host only
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPatch && l.piece(r) {
			r.Body = io.NopCloser(io.MultiReader(io.LimitReader(r.Body, breakAfter), iotest.ErrReader(errors.New("the line broke"))))
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(l.Close)
	return l
}

// piece notes a piece and reports whether the line breaks in it.
func (l *line) piece(r *http.Request) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, _ := strconv.Atoi(r.Header.Get("Upload-Offset")) // script writes it
	l.offsets = append(l.offsets, at)
	l.breaks--
	return l.breaks >= 0
}

// watchBar notes every value that a progress bar comes to.
const watchBar = `{
	window.bars = [];
	new MutationObserver(changes => {
		for (const c of changes) if (c.target.localName === "progress") window.bars.push(c.target.value / c.target.max);
	}).observe(document.body, {subtree: true, attributes: true, attributeFilter: ["value"]});
}`

// wantBar requires that a progress bar went from nothing to the end, with stops between.
func wantBar(t *testing.T, page *browsertest.Page) {
	t.Helper()
	var bars []float64
	page.Eval(`window.bars`, &bars)
	between := slices.ContainsFunc(bars, func(at float64) bool { return at > 0.1 && at < 0.9 })
	if !slices.Contains(bars, 0) || !slices.Contains(bars, 1) || !between {
		t.Errorf("the progress bar came to %v, want it to move from 0 to 1", bars)
	}
}

// dragIn drags files over an element; the page says where they will go, before they are
// let go.
func dragIn(t *testing.T, page *browsertest.Page, over string, files ...string) {
	t.Helper()
	drop := page.Drag(over, files...)
	if page.Count(".drop--over") != 1 {
		t.Errorf("nothing shows that files over %s can be let go of", over)
	}
	drop()
	if page.Count(".drop--over") != 0 {
		t.Errorf("files still seem to be over %s", over)
	}
}

// written writes a file to drag or to choose.
func written(t *testing.T, name string, content []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// arrived is the name of a file that has arrived whole.
const arrived = `[...document.querySelectorAll("#files-chosen li")].filter(row => row.querySelector("input").value && !row.querySelector("input").disabled).length`

func TestFilesArriveOverALineThatBreaks(t *testing.T) {
	t.Parallel()
	p := start(t)
	l := newLine(t, p.site, 3)
	browser := browsertest.New(t, browsertest.Light)
	page := browser.Page(t)
	p.signIn(page, "ada@contoso.example")
	scan, shown := make([]byte, 5<<20), "5.2 MB"
	if os.Getenv("LETTERLOCK_STRESS") == "1" {
		scan, shown = make([]byte, 142<<20), "149 MB"
	}
	for i, r := 0, rand.NewChaCha8([32]byte{}); i < len(scan); i += 8 {
		copy(scan[i:], strconv.FormatUint(r.Uint64(), 36))
	}
	file, site := written(t, "scan.pdf", scan), written(t, "site.png", photograph(t))
	dropped, unwanted := written(t, "dropped.txt", []byte("dropped")), written(t, "not wanted.txt", []byte("not wanted"))
	page.Goto(l.URL + "/compose")
	page.Eval(watchBar, nil)
	page.Upload("#files", file, site)
	dragIn(t, page, "h1", dropped, unwanted)
	page.WaitText("not wanted.txt is attached.") // the last of them
	l.mu.Lock()
	if l.breaks >= 0 || !slices.Contains(l.offsets, breakAfter) {
		t.Errorf("%d breaks are left; pieces were sent at %v, want one right behind what had come through", l.breaks, l.offsets)
	}
	l.mu.Unlock()
	wantBar(t, page)
	page.ForgetProblems() // the browser complains of the line
	page.Click("#files-chosen li:nth-of-type(4) button[name=drop]")
	var n int
	if page.Eval(arrived, &n); n != 3 {
		t.Errorf("%d files are attached, want 3:\n%s", n, page.Text("#drop"))
	}
	lookAt(t, "compose-files", page)
	page.Fill("To", "marta@quillfeather.example")
	page.Fill("Subject", "Scans over a bad line")
	page.Click(".send-bar button")
	wantPage(t, page, 200, "Scans over a bad line")
	if said := page.Text("main"); !strings.Contains(said, "scan.pdf") || !strings.Contains(said, shown) || !strings.Contains(said, "dropped.txt") || strings.Contains(said, "not wanted") {
		t.Errorf("the sent message says:\n%s", said)
	}
	page.CheckProblems()
	lookAtPreview(t, "sent-picture", page)
	takeAll(t, p, browser, scan)
}

// photograph is a picture of hills.
func photograph(t *testing.T) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 900, 600))
	for i := range 900 * 600 {
		x, y := i%900, i/900
		hill := 300 + int(90*math.Sin(float64(x)/110))
		m.SetRGBA(x, y, color.RGBA{uint8(90 + y/8), uint8(140 + y/8), 210, 255})
		if y > hill {
			m.SetRGBA(x, y, color.RGBA{60, uint8(150 - (y-hill)/5), 70, 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// lookAtPreview looks at a page that shows the preview of one picture.
func lookAtPreview(t *testing.T, name string, page *browsertest.Page) {
	t.Helper()
	page.Eval(`document.querySelector(".file-preview").scrollIntoView()`, nil) // it is loaded when it is near
	var width int
	page.Eval(`(async () => { const i = document.querySelector(".file-preview"); await i.decode(); return i.naturalWidth })()`, &width)
	if width != 320 {
		t.Errorf("%s: the preview is %d wide, want 320", name, width)
	}
	lookAt(t, name, page)
}

// lookAt looks at a page as everybody sees it.
func lookAt(t *testing.T, name string, page *browsertest.Page) {
	t.Helper()
	for _, width := range []int{1280, 360} {
		page.SetViewport(width, 900)
		for _, dark := range []bool{false, true} {
			page.Dark(dark)
			stop{name: name, page: page}.look(t, width, dark)
		}
	}
	page.Dark(false)
	page.SetViewport(1280, 900)
}

// takeAll has the recipient take all files at once.
func takeAll(t *testing.T, p *program, browser *browsertest.Browser, scan []byte) {
	t.Helper()
	v := visitors{t: t, p: p, nobody: browser.Page(t)}
	reader := browser.Page(t)
	p.prove(t, reader, v.link("marta@quillfeather.example"), "marta@quillfeather.example")
	wantPage(t, reader, 200, "Scans over a bad line")
	lookAtPreview(t, "read-picture", reader)
	name, packed := reader.Download(func() { reader.ClickText("Download all as a zip file") })
	z, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil || name != "Scans over a bad line.zip" || len(z.File) != 3 {
		t.Fatalf("%q: %v, want a zip file of three", name, err)
	}
	for i, want := range [][]byte{scan, photograph(t), []byte("dropped")} {
		r, err := z.File[i].Open()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, %v; want the %d that were sent", z.File[i].Name, len(got), err, len(want))
		}
	}
	reader.CheckProblems()
}

// inView reports whether what the selector matches can be read without scrolling.
const inView = `(e => {
	const box = e.getBoundingClientRect(), top = document.elementFromPoint(box.left + 8, box.bottom - 4);
	return box.height > 0 && box.top >= 0 && e.contains(top);
})(document.querySelector("#files-problem"))`

func TestMoreThanAMessageCanCarryIsRefusedInSight(t *testing.T) {
	t.Parallel()
	p := start(t)
	page := browsertest.New(t, browsertest.Light).Page(t)
	p.signIn(page, "ada@contoso.example")
	page.Goto(p.site + "/compose")
	most, err := strconv.ParseInt(page.Attr("#drop", "data-most"), 10, 64)
	if err != nil || most < 150e6 {
		t.Fatalf("files of %d bytes are taken (%v), want 150 MB at least", most, err)
	}
	film := written(t, "film.mov", nil)
	if err := os.Truncate(film, most+1); err != nil { // it takes no room on the disk
		t.Fatal(err)
	}
	dragIn(t, page, "h1", film)
	page.WaitText("together: film.mov was not attached.")
	var seen bool
	if page.Eval(inView, &seen); !seen {
		t.Error("the refusal is out of sight, or behind the bar with Send")
	}
	if n := page.Count("#files-chosen li"); n != 0 {
		t.Errorf("%d files are attached", n)
	}
	page.CheckProblems()
}

func TestAPreviewThatDoesNotComeIsALineWhereThereIsNoScript(t *testing.T) {
	t.Parallel()
	p := start(t)
	p.send(losslessMail, nora)
	p.send(fmt.Sprintf(richMail, drawing(t)), nora)
	page := browsertest.New(t, browsertest.Light).Page(t)
	page.NoScript(true)
	p.signIn(page, "ada@contoso.example")
	for _, tt := range []struct {
		subject     string
		width       int // of the preview; 0: it does not come
		least, most float64
	}{{"Plans for the winter garden", 320, 140, 150}, {"A drawing without loss", 0, 10, 40}} {
		page.Goto(p.site + "/sent")
		page.ClickText(tt.subject)
		var seen struct{ Width, High float64 }
		page.Eval(`(async () => {
			const i = document.querySelector(".file-preview");
			i.scrollIntoView();
			await i.decode().catch(() => {});
			return {width: i.naturalWidth, high: i.getBoundingClientRect().height};
		})()`, &seen)
		if int(seen.Width) != tt.width || seen.High < tt.least || seen.High > tt.most {
			t.Errorf("%s: the preview is %v; want one that is %d wide, %v to %v high on the page", tt.subject, seen, tt.width, tt.least, tt.most)
		}
	}
}

func TestFilesComeWithTheFormWhereThereIsNoScript(t *testing.T) {
	t.Parallel()
	p := start(t)
	page := browsertest.New(t, browsertest.Light).Page(t)
	page.NoScript(true)
	p.signIn(page, "ada@contoso.example")
	file := written(t, "plain.txt", []byte("plain"))
	page.Goto(p.site + "/compose")
	page.Fill("To", "marta@quillfeather.example")
	page.Fill("Subject", "Without script")
	page.Upload("#files", file)
	page.Click(".send-bar button")
	wantPage(t, page, 200, "Without script")
	if said := page.Text("main"); !strings.Contains(said, "plain.txt") {
		t.Errorf("the sent message says:\n%s", said)
	}
	page.CheckProblems()
}
