package sanitize

import (
	"strconv"
	"strings"
	"unicode"
)

// maxStyle is the longest style attribute that is read, in bytes.
const maxStyle = 8 << 10

// A declaration is one property of a style, in the only form that is passed on.
type declaration struct {
	property  string
	value     string
	important bool
}

// cleanStyle keeps the allowed declarations of a style attribute and says how many
// there were.
func cleanStyle(css string) (string, int) {
	decls := declarations(css)
	parts := make([]string, len(decls))
	for i, d := range decls {
		parts[i] = d.property + ": " + d.value
	}
	return strings.Join(parts, "; "), len(decls)
}

// declarations reads the block of a rule or a style attribute.
func declarations(css string) []declaration {
	if len(css) > maxStyle {
		return nil
	}
	var kept []declaration
	for part := range splitOutside(withoutComments(css), ';') {
		property, value, ok := strings.Cut(part, ":")
		if !ok {
			continue
		}
		if d, ok := allow(property, value); ok {
			kept = append(kept, d)
		}
	}
	return kept
}

// allow brings a declaration into its normal form, or refuses it.
func allow(property, value string) (declaration, bool) {
	d := declaration{property: strings.ToLower(strings.TrimSpace(property))}
	value = strings.ToLower(strings.Join(strings.Fields(value), " "))
	if i := strings.LastIndexByte(value, '!'); i >= 0 && strings.TrimSpace(value[i+1:]) == "important" {
		d.important = true
		value = strings.TrimSpace(value[:i])
	}
	switch d.property {
	case "background": // of the shorthand only the colour is kept
		d.property = "background-color"
		value = firstField(value, colour)
	case "list-style":
		d.property = "list-style-type"
		value = firstField(value, properties[d.property])
	case "border", "border-top", "border-right", "border-bottom", "border-left", "border-color", "color":
		// Outlook's word for black, which in a dark theme is not black.
		value = strings.ReplaceAll(value, "windowtext", "currentcolor")
	case "font", "font-family":
		value = strings.NewReplacer(`"`, "", `'`, "").Replace(value)
	}
	d.value = value
	check := properties[d.property]
	return d, check != nil && harmless(value) && check(value)
}

// harmless refuses every character that could end a value or begin something
// else in it: escapes, blocks, comments, at-rules, markup. It stands apart from
// the checks of the properties, which allow far less already.
func harmless(value string) bool {
	if value == "" || len(value) > 300 || strings.Contains(value, "/*") {
		return false
	}
	for _, r := range value {
		if strings.ContainsRune("\\<>@{};:\"'`&=*", r) || unicode.IsControl(r) {
			return false
		}
	}
	open := strings.Count(value, "(")
	return open == 0 || strings.Count(value, "rgb")+strings.Count(value, "hsl") == open
}

// firstField returns the first part of a value that passes check.
func firstField(value string, check func(string) bool) string {
	for f := range splitOutside(value, ' ') {
		if check(f) {
			return f
		}
	}
	return ""
}

// splitOutside yields the parts of s between separators that stand outside
// parentheses and quotes.
func splitOutside(s string, sep byte) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		start, depth, quote := 0, 0, byte(0)
		for i := range len(s) {
			c := s[i]
			switch {
			case quote != 0:
				if c == quote {
					quote = 0
				}
			case c == '"' || c == '\'':
				quote = c
			case c == '(':
				depth++
			case c == ')' && depth > 0:
				depth--
			case c == sep && depth == 0:
				if !yield(s[start:i]) {
					return
				}
				start = i + 1
			}
		}
		yield(s[start:])
	}
}

// withoutComments removes CSS comments; one that is not closed hides the rest.
func withoutComments(css string) string {
	if !strings.Contains(css, "/*") {
		return css
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(css, "/*")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteByte(' ')
		if _, css, found = strings.Cut(rest, "*/"); !found {
			return b.String()
		}
	}
}

// remoteURLs counts the addresses in CSS that lead out of the mail.
func remoteURLs(css string) int {
	n := 0
	css = strings.ToLower(css)
	for {
		i := strings.Index(css, "url(")
		if i < 0 {
			return n
		}
		css = css[i+len("url("):]
		if isRemote(css[:min(len(css), 64)]) {
			n++
		}
	}
}

// pixels returns a length in CSS pixels, or a percentage.
func pixels(s string) (n float64, percent, ok bool) {
	i := 0
	for i < len(s) && (s[i] >= '0' && s[i] <= '9' || s[i] == '.' || i == 0 && (s[i] == '-' || s[i] == '+')) {
		i++
	}
	if i == 0 || i > 12 {
		return 0, false, false
	}
	n, err := strconv.ParseFloat(s[:i], 64)
	if err != nil {
		return 0, false, false
	}
	if s[i:] == "%" {
		return n, true, true
	}
	factor, ok := units[s[i:]]
	return n * factor, false, ok
}

// units of length and their size in CSS pixels. Those that follow the size of
// the frame (vh, vw) are left out: the frame follows the size of its content.
var units = map[string]float64{
	"": 1, "px": 1, "pt": 4.0 / 3, "pc": 16, "in": 96, "cm": 37.8, "mm": 3.78, "em": 16, "rem": 16, "ex": 8, "ch": 8,
}
