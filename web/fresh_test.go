package web

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"letterlock/internal/letterlock"
)

// reads counts the reads in the history of the message's only recipient.
func (w *world) reads(id letterlock.ID) (n int) {
	w.t.Helper()
	d, err := w.server.Track.SentMessage(w.t.Context(), w.actors[ada], id)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range d.Events[d.Recipients[0].ID] {
		if e.Kind == letterlock.Read {
			n++
		}
	}
	return n
}

func TestRefreshIsNotAnotherRead(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser()
	path := b.prove(marta)
	refresh := func(want int) {
		t.Helper()
		for _, p := range []string{path, path + "/body"} {
			if a := b.get(p + "?refresh=1"); a.status != 200 {
				t.Fatalf("GET %s?refresh=1: %d", p, a.status)
			}
		}
		if got := w.reads(id); got != want {
			t.Errorf("%d reads, want %d", got, want)
		}
	}
	refresh(1) // an address that anybody can type is no way to read without a note
	for range 5 {
		w.clock.advance(10 * time.Minute)
		b.get("/messages")
		refresh(1)
	}
	b.get(path)
	refresh(2)
	if err := w.server.Access.Revoke(t.Context(), w.actors[ada], id, ""); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{path, path + "/body"} {
		if a := b.get(p + "?refresh=1"); a.status != 410 || a.heading() != revoked || strings.Contains(a.body, "refresh=1") {
			t.Errorf("GET %s?refresh=1 after the revocation: %d %q", p, a.status, a.heading())
		}
	}
}

func TestPageWithoutScriptsAsksForItselfAgain(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser()
	path := b.prove(marta)
	meta := fmt.Sprintf(`<noscript><meta http-equiv="refresh" content="10; url=%s?refresh=1"`, path)
	first, second := b.get(path), b.get(path+"?refresh=1")
	if !strings.Contains(first.body, meta) || !strings.Contains(second.body, meta) {
		t.Errorf("the page does not hold %s", meta)
	}
	if !strings.Contains(second.body, path+"/body?refresh=1") {
		t.Error("the frame of a refreshed page would count as another read")
	}
	for dest, want := range map[string]string{"document": "10; url=" + path + "/body?refresh=1", "iframe": "", "": ""} {
		b.header.Set("Sec-Fetch-Dest", dest)
		if got := b.get(path + "/body").header.Get("Refresh"); got != want {
			t.Errorf("body for %q: Refresh %q, want %q", dest, got, want)
		}
	}
}

// A browser drops pages from the memory of its Back button when such a cookie
// changes.
func TestEveryAnswerToAReaderChangesACookie(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser()
	path := b.prove(marta)
	before := ""
	for _, p := range []string{path, path + "/body", path + "/part/3", "/messages", path + "/live", w.link(marta), "/read/" + string(letterlock.NewID())} {
		cookies := (&http.Response{Header: b.get(p).header}).Cookies()
		if len(cookies) != 1 || cookies[0].Name != hostPrefix+freshCookie || cookies[0].Value == before {
			t.Errorf("GET %s sets %v, want a new %s", p, cookies, freshCookie)
			continue
		}
		if c := cookies[0]; !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.MaxAge != 0 {
			t.Errorf("GET %s sets %v", p, c)
		}
		before = cookies[0].Value
	}
	if got := w.browser().get(w.link(marta)).header["Set-Cookie"]; len(got) != 0 {
		t.Errorf("somebody who has proved nothing is given %v", got)
	}
}

func TestContentLeavesNothingThatCouldBeAskedForAgain(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser().signIn(ada)
	path := b.prove(marta)
	n := fmt.Sprint(w.attachment(id))
	sent := "/sent/" + string(id)
	for _, p := range []string{
		path, path + "/body", path + "/part/" + n, path + "/message.eml", path + "/live", "/messages",
		"/sent", sent, sent + "/body", sent + "/part/" + n, sent + "/message.eml",
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			w.checkNoLeftovers(b, method, p)
		}
	}
}

// checkNoLeftovers asks as a browser or a cache does that has a copy.
func (w *world) checkNoLeftovers(b *browser, method, path string) {
	w.t.Helper()
	plain := b.do(method, path, nil, "")
	for _, header := range []http.Header{
		{"If-None-Match": {"*"}}, {"If-None-Match": {`"a", W/"b"`}}, {"If-Modified-Since": {"Mon, 01 Jan 2035 00:00:00 GMT"}},
		{"Range": {"bytes=0-9"}}, {"Range": {"bytes=-5"}, "If-Range": {`"a"`}}, {"Range": {"bytes=999999999-"}},
	} {
		b.header = header
		a := b.do(method, path, nil, "")
		if a.status != plain.status || len(a.body) < len(plain.body)/2 {
			w.t.Errorf("%s %s with %v: %d with %d bytes, and without %d with %d", method, path, header, a.status, len(a.body), plain.status, len(plain.body))
		}
		for _, name := range []string{"Etag", "Last-Modified", "Accept-Ranges", "Content-Range", "Expires", "Age"} {
			if got := a.header.Get(name); got != "" {
				w.t.Errorf("%s %s: %s: %s", method, path, name, got)
			}
		}
		if got := a.header.Get("Cache-Control"); got != "no-store" {
			w.t.Errorf("%s %s: Cache-Control: %q, want no-store", method, path, got)
		}
	}
	b.header = http.Header{}
}

func TestListsShowOfARevokedMessageOnlyThatItIs(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser()
	path := b.prove(marta)
	if before := b.get("/messages").body; !strings.Contains(before, secretSubject) {
		t.Fatal("the list does not show the subject before: this test would prove nothing")
	}
	if err := w.server.Access.Revoke(t.Context(), w.actors[ada], id, ""); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{"/messages", path, path + "/body", path + "/live", path + "/message.eml", w.link(marta)} {
		a := b.get(p)
		for _, secret := range []string{secretSubject, secretText, secretFile} {
			if strings.Contains(a.body, secret) {
				t.Errorf("GET %s after the revocation holds %q", p, secret)
			}
		}
	}
	if list := b.get("/messages").body; !strings.Contains(list, "Access has been removed") {
		t.Error("the list does not say that access has been removed")
	}
}
