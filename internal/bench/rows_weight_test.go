package bench

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"

	"golang.org/x/net/html"
)

// mostWeight is what a page may weigh before the text of a message.
const mostWeight = 60_000

// weight measures what a recipient's browser, which has nothing of us yet, loads of the
// page of a link and of the page of a message, before the message's own text: the pages,
// and their styles, scripts and pictures. Their fonts are the machine's.
func (b *bench) weight() {
	s := b.start("product", b.dir(), untraced)
	defer s.stop()
	list := b.mailers(s, 1)
	b.check(list[0].send(readerAddress(0), plain(smallMail)))
	list.close()
	link := s.await(request{Do: "letters", Arg: readerAddress(0), Links: 1}).Links[0]
	gate := b.weigh(s, link, "")
	r := b.openProduct(s, 0, 1)
	for _, page := range []struct {
		work string
		is   weighed
	}{{"page of a link, nothing cached", gate}, {"page of a message, nothing cached", b.weigh(s, r.paths[0], r.cookie)}} {
		b.table.add(page.work, "sent, with header fields", kilobytes(page.is.page+page.is.files), "", "", goal{"at most " + kilobytes(mostWeight), page.is.page+page.is.files <= mostWeight})
		b.table.add(page.work, "of it the HTML", kilobytes(page.is.page), "", "", noGoal)
	}
}

// A weighed page is how many bytes came for it, and for the files that it names.
type weighed struct{ page, files int64 }

// weigh loads a page as a browser does, over one connection.
func (b *bench) weigh(s *side, path, cookie string) (w weighed) {
	b.t.Helper()
	var count atomic.Int64
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		return counting{conn, &count}, err
	}
	client := &http.Client{Transport: &http.Transport{DialContext: dial, DisableCompression: true}, // what comes is counted, and not read
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	load := func(path string) []byte {
		r, err := http.NewRequest(http.MethodGet, "http://"+s.hello.HTTP+path, nil)
		b.check(err)
		r.Header.Set("Cookie", cookie)
		r.Header.Set("Accept-Encoding", "gzip, deflate, br, zstd")
		res, err := client.Do(r)
		b.check(err)
		body, err := io.ReadAll(res.Body)
		b.check(err)
		b.check(res.Body.Close())
		if res.StatusCode != http.StatusOK {
			b.t.Fatalf("%.40s is answered by %s", path, res.Status)
		}
		return body
	}
	page := load(path)
	w.page = count.Load()
	named := b.loadedBy(string(page))
	if len(named) < 2 {
		b.t.Fatalf("%.40s names the files %q: a page has a style and a mark", path, named)
	}
	for _, file := range named {
		load(file)
	}
	w.files = count.Load() - w.page
	return w
}

// loadedBy returns the files that a page has a browser load, each once. What is framed is
// the text of a message.
func (b *bench) loadedBy(page string) (list []string) {
	b.t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	b.check(err)
	for n := range doc.Descendants() {
		at := map[string]string{}
		for _, a := range n.Attr {
			at[a.Key] = a.Val
		}
		file := at["src"]
		switch {
		case n.Type != html.ElementNode || n.Data == "iframe":
			continue
		case n.Data == "link" && slices.Contains([]string{"stylesheet", "icon", "preload"}, at["rel"]):
			file = at["href"]
		}
		if u, err := url.Parse(file); file != "" && err == nil && !u.IsAbs() && !slices.Contains(list, file) {
			list = append(list, file)
		}
	}
	return list
}

// A counting connection adds up what comes.
type counting struct {
	net.Conn
	count *atomic.Int64
}

func (c counting) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.count.Add(int64(n))
	return n, err
}
