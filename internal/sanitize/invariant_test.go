package sanitize

import (
	"bytes"
	"encoding/base64"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// What may stand in a body, written out again so that a slip in the policy does
// not slip through here as well.
var (
	safeElements = strings.Fields(`a abbr acronym address b bdi bdo big blockquote br caption center cite code col
		colgroup dd del dfn div dl dt em figcaption figure font h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q
		rp rt ruby s samp small span strike strong sub sup table tbody td tfoot th thead time tr tt u ul var wbr`)
	safeAttributes = strings.Fields(`align alt bgcolor border cellpadding cellspacing class color colspan dir face height
		href hspace lang nowrap referrerpolicy rel reversed role rowspan scope size span src start style target title
		type valign value vspace width`)
	ownClasses   = strings.Fields("letterlock-host letterlock-hidden letterlock-signature letterlock-paper letterlock-quoted")
	safeProperty = regexp.MustCompile(`^(?:color|background-color|font(?:-[a-z]+)?|line-height|letter-spacing|word-spacing|text-(?:align|decoration|indent|transform)|vertical-align|direction|unicode-bidi|white-space|word-(?:break|wrap)|overflow(?:-wrap)?|list-style-(?:type|position)|(?:margin|padding)(?:-(?:top|right|bottom|left))?|(?:min-|max-)?(?:width|height)|box-sizing|display|float|clear|table-layout|caption-side|empty-cells|page-break-(?:before|after|inside)|border(?:-[a-z]+){0,2})$`)
	safeValue    = regexp.MustCompile(`^[\pL\pN #%.,/()+_-]+$`)
)

// checkDocument fails the test for anything in a document that could run, load,
// cover, submit, navigate or be mistaken for a part of the page around it.
func checkDocument(t *testing.T, doc []byte) {
	t.Helper()
	root, err := html.ParseWithOptions(bytes.NewReader(doc), html.ParseOptionEnableScripting(false))
	if err != nil {
		t.Fatalf("output does not parse: %v", err)
	}
	mains := 0
	for n := range root.Descendants() {
		switch {
		case n.Type == html.CommentNode:
			t.Errorf("comment in the output: %q", n.Data)
		case n.Type != html.ElementNode:
		case n.Namespace != "":
			t.Errorf("foreign element %s:%s", n.Namespace, n.Data)
		case n.Data == "main":
			mains++
			checkOutside(t, n)
		case n.Data == "html" || n.Data == "head" || n.Data == "body" || n.Parent.Data == "head":
			checkOwn(t, n)
		default:
			checkElement(t, n)
		}
	}
	if mains != 1 {
		t.Errorf("%d main elements, want 1", mains)
	}
}

// checkOutside makes sure that nothing escaped from main into what follows it.
func checkOutside(t *testing.T, n *html.Node) {
	t.Helper()
	for s := n.NextSibling; s != nil; s = s.NextSibling {
		if s.Type == html.TextNode && strings.TrimSpace(s.Data) == "" {
			continue
		}
		if s.Data != "p" || attr(s, "class") != "letterlock-paper" {
			t.Errorf("%q stands after main", s.Data)
		}
	}
	if n.Parent == nil || n.Parent.Data != "body" {
		t.Error("main is not a child of body")
	}
}

// checkOwn looks at what we put around a body.
func checkOwn(t *testing.T, n *html.Node) {
	t.Helper()
	if !slices.Contains(strings.Fields("html head body meta title style"), n.Data) {
		t.Errorf("element %s in the head", n.Data)
	}
	if n.Data == "meta" && attr(n, "http-equiv") != "" {
		t.Error("meta with http-equiv")
	}
	if n.Data == "body" && (len(n.Attr) != 1 || attr(n, "dir") != "auto") {
		t.Errorf("body has attributes %v, want dir=auto alone", n.Attr)
	}
	if n.Data == "style" && (n.FirstChild == nil || !strings.HasPrefix(strings.TrimSpace(n.FirstChild.Data), ":root")) {
		t.Error("a style element that is not ours")
	}
}

// ownFold reports whether n is of the fold around a long quote of a plain text.
func ownFold(n *html.Node) bool {
	if n.Data == "summary" {
		return len(n.Attr) == 0 && ownFold(n.Parent) && n.Parent.FirstChild == n
	}
	return n.Data == "details" && len(n.Attr) == 1 && attr(n, "class") == "letterlock-quoted" && n.Parent.Data == "main"
}

func checkElement(t *testing.T, n *html.Node) {
	t.Helper()
	if !slices.Contains(safeElements, n.Data) && !ownFold(n) {
		t.Errorf("element %s", n.Data)
	}
	for _, a := range n.Attr {
		switch {
		case !slices.Contains(safeAttributes, a.Key):
			t.Errorf("attribute %s of %s", a.Key, n.Data)
		case a.Key == "href":
			checkHref(t, n, a.Val)
		case a.Key == "src":
			checkSrc(t, n, a.Val)
		case a.Key == "style":
			checkStyle(t, a.Val)
		case a.Key == "class" && !slices.Contains(ownClasses, a.Val):
			t.Errorf("class %q", a.Val)
		}
	}
}

func checkHref(t *testing.T, n *html.Node, href string) {
	t.Helper()
	u, err := url.Parse(href)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "mailto" {
		t.Errorf("link to %q", href)
		return
	}
	if u.User != nil || strings.ContainsAny(href, "\\\t\n\r ") {
		t.Errorf("link to %q, which browsers may read differently", href)
	}
	if u.Scheme != "mailto" && (u.Host == "" || strings.IndexFunc(u.Host, func(r rune) bool { return r > 0x7e }) >= 0) {
		t.Errorf("link to %q: its host is not in ASCII", href)
	}
	if n.Data != "a" || attr(n, "target") != "_blank" || attr(n, "rel") != "noopener noreferrer nofollow" || attr(n, "referrerpolicy") != "no-referrer" {
		t.Errorf("link to %q has attributes %v", href, n.Attr)
	}
}

func checkSrc(t *testing.T, n *html.Node, src string) {
	t.Helper()
	head, body, _ := strings.Cut(src, ",")
	data, err := base64.StdEncoding.DecodeString(body)
	if n.Data != "img" || err != nil || kindOf(data) == "" || head != "data:"+kindOf(data)+";base64" {
		t.Errorf("%s with source %.80q", n.Data, src)
	}
}

func checkStyle(t *testing.T, css string) {
	t.Helper()
	for d := range strings.SplitSeq(css, ";") {
		property, value, _ := strings.Cut(d, ":")
		if !safeProperty.MatchString(strings.TrimSpace(property)) {
			t.Errorf("property %q in style %q", property, css)
		}
		if !safeValue.MatchString(strings.TrimSpace(value)) {
			t.Errorf("value %q in style %q", value, css)
		}
		for _, bad := range []string{"url(", "expression(", "var(", "calc(", "attr(", "image("} {
			if strings.Contains(strings.ToLower(value), bad) {
				t.Errorf("%s in style %q", bad, css)
			}
		}
		if strings.HasPrefix(strings.TrimSpace(property), "margin") && strings.Contains(value, "-") {
			t.Errorf("negative margin in %q", css)
		}
	}
}

// sanitized makes a document and checks it, and checks it again after its body
// went through once more: a sanitiser whose output can turn harmful is not one.
func sanitized(t *testing.T, mail string, o Options) Document {
	t.Helper()
	doc, err := HTML(mail, o)
	if err != nil {
		t.Fatalf("HTML(%.200q): %v", mail, err)
	}
	checkDocument(t, doc.HTML)
	again, err := HTML(bodyOf(doc.HTML), o)
	if err != nil {
		t.Fatalf("HTML of its own output: %v", err)
	}
	checkDocument(t, again.HTML)
	if again.RemoteImages != 0 {
		t.Errorf("the output still wants %d remote images", again.RemoteImages)
	}
	if t.Failed() {
		t.Logf("input: %.2000q\noutput: %.4000s", mail, bodyOf(doc.HTML))
	}
	return doc
}

// bodyOf returns what stands in main, without our heading.
func bodyOf(doc []byte) string {
	_, s, _ := strings.Cut(string(doc), "<main")
	_, s, _ = strings.Cut(s, ">")
	s, _, _ = strings.Cut(s, "\n</main>")
	if rest, ok := strings.CutPrefix(s, `<h1 class="letterlock-hidden">`); ok {
		_, s, _ = strings.Cut(rest, "</h1>")
	}
	return strings.TrimPrefix(s, "\n")
}
