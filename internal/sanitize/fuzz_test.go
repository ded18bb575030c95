package sanitize

import (
	"html"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func FuzzHTML(f *testing.F) {
	for _, v := range vectors {
		f.Add(v.mail, "title")
	}
	f.Add(`<style>p .a{color:red}</style><p><b class=a style="margin:1px">x<img src=cid:x>`, "")
	f.Fuzz(func(t *testing.T, mail, title string) {
		if len(mail) > 20_000 {
			return
		}
		start := time.Now()
		sanitized(t, mail, Options{Title: title, Images: func(string) ([]byte, bool) { return []byte(pngBytes), true }})
		ToText(mail)
		if took := time.Since(start); took > patience {
			t.Errorf("took %v", took)
		}
	})
}

func FuzzText(f *testing.F) {
	for _, v := range vectors {
		f.Add(v.mail)
	}
	f.Add("> > a\n-- \nhttps://a.example/(x).\r\n\x00\xff www.a.b a@b.example")
	f.Fuzz(func(t *testing.T, plain string) {
		if len(plain) > 20_000 {
			return
		}
		doc := Text(plain, Options{Title: plain})
		checkDocument(t, doc.HTML)
		if !utf8.Valid(doc.HTML) || strings.Contains(string(doc.HTML), "\x00") {
			t.Error("the document is not clean UTF-8")
		}
	})
}

// FuzzReadings has a word stand before any HTML, and hidden text stand within one.
func FuzzReadings(f *testing.F) {
	for _, v := range vectors {
		f.Add(v.mail)
	}
	for _, s := range []string{"<style>*{display:none}p{color:#fff}</style>", "</p></td></ul><table><tr>", "<b><p hidden></b>", "<svg><style>", "\x00<!--", `<i style="font:0/0 a;color:rgb(1,2">`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 20_000 {
			return
		}
		start := time.Now()
		if body := "<p>needle</p>" + s; !found(body, "needle") {
			t.Errorf("no needle before %q: %q", s, Readings(body))
		}
		if body := "<p>nee<b hidden>" + html.EscapeString(s) + "</b>dle</p>"; !found(body, "needle") {
			t.Errorf("no needle around %q: %q", s, Readings(body))
		}
		for _, r := range Readings(s) {
			if !utf8.ValidString(r) {
				t.Errorf("%q is no UTF-8", r)
			}
		}
		if took := time.Since(start); took > patience {
			t.Errorf("took %v", took)
		}
	})
}
