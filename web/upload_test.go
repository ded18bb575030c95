package web

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"letterlock/internal/letterlock"
)

// announce announces a file of an account and returns its id.
func (w *world) announce(by letterlock.Address, name string, length int64) string {
	w.t.Helper()
	f, err := w.server.Uploads.Begin(w.t.Context(), w.actors[by], name, "text/plain", length)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(f.ID)
}

// piece sends a piece of a file from a place on.
func (b *browser) piece(path, offset string, body io.Reader) answer {
	b.w.t.Helper()
	b.header.Set("Upload-Offset", offset)
	defer b.header.Del("Upload-Offset")
	return b.do(http.MethodPatch, path, body, "application/offset+octet-stream")
}

// ahead sends a whole file ahead of its form, and returns its id.
func (b *browser) ahead(name, kind, content string) string {
	b.w.t.Helper()
	a := b.post("/compose/uploads", url.Values{"name": {name}, "type": {kind}, "size": {strconv.Itoa(len(content))}})
	if a.status != http.StatusCreated || a.header.Get("Upload-Offset") != "0" {
		b.w.t.Fatalf("announcing %s: %d", name, a.status)
	}
	path := a.location()
	for at := 0; at < len(content); at += 100_000 {
		end := min(at+100_000, len(content))
		if a := b.piece(path, strconv.Itoa(at), strings.NewReader(content[at:end])); a.status != http.StatusNoContent || a.header.Get("Upload-Offset") != strconv.Itoa(end) {
			b.w.t.Fatalf("%s from %d: %d, %q", name, at, a.status, a.header.Get("Upload-Offset"))
		}
	}
	return strings.TrimPrefix(path, "/compose/uploads/")
}

// received are the attachments of a reader's message, by name.
func (b *browser) received(path string) map[string]string {
	b.w.t.Helper()
	got := map[string]string{}
	for _, part := range regexp.MustCompile(path+`/part/\d+"`).FindAllString(b.get(path).body, -1) {
		a := b.get(strings.TrimSuffix(part, `"`))
		got[strings.Trim(strings.TrimPrefix(a.header.Get("Content-Disposition"), "attachment; filename="), `"`)] = a.body
	}
	return got
}

func TestFilesThatCameAheadGoWithTheMessage(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(ada)
	large := strings.Repeat("0123456789", 25_000)
	one, two := b.ahead("large.bin", "application/zip", large), b.ahead("empty.txt", "text/plain", "")
	f := sending([2]string{"to", string(marta)}, [2]string{"subject", "s"}, [2]string{"upload", one}, [2]string{"upload", two}, [2]string{"upload", one})
	f.files = [][2]string{{"form.txt", "with the form"}}
	a := f.post(b, "/compose")
	if a.status != http.StatusSeeOther {
		t.Fatalf("send: %d %s", a.status, texts(a.body))
	}
	w.deliver()
	r := w.browser()
	got := r.received(r.prove(marta))
	if len(got) != 3 || got["large.bin"] != large || got["empty.txt"] != "" || got["form.txt"] != "with the form" {
		t.Errorf("%d attachments: %.300q", len(got), got)
	}
	for _, id := range []string{one, two} {
		if a := b.get("/compose/uploads/" + id); a.status != 404 {
			t.Errorf("after it was sent, a file is still there: %d", a.status)
		}
	}
	// A second click finds nothing to send again.
	if a := f.post(b, "/compose"); a.status != 422 || !strings.Contains(texts(a.body), "A file is not here any more") {
		t.Errorf("sending once more: %d", a.status)
	}
}

