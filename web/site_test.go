package web

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"letterlock/internal/letterlock"
	"letterlock/static"
)

func TestEachPageHasItsPolicy(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	link := w.link(marta)
	reader := w.browser()
	path := reader.prove(marta)
	staff := w.browser().as(letterlock.Staff, ada)
	const (
		end  = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
		door = end + "; script-src 'self'; connect-src 'self'"
		page = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; script-src 'self'; connect-src 'self'; frame-src 'self'"
		body = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'; sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"
		file = "sandbox; default-src 'none'"
	)
	tests := []struct {
		b       *browser
		path    string
		policy  string
		opener  string
		scripts bool
	}{
		{w.browser(), link, end, "same-origin", false},
		{w.browser(), "/nothing", end, "same-origin", false},
		{w.browser(), path, end, "same-origin", false},       // not signed in: an end page
		{w.browser(), "/sign-in", door, "same-origin", true}, // for passkeys
		{reader, path, page, "same-origin", true},
		{reader, "/messages", page, "same-origin", false},
		{reader, path + "/body", body, "", false},
		{reader, path + "/message.eml", file, "", false},
		{staff, "/sent/" + string(id), page, "same-origin", true},
		{staff, "/sent/" + string(id) + "/body", body, "", false},
		{staff, "/sent/" + string(letterlock.NewID()), end, "same-origin", false},
	}
	for _, tt := range tests {
		a := tt.b.get(tt.path)
		want := map[string]string{
			"Content-Security-Policy":      tt.policy,
			"Cross-Origin-Opener-Policy":   tt.opener,
			"Cross-Origin-Resource-Policy": "same-origin",
			"Referrer-Policy":              "same-origin",
			"X-Content-Type-Options":       "nosniff",
			"X-Robots-Tag":                 "noindex",
			"Cache-Control":                "no-store",
			"Strict-Transport-Security":    "max-age=31536000",
			"Etag":                         "",
			"Last-Modified":                "",
		}
		for name, value := range want {
			if got := a.header.Get(name); got != value {
				t.Errorf("%s %s: %q, want %q", tt.path, name, got, value)
			}
		}
		if got := strings.Contains(a.body, "<script "); got != tt.scripts {
			t.Errorf("%s has scripts: %t, want %t", tt.path, got, tt.scripts)
		}
		if tt.policy == file {
			continue // somebody else's bytes
		}
		if strings.Contains(a.body, "<script>") || strings.Contains(a.body, " onclick=") || tt.policy != body && strings.Contains(a.body, " style=") {
			t.Errorf("%s has an inline script or style, which its policy forbids", tt.path)
		}
	}
}

func TestFilesThatAreTheSameForAllMayBeKept(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	if a := b.get(static.Path("css/letterlock.css")); a.status != 200 || a.header.Get("Cache-Control") != "public, max-age=31536000, immutable" {
		t.Errorf("style: %d %q", a.status, a.header.Get("Cache-Control"))
	}
	if a := b.get("/static/0000/css/letterlock.css"); a.status != 404 || strings.Contains(a.header.Get("Cache-Control"), "public") {
		t.Errorf("unknown file: %d %q", a.status, a.header.Get("Cache-Control"))
	}
	for path, kind := range map[string]string{"/brand/default.css": "text/css; charset=utf-8", "/brand/default.png": "image/png"} {
		a := b.get(path)
		if a.status != 200 || a.header.Get("Content-Type") != kind || !strings.HasPrefix(a.header.Get("Cache-Control"), "public") {
			t.Errorf("%s: %d %q %q", path, a.status, a.header.Get("Content-Type"), a.header.Get("Cache-Control"))
		}
	}
}

func TestOnlyOurHostIsAnswered(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	link := w.link(marta)
	tests := []struct {
		host, method, path string
		status             int
		location           string
	}{
		{"mail.contoso.example", "GET", link, 200, ""},
		{"MAIL.contoso.example:443", "GET", link, 200, ""},
		{"mail.contoso.example:80", "GET", link, 421, ""},
		{"mail.contoso.example.evil.example", "GET", link, 421, ""},
		{"evil.example", "GET", link, 421, ""},
		{"evil.example", "POST", link + "/passcode", 421, ""},
		{"", "GET", link, 421, ""},
		{"127.0.0.1", "GET", link, 421, ""},
		{"127.0.0.1:8080", "GET", "/healthz", 200, ""},
		{"127.0.0.1:8080", "GET", "/readyz", 200, ""},
		{"localhost:8080", "GET", link + "?a=b", 308, publicURL + link + "?a=b"},
		{"localhost", "HEAD", "//evil.example/", 308, publicURL + "//evil.example/"},
		{"localhost:8080", "POST", link + "/passcode", 421, ""},
	}
	for _, tt := range tests {
		b := w.browser()
		b.host = tt.host
		a := b.do(tt.method, tt.path, nil, "")
		if a.status != tt.status || a.location() != tt.location {
			t.Errorf("%s %s on %q: %d %q, want %d %q", tt.method, tt.path, tt.host, a.status, a.location(), tt.status, tt.location)
		}
		if a.status == 421 && (a.heading() != "This is not the right address" || strings.Contains(a.body, "evil.example")) {
			t.Errorf("on %q: %q", tt.host, a.heading())
		}
	}
}

