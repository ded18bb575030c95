package sanitize

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// Readings returns the text of an HTML body in each of the ways in which it can be
// read, for whoever looks for words in it; those that say the same once:
//
//   - as it is shown: without what is hidden, so that nothing which nobody sees stands
//     between two halves of a word;
//   - with what is hidden, because it is text all the same, and because nobody can say
//     for sure what a mail program hides;
//   - with what is hidden, and what may stand apart, set apart by spaces.
//
// Blocks, line ends and cells end a word; links, comments and other elements within a
// line do not. The addresses of links and what stands for pictures come last. It reads
// tokens and builds no tree, so it takes linear time whatever the shape of the body; of
// a very large one it reads the first 8 MB.
func Readings(body string) []string {
	body = strings.ToValidUTF8(body[:min(len(body), maxRead)], "\uFFFD")
	r := reader{sheet: sheetOf(body), open: []layer{{fore: black, back: white}}, count: make(map[string]int)}
	z := html.NewTokenizer(strings.NewReader(body))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return r.readings()
		case html.TextToken:
			if !unknownText[r.raw] {
				r.text(string(z.Text()))
			}
			r.raw = ""
		case html.StartTagToken, html.SelfClosingTagToken:
			r.start(z)
		case html.EndTagToken:
			name, _ := z.TagName()
			r.raw = ""
			r.end(string(name))
		}
	}
}

// A reader reads a body once and writes all readings of it.
type reader struct {
	sheet               *sheet
	open                []layer        // elements that are open, and their look; the first is the body
	count               map[string]int // of the elements that are open, by name
	deep                bool           // there were more than are followed
	raw                 string         // the element whose raw text may come next
	pre                 int
	shown, tight, loose flow
	asides              strings.Builder
}

