package sanitize

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// parse makes a tree of a pruned body. It reports false for one that is nested
// too deep, or that the parser cannot stand.
func parse(s string) (root *html.Node, ok bool) {
	defer func() {
		if recover() != nil { // the parser's own limits are panics
			root, ok = nil, false
		}
	}()
	// The document type keeps the parser out of quirks mode, where tables may
	// stand in paragraphs: the tree has to mean the same when it is parsed again.
	doc, err := html.ParseWithOptions(strings.NewReader("<!doctype html><body>"+s), html.ParseOptionEnableScripting(false))
	if err != nil {
		return nil, false
	}
	root = find(doc, atom.Body)
	return root, root != nil && depth(root) <= maxDepth
}

// find returns the first element of a kind.
func find(n *html.Node, kind atom.Atom) *html.Node {
	for c := range n.Descendants() {
		if c.Type == html.ElementNode && c.DataAtom == kind {
			return c
		}
	}
	return nil
}

func depth(n *html.Node) int {
	deepest, level := 0, 0
	for c := n; c != nil; {
		deepest = max(deepest, level)
		if c.FirstChild != nil {
			c = c.FirstChild
			level++
			continue
		}
		for c != n && c.NextSibling == nil {
			c = c.Parent
			level--
		}
		if c == n {
			break
		}
		c = c.NextSibling
	}
	return deepest
}

// render writes the children of n. It reports false when they take too much room;
// the images that [shelf] put in have a limit of their own.
func render(n *html.Node) (string, bool) {
	var b strings.Builder
	for c := range n.ChildNodes() {
		if err := html.Render(&b, c); err != nil {
			return "", false
		}
	}
	return b.String(), b.Len() <= maxRendered+maxPixels*4/3
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func setAttr(n *html.Node, key, val string) {
	for i := range n.Attr {
		if n.Attr[i].Key == key {
			n.Attr[i].Val = val
			return
		}
	}
	n.Attr = append(n.Attr, html.Attribute{Key: key, Val: val})
}

func removeAttrs(n *html.Node, keys ...string) {
	clean := n.Attr[:0]
	for _, a := range n.Attr {
		drop := false
		for _, k := range keys {
			drop = drop || a.Key == k
		}
		if !drop {
			clean = append(clean, a)
		}
	}
	n.Attr = clean
}

func element(kind atom.Atom, text string) *html.Node {
	n := &html.Node{Type: html.ElementNode, Data: kind.String(), DataAtom: kind}
	if text != "" {
		n.AppendChild(&html.Node{Type: html.TextNode, Data: text})
	}
	return n
}

// rename makes n another element; all that are renamed here are closed alike.
func rename(n *html.Node, kind atom.Atom) {
	n.Data, n.DataAtom = kind.String(), kind
}

// text returns what can be read in n, at most limit bytes of it.
func text(n *html.Node, limit int) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data[:min(len(c.Data), limit-b.Len())])
		}
		if b.Len() >= limit {
			break
		}
	}
	return b.String()
}