func TestFormsOfOtherSitesDoNothing(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	link := w.link(marta)
	mails := len(w.box.Mails(marta))
	tests := []struct {
		name   string
		header map[string]string
		want   int
	}{
		{"cross-site", map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		{"same-site", map[string]string{"Sec-Fetch-Site": "same-site"}, 403},
		{"cross-site with our origin", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": publicURL}, 403},
		{"null origin", map[string]string{"Origin": "null"}, 403},
		{"foreign origin", map[string]string{"Origin": "https://evil.example"}, 403},
		{"our host with a port", map[string]string{"Origin": publicURL + ":8443"}, 403},
		{"our own", map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": publicURL}, 303},
	}
	for _, tt := range tests {
		b := w.browser()
		for name, value := range tt.header {
			b.header.Set(name, value)
		}
		a := b.post(link+"/passcode", nil)
		if a.status != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, a.status, tt.want)
		}
		w.deliver()
		if sent := len(w.box.Mails(marta)) > mails; sent != (tt.want == 303) {
			t.Errorf("%s: passcode mailed: %t", tt.name, sent)
		}
		if tt.want == 403 && len(b.cookies) > 0 {
			t.Errorf("%s: set a cookie", tt.name)
		}
	}
}

func TestCookiesAreOutOfReach(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	b, link := entering(w)
	a := enter(b, link, w.passcode(marta))
	cookie := a.header.Get("Set-Cookie")
	for _, want := range []string{"__Host-letterlock-reader=", "; Path=/", "; HttpOnly", "; Secure", "; SameSite=Lax"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("the session's cookie has no %q", want)
		}
	}
	if strings.Contains(cookie, "Domain") || strings.Contains(cookie, string(marta)) {
		t.Errorf("the session's cookie says too much: %s", cookie)
	}
	plain := newWorld(t, func(o *Options) { o.PublicURL = &url.URL{Scheme: "http", Host: "127.0.0.1:8080"} })
	plain.send(ada, letterlock.EncryptOnly, marta)
	p := plain.browser()
	p.host = "127.0.0.1:8080"
	got := p.post(plain.link(marta)+"/passcode", nil).header
	if c := got.Get("Set-Cookie"); !strings.HasPrefix(c, "letterlock-browser=") || strings.Contains(c, "Secure") {
		t.Errorf("cookie on http: %s", c)
	}
	if got.Get("Strict-Transport-Security") != "" {
		t.Error("http promises https")
	}
}

func TestSessionIDIsNewAtEverySignIn(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser()
	planted := strings.Repeat("A", secretLength)
	b.cookies[hostPrefix+readerCookie] = planted
	b.prove(marta)
	if b.cookies[hostPrefix+readerCookie] == planted {
		t.Error("a planted id became a session")
	}
}

func TestPanicShowsANumberAndLogsIt(t *testing.T) {
	w := newWorld(t)
	w.server.add(open, "GET", "/panic", func(echo.Context) error { panic("the innermost reason") }, nil)
	w.server.add(open, "GET", "/fault", func(echo.Context) error { return errors.New("the innermost reason") }, nil)
	for _, path := range []string{"/panic", "/fault"} {
		a := w.browser().get(path)
		if a.status != 500 || a.heading() != "We cannot show the message right now" || strings.Contains(a.body, "innermost") || strings.Contains(a.body, "goroutine") {
			t.Errorf("%s: %d %q", path, a.status, a.heading())
		}
		_, rest, _ := strings.Cut(w.log.String(), "route="+path)
		_, rest, _ = strings.Cut(rest, "number=")
		number, _, _ := strings.Cut(rest, " ")
		if len(number) != 9 || !strings.Contains(a.body, number) {
			t.Errorf("%s: the number in the log, %q, is not on the page", path, number)
		}
	}
	if !strings.Contains(w.log.String(), "the innermost reason") {
		t.Error("the log does not hold the reason")
	}
}

func TestAddressOfAClientIsNotTakenFromAnybody(t *testing.T) {
	proxy := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	tests := []struct {
		name    string
		proxies []netip.Prefix
		remote  string
		header  string
		want    string
	}{
		{"no proxy is trusted", nil, "192.0.2.7:1", "203.0.113.9", "192.0.2.7"},
		{"nor loopback", nil, "127.0.0.1:1", "203.0.113.9", "127.0.0.1"},
		{"from the proxy", proxy, "10.1.2.3:1", "203.0.113.9", "203.0.113.9"},
		{"forged before the proxy", proxy, "10.1.2.3:1", "127.0.0.1, 203.0.113.9", "203.0.113.9"},
		{"from elsewhere", proxy, "192.0.2.7:1", "203.0.113.9", "192.0.2.7"},
		{"loopback is no proxy", proxy, "127.0.0.1:1", "203.0.113.9", "127.0.0.1"},
		{"nonsense", proxy, "10.1.2.3:1", "evil", "10.1.2.3"},
	}
	for _, tt := range tests {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.RemoteAddr = tt.remote
		r.Header.Set("X-Forwarded-For", tt.header)
		r.Header.Set("X-Real-Ip", "198.51.100.1")
		if got := ipExtractor(tt.proxies)(r); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestLocalPathsLeadNowhereElse(t *testing.T) {
	for _, s := range []string{"", "x", "//evil.example", "https://evil.example", `/\evil.example`, "/a\r\nb", "javascript:alert(1)", "/%zz", " /sent", "/\t/evil.example"} {
		if got := localPath(s, "/sent"); got != "/sent" {
			t.Errorf("localPath(%q) = %q", s, got)
		}
	}
	for _, s := range []string{"/sent", "/sent/abc?q=1", "/compose"} {
		if got := localPath(s, "/"); got != s {
			t.Errorf("localPath(%q) = %q", s, got)
		}
	}
}
