package web

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"letterlock/internal/letterlock"
)

// mine are the messages on a page of My messages, and where the next page is.
func mine(page string) (ids []string, older string) {
	for _, m := range regexp.MustCompile(`href="/read/([a-z2-7]+)"`).FindAllStringSubmatch(page, -1) {
		ids = append(ids, m[1])
	}
	if m := regexp.MustCompile(`href="([^"]+)">Show older`).FindStringSubmatch(page); m != nil {
		older = strings.ReplaceAll(m[1], "&amp;", "&")
	}
	return ids, older
}

func TestMyMessagesComePageByPage(t *testing.T) {
	w := newWorld(t)
	const many = 53
	for i := range many {
		raw := strings.Replace(mail(ada, marta), secretSubject, fmt.Sprintf("Number %d", i), 1)
		w.submit(ada, intakeTo(marta), raw)
	}
	w.send(ada, letterlock.EncryptOnly, jonas)
	b := w.browser()
	b.prove(marta)
	seen := map[string]bool{}
	pages, at := 0, "/messages"
	for at != "" && pages < 5 {
		a := b.get(at)
		ids, older := mine(a.body)
		if a.status != http.StatusOK || strings.Contains(a.body, secretSubject) {
			t.Fatalf("%s: %d, or it holds another's message", at, a.status)
		}
		for _, id := range ids {
			if seen[id] {
				t.Errorf("%s is listed twice", id)
			}
			seen[id] = true
		}
		pages, at = pages+1, older
	}
	if pages != 2 || len(seen) != many {
		t.Errorf("%d messages on %d pages, want %d on 2", len(seen), pages, many)
	}
	for _, odd := range []string{"/messages?before=x", "/messages?before=-1", "/messages?before=99999999999999999999"} {
		if ids, _ := mine(b.get(odd).body); len(ids) != 50 {
			t.Errorf("%s lists %d messages, want the newest 50", odd, len(ids))
		}
	}
}

func TestMyMessagesAreSearchedButNotWhatWasRevoked(t *testing.T) {
	w := newWorld(t)
	kept := w.send(ada, letterlock.EncryptOnly, marta)
	gone := w.submit(ada, intakeTo(marta), strings.Replace(mail(ada, marta), secretSubject, "Hidden_matter 100%", 1))
	if err := w.server.Access.Revoke(t.Context(), w.actors[ada], gone, ""); err != nil {
		t.Fatal(err)
	}
	b := w.browser()
	b.prove(marta)
	tests := []struct {
		search string
		want   []letterlock.ID
	}{
		{"", []letterlock.ID{gone, kept}},
		{"settlement", []letterlock.ID{kept}},
		{"ada@contoso", []letterlock.ID{gone, kept}},
		{"Lovelace", []letterlock.ID{gone, kept}},
		{"Hidden", nil},
		{"matter", nil},
		{"%", nil},
		{"_", nil},
		{`\`, nil},
		{"'; DROP TABLE messages", nil},
		{"nothing has this", nil},
		{"\x00", []letterlock.ID{gone, kept}},
		{`"><script>alert(1)</script>`, nil},
	}
	for _, tt := range tests {
		a := b.get("/messages?q=" + url.QueryEscape(tt.search))
		ids, _ := mine(a.body)
		if a.status != http.StatusOK || fmt.Sprint(ids) != fmt.Sprint(tt.want) {
			t.Errorf("search for %q: %d, %v; want %v", tt.search, a.status, ids, tt.want)
		}
		if strings.Contains(a.body, "<script>alert") || strings.Contains(a.body, "Hidden_matter") {
			t.Errorf("search for %q shows what it must not", tt.search)
		}
	}
}
