package sanitize

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// A dresser gives a parsed body the attributes it is shown with. What it finds
// out on the way decides how the document around it looks.
type dresser struct {
	shelf    *shelf
	styles   int
	coloured bool // the mail sets a colour of its own
	heading  bool // the mail has a first-level heading
}

// dress rewrites the tree below n. Depth is limited by parse.
func (d *dresser) dress(n *html.Node) {
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		switch {
		case c.Type == html.TextNode:
		case c.Type != html.ElementNode || !elements[c.Data] || c.Namespace != "":
			n.RemoveChild(c)
		default:
			d.dress(c)
			d.element(c)
		}
		c = next
	}
}

func (d *dresser) element(n *html.Node) {
	d.style(n)
	removeAttrs(n, "class", "id", "name")
	switch n.DataAtom {
	case atom.A:
		dressLink(n)
	case atom.Img:
		d.picture(n)
	case atom.Li:
		if p := n.Parent.DataAtom; p != atom.Ul && p != atom.Ol {
			rename(n, atom.Div)
		}
	case atom.Dt, atom.Dd:
		if n.Parent.DataAtom != atom.Dl {
			rename(n, atom.Div)
		}
	case atom.Ul, atom.Ol:
		wrapItems(n)
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		d.headline(n)
	}
}

// style cleans the style of an element again, after the inliner, and notes
// whether the mail brings colours.
func (d *dresser) style(n *html.Node) {
	css := attr(n, "style")
	decls := declarations(css)
	d.styles += len(decls)
	if len(decls) == 0 || d.styles > maxStyles {
		removeAttrs(n, "style")
	} else {
		kept, _ := cleanStyle(css)
		setAttr(n, "style", kept)
	}
	for _, c := range decls {
		switch {
		case c.property != "color" && c.property != "background-color":
		case c.value == "transparent" || c.value == "inherit" || c.value == "initial" || c.value == "currentcolor":
		default:
			d.coloured = true
		}
	}
	if attr(n, "bgcolor") != "" || n.DataAtom == atom.Font && attr(n, "color") != "" {
		d.coloured = true
	}
}

// headline makes a heading without words an ordinary block, so that it does not
// stand in the outline of the page.
func (d *dresser) headline(n *html.Node) {
	if strings.TrimSpace(text(n, 1000)) == "" {
		rename(n, atom.Div)
		return
	}
	d.heading = d.heading || n.DataAtom == atom.H1
}

// wrapItems puts what stands in a list without being an item into an item of
// its own. Word nests lists that way.
func wrapItems(list *html.Node) {
	for c := list.FirstChild; c != nil; {
		next := c.NextSibling
		if c.Type == html.ElementNode && c.DataAtom != atom.Li || c.Type == html.TextNode && strings.TrimSpace(c.Data) != "" {
			item := element(atom.Li, "")
			setAttr(item, "style", "list-style-type: none")
			list.InsertBefore(item, c)
			list.RemoveChild(c)
			item.AppendChild(c)
		}
		c = next
	}
}

// picture gives an image of the mail its data, and leaves of any other only what
// it says it shows.
func (d *dresser) picture(n *html.Node) {
	alt := strings.TrimSpace(attr(n, "alt"))
	if uri, ok := d.shelf.picture(attr(n, "src")); ok {
		setAttr(n, "src", uri)
		setAttr(n, "alt", alt)
		return
	}
	if alt != "" {
		n.Parent.InsertBefore(element(atom.Span, alt), n)
	}
	n.Parent.RemoveChild(n)
}
