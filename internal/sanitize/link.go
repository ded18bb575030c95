package sanitize

import (
	"net/url"
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/net/idna"
)

// hostClass marks the true host behind a link that shows another. Classes of the
// mail itself are dropped, so no mail can style it or hide it by one.
const hostClass = "letterlock-host"

const maxAddress = 16 << 10 // bytes of a link

// dressLink makes a link safe to follow and shows where it leads: always when
// pointed at, and beside it when its text says something else.
func dressLink(n *html.Node) {
	href, host, ok := cleanLink(attr(n, "href"))
	removeAttrs(n, "href", "title", "target", "rel", "referrerpolicy")
	if !ok {
		rename(n, atom.Span)
		return
	}
	n.Attr = append(n.Attr, linkAttrs(href)...)
	if host == "" {
		return
	}
	setAttr(n, "title", host)
	shown := text(n, 4<<10)
	if strings.TrimSpace(shown) == "" && find(n, atom.Img) == nil {
		n.AppendChild(&html.Node{Type: html.TextNode, Data: "[" + host + "]"})
		return
	}
	if misleads(shown, host) {
		n.Parent.InsertBefore(trueHost(host), n.NextSibling)
	}
}

func trueHost(host string) *html.Node {
	span := element(atom.Span, " ["+host+"]")
	setAttr(span, "class", hostClass)
	return span
}

// linkAttrs are what every link carries: a window of its own that knows neither
// where it was opened nor by whom.
func linkAttrs(href string) []html.Attribute {
	return []html.Attribute{
		{Key: "href", Val: href},
		{Key: "target", Val: "_blank"},
		{Key: "rel", Val: "noopener noreferrer nofollow"},
		{Key: "referrerpolicy", Val: "no-referrer"},
	}
}

// cleanLink returns the address of a link in the form in which Go and browsers
// agree about its host, and that host in A-labels (of mailto, the address). Other
// schemes, relative addresses and whatever browsers read differently (reverse
// solidus, missing slashes) are refused; names and passwords are dropped.
func cleanLink(raw string) (href, host string, ok bool) {
	s := strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' {
			return -1 // as browsers do
		}
		return r
	}, raw)
	s = strings.TrimFunc(s, func(r rune) bool { return r <= ' ' })
	if s == "" || len(s) > maxAddress || strings.ContainsRune(s, '\\') {
		return "", "", false
	}
	u, err := url.Parse(escapeStray(s))
	if err != nil {
		return "", "", false
	}
	switch u.Scheme {
	case "http", "https":
		return cleanWeb(u)
	case "mailto":
		return cleanMailto(u)
	}
	return "", "", false
}

func cleanWeb(u *url.URL) (href, host string, ok bool) {
	host, ok = asciiHost(u.Hostname())
	if !ok || u.Opaque != "" {
		return "", "", false
	}
	u.User = nil
	u.Host = host
	if strings.Contains(host, ":") {
		u.Host = "[" + host + "]"
	}
	if port := strings.TrimLeft(u.Port(), "0"); port != "" {
		u.Host += ":" + port
	}
	return u.String(), host, true
}

func cleanMailto(u *url.URL) (href, host string, ok bool) {
	to, err := url.PathUnescape(u.Opaque)
	if err != nil || u.Host != "" || len(to) > 2000 {
		return "", "", false
	}
	to = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, to)
	clean := url.URL{Scheme: "mailto", Opaque: url.PathEscape(to), RawQuery: u.RawQuery}
	return clean.String(), to, strings.Contains(to, "@")
}

// escapeStray escapes what browsers escape by themselves and Go refuses: spaces,
// and percent signs that begin no escape.
func escapeStray(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c == ' ':
			b.WriteString("%20")
		case c == '%' && (i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2])):
			b.WriteString("%25")
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// hostNames maps a host as browsers do before they look it up, without their
// tolerance for labels that are no IDNA.
var hostNames = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false))

// asciiHost returns a host in lower-case ASCII, international labels as punycode.
func asciiHost(host string) (string, bool) {
	if host == "" || len(host) > 253*4 {
		return "", false
	}
	if strings.Contains(host, ":") { // an IPv6 address, whose brackets url took off
		return strings.ToLower(host), only(strings.ToLower(host), "0123456789abcdef:.")
	}
	host, err := hostNames.ToASCII(host)
	if err != nil || host == "" || len(host) > 253 {
		return "", false
	}
	return host, only(host, "abcdefghijklmnopqrstuvwxyz0123456789.-_")
}
