package web

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"letterlock/internal/eml"
	"letterlock/internal/intake"
	"letterlock/internal/letterlock"
	"letterlock/internal/store"
)

// photo is a picture of that size, with something behind its end.
func photo(t *testing.T, w, h int) string {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, w, h))
	for i := range m.Pix {
		m.Pix[i] = color.Gray{Y: uint8(i % 251)}.Y
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.String() + "<script>alert(1)</script>"
}

// pictures are files of which some look like pictures. Their parts begin at 2.
func pictures(t *testing.T) []eml.File {
	return []eml.File{
		attached("photo.png", "image/png", photo(t, 800, 400)),
		attached("drawing.svg", "image/svg+xml", `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`),
		attached("page.png", "image/png", "<html><script>alert(1)</script>"),
		attached("photo.pdf", "application/pdf", photo(t, 8, 8)),
	}
}

func TestPicturesHavePreviewsOfOurOwnMaking(t *testing.T) {
	w := newWorld(t)
	id := w.submit(ada, intakeTo(marta), withFiles(t, "Pictures", pictures(t)...))
	b := w.browser()
	path := b.prove(marta)
	staff := w.browser().signIn(ada)
	for _, who := range []struct {
		name string
		b    *browser
		path string
	}{{"reader", b, path}, {"sender", staff, "/sent/" + string(id)}} {
		page := who.b.get(who.path).body
		for part, offered := range map[int]bool{2: true, 3: false, 4: true, 5: false} {
			if got := strings.Contains(page, who.path+"/part/"+strconv.Itoa(part)+"/preview"); got != offered {
				t.Errorf("%s, part %d: offered %t", who.name, part, got)
			}
		}
		a := who.b.get(who.path + "/part/2/preview")
		m, err := jpeg.Decode(strings.NewReader(a.body))
		if a.status != 200 || err != nil || m.Bounds() != image.Rect(0, 0, 320, 160) || strings.Contains(a.body, "script") {
			t.Fatalf("%s: %d, %v, %v", who.name, a.status, err, m)
		}
		for name, value := range map[string]string{
			"Content-Type": "image/jpeg", "Content-Security-Policy": "sandbox; default-src 'none'", "X-Content-Type-Options": "nosniff",
			"Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "same-origin", "Etag": "", "Last-Modified": "",
		} {
			if got := a.header.Get(name); got != value {
				t.Errorf("%s: %s is %q, want %q", who.name, name, got, value)
			}
		}
		for _, part := range []string{"0", "1", "3", "4", "5", "6", "-1", "02"} {
			if a := who.b.get(who.path + "/part/" + part + "/preview"); a.status != 404 || strings.Contains(a.header.Get("Content-Type"), "image") {
				t.Errorf("%s, part %s: %d, want 404", who.name, part, a.status)
			}
		}
	}
}

func TestPreviewIsKeptForAMomentAndWithinBounds(t *testing.T) {
	var s shelf
	of := func(part int) shelfKey { return shelfKey{"m", part} }
	large := preview{make([]byte, maxShelf-10), "image/png"}
	s.keep(of(1), large, time.Hour)
	s.keep(of(2), preview{make([]byte, 11), "image/png"}, time.Hour)
	s.keep(of(3), preview{[]byte("small"), "image/jpeg"}, time.Hour)
	s.keep(of(3), preview{[]byte("other"), "image/jpeg"}, time.Hour)
	for part, want := range map[int]bool{1: true, 2: false, 3: true, 4: false} {
		if _, ok := s.find(of(part)); ok != want {
			t.Errorf("part %d is kept: %t", part, ok)
		}
	}
	if p, _ := s.find(of(3)); string(p.data) != "small" || s.bytes != maxShelf-5 {
		t.Errorf("%q, %d bytes in all", p.data, s.bytes)
	}
	s.drop(of(1))
	s.drop(of(1))
	if _, ok := s.find(of(1)); ok || s.bytes != 5 {
		t.Errorf("what was dropped is kept: %t; %d bytes", ok, s.bytes)
	}
	s.keep(of(5), preview{[]byte("short"), "image/png"}, time.Nanosecond)
	for deadline := time.Now().Add(10 * time.Second); ; runtime.Gosched() {
		if _, ok := s.find(of(5)); !ok {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("it is kept for ever")
		}
	}
}

func TestPreviewIsReadingAndNoDownload(t *testing.T) {
	w := newWorld(t)
	id := w.submit(ada, intakeTo(marta), withFiles(t, "Pictures", pictures(t)...))
	b := w.browser()
	path := b.prove(marta)
	kinds := func() (list []letterlock.EventKind) {
		t.Helper()
		err := w.db.Read(t.Context(), func(tx *store.Tx) error {
			all, err := tx.Events(id)
			for _, events := range all {
				for _, e := range events {
					list = append(list, e.Kind)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	b.do(http.MethodHead, path+"/part/2/preview", nil, "")
	if slices.Contains(kinds(), letterlock.Read) {
		t.Fatal("HEAD counts as reading")
	}
	first := b.get(path + "/part/2/preview")
	if again := b.get(path + "/part/2/preview"); again.status != 200 || again.body != first.body || again.header.Get("Content-Type") != "image/jpeg" {
		t.Errorf("asked for again: %d %s", again.status, again.header.Get("Content-Type"))
	}
	if got := kinds(); !slices.Contains(got, letterlock.Read) || slices.Contains(got, letterlock.Downloaded) {
		t.Errorf("after a preview the history has %v, want read and not downloaded", got)
	}
	if err := w.server.Access.Revoke(t.Context(), w.actors[ada], id, ""); err != nil {
		t.Fatal(err)
	}
	if a := b.get(path + "/part/2/preview"); a.status != 410 || a.heading() != revoked {
		t.Errorf("after Revoke: %d %q", a.status, a.heading())
	}
}

func TestPreviewsAreOnlyWhereTheFileMayBeSaved(t *testing.T) {
	tests := []struct {
		name       string
		downloads  bool
		protection letterlock.Protection
		status     int
	}{
		{"encrypt only", false, letterlock.EncryptOnly, 200},
		{"do not forward", true, letterlock.DoNotForward, 200},
		{"do not forward without downloads", false, letterlock.DoNotForward, 403},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, func(o *Options) {
				o.DownloadsUnderDoNotForward, o.Access.DownloadsUnderDoNotForward = tt.downloads, tt.downloads
			})
			id := w.submit(ada, intake.Envelope{Recipients: []letterlock.Address{marta}, Protection: tt.protection}, withFiles(t, "Pictures", pictures(t)...))
			b := w.browser()
			path := b.prove(marta)
			if got := b.get(path + "/part/2/preview").status; got != tt.status {
				t.Errorf("%d, want %d", got, tt.status)
			}
			if got := strings.Contains(b.get(path).body, `/preview"`); got != (tt.status == 200) {
				t.Errorf("offered: %t", got)
			}
			if got := w.browser().signIn(ada).get("/sent/" + string(id) + "/part/2/preview").status; got != 200 {
				t.Errorf("for its sender: %d", got)
			}
		})
	}
}
