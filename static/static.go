// Package static holds the style, scripts and pictures of the pages and serves
// them under names that carry a hash of their content: a browser may keep them
// for ever, and a changed file has a new name.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

//go:embed css/*.css js/*.js img/*.svg vendor/*.js
var content embed.FS

const prefix = "/static/"

// types are the only kinds of file there are.
var types = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

type file struct {
	data   []byte
	kind   string
	packed func() []byte // data as gzip has it, made when somebody first asks
}

// paths leads from a file's name to its URL path, files from that path to it.
// Both are fixed when the program starts.
var paths, files = load()

func load() (map[string]string, map[string]file) {
	paths, files := map[string]string{}, map[string]file{}
	err := fs.WalkDir(content, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := content.ReadFile(name)
		if err != nil {
			return err
		}
		kind, ok := types[path.Ext(name)]
		if !ok {
			panic("static: internal error: no type for " + name)
		}
		sum := sha256.Sum256(data)
		url := prefix + hex.EncodeToString(sum[:8]) + "/" + name
		paths[name] = url
		files[url] = file{data, kind, sync.OnceValue(func() []byte { return pack(data) })}
		return nil
	})
	if err != nil {
		panic("static: internal error: " + err.Error()) // the files are in the program itself
	}
	return paths, files
}

func pack(data []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // a level that there is, and a buffer, which fails at nothing
	_, _ = w.Write(data)
	_ = w.Close()
	return b.Bytes()
}

// Path returns the URL path of a file by its name in this folder, such as
// "css/letterlock.css". A name that does not exist is a mistake in our own code.
func Path(name string) string {
	url, ok := paths[name]
	if !ok {
		panic("static: internal error: no file " + name)
	}
	return url
}

// Handler serves exactly the paths that [Path] returns, and 404 for any other: compressed
// to whoever takes that. Nothing else of ours is compressed. These files are the same for
// everybody, where the length of a page that holds a secret beside what somebody else has
// chosen would tell of the secret.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, ok := files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		h, data := w.Header(), f.data
		if takesGzip(r.Header.Values("Accept-Encoding")) {
			data = f.packed()
			h.Set("Content-Encoding", "gzip")
		}
		h.Set("Vary", "Accept-Encoding")
		h.Set("Content-Type", f.kind)
		h.Set("Content-Length", strconv.Itoa(len(data)))
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("X-Content-Type-Options", "nosniff")
		if r.Method == http.MethodGet {
			_, _ = w.Write(data) // a reader who went away is no failure of ours
		}
	})
}

// takesGzip reports whether gzip is among the codings that a client names, RFC 9110
// section 12.5.3. What is none of them, or has a weight that is none, is not.
func takesGzip(fields []string) bool {
	for coding := range strings.SplitSeq(strings.Join(fields, ","), ",") {
		name, weight, weighed := strings.Cut(coding, ";")
		if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
			continue
		}
		if !weighed {
			return true
		}
		q, isWeight := strings.CutPrefix(strings.ToLower(strings.TrimSpace(weight)), "q=")
		n, err := strconv.ParseFloat(q, 64)
		return isWeight && err == nil && n > 0
	}
	return false
}
