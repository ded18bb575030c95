package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"letterlock/internal/browsertest"
)

// A visitor asks pages of the program as a simple browser does: with cookies, and
// without following what it is sent to.
type visitor struct {
	t    *testing.T
	p    *program
	http *http.Client
}

func (p *program) visitor() *visitor {
	p.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return &visitor{p.t, p, &http.Client{Jar: jar, Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}}
}

// do sends a request and returns the answer's body, where it leads, and its status.
func (v *visitor) do(r *http.Request) (body, location string, status int) {
	v.t.Helper()
	a, err := v.http.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer a.Body.Close()
	b, err := io.ReadAll(a.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return string(b), a.Header.Get("Location"), a.StatusCode
}

func (v *visitor) request(method, path string, fields url.Values) *http.Request {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), method, v.p.site+path, strings.NewReader(fields.Encode()))
	if err != nil {
		v.t.Fatal(err)
	}
	if fields != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r
}

// get asks for a page and requires its status.
func (v *visitor) get(path string, want int) string {
	v.t.Helper()
	body, _, status := v.do(v.request("GET", path, nil))
	if status != want {
		v.t.Fatalf("GET %s: %d, want %d\n%s", path, status, want, body)
	}
	return body
}

// post sends a form, requires the status and returns where the answer leads.
func (v *visitor) post(path string, fields url.Values, want int) string {
	v.t.Helper()
	body, location, status := v.do(v.request("POST", path, fields))
	if status != want {
		v.t.Fatalf("POST %s: %d, want %d\n%s", path, status, want, body)
	}
	return location
}

// cookies are the values of all that the program has set.
func (v *visitor) cookies() (list []string) {
	site, err := url.Parse(v.p.site)
	if err != nil {
		v.t.Fatal(err)
	}
	for _, c := range v.http.Jar.Cookies(site) {
		list = append(list, c.Value)
	}
	return list
}

var itemLink = regexp.MustCompile(`class="item" href="([^"]+)"`)

// mail finds what pattern's first group matches in the text of a mail of a
// mailbox. It looks until there is one, which takes a moment.
func (v *visitor) mail(mailbox string, pattern *regexp.Regexp) string {
	v.t.Helper()
	for deadline := time.Now().Add(browsertest.Patience); time.Now().Before(deadline); {
		body, _, _ := v.do(v.request("GET", "/inbox/"+mailbox, nil))
		for _, item := range itemLink.FindAllStringSubmatch(body, -1) {
			if found := pattern.FindStringSubmatch(v.get(item[1]+"/text", 200)); found != nil {
				return found[1]
			}
		}
	}
	v.t.Fatalf("no mail with %s came for %s", pattern, mailbox)
	return ""
}
