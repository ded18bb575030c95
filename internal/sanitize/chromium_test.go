package sanitize

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"letterlock/internal/browsertest"
)

// Ways in which an attack is put before a browser.
const (
	asIs      = "control"   // nothing protects anybody: what runs here proves that the test sees it
	sandboxed = "sandboxed" // as a document of ours, the sanitiser off, under CSP and sandbox
	cleaned   = "sanitised" // sanitised, and nothing else
)

// canary tells the page around the frame that a script ran. It stands in every
// document, so that a policy which lets any script run is found even if no attack
// finds its way.
const canary = `<script>for (const f of ["alert", "confirm", "prompt", "print"]) window[f] = () => { top.ran.push(location.pathname); };</script>`

// A field is where attacks are let loose: a proxy that is the whole network. All
// that is asked of it beside its own pages has left a document.
type field struct {
	attacks []string
	mu      sync.Mutex
	left    map[string]bool
}

const fieldHost = "field.test"

func (f *field) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if r.Host == fieldHost && len(parts) == 3 && r.Method == http.MethodGet {
		n, err := strconv.Atoi(parts[2])
		if err == nil && parts[0] == "page" {
			f.page(w, parts[1], n)
			return
		}
		if err == nil && n < len(f.attacks) && parts[0] == "doc" {
			f.document(w, parts[1], f.attacks[n])
			return
		}
	}
	if browsers[r.URL.Hostname()] && r.Referer() == "" {
		http.Error(w, "not now", http.StatusForbidden)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left[r.Method+" "+r.Host+r.URL.Path+" from "+r.Referer()] = true
	http.Error(w, "nothing leaves", http.StatusForbidden)
}

// browsers are hosts that Chromium asks by itself, whatever page it shows.
var browsers = map[string]bool{
	"accounts.google.com": true, "update.googleapis.com": true, "clients2.google.com": true,
	"optimizationguide-pa.googleapis.com": true, "content-autofill.googleapis.com": true,
}

// perPage is how many attacks one page puts into frames.
const perPage = 60

func (f *field) page(w http.ResponseWriter, way string, batch int) {
	var b strings.Builder
	b.WriteString(`<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>Field</title><script>var ran = [];</script>`)
	sandbox := ""
	if way == sandboxed {
		sandbox = ` sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"`
	}
	for i := batch * perPage; i < min((batch+1)*perPage, len(f.attacks)); i++ {
		fmt.Fprintf(&b, `<iframe src="/doc/%s/%d" width="60" height="40"%s></iframe>`, way, i, sandbox)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(b.String())) // the browser goes away when the test fails
}

func (f *field) document(w http.ResponseWriter, way, attack string) {
	doc := frame{Options: Options{Title: "x"}}.around(canary + attack)
	switch way {
	case sandboxed:
		w.Header().Set("Content-Security-Policy", CSP)
	case cleaned:
		clean, err := HTML(attack, Options{Title: attack})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		doc = []byte(strings.Replace(string(clean.HTML), "<title>", canary+"<title>", 1))
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(doc)
}

func TestNothingRunsAndNothingLeavesInAbrowser(t *testing.T) {
	f := &field{left: map[string]bool{}, attacks: attacks()}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	b := browsertest.New(t, browsertest.Through(server.URL))

	all := f.attacks
	f.attacks = []string{
		`<script>alert(1)</script>`, `<img src=x: onerror=alert(1)>`, `<svg onload=alert(1)>`, `<a href="javascript:alert(1)">x</a>`, `<p onwheel=alert(1)>`,
		`<img src=http://evil.example/x.png>`, `<link rel=stylesheet href=http://evil.example/x.css>`,
	}
	if ran := f.unleash(t, b, asIs); ran < 5 || len(f.left) < 2 {
		t.Fatalf("%d scripts ran and %d requests left without protection, want 5 and 2: this test would prove nothing", ran, len(f.left))
	}
	clear(f.left)
	f.attacks = all
	for _, way := range []string{sandboxed, cleaned} {
		t.Run(way, func(t *testing.T) {
			if ran := f.unleash(t, b, way); ran > 0 {
				t.Errorf("%d scripts ran", ran)
			}
			f.mu.Lock()
			defer f.mu.Unlock()
			for request := range f.left {
				t.Errorf("a request left: %s", html.EscapeString(request))
			}
			clear(f.left)
		})
	}
	t.Logf("%d attacks", len(f.attacks))
}

// unleash shows all attacks in one way and returns how many scripts of theirs ran.
func (f *field) unleash(t *testing.T, b *browsertest.Browser, way string) (scripts int) {
	t.Helper()
	p := b.Page(t)
	for batch := 0; batch*perPage < len(f.attacks); batch++ {
		p.Goto("http://" + fieldHost + "/page/" + way + "/" + strconv.Itoa(batch))
		p.Provoke()
		var ran []string
		p.Eval(`ran`, &ran)
		scripts += len(ran)
		for _, path := range ran[:min(len(ran), 5)] {
			if n, err := strconv.Atoi(filepath.Base(path)); err == nil && n < len(f.attacks) && way != asIs {
				t.Errorf("%s ran: %.200q", path, f.attacks[n])
			}
		}
	}
	return scripts
}

// everyAttack is the variable that, when it is set, has all attacks tried. A frame
// for each takes minutes; without it, some of the corpora stand for the others.
const everyAttack = "LETTERLOCK_EVERY_ATTACK"

// attacks are our own vectors and those of the shared corpora, each once.
func attacks() (list []string) {
	seen := map[string]bool{}
	add := func(s string) {
		if s = strings.TrimSpace(s); s != "" && !seen[s] {
			seen[s] = true
			list = append(list, s)
		}
	}
	for _, v := range vectors {
		add(v.mail)
	}
	const corpora = "../../../shared/corpora"
	files, _ := filepath.Glob(filepath.Join(corpora, "xss/payloads/*.txt")) // where there are none, our own are enough
	n := 0
	for _, name := range append(files, filepath.Join(corpora, "strings/blns.txt")) {
		data, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(data)) {
			if n++; os.Getenv(everyAttack) != "" || n%20 == 0 {
				add(line)
			}
		}
	}
	return list
}
