package browsertest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

// policy is as strict as the one our pages come with.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; frame-src 'self'; form-action 'self'; connect-src 'self'"

// pages are the test site's; each is put into the same small document.
var pages = map[string]string{
	"/": `<h1>Home</h1><p><a href="/second">Second page</a></p>
		<p><a href="/report" aria-label="Get the report as pdf">as pdf</a></p>
		<p><a href="/gone">Gone</a></p><p><a href="#end">To the end</a></p><p id="end">The end.</p>`,
	"/second": `<h1>Second</h1><p><a href="/">Home</a></p>`,
	"/form": `<h1>Form</h1><form method="post" action="/answer">
		<label for="name">Your name <small>(as on the card)</small></label> <input id="name" name="name" value="old">
		<label>Password <input type="password" name="password" required></label>
		<label for="text">Text</label> <textarea id="text" name="text"></textarea>
		<label for="for">Keep for</label> <select id="for" name="for"><option value="1">1 day</option><option value="7">7 days</option></select>
		<label for="until">Until</label> <input id="until" name="until" type="date">
		<label><input type="checkbox" name="copy" value="yes"> Send me a copy</label>
		<button>Send</button> <button formaction="/nothing" hidden>Never</button></form>`,
	"/upload": `<h1>Upload</h1><form method="post" enctype="multipart/form-data" action="/answer">
		<label>Attachments <input type="file" name="file" multiple></label><button>Send</button></form>`,
	"/script": `<h1>Script</h1><p id="out">waiting</p><noscript><p id="without">This page works without script.</p></noscript>
		<p id="soon" hidden>Here now.</p><button id="ask" type="button">Ask</button><button type="button" disabled>Off</button>
		<a id="held" href="/second">Held</a><script src="/script.js"></script>`,
	"/bad":       `<h1>Bad</h1><p style="color:#eee;background:#fff">pale</p><p><img src="/dot.png"></p><script>console.log("inline")</script>`,
	"/missing":   `<h1>Missing</h1><p><img src="/nowhere.png" alt="nothing"></p>`,
	"/opaque":    `<h1>Opaque</h1><p><iframe id="mail" title="Mail" sandbox src="/inner"></iframe></p>`,
	"/frame":     `<h1>Frame</h1><p><iframe id="mail" title="Mail" sandbox="allow-same-origin" src="/inner"></iframe></p>`,
	"/inner":     `<h1>Inner</h1><p>Dear Grace, hidden <span hidden>never</span> treasure.</p>`,
	"/tall":      `<h1>Tall</h1><p class="tall">top</p><button id="covered">Covered</button><p class="cover">cover</p>`,
	"/invisible": `<h1>Invisible</h1><p hidden id="no">no</p>`,
}

const style = `body { background: #fff; color: #111 } a { color: #00c }
.tall { height: 3000px } #covered { position: fixed; top: 0; left: 0 } .cover { position: fixed; inset: 0; margin: 0; background: #fff }
@media (prefers-color-scheme: dark) { body { background: #111; color: #eee } a { color: #9cf } }`

const script = `document.getElementById("out").textContent = "ran";
setTimeout(() => document.getElementById("soon").hidden = false, 50);
document.getElementById("ask").addEventListener("click", async () => {
	document.getElementById("out").textContent = await (await fetch("/slow")).text();
});
document.getElementById("held").addEventListener("click", e => { e.preventDefault(); console.error("held back") });`

// site starts the test site and returns its address.
func site(t *testing.T) string {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		body, known := pages[r.URL.Path]
		if !known {
			show(w, http.StatusNotFound, "<h1>Not found</h1>")
			return
		}
		show(w, http.StatusOK, body)
	})
	mux.HandleFunc("/gone", func(w http.ResponseWriter, r *http.Request) { show(w, http.StatusGone, "<h1>Gone</h1>") })
	mux.HandleFunc("/answer", answer)
	mux.HandleFunc("/thanks", func(w http.ResponseWriter, r *http.Request) {
		show(w, http.StatusOK, "<h1>Thanks</h1><pre>"+r.URL.Query().Get("got")+"</pre>")
	})
	mux.HandleFunc("/cookie", func(w http.ResponseWriter, r *http.Request) {
		was := "none"
		if c, err := r.Cookie("__Host-visit"); err == nil {
			was = c.Value
		}
		http.SetCookie(w, &http.Cookie{Name: "__Host-visit", Value: "again", Path: "/", Secure: true, HttpOnly: true})
		show(w, http.StatusOK, "<h1>"+was+"</h1>")
	})
	mux.HandleFunc("/report", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Disposition", `attachment; filename="Q3 report.bin"`)
		w.Write([]byte("\x00\x01report"))
	})
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "slow answer") })
	mux.HandleFunc("/script.js", file("text/javascript", script))
	mux.HandleFunc("/style.css", file("text/css", style))
	mux.HandleFunc("/favicon.ico", file("image/x-icon", ""))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func show(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", policy)
	w.WriteHeader(status)
	fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Test</title><link rel="stylesheet" href="/style.css"><main>%s</main></html>`, body)
}

func file(kind, content string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", kind)
		io.WriteString(w, content)
	}
}

// answer redirects a sent form to a page that shows what was in it.
func answer(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseMultipartForm(1 << 20); err != nil && err != http.ErrNotMultipart {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	got := r.PostForm.Encode()
	if r.MultipartForm != nil {
		for _, f := range r.MultipartForm.File["file"] {
			got += fmt.Sprintf("%s:%d;", f.Filename, f.Size)
		}
	}
	http.Redirect(w, r, "/thanks?got="+url.QueryEscape(got), http.StatusSeeOther)
}
