package web

import (
	"bytes"
	"encoding/base64"
	"io"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
	"golang.org/x/net/html"

	"letterlock/internal/inbox"
)

// policyMail is for the HTML of a mail in the demo's mailboxes. Its links lead
// the whole window on, as those of a mail program do: only where a person clicks.
//
// The mail is shown as its sender wrote it, style sheets included, for the demo
// is to show what a mail program shows and a sanitiser would take away. It needs
// none to be harmless: under this policy nothing in it runs, nothing is fetched,
// no form leaves, and it has no part in our origin.
const policyMail csp = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"

// mailboxHTML is the HTML of a mail, for its frame.
func (s *Server) mailboxHTML(c echo.Context) error {
	m, err := s.mail(c)
	if err != nil {
		return err
	}
	setPolicy(c, policyMail)
	c.Response().Header().Del("Cross-Origin-Opener-Policy") // see setPolicy: this is a sandbox, too
	return c.HTMLBlob(http.StatusOK, framed(m))
}

// maxFramed is how long a mail may get, in bytes, by the images put into it: one
// image can stand in a thousand places.
const maxFramed = 16 << 20

// linksOut makes links leave the frame.
const linksOut = `<base target="_top">`

// framed is the HTML of a mail with its inline images in it. Tokens are copied
// as they stand, so that it takes linear time whatever they are.
func framed(m inbox.Mail) []byte {
	var out bytes.Buffer
	images := imagesOf(m)
	based := false
	z := html.NewTokenizer(strings.NewReader(m.HTML()))
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			return out.Bytes() // the end: a string has no other errors
		}
		raw := bytes.Clone(z.Raw()) // Token reads the names in place
		if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
			out.Write(raw)
			continue
		}
		t := z.Token()
		if !based && t.Data != "html" && t.Data != "head" {
			based = true
			out.WriteString(linksOut)
		}
		if t.Data == "img" && out.Len() < maxFramed && embed(&t, images) {
			raw = []byte(t.String())
		}
		out.Write(raw)
	}
}

// embed puts an image of the mail where the mail names it.
func embed(t *html.Token, images map[string]string) bool {
	for i, a := range t.Attr {
		if id, ok := strings.CutPrefix(a.Val, "cid:"); ok && a.Key == "src" {
			t.Attr[i].Val = images[id] // none: empty
			return true
		}
	}
	return false
}

// maxImage bounds one inline image of a mail in the demo.
const maxImage = 2 << 20

// imagesOf are the inline images of a mail as data: URLs, by Content-ID.
func imagesOf(m inbox.Mail) map[string]string {
	images := map[string]string{}
	ix, err := m.Index()
	if err != nil {
		return images
	}
	for id, part := range ix.Inline() {
		b, err := io.ReadAll(io.LimitReader(ix.Open(bytes.NewReader(m.Raw), part), maxImage))
		switch kind := http.DetectContentType(b); kind {
		case "image/png", "image/jpeg", "image/gif", "image/webp":
			if err == nil {
				images[id] = "data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(b)
			}
		}
	}
	return images
}
