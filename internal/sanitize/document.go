package sanitize

import (
	"bytes"
	_ "embed"
	"html"
	"regexp"
	"strings"
)

// ownStyle is the style of every document. It names no font and no picture that
// would have to be fetched.
//
//go:embed document.css
var ownStyle string

// noCopyStyle is added where the message may not be copied or printed.
const noCopyStyle = `
body { -webkit-user-select: none; user-select: none; -webkit-touch-callout: none; }
.letterlock-paper { display: none; }
@media print { main { display: none !important; } .letterlock-paper { display: block; } }
`

// A frame is what stands around a body.
type frame struct {
	Options
	authored bool // the body sets colours: show it on a light sheet in any theme
	plain    bool // the body is plain text
	columns  bool // which its author has set in columns
	heading  bool // the body has a first-level heading
}

var langTag = regexp.MustCompile(`^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}$`)

// around concatenates head, body and foot. It does not look at the body.
func (f frame) around(body string) []byte {
	lang := f.Lang
	if !langTag.MatchString(lang) {
		lang = "en"
	}
	title := html.EscapeString(strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(f.Title, "\x00", ""), "\uFFFD")))
	if title == "" {
		title = "Message"
	}
	var b bytes.Buffer
	b.Grow(len(body) + len(ownStyle) + 2048)
	b.WriteString(`<!doctype html>
<html lang="` + lang + `"` + f.class() + `><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">`)
	b.WriteString(`<meta name="color-scheme" content="` + f.scheme() + `"><meta name="referrer" content="no-referrer"><title>` + title + "</title>\n<style>\n")
	b.WriteString(ownStyle)
	if f.NoCopy {
		b.WriteString(noCopyStyle)
	}
	b.WriteString("</style></head>\n<body dir=\"auto\">")
	// Wide tables scroll inside main, so the keyboard must reach it.
	b.WriteString(`<main aria-label="` + title + `" tabindex="0">`)
	if !f.heading {
		b.WriteString(`<h1 class="letterlock-hidden">` + title + `</h1>`)
	}
	b.WriteByte('\n')
	b.WriteString(body)
	b.WriteString("\n</main>")
	b.WriteString(f.paper())
	b.WriteString("</body></html>\n")
	return b.Bytes()
}

func (f frame) class() string {
	switch {
	case f.authored:
		return ` class="letterlock-authored"`
	case f.plain && f.columns:
		return ` class="letterlock-plain letterlock-columns"`
	case f.plain:
		return ` class="letterlock-plain"`
	}
	return ""
}

func (f frame) scheme() string {
	if f.authored {
		return "light"
	}
	return "light dark"
}

// paper is the sentence that is printed in place of a message that may not be.
func (f frame) paper() string {
	if !f.NoCopy {
		return ""
	}
	s := f.PrintText
	if s == "" {
		s = "The sender does not allow this message to be printed."
	}
	return `<p class="letterlock-paper">` + html.EscapeString(s) + `</p>`
}
