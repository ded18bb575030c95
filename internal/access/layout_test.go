package access_test

import (
	"bytes"
	"flag"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"letterlock/internal/access"
	"letterlock/internal/browsertest"
	"letterlock/internal/sanitize"
)

var updateLayouts = flag.Bool("update", false, "make the pictures of layouts anew")

// How a page is made small enough that its layout and its colours remain, and the
// shapes of letters do not.
const (
	layoutWidth = 800 // pixels of the page
	cell        = 16  // pixels of it that become one
	apart       = 9   // of 255, what two pictures may differ by on average
	taller      = 0.1 // of the height, likewise: fonts differ
)

// TestRealLayoutsLookAsTheirAuthorsMeant compares mails in the manner of programs
// that people use with pictures of them, which somebody has looked at.
func TestRealLayoutsLookAsTheirAuthorsMeant(t *testing.T) {
	files, err := filepath.Glob("testdata/layouts/*.eml")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d layouts, %v", len(files), err)
	}
	docs := map[string][]byte{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", sanitize.CSP)
		_, _ = w.Write(docs[r.URL.Path]) // the browser goes away when the test fails
	}))
	t.Cleanup(server.Close)
	p := browsertest.New(t, browsertest.Light).Page(t)
	p.SetViewport(layoutWidth, 600)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".eml")
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := letterOf(t, raw).Own().Document(access.Showing{Title: name})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		docs["/"+name] = doc.HTML
		p.Dark(strings.HasPrefix(name, "dark"))
		p.Goto(server.URL + "/" + name)
		shot := filepath.Join(t.TempDir(), name+".png")
		p.Screenshot(shot)
		compareLayout(t, name, small(t, shot))
	}
}

// small reads a picture and averages its cells.
func small(t *testing.T, file string) *image.RGBA {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	size := whole.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, max(1, size.Dx()/cell), max(1, size.Dy()/cell)))
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			out.Set(x, y, average(whole, image.Rect(x*cell, y*cell, (x+1)*cell, (y+1)*cell)))
		}
	}
	return out
}

func average(m image.Image, r image.Rectangle) color.Color {
	var sum [3]uint32
	n := uint32(0)
	for y := r.Min.Y; y < r.Max.Y; y += 2 {
		for x := r.Min.X; x < r.Max.X; x += 2 {
			red, green, blue, _ := m.At(x, y).RGBA()
			sum[0], sum[1], sum[2] = sum[0]+red>>8, sum[1]+green>>8, sum[2]+blue>>8
			n++
		}
	}
	return color.RGBA{uint8(sum[0] / n), uint8(sum[1] / n), uint8(sum[2] / n), 255}
}

func compareLayout(t *testing.T, name string, got *image.RGBA) {
	t.Helper()
	file := filepath.Join("testdata/layouts", name+".png")
	if *updateLayouts {
		var b bytes.Buffer
		if err := png.Encode(&b, got); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v: -update makes it; look at it before you keep it", err)
	}
	want, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	g, w := got.Bounds().Size(), want.Bounds().Size()
	if d := g.Y - w.Y; g.X != w.X || float64(max(d, -d)) > taller*float64(w.Y)+2 {
		t.Errorf("%s: %v cells, want %v", name, g, w)
		return
	}
	if d := distance(got, want); d > apart {
		t.Errorf("%s: %.1f from its picture on average, at most %d", name, d, apart)
	}
}

// distance is how far two pictures are apart in each colour of a cell, on average.
func distance(a, b image.Image) float64 {
	size := a.Bounds().Intersect(b.Bounds())
	sum, n := 0.0, 0.0
	for y := range size.Dy() {
		for x := range size.Dx() {
			r, g, bl, _ := a.At(x, y).RGBA()
			r2, g2, bl2, _ := b.At(x, y).RGBA()
			for _, pair := range [][2]uint32{{r, r2}, {g, g2}, {bl, bl2}} {
				sum += float64(max(pair[0], pair[1])-min(pair[0], pair[1])) / 257
				n++
			}
		}
	}
	return sum / n
}

func TestAnotherLayoutIsSeen(t *testing.T) {
	one, err := os.ReadFile("testdata/layouts/newsletter.png")
	if err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile("testdata/layouts/dark-coloured.png")
	if err != nil {
		t.Fatal(err)
	}
	a, err := png.Decode(bytes.NewReader(one))
	if err != nil {
		t.Fatal(err)
	}
	b, err := png.Decode(bytes.NewReader(other))
	if err != nil {
		t.Fatal(err)
	}
	if d := distance(a, b); d <= apart {
		t.Errorf("a newsletter and something else are only %.1f apart: the comparison proves nothing", d)
	}
}
