package static

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func get(method, url string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, httptest.NewRequest(method, url, nil))
	return w
}

func TestFilesAreServedUnderTheirHashForEver(t *testing.T) {
	for name, kind := range map[string]string{
		"css/letterlock.css": "text/css; charset=utf-8", "js/frame.js": "text/javascript; charset=utf-8",
		"img/logo.svg": "image/svg+xml", "vendor/htmx.min.js": "text/javascript; charset=utf-8",
	} {
		url := Path(name)
		if !regexp.MustCompile(`^/static/[0-9a-f]{16}/` + regexp.QuoteMeta(name) + `$`).MatchString(url) {
			t.Errorf("Path(%q) = %q", name, url)
		}
		w := get(http.MethodGet, url)
		if w.Code != http.StatusOK || w.Body.Len() == 0 {
			t.Errorf("%s: %d with %d bytes", url, w.Code, w.Body.Len())
		}
		want := map[string]string{"Content-Type": kind, "X-Content-Type-Options": "nosniff", "Cache-Control": "public, max-age=31536000, immutable"}
		for key, value := range want {
			if got := w.Header().Get(key); got != value {
				t.Errorf("%s: %s is %q, want %q", name, key, got, value)
			}
		}
		if head := get(http.MethodHead, url); head.Code != http.StatusOK || head.Body.Len() != 0 {
			t.Errorf("HEAD %s: %d with %d bytes", name, head.Code, head.Body.Len())
		}
	}
}

func TestFilesAreCompressedForWhoeverTakesThat(t *testing.T) {
	for _, tt := range []struct {
		accepts string
		packed  bool
	}{
		{"gzip, deflate, br, zstd", true}, {"br;q=1.0, GZIP ; q=0.5", true}, {"gzip", true},
		{"", false}, {"br", false}, {"gzip;q=0", false}, {"gzip; q=0.000, br", false}, {"gzip;q=much", false}, {"xgzip", false}, {"*", false},
	} {
		for name := range paths {
			r := httptest.NewRequest(http.MethodGet, Path(name), nil)
			r.Header.Set("Accept-Encoding", tt.accepts)
			w := httptest.NewRecorder()
			Handler().ServeHTTP(w, r)
			if got := w.Header().Get("Vary"); got != "Accept-Encoding" {
				t.Errorf("%s: Vary is %q", name, got)
			}
			if got := w.Header().Get("Content-Length"); got != strconv.Itoa(w.Body.Len()) {
				t.Errorf("%q, %s: %d bytes come, and %s are announced", tt.accepts, name, w.Body.Len(), got)
			}
			body := io.Reader(w.Body)
			if packed := w.Header().Get("Content-Encoding") == "gzip"; packed != tt.packed {
				t.Fatalf("%q: compressed is %v, want %v", tt.accepts, packed, tt.packed)
			} else if packed {
				unpacked, err := gzip.NewReader(body)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				body = unpacked
			}
			if got, err := io.ReadAll(body); err != nil || !bytes.Equal(got, files[Path(name)].data) {
				t.Errorf("%q, %s: what comes is another file, %v", tt.accepts, name, err)
			}
		}
	}
}

func TestNothingElseIsServed(t *testing.T) {
	url := Path("css/letterlock.css")
	for _, bad := range []string{
		"/static/", "/static/css/letterlock.css", "/static/0000000000000000/css/letterlock.css",
		"/static/static.go", url + "/", url + "/../../js/frame.js", "/static/vendor/README.txt",
		strings.ToUpper(url), "/static/..%2fstatic.go",
	} {
		if w := get(http.MethodGet, bad); w.Code != http.StatusNotFound {
			t.Errorf("GET %s: %d, want 404", bad, w.Code)
		}
	}
	if w := get(http.MethodPost, url); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d, want 405", w.Code)
	}
}

func TestTheStyleLoadsNothing(t *testing.T) {
	css := files[Path("css/letterlock.css")].data
	for _, bad := range []string{"url(", "@import", "@font-face"} {
		if strings.Contains(string(css), bad) {
			t.Errorf("letterlock.css has %s: the pages' policy lets it load nothing", bad)
		}
	}
}
