package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"letterlock/internal/browsertest"
)

// An outside is the whole network beside this machine, as a proxy sees it. It serves
// one page, with attacks in it, and notes what else is asked for.
type outside struct {
	mu    sync.Mutex
	page  string
	asked map[string]bool
}

const fieldHost = "field.test"

func (o *outside) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Host == fieldHost && r.URL.Path == "/" {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(o.page))
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if host := r.URL.Hostname(); strings.HasSuffix(host, ".example") || strings.HasSuffix(host, ".test") { // others the browser asks by itself
		o.asked[r.Method+" "+r.URL.String()] = true
	}
	http.Error(w, "nothing leaves", http.StatusForbidden)
}

func (o *outside) take() (list []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for request := range o.asked {
		list = append(list, request)
	}
	clear(o.asked)
	return list
}

// popup is what the attacks of the lists do once they run.
var popup = regexp.MustCompile("(alert|prompt|confirm|print)(\\([^()]*\\)|`[^`]*`)")

// telling has each attack ask for an address when it runs, and some of our own that
// need no script.
func telling(list []string) []string {
	tells := []string{
		`<script>fetch('http://ran.test/script')</script>`, `<img src=x: onerror="fetch('http://ran.test/onerror')">`, `<svg onload="fetch('http://ran.test/onload')">`,
		`<img src="http://left.test/picture.png">`, `<link rel="stylesheet" href="http://left.test/sheet.css">`, `<style>@import "http://left.test/import.css"; body { background: url(http://left.test/background.png) }</style>`,
		`<iframe src="http://left.test/frame"></iframe>`, `<object data="http://left.test/object"></object>`, `<video src="http://left.test/video" autoplay></video>`, `<meta http-equiv="refresh" content="0; url=http://left.test/refresh">`,
		`<form action="http://left.test/form"><button autofocus onfocus="this.click()">x</button></form>`, `<base href="http://left.test/">`, `<a href="javascript:fetch('http://ran.test/link')">x</a>`,
	}
	for _, attack := range list {
		tells = append(tells, popup.ReplaceAllString(attack, "fetch('http://ran.test/list')"))
	}
	return tells
}

// TestNothingRunsOrLeavesWithTheSanitiserOff has attacks stand in mails that a build
// shows as they came, on every page that shows one: the frames and their policies
// have to hold alone. A page without them shows that the attacks work.
func TestNothingRunsOrLeavesWithTheSanitiserOff(t *testing.T) {
	if os.Getenv("LETTERLOCK_STRESS") == "" {
		t.Skip("building the program once more takes long: this is for make stress")
	}
	unsafe := filepath.Join(t.TempDir(), "letterlock")
	if out, err := exec.Command("go", "build", "-tags", "control", "-buildvcs=false", "-o", unsafe, ".").CombinedOutput(); err != nil {
		t.Fatalf("building it: %v\n%s", err, out)
	}
	o := &outside{asked: map[string]bool{}}
	proxy := httptest.NewServer(o)
	t.Cleanup(proxy.Close)
	p := startOf(t, unsafe)
	browser := browsertest.New(t, browsertest.Outside(proxy.URL))
	list := telling(attacks(t, 3))

	reader, staff, box := browser.Page(t), browser.Page(t), browser.Page(t)
	o.page = `<!doctype html><link rel="icon" href="data:,"><title>Field</title>` + strings.Join(list[:6], "\n")
	reader.Goto("http://" + fieldHost + "/")
	reader.WaitText("")
	if n := len(o.take()); n < 5 {
		t.Fatalf("%d requests left from a page without protection, want 5: this test would prove nothing", n)
	}

	for i, part := range slices.Collect(slices.Chunk(list, attacksEach)) {
		p.send(hostileMail(i, part), nora)
	}
	mailIn(t, p, box, nora, "has sent you a protected message")
	var link string
	box.FrameEval("iframe", `document.querySelector('a[href*="/m/"]').href`, &link)
	p.prove(t, reader, strings.TrimPrefix(link, p.site), nora)
	p.signIn(staff, "ada@contoso.example")
	reader.Goto(p.site + "/messages")
	var ids []string
	reader.Eval(`[...document.querySelectorAll("a.item")].map(a => a.getAttribute("href").replace("/read/", ""))`, &ids)
	if len(ids) < len(list)/attacksEach {
		t.Fatalf("%d messages are there, of %d attacks", len(ids), len(list))
	}
	u := unsafePages{t, p, o}
	for _, id := range ids {
		u.look(reader, "/read/"+id, "/read/"+id+"/body", "/read/"+id+"/part/2/mail", "/read/"+id+"/reply")
		u.look(staff, "/sent/"+id, "/sent/"+id+"/part/2/mail")
	}
	t.Logf("%d attacks in %d messages", len(list), len(ids))
}

type unsafePages struct {
	t *testing.T
	p *program
	o *outside
}

func (u unsafePages) look(page *browsertest.Page, paths ...string) {
	u.t.Helper()
	for _, path := range paths {
		page.Goto(u.p.site + path)
		if !strings.HasSuffix(path, "/body") { // which is no frame here, and may lead elsewhere where somebody clicks
			page.Provoke()
		}
		for _, request := range u.o.take() {
			u.t.Errorf("%s: %s", path, request)
		}
		page.ForgetProblems() // the browser says what it did not do
	}
}
