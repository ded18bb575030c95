package rule

import (
	"html"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"letterlock/internal/eml"
	"letterlock/internal/sanitize"
)

// A form is how a text is written down.
type form int

const (
	noForm form = iota // nothing says that it is a text
	plain
	markup // HTML
	xml
	json
)

// byName are the forms of files by the end of their names, and byType by what is said
// of them, where that is not text/ anyhow.
var (
	byName = map[string]form{
		"txt": plain, "text": plain, "csv": plain, "tsv": plain, "tab": plain, "log": plain, "md": plain, "yaml": plain, "yml": plain, "ini": plain, "conf": plain,
		"cfg": plain, "properties": plain, "sql": plain, "ics": plain, "vcf": plain, "html": markup, "htm": markup, "xhtml": markup, "shtml": markup,
		"xml": xml, "json": json, "jsonl": json, "ndjson": json,
	}
	byType = map[string]form{
		"application/csv": plain, "application/x-csv": plain, "application/yaml": plain, "application/x-yaml": plain, "application/sql": plain, "application/x-sql": plain,
		"application/javascript": plain, "application/x-javascript": plain, "application/xhtml+xml": markup, "application/xml": xml, "text/xml": xml,
		"application/json": json, "application/x-ndjson": json, "application/x-jsonlines": json, "text/json": json, "text/html": markup,
	}
)

func isText(p *eml.Part) bool { return strings.HasPrefix(p.Type, "text/") }

// readable reports whether a part is a text by what is said of it, or could be one by
// its name.
func readable(p *eml.Part) bool {
	if strings.HasPrefix(p.Type, "multipart/") || strings.HasPrefix(p.Type, "message/") {
		return false
	}
	typed, named := formsOf(p)
	return isText(p) || typed != noForm || named != noForm
}

func formsOf(p *eml.Part) (typed, named form) {
	typed = byType[p.Type]
	if typed == noForm && strings.HasPrefix(p.Type, "application/") {
		switch {
		case strings.HasSuffix(p.Type, "+xml"):
			typed = xml
		case strings.HasSuffix(p.Type, "+json"):
			typed = json
		}
	}
	name := strings.TrimRight(strings.ToLower(p.Name), " .") // Windows drops those
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		named = byName[name[i+1:]]
	}
	return typed, named
}

// read returns the text of a part in each of the ways in which it can be read: as what
// it is said to be, and as what it is by its name.
func read(p *eml.Part, text string) (list []string) {
	typed, named := formsOf(p)
	if p.Flowed {
		text = eml.Unflow(text, p.DelSp)
	}
	if typed != markup && (isText(p) || named != markup) {
		list = append(list, text)
	}
	for _, f := range []form{typed, named} {
		switch f {
		case markup:
			list = append(list, sanitize.Readings(text)...)
		case xml:
			list = append(list, html.UnescapeString(text))
		case json:
			list = append(list, unescaped(text))
		}
	}
	var once []string
	for _, s := range list {
		if !slices.Contains(once, s) {
			once = append(once, s)
		}
	}
	return once
}

// unescaped returns JSON with what its escapes mean in their place.
func unescaped(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for s != "" {
		i := strings.IndexByte(s, '\\')
		if i < 0 || i+1 == len(s) {
			b.WriteString(s)
			break
		}
		b.WriteString(s[:i])
		s = s[i+1:]
		r, n := escape(s)
		b.WriteRune(r)
		s = s[n:]
	}
	return b.String()
}

// escape reads what stands behind a backslash, RFC 8259 section 7.
func escape(s string) (r rune, n int) {
	switch c := s[0]; c {
	case 'b', 'f', 'n', 'r', 't':
		return rune("\b\f\n\r\t"[strings.IndexByte("bfnrt", c)]), 1
	case 'u':
		first, ok := unit(s)
		if !ok {
			return 'u', 1
		}
		if second, ok := unit(strings.TrimPrefix(s[5:], `\`)); ok && utf16.IsSurrogate(first) && len(s) > 5 && s[5] == '\\' {
			if r := utf16.DecodeRune(first, second); r != utf8.RuneError {
				return r, 11
			}
		}
		return first, 5
	}
	return utf8.DecodeRuneInString(s)
}

// unit reads u and four hexadecimal digits.
func unit(s string) (r rune, ok bool) {
	if len(s) < 5 || s[0] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(s[1:5], 16, 16)
	return rune(n), err == nil
}
