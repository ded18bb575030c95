package sanitize

import (
	"strings"

	"golang.org/x/net/html"
)

// Formatting elements that a document leaves open are opened again in every
// block that follows: 400 bytes of <b a=1><b a=2>... make each later <p> cost 400
// nodes. The specification demands it of every parser, browsers included. A
// guard adds up a bound of that cost from the tags alone, before anything parses
// them, and so can refuse the mail in linear time.
type guard struct {
	tags   int
	cost   int
	blocks int         // start tags of plain blocks so far
	open   []openStyle // formatting elements that their end tag will close for sure
	stuck  int         // formatting elements that may never be closed
}

type openStyle struct {
	name  string
	block int // value of blocks when it was opened
}

const (
	maxTags  = 200_000
	maxCost  = 1_000_000
	maxAttrs = 100 // of one tag
	// The adoption agency algorithm gives up after eight rounds, one for each
	// block that the formatting element holds.
	maxRounds = 7
)

// formatting elements of the HTML specification, section 13.2.4.3.
var formatting = set("a b big code em font i nobr s small strike strong tt u")

// plain elements neither limit the scope of an end tag nor hide the formatting
// elements before them.
var plain = set(`abbr acronym address bdi bdo blockquote br center cite dd del dfn div dl dt figcaption
	figure h1 h2 h3 h4 h5 h6 hr img ins kbd li mark ol p pre q rp rt ruby samp span sub sup time ul var wbr`)

// start counts a start tag and reports whether the document is still affordable.
func (g *guard) start(name string, attrs int) bool {
	g.tags++
	g.cost += len(g.open) + g.stuck
	switch {
	case formatting[name]:
		if name == "a" {
			g.close("a") // a link closes the one before it
		}
		g.open = append(g.open, openStyle{name, g.blocks})
	case plain[name]:
		g.blocks++
	default:
		g.freeze()
	}
	return g.tags <= maxTags && g.cost <= maxCost && attrs <= maxAttrs
}

// end counts an end tag. An end tag closes an element for sure only when nothing
// stood in between that could make a parser ignore it.
func (g *guard) end(name string) bool {
	g.tags++
	g.cost += len(g.open) + g.stuck
	switch {
	case formatting[name]:
		g.close(name)
	case !plain[name]:
		g.freeze()
	}
	return g.tags <= maxTags && g.cost <= maxCost
}

func (g *guard) text() bool {
	g.cost += len(g.open) + g.stuck
	return g.cost <= maxCost
}

func (g *guard) close(name string) {
	for i := len(g.open) - 1; i >= 0; i-- {
		if g.open[i].name != name {
			continue
		}
		if g.blocks-g.open[i].block <= maxRounds {
			g.open = append(g.open[:i], g.open[i+1:]...)
		}
		return
	}
}

func (g *guard) freeze() {
	g.stuck += len(g.open)
	g.open = g.open[:0]
}

// affordable reports whether s, made of allowed elements only, can be parsed in
// linear time by whoever has to.
func affordable(s string) bool {
	_, ok := count(s)
	return ok
}

// count runs a guard over s.
func count(s string) (g guard, ok bool) {
	z := html.NewTokenizer(strings.NewReader(s))
	for {
		ok = true
		switch z.Next() {
		case html.ErrorToken:
			return g, true
		case html.TextToken:
			ok = g.text()
		case html.StartTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()
			ok = g.start(string(name), 0)
		case html.EndTagToken:
			name, _ := z.TagName()
			ok = g.end(string(name))
		}
		if !ok {
			return g, false
		}
	}
}

// set makes a set of words separated by white space.
func set(words string) map[string]bool {
	m := make(map[string]bool)
	for w := range strings.FieldsSeq(words) {
		m[w] = true
	}
	return m
}
