package sanitize

import (
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/microcosm-cc/bluemonday"
)

// elements are all that a body may consist of. None of them is foreign content,
// holds raw text, takes input, fetches by itself (img is held to data: URIs) or
// changes how the rest of the document is parsed.
var elements = set(`a abbr acronym address b bdi bdo big blockquote br caption center cite code col colgroup
	dd del dfn div dl dt em figcaption figure font h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q rp rt
	ruby s samp small span strike strong sub sup table tbody td tfoot th thead time tr tt u ul var wbr`)

// void elements have no end tag.
var void = set("br col hr img wbr")

// anywhere are the attributes that every element may have, and what they match.
var anywhere = map[string]*regexp.Regexp{
	"dir":   regexp.MustCompile(`^(?i:ltr|rtl|auto)$`),
	"lang":  regexp.MustCompile(`^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}$`),
	"title": regexp.MustCompile(`^[^\x00-\x08\x0e-\x1f]{1,500}$`),
}

var (
	colourAttr = regexp.MustCompile(`^(?:#?[0-9A-Fa-f]{3,8}|[A-Za-z]{3,20})$`)
	sizeAttr   = regexp.MustCompile(`^(?:[0-3]?[0-9]{1,3}(?:px)?|(?:100|[0-9]{1,2})%)$`)
	smallAttr  = regexp.MustCompile(`^[0-9]{1,2}$`)
	countAttr  = regexp.MustCompile(`^[0-9]{1,3}$`)
	alignAttr  = regexp.MustCompile(`^(?i:left|right|center|justify)$`)
	valignAttr = regexp.MustCompile(`^(?i:top|middle|bottom|baseline)$`)
)

// attributes are those that some elements may have beside the ones above.
var attributes = []struct {
	elements string
	names    string
	matching *regexp.Regexp
}{
	{"a", "href", regexp.MustCompile(`^(?:https?://|mailto:)`)},
	{"a", "target", regexp.MustCompile(`^_blank$`)},
	{"a", "rel", regexp.MustCompile(`^noopener noreferrer nofollow$`)},
	{"a", "referrerpolicy", regexp.MustCompile(`^no-referrer$`)},
	{"span", "class", regexp.MustCompile(`^` + hostClass + `$`)},
	{"img", "src", regexp.MustCompile(`^data:image/(?:png|jpeg|gif|webp);base64,`)},
	{"img", "alt", regexp.MustCompile(`^[^\x00-\x08\x0e-\x1f]*$`)},
	{"img table td th col colgroup hr", "width", sizeAttr},
	{"img table td th tr", "height", sizeAttr},
	{"img table", "border", smallAttr},
	{"img", "hspace vspace", smallAttr},
	{"table", "cellpadding cellspacing", smallAttr},
	{"table", "role", regexp.MustCompile(`^(?:presentation|none)$`)},
	{"table tbody thead tfoot tr td th", "bgcolor", colourAttr},
	{"div p h1 h2 h3 h4 h5 h6 table tbody thead tfoot tr td th col colgroup caption img hr", "align", alignAttr},
	{"tbody thead tfoot tr td th col colgroup img", "valign", valignAttr},
	{"td th", "colspan rowspan", countAttr},
	{"td th", "nowrap", regexp.MustCompile(`^(?i:|nowrap)$`)},
	{"th", "scope", regexp.MustCompile(`^(?:col|row|colgroup|rowgroup)$`)},
	{"col colgroup", "span", countAttr},
	{"ol", "start", countAttr},
	{"li", "value", countAttr},
	{"ol ul li", "type", regexp.MustCompile(`^(?:[1aAiI]|(?i:disc|circle|square))$`)},
	{"font", "color", colourAttr},
	{"font", "face", regexp.MustCompile(`^[\pL\pN ,._'"-]+$`)},
	{"font", "size", regexp.MustCompile(`^[+-]?[0-7]$`)},
	{"ol", "reversed", regexp.MustCompile(`^$`)},
}

// maxFace bounds a list of fonts, in characters. In the expression it would have all letters
// there are that many times in memory, which is 4 MB, for as long as the program runs.
const maxFace = 200

// kept holds "element attribute" for each pair in attributes.
var kept = keptPairs()

func keptPairs() map[string]bool {
	m := make(map[string]bool)
	for _, a := range attributes {
		for el := range strings.FieldsSeq(a.elements) {
			for name := range strings.FieldsSeq(a.names) {
				m[el+" "+name] = true
			}
		}
	}
	return m
}

// keepsAttribute reports whether an attribute may matter later; of its value no more is
// looked at than how long a list of fonts is.
func keepsAttribute(el, key, value string) bool {
	if key == "face" && utf8.RuneCountInString(value) > maxFace {
		return false
	}
	return anywhere[key] != nil || kept[el+" "+key]
}

// policy is the last word on every HTML body. It is built once and only read.
var policy = newPolicy()

func newPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	for el := range elements {
		p.AllowNoAttrs().OnElements(el)
	}
	for name, match := range anywhere {
		p.AllowAttrs(name).Matching(match).Globally()
	}
	for _, a := range attributes {
		p.AllowAttrs(strings.Fields(a.names)...).Matching(a.matching).OnElements(strings.Fields(a.elements)...)
	}
	for name, allowed := range properties {
		p.AllowStyles(name).MatchingHandler(func(v string) bool { return harmless(v) && allowed(v) }).Globally()
	}
	p.RequireParseableURLs(true)
	p.AllowRelativeURLs(false)
	p.AllowURLSchemes("http", "https", "mailto")
	p.AllowURLSchemeWithCustomPolicy("data", isPicture)
	return p
}

// isPicture reports whether a data: URI is one that [shelf] made.
func isPicture(u *url.URL) bool {
	head, data, ok := strings.Cut(u.Opaque, ";base64,")
	if !ok || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	switch head {
	case "image/png", "image/jpeg", "image/gif", "image/webp":
	default:
		return false
	}
	for i := range len(data) {
		c := data[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '+' || c == '/' || c == '=') {
			return false
		}
	}
	return true
}