func TestFormThatIsShownAgainKeepsWhatCameAhead(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(ada)
	one, two := b.ahead(`<b>"one"</b>.txt`, "text/plain", "one"), b.ahead("two.txt", "text/plain", "two")
	files := [][2]string{{"upload", one}, {"upload", two}}
	a := sending(append(files, [2]string{"subject", "s"})...).post(b, "/compose") // to nobody
	if a.status != 422 || strings.Count(a.body, `name="upload" value="`+one+`"`) != 1 || !strings.Contains(a.body, two) || strings.Contains(a.body, "<b>_one") {
		t.Errorf("wrong form: %d, with both files:\n%s", a.status, texts(a.body))
	}
	a = filled{fields: append(files, [2]string{"drop", one})}.post(b, "/compose")
	if a.status != 200 || strings.Contains(a.body, one) || !strings.Contains(a.body, two) {
		t.Errorf("dropping one: %d", a.status)
	}
	if a := b.get("/compose/uploads/" + one); a.status != 404 {
		t.Errorf("what was dropped: %d", a.status)
	}
	if a := b.get("/compose/uploads/" + two); a.status != 200 {
		t.Errorf("the other: %d", a.status)
	}
}

func TestUploadGoesOnWhereTheLineBroke(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(ada)
	content := strings.Repeat("abcdefghij", 20_000)
	path := "/compose/uploads/" + w.announce(ada, "a.txt", int64(len(content)))
	b.piece(path, "0", io.MultiReader(strings.NewReader(content[:70_001]), iotest.ErrReader(io.ErrUnexpectedEOF)))
	a := b.do(http.MethodHead, path, nil, "")
	if a.status != 200 || a.header.Get("Upload-Offset") != "70001" || a.header.Get("Upload-Length") != strconv.Itoa(len(content)) || a.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("after the break: %d %v", a.status, a.header)
	}
	if a := b.piece(path, "70001", strings.NewReader(content[70_001:])); a.status != 204 {
		t.Fatalf("the rest: %d", a.status)
	}
	id := strings.TrimPrefix(path, "/compose/uploads/")
	if a := sending([2]string{"to", string(marta)}, [2]string{"subject", "s"}, [2]string{"upload", id}).post(b, "/compose"); a.status != 303 {
		t.Fatalf("send: %d", a.status)
	}
	w.deliver()
	r := w.browser()
	if got := r.received(r.prove(marta)); got["a.txt"] != content {
		t.Error("what arrives is not what was sent")
	}
}

func TestHostilePiecesChangeNothing(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(ada)
	path := "/compose/uploads/" + w.announce(ada, "a.txt", 10)
	if a := b.piece(path, "0", strings.NewReader("01234")); a.status != 204 {
		t.Fatal(a.status)
	}
	other, out, foreign := w.browser().signIn(eve), w.browser(), w.browser().signIn(ada)
	foreign.header.Set("Sec-Fetch-Site", "cross-site")
	foreign.header.Set("Origin", "https://evil.example")
	tests := []struct {
		name   string
		b      *browser
		offset string
		body   string
		want   int
	}{
		{"overlap", b, "4", "x", 409},
		{"gap", b, "6", "x", 409},
		{"again", b, "0", "01234", 409},
		{"more than announced", b, "5", "567890", 413},
		{"no offset", b, "", "56789", 422},
		{"negative", b, "-5", "56789", 422},
		{"no number", b, "5x", "56789", 422},
		{"padded", b, "05", "56789", 422},
		{"too large a number", b, "99999999999999999999", "56789", 422},
		{"another account", other, "5", "56789", 404},
		{"signed out", out, "5", "56789", 303},
		{"another site", foreign, "5", "56789", 403},
		{"larger than a piece may be", b, "5", strings.Repeat("x", pieceLimit+1), 413},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if a := tt.b.piece(path, tt.offset, strings.NewReader(tt.body)); a.status != tt.want {
				t.Errorf("%d, want %d", a.status, tt.want)
			}
		})
	}
	b.header.Set("Upload-Offset", "5")
	if a := b.do(http.MethodPatch, path, strings.NewReader("56789"), "text/plain"); a.status != 422 {
		t.Errorf("as a form of another site could: %d, want 422", a.status)
	}
	b.header.Del("Upload-Offset")
	for _, id := range []string{"", "x", "../../sent", string(letterlock.NewID())} {
		if a := b.piece("/compose/uploads/"+id, "0", strings.NewReader("x")); a.status != 404 && a.status != 405 {
			t.Errorf("upload %q: %d", id, a.status)
		}
	}
	if a := b.piece(path, "5", strings.NewReader("56789")); a.status != 204 {
		t.Errorf("the true rest: %d", a.status)
	}
	if a := other.do(http.MethodDelete, path, nil, ""); a.status != 204 {
		t.Errorf("another account's DELETE: %d", a.status)
	}
	if a := b.get(path); a.status != 200 {
		t.Errorf("it did something: %d", a.status)
	}
	// An account that takes another's file gets nothing.
	id := strings.TrimPrefix(path, "/compose/uploads/")
	if a := sending([2]string{"to", string(marta)}, [2]string{"subject", "s"}, [2]string{"upload", id}).post(other, "/compose"); a.status != 422 {
		t.Errorf("sending another account's file: %d, want 422", a.status)
	}
	if len(w.box.Mails(marta)) != 0 {
		t.Error("something was sent")
	}
}

