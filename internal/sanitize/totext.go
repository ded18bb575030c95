package sanitize

import (
	"strconv"
	"strings"

	"golang.org/x/net/html"
)

// ToText returns what can be read in an HTML body, as plain text: blocks as
// lines, list items with dashes or numbers, quotes with >, links with where they
// lead. It reads tokens and builds no tree, so it takes linear time whatever the
// shape of the body; of a very large one it reads the first 8 MB.
func ToText(body string) string {
	w := plainWriter{}
	z := html.NewTokenizer(strings.NewReader(strings.ToValidUTF8(body[:min(len(body), maxRead)], "\uFFFD")))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return strings.TrimSpace(w.out.String())
		case html.TextToken:
			if !unknownText[w.raw] {
				w.text(string(z.Text()))
			}
			w.raw = ""
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			w.raw = string(name)
			if w.raw == "noscript" {
				z.NextIsNotRawText()
			}
			w.start(w.raw, z, more)
		case html.EndTagToken:
			name, _ := z.TagName()
			w.raw = ""
			w.end(string(name))
		}
	}
}

// A plainWriter sets text as lines. It never looks back at what it has written.
type plainWriter struct {
	out    strings.Builder
	raw    string // the element whose raw text may come next
	breaks int    // line ends due before the next word; 2 leaves an empty line
	space  bool   // a space is due before the next word
	atLine bool   // something stands in this line
	pre    int
	quotes int
	quoted int   // quote level of the line that is being written
	lists  []int // open lists: 0 for dashes, else the next number
	link   string
	linked strings.Builder // text of the open link
}

// own paragraphs are separated by an empty line, blocks by a line end.
var (
	paragraphs = set("p h1 h2 h3 h4 h5 h6 ul ol dl blockquote pre xmp listing table hr figure")
	blocks     = set("div tr li dt dd section article header footer nav aside main address center caption form fieldset body title option figcaption")
)

func (w *plainWriter) start(el string, z *html.Tokenizer, more bool) {
	w.block(el)
	switch el {
	case "br":
		w.breaks++
	case "hr":
		w.word("-----")
		w.block(el)
	case "td", "th":
		w.space = true
	case "pre", "xmp", "listing":
		w.pre++
	case "blockquote":
		w.quotes++
	case "ul", "ol":
		first := 0
		if el == "ol" {
			first = 1
		}
		if len(w.lists) < 100 {
			w.lists = append(w.lists, first)
		}
	case "li":
		w.item()
	case "img":
		if alt := strings.TrimSpace(tagAttr(z, more, "alt")); alt != "" {
			w.text(" [" + alt + "] ")
		}
	case "a":
		w.closeLink()
		if href, _, ok := cleanLink(tagAttr(z, more, "href")); ok {
			w.link = href
		}
	}
}

func (w *plainWriter) end(el string) {
	switch el {
	case "a":
		w.closeLink()
	case "pre", "xmp", "listing":
		w.pre = max(0, w.pre-1)
	case "blockquote":
		w.block(el)
		w.quotes = max(0, w.quotes-1)
	case "ul", "ol":
		w.lists = w.lists[:max(0, len(w.lists)-1)]
	}
	w.block(el)
}

// block ends the line before or after a block element.
func (w *plainWriter) block(el string) {
	due := 0
	switch {
	case paragraphs[el]:
		due = 2
		if (el == "ul" || el == "ol") && len(w.lists) > 0 {
			due = 1
		}
	case blocks[el]:
		due = 1
	}
	w.breaks = max(w.breaks, due)
}

func (w *plainWriter) item() {
	mark := "- "
	if n := len(w.lists); n > 0 && w.lists[n-1] > 0 {
		mark = strconv.Itoa(w.lists[n-1]) + ". "
		w.lists[n-1]++
	}
	w.word(strings.Repeat("  ", min(max(len(w.lists)-1, 0), 10)) + mark)
}

func (w *plainWriter) text(s string) {
	if w.link != "" && w.linked.Len() < 4<<10 {
		w.linked.WriteString(s[:min(len(s), 4<<10)])
	}
	if w.pre > 0 {
		for i, line := range strings.Split(s, "\n") {
			if i > 0 {
				w.breaks++
			}
			w.word(strings.TrimRight(line, "\r"))
		}
		return
	}
	// No-break spaces stay in words: only the white space of HTML folds.
	for i, f := range strings.FieldsFunc(s, isSpace) {
		if i > 0 || isSpace(rune(s[0])) {
			w.space = true
		}
		w.word(f)
	}
	if s != "" && isSpace(rune(s[len(s)-1])) {
		w.space = true
	}
}

func isSpace(r rune) bool {
	return r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == '\f'
}

// word writes s after the line ends or the space that are due.
func (w *plainWriter) word(s string) {
	if s == "" {
		return
	}
	if w.out.Len() == 0 {
		w.breaks = 0
	}
	if w.breaks > 0 || w.out.Len() == 0 {
		w.newLine()
	}
	if w.space && w.atLine {
		w.out.WriteByte(' ')
	}
	w.breaks, w.space = 0, false
	w.out.WriteString(s)
	w.atLine = !strings.HasSuffix(s, " ")
}

// newLine ends the line and begins the next one. Empty lines between two levels
// of quotes belong to the outer one.
func (w *plainWriter) newLine() {
	level := min(w.quotes, maxQuotes)
	empty := strings.TrimRight(strings.Repeat("> ", min(level, w.quoted)), " ")
	for i := range min(w.breaks, 3) {
		if i > 0 {
			w.out.WriteString(empty)
		}
		w.out.WriteByte('\n')
	}
	w.out.WriteString(strings.Repeat("> ", level))
	w.quoted = level
	w.atLine = false
}

// closeLink writes the address of a link whose text does not already show it.
func (w *plainWriter) closeLink() {
	shown := strings.TrimSpace(w.linked.String())
	link := w.link
	w.link = ""
	w.linked.Reset()
	if link == "" || shown == "" || strings.TrimPrefix(link, "mailto:") == shown || strings.TrimSuffix(link, "/") == strings.TrimSuffix(shown, "/") {
		return
	}
	w.space = true
	w.word("<" + link + ">")
}

// tagAttr returns an attribute of the current tag.
func tagAttr(z *html.Tokenizer, more bool, name string) string {
	for more {
		var k, v []byte
		k, v, more = z.TagAttr()
		if string(k) == name {
			return string(v)
		}
	}
	return ""
}
