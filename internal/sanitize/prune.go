package sanitize

import (
	"strings"

	"golang.org/x/net/html"
)

// A pruned body consists of allowed elements and attributes only: no comments,
// no raw text, no foreign content, nothing that switches a parser into another
// mode. What a browser would have made of the original is no longer a question.
type pruned struct {
	html   string
	sheet  string // the style sheets of the mail, joined
	remote int    // pictures it wanted to fetch
}

type pruner struct {
	guard
	out    strings.Builder
	sheet  strings.Builder
	raw    string // the raw text element whose text comes next
	styles int    // declarations kept
	bodies int    // body elements open; quoted mail brings its own
	remote int
}

// bodyClass stands for the body element of the mail, which becomes a div.
const bodyClass = "letterlock-body"

// maxStyles is how many declarations a document may hold; styles after them are
// dropped. Each is parsed again by the inliner and by the sanitiser.
const maxStyles = 40_000

// unknownText names the raw text elements whose text is not for reading.
var unknownText = set("script style title textarea iframe noembed noframes")

// renamed elements keep their content and lose their meaning: landmarks belong
// to the page, not to a letter in it, and the last three are obsolete.
var renamed = map[string]string{
	"body": "div", "section": "div", "article": "div", "aside": "div", "nav": "div", "header": "div",
	"footer": "div", "main": "div", "xmp": "pre", "listing": "pre", "plaintext": "pre",
}

// prune reads a body once, in linear time. It reports false for one that would
// take more to parse.
func prune(mail string) (pruned, bool) {
	p := pruner{}
	z := html.NewTokenizer(strings.NewReader(strings.ToValidUTF8(mail, "\uFFFD")))
	for {
		ok := true
		switch z.Next() {
		case html.ErrorToken:
			return p.done(), true
		case html.TextToken:
			ok = p.passText(z)
		case html.StartTagToken, html.SelfClosingTagToken:
			ok = p.passStart(z)
		case html.EndTagToken:
			ok = p.passEnd(z)
		}
		if !ok {
			return pruned{}, false
		}
	}
}

func (p *pruner) done() pruned {
	sheet := p.sheet.String()
	for _, block := range rules(withoutComments(sheet)) {
		p.remote += remoteURLs(block)
	}
	return pruned{html: p.out.String(), sheet: sheet, remote: p.remote}
}

func (p *pruner) passText(z *html.Tokenizer) bool {
	raw := p.raw
	p.raw = ""
	if raw == "style" {
		p.sheet.Write(z.Raw())
		p.sheet.WriteByte('\n')
	}
	if unknownText[raw] {
		return true
	}
	p.out.WriteString(html.EscapeString(strings.ReplaceAll(string(z.Text()), "\x00", "\uFFFD")))
	return p.text()
}

func (p *pruner) passStart(z *html.Tokenizer) bool {
	name, more := z.TagName()
	el := string(name)
	p.raw = el
	if el == "noscript" {
		z.NextIsNotRawText() // no script runs here, so this is what is shown
	}
	shown := el
	if to, ok := renamed[el]; ok {
		shown = to
	}
	attrs, seen := p.attributes(z, el, shown, more)
	if !elements[shown] {
		p.tags++
		return p.tags <= maxTags && seen <= maxAttrs
	}
	p.closeCell(shown)
	p.out.WriteByte('<')
	p.out.WriteString(shown)
	p.out.WriteString(attrs)
	p.out.WriteByte('>')
	return p.start(shown, seen)
}

func (p *pruner) passEnd(z *html.Tokenizer) bool {
	name, _ := z.TagName()
	el := string(name)
	p.raw = ""
	if el == "body" {
		if p.bodies--; p.bodies < 0 {
			p.bodies = 0
			return true
		}
	}
	if to, ok := renamed[el]; ok {
		el = to
	}
	if !elements[el] || void[el] {
		p.tags++
		return p.tags <= maxTags
	}
	p.closeCell(el)
	p.out.WriteString("</" + el + ">")
	return p.end(el)
}

// cellEdges are the tags at which a parser forgets the formatting elements that
// a table cell left open.
var cellEdges = set("td th tr tbody thead tfoot caption")

// closeCell writes the end tags that old mail leaves out in table cells. They
// change nothing for a parser, but the guard can count on them.
func (p *pruner) closeCell(el string) {
	if !cellEdges[el] {
		return
	}
	for i := len(p.open) - 1; i >= 0; i-- {
		name := p.open[i].name
		p.out.WriteString("</" + name + ">")
		p.end(name)
	}
}

// attributes returns the attributes to keep, as they are written, and how many
// there were. It counts what the element wanted to fetch.
func (p *pruner) attributes(z *html.Tokenizer, el, shown string, more bool) (string, int) {
	var b strings.Builder
	seen, fetches := 0, 0
	class := ""
	if el == "body" {
		class = bodyClass
		p.bodies++
	}
	for more && seen <= maxAttrs {
		var k, v []byte
		k, v, more = z.TagAttr()
		seen++
		key, val := string(k), string(v)
		switch {
		case fetching[key] && fetchesPicture(el, key) && isRemote(val):
			fetches = 1
		case key == "class":
			class = strings.TrimSpace(class + " " + val)
		case key == "style":
			p.remote += remoteURLs(val)
			if style := p.style(val); style != "" {
				writeAttr(&b, key, style)
			}
		case key == "id" || keepsAttribute(shown, key, val):
			writeAttr(&b, key, val)
		}
	}
	if class != "" {
		writeAttr(&b, "class", class)
	}
	p.remote += fetches
	return b.String(), seen
}

// style cleans a style attribute, within the budget of the document.
func (p *pruner) style(css string) string {
	if p.styles > maxStyles {
		return ""
	}
	kept, n := cleanStyle(css)
	p.styles += n
	return kept
}

func writeAttr(b *strings.Builder, key, val string) {
	b.WriteByte(' ')
	b.WriteString(key)
	b.WriteString(`="`)
	b.WriteString(html.EscapeString(strings.ReplaceAll(val, "\x00", "")))
	b.WriteByte('"')
}

// fetching attributes load something while the document is shown.
var fetching = set("src srcset imagesrcset background poster data lowsrc dynsrc")

// fetchesPicture tells pictures from the frames and scripts that nobody misses.
func fetchesPicture(el, key string) bool {
	switch el {
	case "script", "iframe", "frame", "embed", "object", "audio", "track":
		return false
	}
	return key != "data"
}

// isRemote reports whether an address leads out of the mail. In a srcset the
// first candidate decides.
func isRemote(address string) bool {
	s := strings.ToLower(strings.TrimLeft(address, "\x00\t\n\f\r ,'\""))
	if len(s) >= 2 && (s[0] == '/' || s[0] == '\\') && (s[1] == '/' || s[1] == '\\') {
		return true
	}
	return strings.HasPrefix(s, "http:") || strings.HasPrefix(s, "https:") || strings.HasPrefix(s, "ftp:")
}