func TestAnnouncementsAreBounded(t *testing.T) {
	w := newWorld(t) // 1 MiB a message, 2 MiB under way
	b := w.browser().signIn(ada)
	begin := func(fields url.Values) int { return b.post("/compose/uploads", fields).status }
	tests := []struct {
		name string
		url.Values
		want int
	}{
		{"nothing", url.Values{}, 422},
		{"no size", url.Values{"name": {"a"}}, 422},
		{"size in words", url.Values{"name": {"a"}, "size": {"1e3"}}, 422},
		{"negative", url.Values{"name": {"a"}, "size": {"-1"}}, 422},
		{"larger than a message", url.Values{"name": {"a"}, "size": {"767000"}}, 413},
		{"as large as a message may be", url.Values{"name": {"a"}, "size": {"766000"}}, 201},
		{"a long type", url.Values{"name": {"a"}, "type": {strings.Repeat("x", 2000)}, "size": {"1"}}, 422},
		{"a name of nothing", url.Values{"name": {"\u202e.."}, "size": {"1"}}, 201},
		{"another", url.Values{"name": {"a"}, "size": {"766000"}}, 201},
		{"one too many", url.Values{"name": {"a"}, "size": {"766000"}}, 413},
	}
	for _, tt := range tests {
		if got := begin(tt.Values); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestFileThatDidNotArriveWholeIsNotSent(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(ada)
	id := w.announce(ada, "half.txt", 10)
	b.piece("/compose/uploads/"+id, "0", strings.NewReader("01234"))
	a := sending([2]string{"to", string(marta)}, [2]string{"subject", "s"}, [2]string{"upload", id}).post(b, "/compose")
	if a.status != 422 || !strings.Contains(texts(a.body), "has not arrived whole") || len(w.box.Mails(marta)) != 0 {
		t.Errorf("half a file: %d", a.status)
	}
	w.clock.advance(25 * time.Hour)
	if err := w.server.Uploads.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	b = w.browser().signIn(ada)
	if a := b.piece("/compose/uploads/"+id, "5", strings.NewReader("56789")); a.status != 404 {
		t.Errorf("after a day: %d, want 404", a.status)
	}
}

func TestNothingOfAnUploadIsInTheLog(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn(ada)
	id := b.ahead("offer-to-quillfeather.pdf", "application/x-secret", "the offer")
	b.do(http.MethodDelete, "/compose/uploads/"+id, nil, "")
	said := w.log.String()
	for _, secret := range []string{"offer", "x-secret", id} {
		if strings.Contains(said, secret) {
			t.Errorf("the log says %q", secret)
		}
	}
	for _, want := range []string{"method=PATCH route=/compose/uploads/:id", "method=DELETE"} {
		if !strings.Contains(said, want) {
			t.Errorf("the log does not say %q", want)
		}
	}
}