func (r *reader) readings() []string {
	list := []string{r.shown.out.String()}
	for _, f := range []*flow{&r.tight, &r.loose} {
		if s := f.out.String(); !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	list[0] += r.asides.String()
	return list
}

// maxOpen is how many elements are followed; those that lie deeper look like the last.
const maxOpen = 250

func (r *reader) top() *layer { return &r.open[len(r.open)-1] }

func (r *reader) start(z *html.Tokenizer) {
	raw, more := z.TagName()
	el := string(raw)
	r.raw = el
	if el == "noscript" {
		z.NextIsNotRawText()
	}
	attrs := attributesOf(z, more)
	r.close(el)
	next := r.top().with(el, attrs, r.sheet)
	r.edge(&next)
	switch el {
	case "img", "input", "area":
		r.aside(attrs["alt"])
	case "a":
		if href, _, ok := cleanLink(attrs["href"]); ok {
			r.aside(href)
		}
	}
	switch {
	case next.is(empty):
		r.edge(&next)
	case len(r.open) == maxOpen:
		r.deep = true
	default:
		r.open = append(r.open, next)
		r.count[el]++
		if next.is(written) {
			r.pre++
		}
	}
}

// aside notes what is no part of the text around it.
func (r *reader) aside(s string) {
	if s = strings.Join(strings.Fields(s), " "); s != "" {
		r.asides.WriteString("\n" + s)
	}
}

// edge ends the words before or after an element that lies in no line with them. What
// is not shown at all ends nothing that is.
func (r *reader) edge(l *layer) {
	sign := signOf(l.kind)
	if sign == 0 && l.apart {
		r.loose.gap(' ')
	}
	if sign == 0 {
		return
	}
	r.loose.gap(sign)
	if !l.inline {
		r.tight.gap(sign)
	}
	if !l.inline && !l.gone {
		r.shown.gap(sign)
	}
}

// signOf is what stands before and after an element; 0: nothing.
func signOf(k kind) byte {
	switch {
	case k&cell != 0:
		return ' '
	case k&breaks != 0:
		return '\n'
	}
	return 0
}

func (r *reader) text(s string) {
	flows := []*flow{&r.tight, &r.loose, &r.shown}
	if r.top().hidden() {
		flows = flows[:2]
	}
	for i, line := range r.lines(s) {
		for _, f := range flows {
			if i > 0 {
				f.gap('\n')
			}
			f.text(line)
		}
	}
}

func (r *reader) lines(s string) []string {
	if r.pre == 0 {
		return []string{s}
	}
	return strings.Split(s, "\n")
}

func (r *reader) end(el string) {
	k := kinds[el]
	if i := r.opened(el, k); i > 0 {
		r.remove(i, k&formats != 0)
		return
	}
	// One that ends nothing is passed over, but for two of them.
	if sign := signOf(k); sign != 0 {
		r.loose.gap(sign)
		if el == "p" || el == "br" || r.deep {
			r.tight.gap(sign)
			r.shown.gap(sign)
		}
	}
}

// opened finds the element that an end tag closes; 0: there is none.
func (r *reader) opened(el string, k kind) int {
	if r.count[el] == 0 {
		return 0
	}
	for i := len(r.open) - 1; i > 0; i-- {
		switch l := &r.open[i]; {
		case l.name == el:
			return i
		case l.is(scope) && k&tabular == 0, l.name == "table", l.is(special) && k&(special|formats) == 0:
			return 0
		}
	}
	return 0
}

// close ends what a start tag ends without saying so.
func (r *reader) close(el string) {
	k := kinds[el]
	var ends, until kind
	switch {
	case k&item != 0:
		ends, until = item|passage, items
	case k&term != 0:
		ends, until = term|passage, definitions
	case k&cell != 0:
		ends, until = cell, row|table
	case k&row != 0:
		ends, until = cell|row, table
	case k&rowGroup != 0:
		ends, until = cell|row|rowGroup, table
	case k&option != 0:
		ends = option
	case k&link != 0:
		ends = link
	case k&breaks != 0 && k&special != 0:
		ends = passage
	default:
		return
	}
	if k&tabular == 0 {
		until |= scope
	}
	for i := len(r.open) - 1; i > 0; i-- {
		if l := &r.open[i]; l.is(ends) {
			r.remove(i, k&formats != 0)
		} else if l.is(until) {
			return
		}
	}
}

// remove ends the element at i: alone, or with all that are open within it.
func (r *reader) remove(i int, alone bool) {
	end := len(r.open)
	if alone {
		end = i + 1
	}
	for _, l := range r.open[i:end] {
		r.edge(&l)
		r.count[l.name]--
		if l.is(written) {
			r.pre--
		}
	}
	r.open = append(r.open[:i], r.open[end:]...)
}

// A kind says how an element stands to others.
type kind uint32

const (
	breaks  kind = 1 << iota // it is a block, or ends a line
	special                  // an end tag of one within a line does not reach beyond it
	scope                    // nor does any but those of tables
	formats                  // its end tag ends it and nothing within it
	empty                    // it has no end tag
	apart                    // it is shown as something that is no text
	written                  // its lines are those of its text
	passage
	item
	items
	term
	definitions
	cell
	row
	rowGroup
	table
	option
	link
)

// tabular are all parts of tables.
const tabular = cell | row | rowGroup | table

// kinds are those of all elements that are not merely within a line.
var kinds = kindsOf()

func kindsOf() map[string]kind {
	m := make(map[string]kind)
	add := func(k kind, names map[string]bool) {
		for name := range names {
			m[name] |= k
		}
	}
	add(breaks|special, paragraphs)
	add(breaks|special, blocks)
	add(breaks|special, set("tbody thead tfoot colgroup html head details summary fieldset legend optgroup hgroup search dir menu plaintext"))
	add(breaks, set("br"))
	add(special, set("td th caption template object applet marquee"))
	add(scope, set("td th caption table template object applet marquee html"))
	add(formats|link, set("a"))
	add(formats, formatting)
	add(empty, set("area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr"))
	add(apart, set("img input embed object video audio iframe canvas svg math button select meter progress"))
	add(written, set("pre xmp listing"))
	add(passage, set("p"))
	add(item, set("li"))
	add(items, set("ul ol dir menu"))
	add(term, set("dt dd"))
	add(definitions, set("dl"))
	add(cell, set("td th"))
	add(row, set("tr"))
	add(rowGroup, set("tbody thead tfoot caption colgroup"))
	add(table, set("table"))
	add(option, set("option optgroup"))
	return m
}

func attributesOf(z *html.Tokenizer, more bool) map[string]string {
	var attrs map[string]string
	for n := 0; more && n < maxAttrs; n++ {
		var k, v []byte
		k, v, more = z.TagAttr()
		if attrs == nil {
			attrs = make(map[string]string)
		}
		if _, twice := attrs[string(k)]; !twice {
			attrs[string(k)] = string(v)
		}
	}
	return attrs
}

// A flow sets text as lines.
type flow struct {
	out strings.Builder
	due byte // sign that is due before the next word; 0: none
}

// gap has a sign stand before the next word; an end of line counts more than a space.
func (f *flow) gap(sign byte) {
	if f.due != '\n' {
		f.due = sign
	}
}

func (f *flow) text(s string) {
	for s != "" {
		i := strings.IndexFunc(s, isSpace)
		if i < 0 {
			i = len(s)
		}
		f.word(s[:i])
		if s = s[i:]; s != "" {
			f.gap(' ')
			s = strings.TrimLeftFunc(s, isSpace)
		}
	}
}

func (f *flow) word(s string) {
	if s == "" {
		return
	}
	if f.due != 0 && f.out.Len() > 0 {
		f.out.WriteByte(f.due)
	}
	f.due = 0
	f.out.WriteString(s)
}
