package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"letterlock/internal/letterlock"
)

// announceTo announces a file of a recipient's answer and returns its id.
func (w *world) announceTo(id letterlock.ID, by letterlock.Address, name string, length int64) string {
	w.t.Helper()
	f, err := w.server.Uploads.About(id).Begin(w.t.Context(), letterlock.Actor{Kind: letterlock.Reader, Address: by}, name, "text/plain", length)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(f.ID)
}

// attach announces a file of an answer to the message at path, with its bytes.
func (b *browser) attach(path, name, content string) string {
	b.w.t.Helper()
	a := b.post(path+"/uploads", url.Values{"name": {name}, "type": {"text/plain"}, "size": {strconv.Itoa(len(content))}})
	if a.status != http.StatusCreated || !strings.HasPrefix(a.location(), path+"/uploads/") {
		b.w.t.Fatalf("announcing %s: %d %q", name, a.status, a.location())
	}
	if a := b.piece(a.location(), "0", strings.NewReader(content)); a.status != http.StatusNoContent {
		b.w.t.Fatalf("%s: %d", name, a.status)
	}
	return strings.TrimPrefix(a.location(), path+"/uploads/")
}

func TestFilesThatCameAheadGoWithAnAnswer(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta, jonas)
	b := w.browser()
	path := b.prove(marta)
	one, two := b.attach(path, "one.txt", "the first"), b.attach(path, "two.txt", "the second")
	f := answerOf("Agreed", "")
	f.fields = append(f.fields, [2]string{"upload", one}, [2]string{"upload", two})
	dropped := f
	dropped.fields = append(dropped.fields[:len(dropped.fields):len(dropped.fields)], [2]string{"drop", two})
	if a := dropped.post(b, path+"/reply-all"); a.status != 200 || !strings.Contains(a.body, one) || strings.Contains(a.body, two) || !strings.Contains(a.body, "Agreed</textarea>") {
		t.Errorf("dropping one: %d\n%s", a.status, texts(a.body))
	}
	if a := f.post(b, path+"/reply-all"); a.status != 422 || !strings.Contains(texts(a.body), "A file is not here any more") {
		t.Errorf("with what was dropped: %d", a.status)
	}
	f.fields = f.fields[:len(f.fields)-1]
	f.files = [][2]string{{"form.txt", "with the form"}}
	sent := f.post(b, path+"/reply-all")
	if sent.status != http.StatusSeeOther {
		t.Fatalf("reply: %d %s", sent.status, texts(sent.body))
	}
	// A second click finds its files gone, and is no mistake.
	if a := f.post(b, path+"/reply-all"); a.status != http.StatusSeeOther || a.location() != sent.location() {
		t.Errorf("sending once more: %d %q, want %q", a.status, a.location(), sent.location())
	}
	if a := b.get(path + "/uploads/" + one); a.status != 404 {
		t.Errorf("after it was sent, a file is still there: %d", a.status)
	}
	w.deliver()
	r := w.browser()
	if got := r.received(r.prove(jonas)); len(got) != 2 || got["one.txt"] != "the first" || got["form.txt"] != "with the form" {
		t.Errorf("Jonas gets %q", got)
	}
	if n := len(w.box.Mails(ada)); n != 1 {
		t.Errorf("Ada has %d mails, want the reply once", n)
	}
}

func TestHostileFilesOfAnswersGoNowhere(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta, jonas)
	other := w.send(ada, letterlock.EncryptOnly, marta)
	b, stranger, staff, out := w.browser(), w.browser().as(letterlock.Reader, omar), w.browser().signIn(ada), w.browser()
	second := w.browser().as(letterlock.Reader, jonas)
	b.as(letterlock.Reader, marta)
	foreign := w.browser().as(letterlock.Reader, marta)
	foreign.header.Set("Sec-Fetch-Site", "cross-site")
	foreign.header.Set("Origin", "https://evil.example")
	path, elsewhere := "/read/"+string(id), "/read/"+string(other)
	file := w.announceTo(id, marta, "a.txt", 5)
	tests := []struct {
		name string
		b    *browser
		path string
		want int
	}{
		{"another recipient of it", second, path, 404},
		{"a recipient of another message", stranger, path, 403},
		{"an account", staff, path, 403},
		{"who has proved nothing", out, path, 403},
		{"another site", foreign, path, 403},
		{"for another message", b, elsewhere, 404},
		{"for no message", b, "/read/" + string(letterlock.NewID()), 404},
		{"as an account's", b, "/compose", 303},
		{"an account, as its own", staff, "/compose", 404},
	}
	for _, tt := range tests {
		if a := tt.b.piece(tt.path+"/uploads/"+file, "0", strings.NewReader("01234")); a.status != tt.want {
			t.Errorf("%s: PATCH %d, want %d", tt.name, a.status, tt.want)
		}
		if a := tt.b.do(http.MethodHead, tt.path+"/uploads/"+file, nil, ""); tt.b != foreign && a.status != tt.want || a.header.Get("Upload-Length") != "" && tt.b != foreign {
			t.Errorf("%s: HEAD %d, want %d", tt.name, a.status, tt.want)
		}
	}
	for name, length := range map[string]string{"larger than a message": "767000", "negative": "-1", "in words": "1e3", "empty": ""} {
		if a := b.post(path+"/uploads", url.Values{"name": {"a"}, "size": {length}}); a.status != 413 && a.status != 422 {
			t.Errorf("%s: %d", name, a.status)
		}
	}
	if a := b.piece(path+"/uploads/"+file, "0", strings.NewReader("01234")); a.status != 204 {
		t.Fatalf("the recipient: %d", a.status)
	}
	for _, tt := range []struct {
		name string
		b    *browser
		path string
	}{{"another recipient", second, path}, {"for another message", b, elsewhere}} {
		f := answerOf("Agreed", "")
		f.fields = append(f.fields, [2]string{"upload", file})
		if a := f.post(tt.b, tt.path+"/reply"); a.status != 422 {
			t.Errorf("%s sends it: %d, want 422", tt.name, a.status)
		}
	}
}

func TestFilesOfAnAnswerEndWithAccess(t *testing.T) {
	w := newWorld(t)
	id := w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser()
	path := b.prove(marta)
	file := w.announceTo(id, marta, "a.txt", 5)
	if err := w.server.Access.Revoke(t.Context(), w.actors[ada], id, ""); err != nil {
		t.Fatal(err)
	}
	if a := b.piece(path+"/uploads/"+file, "0", strings.NewReader("01234")); a.status != http.StatusGone {
		t.Errorf("a piece after access was removed: %d, want 410", a.status)
	}
	if a := b.post(path+"/uploads", url.Values{"name": {"a"}, "size": {"1"}}); a.status != http.StatusGone {
		t.Errorf("a new file: %d, want 410", a.status)
	}
}

func TestARecipientBeginsSoManyFilesAndNoMore(t *testing.T) {
	w := newWorld(t)
	w.send(ada, letterlock.EncryptOnly, marta)
	b := w.browser()
	path := b.prove(marta)
	for i := range 201 {
		a := b.post(path+"/uploads", url.Values{"name": {"a"}, "size": {"0"}})
		if i < 100 && a.status != http.StatusCreated || i == 200 && a.status != http.StatusTooManyRequests {
			t.Fatalf("file %d: %d", i, a.status)
		}
	}
}
