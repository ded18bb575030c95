package bench

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// uploadPiece is how much script sends at once.
const uploadPiece = 2 << 20

// mostMemory is how far the server may rise above rest.
const mostMemory = 64 << 20

// files measures the memory and the time that files take which are as large as a
// message may be by default: on their way in with the form and ahead of it, and on
// their way out one by one and all at once. The server does nothing else, and has
// not done anything before: what it rises by is theirs.
func (b *bench) files() {
	folder := b.dir()
	b.start("product", folder, untraced).stop() // makes keys and accounts, which takes memory
	s := b.start("product", folder, untraced)
	defer s.stop()
	rest := s.memory(anonymous) // before anybody signs in, which takes memory of its own
	list := b.mailers(s, 1)
	b.check(list[0].send(readerAddress(0), plain(smallMail)))
	list.close()
	r := b.openProduct(s, 0, 1)
	n := b.sizes.file
	row := func(what string, f func()) {
		began := time.Now()
		peak := s.peakDuring(f)
		took, above := time.Since(began), peak-rest
		work := fmt.Sprintf("%d MB of files, %s", n>>20, what)
		b.table.add(work, "memory above rest", megabytes(above), "", "", atMostBytes(above, mostMemory))
		b.table.add(work, "took", span(took), "", "", noGoal)
	}
	row("in with the form", func() { b.withForm(s, r.staff, n) })
	one := b.newest(s, r, 2)
	row("in ahead of the form", func() { b.aheadOfForm(s, r.staff, n/2, n-n/2) })
	two := b.newest(s, r, 3)
	row("out, one", func() { b.takeFile(r, one+regexp.MustCompile(`/part/\d+`).FindString(b.pageOf(r, one)), n) })
	row("out, two in a zip file", func() { b.takeFile(r, two+"/attachments.zip", n) })
}

// anonymous is the memory that a program has asked for. All of it that is resident
// counts the program's own file too, which the machine takes away and gives back as
// it likes while this long work is done.
const anonymous = "RssAnon"

// peakDuring is the most memory that the server had during f, looked at a hundred
// times a second. The kernel keeps a peak of the memory in all only.
func (s *side) peakDuring(f func()) int64 {
	s.t.Helper()
	end, peak := make(chan struct{}), make(chan int64)
	go func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for most := int64(0); ; {
			now, _ := s.memoryNow(anonymous) // of a server that has died f has more to say
			most = max(most, now)
			select {
			case <-end:
				peak <- most
				return
			case <-tick.C:
			}
		}
	}()
	f()
	close(end)
	return <-peak
}

// random is a file that cannot be made smaller.
func random(n int) io.Reader { return io.LimitReader(rand.NewChaCha8([32]byte{}), int64(n)) }

// withForm sends a message whose file comes with the form.
func (b *bench) withForm(s *side, cookie string, n int) {
	b.t.Helper()
	in, out := io.Pipe()
	m := multipart.NewWriter(out)
	go func() {
		err := errors.Join(m.WriteField("to", readerAddress(0)), m.WriteField("subject", "With the form"))
		part, err2 := m.CreateFormFile("files", "scan.zip")
		if err = errors.Join(err, err2); err == nil {
			_, err = io.Copy(part, random(n))
		}
		out.CloseWithError(errors.Join(err, m.WriteField("do", "send"), m.Close()))
	}()
	b.request(s, cookie, http.MethodPost, "/compose", in, http.StatusSeeOther, "Content-Type", m.FormDataContentType())
}

// aheadOfForm sends a message whose files come piece by piece before it.
func (b *bench) aheadOfForm(s *side, cookie string, sizes ...int) {
	b.t.Helper()
	const form = "application/x-www-form-urlencoded"
	message := url.Values{"to": {readerAddress(0)}, "subject": {"Ahead of the form"}, "do": {"send"}}
	for i, n := range sizes {
		about := url.Values{"name": {fmt.Sprintf("scan-%d.zip", i)}, "type": {"application/zip"}, "size": {strconv.Itoa(n)}}
		path := b.request(s, cookie, http.MethodPost, "/compose/uploads", strings.NewReader(about.Encode()), http.StatusCreated, "Content-Type", form)
		for at, content := 0, random(n); at < n; at += uploadPiece {
			piece := io.LimitReader(content, uploadPiece)
			b.request(s, cookie, http.MethodPatch, path, piece, http.StatusNoContent,
				"Content-Type", "application/offset+octet-stream", "Upload-Offset", strconv.Itoa(at))
		}
		message.Add("upload", strings.TrimPrefix(path, "/compose/uploads/"))
	}
	b.request(s, cookie, http.MethodPost, "/compose", strings.NewReader(message.Encode()), http.StatusSeeOther, "Content-Type", form)
}

// request asks for one thing and returns where the answer leads.
func (b *bench) request(s *side, cookie, method, path string, body io.Reader, status int, header ...string) string {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, "http://"+s.hello.HTTP+path, body)
	b.check(err)
	r.Header.Set("Cookie", cookie)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	b.check(err)
	b.check(res.Body.Close())
	if res.StatusCode != status {
		b.t.Fatalf("%s %s is answered by %s, not %d", method, path, res.Status, status)
	}
	return res.Header.Get("Location")
}

// newest is the path of the message that the newest of n links leads to.
func (b *bench) newest(s *side, r *reader, n int) string {
	b.t.Helper()
	links := s.await(request{Do: "letters", Arg: readerAddress(0), Links: n}).Links
	path, err := r.browser.follow(http.MethodGet, links[n-1], nil)
	b.check(err)
	return path
}

// pageOf is the page of a message.
func (b *bench) pageOf(r *reader, path string) string {
	b.t.Helper()
	body, _, err := r.browser.do(http.MethodGet, path, nil)
	b.check(err)
	text, err := io.ReadAll(body)
	b.check(errors.Join(err, body.Close()))
	return string(text)
}

// takeFile downloads at least n bytes.
func (b *bench) takeFile(r *reader, path string, n int) {
	b.t.Helper()
	body, _, err := r.browser.do(http.MethodGet, path, nil)
	b.check(err)
	got, err := io.Copy(io.Discard, body)
	b.check(errors.Join(err, body.Close()))
	if got < int64(n) {
		b.t.Errorf("%s has %d bytes, want %d at least", path, got, n)
	}
}
