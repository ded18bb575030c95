package sanitize

import (
	"regexp"
	"strings"

	"github.com/vanng822/go-premailer/premailer"
	"golang.org/x/net/html"
)

// inline moves the style sheets of a mail into its elements, or returns the tree
// as it is when that fails or would take too long: a mail without its style is
// plain, not lost.
//
// The inliner is not made for hostile input. It parses each sheet in a goroutine
// of its own, where a panic would end the program, logs what it does not know,
// which would put content into our log, and matches selectors in more than linear
// time. So it gets one sheet that [tidy] wrote: simple selectors that match
// something, allowed declarations, no at-rules, within a budget.
func inline(root *html.Node, sheet string) *html.Node {
	sheet = tidy(sheet, survey(root))
	if sheet == "" {
		return root
	}
	body, ok := render(root)
	if !ok || len(body) > maxRendered || !affordable(body) {
		return root
	}
	styled, ok := premail(sheet, body)
	if !ok || len(styled) > 2*maxRendered {
		return root
	}
	// Its answer is trusted as little as the mail.
	p, ok := prune(styled)
	if !ok {
		return root
	}
	tree, ok := parse(p.html)
	if !ok {
		return root
	}
	return tree
}

func premail(sheet, body string) (out string, ok bool) {
	defer func() {
		if recover() != nil {
			out, ok = "", false
		}
	}()
	doc := `<!doctype html><html><head><style>` + sheet + `</style></head><body>` + body + `</body></html>`
	pre, err := premailer.NewPremailerFromString(doc, &premailer.Options{})
	if err != nil {
		return "", false
	}
	out, err = pre.Transform()
	_, out, found := strings.Cut(out, "<body>")
	end := strings.LastIndex(out, "</body>")
	if err != nil || !found || end < 0 {
		return "", false
	}
	return out[:end], true
}

// A census counts what selectors can match in a tree.
type census struct {
	nodes int
	depth int
	names map[string]int // elements by name, .class and #id
}

func survey(root *html.Node) census {
	c := census{depth: depth(root), names: make(map[string]int)}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		c.nodes++
		c.names[n.Data]++
		for _, a := range n.Attr {
			switch a.Key {
			case "id":
				c.names["#"+a.Val]++
			case "class":
				for class := range strings.FieldsSeq(a.Val) {
					c.names["."+class]++
				}
			}
		}
	}
	return c
}

// Budgets of one document, in selectors read, in elements looked at for them and
// in declarations added.
const (
	maxSelectors = 10_000
	maxMatching  = 2_000_000
	maxAdded     = 40_000
)

// tidy rewrites a style sheet to the rules that matter for a tree. Rules past the
// budget are dropped.
func tidy(sheet string, c census) string {
	var b strings.Builder
	read, steps, added := 0, 0, 0
	for prelude, block := range rules(withoutComments(sheet)) {
		var body string
		count := 0
		for selector := range strings.SplitSeq(prelude, ",") {
			if read++; read > maxSelectors {
				return b.String()
			}
			selector, work, hits := c.selector(selector)
			if selector == "" || hits == 0 {
				continue
			}
			if body == "" {
				if body, count = ruleBody(block); body == "" {
					break
				}
			}
			if steps+work > maxMatching || added+hits*count > maxAdded {
				continue
			}
			steps += work
			added += hits * count
			b.WriteString(selector + " {" + body + "}\n")
		}
	}
	return b.String()
}

func ruleBody(block string) (string, int) {
	var b strings.Builder
	decls := declarations(block)
	for _, d := range decls {
		b.WriteString(d.property + ": " + d.value)
		if d.important {
			b.WriteString(" !important")
		}
		b.WriteByte(';')
	}
	return b.String(), len(decls)
}

// compound is a selector without combinators: a name, classes, an id.
var compound = regexp.MustCompile(`^(?:[a-z][a-z0-9]*)?(?:[.#][A-Za-z_][A-Za-z0-9_-]*)*$`)

var compoundParts = regexp.MustCompile(`[.#]?[A-Za-z_][A-Za-z0-9_-]*`)

// selector returns a selector in its normal form, the work of matching it and a
// bound of how many elements it matches; "" for one that is not simple.
func (c census) selector(s string) (normal string, work, hits int) {
	if len(s) > 200 {
		return "", 0, 0
	}
	var parts []string
	each := 1 // steps for one element that matches the last part
	for _, f := range strings.Fields(strings.ReplaceAll(s, ">", " > ")) {
		if f == ">" {
			if len(parts) == 0 || parts[len(parts)-1] == ">" {
				return "", 0, 0
			}
			parts = append(parts, f)
			continue
		}
		if f = simple(f, len(parts) == 0); f == "" {
			continue
		}
		if !compound.MatchString(f) {
			return "", 0, 0
		}
		if len(parts) > 0 && parts[len(parts)-1] != ">" && each < maxMatching {
			each *= max(c.depth, 1)
		}
		parts = append(parts, f)
	}
	if len(parts) == 0 || parts[len(parts)-1] == ">" {
		return "", 0, 0
	}
	hits = c.bound(parts[len(parts)-1])
	return strings.Join(parts, " "), c.nodes + hits*each, hits
}

// simple rewrites a compound for a tree without html and body elements; "" for a
// leading html, which holds everything.
func simple(s string, leading bool) string {
	s = strings.TrimSuffix(s, ":link")
	name, rest := s, ""
	if i := strings.IndexAny(s, ".#"); i >= 0 {
		name, rest = s[:i], s[i:]
	}
	switch name = strings.ToLower(name); {
	case name == "html" && rest == "" && leading:
		return ""
	case name == "":
	case name == "body":
		name = "." + bodyClass
	case renamed[name] != "":
		name = renamed[name]
	}
	if name+rest == "" {
		return ":" // nothing but a pseudo-class, which is refused
	}
	return name + rest
}

// bound returns how many elements a compound matches at most.
func (c census) bound(s string) int {
	least := c.nodes
	for _, part := range compoundParts.FindAllString(s, -1) {
		least = min(least, c.names[part])
	}
	return least
}

// rules yields the prelude and the block of each rule of a style sheet without
// comments. At-rules are skipped with all they hold.
func rules(css string) func(yield func(prelude, block string) bool) {
	return func(yield func(string, string) bool) {
		css = strings.NewReplacer("<!--", " ", "-->", " ").Replace(css)
		for css = strings.TrimSpace(css); css != ""; css = strings.TrimSpace(css) {
			i := strings.IndexAny(css, "{;")
			if i < 0 {
				return
			}
			if css[i] == ';' { // @import and the like, or rubbish
				css = css[i+1:]
				continue
			}
			prelude := css[:i]
			end := blockEnd(css, i)
			block := css[i+1 : end]
			css = css[min(end+1, len(css)):]
			if strings.HasPrefix(prelude, "@") || strings.Contains(block, "{") {
				continue
			}
			if !yield(prelude, block) {
				return
			}
		}
	}
}

// blockEnd returns the place of the brace that closes the one at open.
func blockEnd(css string, open int) int {
	level := 0
	for i := open; i < len(css); i++ {
		switch css[i] {
		case '{':
			level++
		case '}':
			if level--; level == 0 {
				return i
			}
		}
	}
	return len(css)
}
